import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Permissions } from "../../builtins/permissions.ts";
import { fromText } from "../../interpreter/text.ts";
import { errorOf, results } from "./script.ts";

beforeAll(() => {
  process.env.ASSAY_TEST_SET = "grün";
  process.env.ASSAY_TEST_EMPTY = "";
});
afterAll(() => {
  delete process.env.ASSAY_TEST_SET;
  delete process.env.ASSAY_TEST_EMPTY;
});

const env = { OVERRIDE: "theirs", ASSAY_TEST_EMPTY: "filled" };

describe("env", () => {
  test.each([
    [`env.get("ASSAY_TEST_SET")`, fromText("grün")],
    [`env.get("ASSAY_TEST_UNSET")`, undefined],
    [`env.get("ASSAY_TEST_UNSET", "d")`, "d"],
    [`env.get("ASSAY_TEST_UNSET", false)`, false],
    [`env.get("ASSAY_TEST_SET", "d")`, fromText("grün")],
    [`env.get("OVERRIDE")`, "theirs"],
    [`env.get("ASSAY_TEST_EMPTY")`, "filled"],
    [`env.get("constructor")`, undefined],
    [`env.get("__proto__")`, undefined],
    [`env.get("toString")`, undefined],
    [`env.get("")`, undefined],
    [`env.get("A=B")`, undefined],
    [`env.get("A\\0B")`, undefined],
    [`env.get("\\xff")`, undefined],
    [`env.require("ASSAY_TEST_SET")`, fromText("grün")],
  ])("%s", async (expression, value) => {
    expect(await results(`return (${expression})`, { env })).toEqual([value]);
  });

  test("an empty value is set", async () => {
    expect(await results(`return env.get("ASSAY_TEST_EMPTY"), env.require("ASSAY_TEST_EMPTY")`)).toEqual(["", ""]);
  });

  test("errors", async () => {
    expect(await errorOf(`env.require("ASSAY_TEST_UNSET")`)).toBe("test:1: env.require: ASSAY_TEST_UNSET is not set");
    expect(await errorOf(`env.get({})`)).toBe("test:1: bad argument #1 to 'env.get' (string expected, got table)");
  });

  test("a hidden variable reads as unset", async () => {
    class Hiding extends Permissions {
      override mayReadEnv(key: string): boolean {
        return key !== "ASSAY_TEST_SET";
      }
    }
    const permissions = new Hiding();
    expect(await results(`return env.get("ASSAY_TEST_SET")`, { permissions })).toEqual([undefined]);
  });
});
