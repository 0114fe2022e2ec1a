/** The examples of both libraries run as they stand. */
import { expect, test } from "bun:test";
import { httpLibrary } from "../../../builtins/http.ts";
import { wsLibrary } from "../../../builtins/ws.ts";
import { results } from "../script.ts";

for (const library of [httpLibrary, wsLibrary]) {
  for (const { name, example } of library.functions) {
    if (example !== undefined) {
      test(`${library.name}.${name}`, async () => {
        expect(await results(example)).toEqual([]);
      });
    }
  }
}
