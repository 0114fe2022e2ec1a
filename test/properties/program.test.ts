import { test } from "bun:test";
import { agree } from "./agreement.ts";
import { Programs } from "./program/grammar.ts";
import { available, exact, lenient } from "./reference.ts";

test.skipIf(!available)(
  "random programs do the same, suspended or not",
  async () => {
    const cases = new Programs({ exact, anyOrder: false });
    await agree({ cases, source: (program) => program.text, runs: 300, pauses: [1, 7], normal: lenient });
  },
  600_000,
);
