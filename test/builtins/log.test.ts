import { describe, expect, test } from "bun:test";
import { fromText } from "../../interpreter/text.ts";
import { errorOf, runScript, type ScriptOptions } from "./script.ts";

async function logged(source: string, options: ScriptOptions = {}): Promise<string[]> {
  const { log, error } = await runScript(source, options);
  expect(error).toBeUndefined();
  return log;
}

const TIME = /"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",/;

const json: [source: string, line: string][] = [
  [`log.info("hello")`, `{"level":"info","msg":"hello"}`],
  [`log.warn("x")`, `{"level":"warn","msg":"x"}`],
  [`log.error("x")`, `{"level":"error","msg":"x"}`],
  [`log.info(42)`, `{"level":"info","msg":"42"}`],
  [`log.info(1.0)`, `{"level":"info","msg":"1.0"}`],
  [`log.info(nil)`, `{"level":"info","msg":"nil"}`],
  [`log.info(setmetatable({}, { __tostring = function() return "me" end }))`, `{"level":"info","msg":"me"}`],
  [
    `log.info(setmetatable({}, { __tostring = function() sleep(0.001) return "me" end }))`,
    `{"level":"info","msg":"me"}`,
  ],
  [`log.info("a\\nb\\"c\\0")`, `{"level":"info","msg":"a\\nb\\"c\\u0000"}`],
  [`log.info("\\xff é")`, `{"level":"info","msg":"\ufffd é"}`],
  [`log.info("m", { a = 1 })`, `{"level":"info","msg":"m","a":1}`],
  [`log.info("m", { a = 1.5 })`, `{"level":"info","msg":"m","a":1.5}`],
  [`log.info("m", { a = math.maxinteger })`, `{"level":"info","msg":"m","a":9223372036854775807}`],
  [`log.info("m", { a = math.huge })`, `{"level":"info","msg":"m","a":"inf"}`],
  [`log.info("m", { a = { 1, { b = true } } })`, `{"level":"info","msg":"m","a":[1,{"b":true}]}`],
  [`local t = {} t.t = t log.info("m", t)`, `{"level":"info","msg":"m","t":{"t":"(cycle)"}}`],
  [`log.info("m", { msg = "x" })`, `{"level":"info","msg":"m","msg_":"x"}`],
  [`log.info("m", { __proto__ = "x" })`, `{"level":"info","msg":"m","__proto__":"x"}`],
  [
    `log.info("m", { password = "x", apiKey = 1, ["X-Vault-Token"] = "y", secret = true, tokens = 5, cache_key = "k" })`,
    `{"level":"info","msg":"m","password":"***","apiKey":"***","X-Vault-Token":"***","secret":true,"tokens":5,"cache_key":"k"}`,
  ],
  [
    `log.info("m", { headers = { Authorization = "Bearer x", accept = "y" } })`,
    `{"level":"info","msg":"m","headers":{"Authorization":"***","accept":"y"}}`,
  ],
  [`log.info("token=hunter2", { k = "Basic aHVudGVyMg==" })`, `{"level":"info","msg":"token=***","k":"Basic ***"}`],
];

describe("log", () => {
  test.each(json)("%s", async (source, line) => {
    const [got, ...more] = await logged(source, { secrets: ["hunter2"] });
    expect(more).toEqual([]);
    expect(got).toMatch(TIME);
    expect(got!.replace(TIME, "")).toBe(line);
    JSON.parse(got!);
  });

  test("levels", async () => {
    const source = `log.debug("d") log.info("i") log.warn("w") log.error("e")`;
    const at = async (logLevel?: "debug" | "info" | "warn" | "error") => (await logged(source, { logLevel })).length;
    expect([await at(), await at("debug"), await at("info"), await at("warn"), await at("error")]).toEqual([
      3, 4, 3, 2, 1,
    ]);
  });

  test("what is not shown is not asked for its text", async () => {
    const source = `log.debug(setmetatable({}, { __tostring = function() error("asked") end }))`;
    expect(await logged(source)).toEqual([]);
  });

  test("text", async () => {
    const text = async (source: string) => {
      const [line] = await logged(source, { logFormat: "text", secrets: ["hunter2"] });
      return line!.replace(/^\S+ /, "");
    };
    expect(await text(`log.info("hello")`)).toBe("INFO  hello");
    expect(await text(`log.error("m", { path = "/x" })`)).toBe("ERROR m path=/x");
    expect(await text(`log.warn("m", { s = "a b=c" })`)).toBe(`WARN  m s="a b=c"`);
    expect(await text(`log.info("m", { t = { 1, 2 } })`)).toBe("INFO  m t=[1,2]");
    expect(await text(`log.info("hunter2")`)).toBe("INFO  ***");
    expect(await text(`log.info("a\\nb")`)).toBe("INFO  a\n    b");
    expect(await text(`log.info("\\27[2J\\r\\7")`)).toBe("INFO  \\x1b[2J\\x0d\\x07");
    expect(await text(`log.info("\u202e")`)).toBe("INFO  \\u202e");
  });

  test("wrong arguments", async () => {
    expect(await errorOf(`log.info()`)).toBe("test:1: bad argument #1 to 'log.info' (value expected)");
    expect(await errorOf(`log.info("m", "n")`)).toBe(
      "test:1: bad argument #2 to 'log.info' (table expected, got string)",
    );
    expect(await errorOf(`log.info(setmetatable({}, { __tostring = function() return 1 == 1 end }))`)).toContain(
      "'__tostring' must return a string",
    );
  });

  test("bytes of a message are UTF-8", async () => {
    const [line] = await logged(`log.info(...)`, { args: [fromText("grüße")] });
    expect(JSON.parse(line!).msg).toBe("grüße");
  });
});
