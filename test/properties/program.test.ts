import { test } from "bun:test";
import { agree } from "./agreement.ts";
import { Programs } from "./program/grammar.ts";
import { available, exact } from "./reference.ts";

test.skipIf(!available)("random programs do the same, suspended or not", async () => {
  const cases = new Programs({ floatText: exact, anyOrder: false });
  await agree({ cases, source: (program) => program.text, runs: 1000, pauses: [1, 7] });
}, 600_000);
