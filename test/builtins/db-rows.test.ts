/** The declarations: every example runs, every function says what it is. */
import { expect, test } from "bun:test";
import { connectionKind, db } from "../../builtins/db.ts";
import { results } from "./script.ts";

test.each(db.functions.filter((row) => row.example !== undefined))("the example of $name", async (row) => {
  await results(row.example!);
});

test("functions and methods are the same rows", () => {
  const names = db.functions.map((row) => row.name);
  expect(names).toEqual(["connect", "query", "execute", "close", "transaction", "query_one", "stream", "statements"]);
  expect(connectionKind.methods.map((row) => row.name)).toEqual(names.slice(1));
  for (const row of db.functions) expect(row.summary).toMatch(/^[A-Z].*\.$/);
});
