/** Random mutations of a valid file: each is accepted or refused with exit status 3, never anything else. */
import { afterAll, expect, test } from "bun:test";
import { loadSuite } from "../../cli/checks/config.ts";
import { Jq } from "../../cli/checks/jq.ts";
import { plan } from "../../cli/checks/plan.ts";
import { Secrets } from "../../cli/checks/secrets.ts";
import { select } from "../../cli/checks/select.ts";
import { CommandError } from "../../cli/status.ts";
import { temporaryFolder } from "../support/folder.ts";
import { PIECES, SAMPLES } from "./samples.ts";

const VALID = SAMPLES.slice(0, -1);

/** ASSAY_MUTATIONS=10000 for a long run. */
const COUNT = Number(process.env.ASSAY_MUTATIONS ?? 500);

/** A small generator, so that a failure can be seen again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function mutate(text: string, next: () => number): string {
  const at = () => Math.floor(next() * text.length);
  const times = 1 + Math.floor(next() * 4);
  for (let i = 0; i < times; i++) {
    const [from, length] = [at(), Math.floor(next() * 30)];
    const piece = PIECES[Math.floor(next() * PIECES.length)]!;
    const lines = text.split("\n");
    const line = Math.floor(next() * lines.length);
    switch (Math.floor(next() * 6)) {
      case 0:
        text = text.slice(0, from) + text.slice(from + length);
        break;
      case 1:
        text = text.slice(0, from) + piece + text.slice(from);
        break;
      case 2:
        text = text.slice(0, from) + piece + text.slice(from + piece.length);
        break;
      case 3:
        lines.splice(line, 1);
        text = lines.join("\n");
        break;
      case 4:
        lines.splice(Math.floor(next() * lines.length), 0, lines[line]!);
        text = lines.join("\n");
        break;
      default: {
        const [a, b] = [at(), at()];
        text = text.slice(0, a) + text.slice(b, b + length) + text.slice(a);
      }
    }
  }
  return text;
}

const folder = temporaryFolder();
const jq = new Jq();
afterAll(() => {
  jq.close();
  folder.remove();
});

test(`K25: ${COUNT} mutations`, async () => {
  const file = folder.file("m.yaml");
  let accepted = 0;
  for (let seed = 0; seed <= COUNT; seed++) {
    const sample = VALID[seed % VALID.length]!;
    const text = seed < VALID.length ? sample : mutate(sample, random(seed));
    await Bun.write(file, text);
    try {
      const suite = await loadSuite(file, jq);
      plan(suite, select(suite.checks, [], [], undefined), new Secrets(suite.secrets));
      accepted++;
    } catch (error) {
      if (!(error instanceof CommandError))
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.stack : error}\n${text}`);
      if (seed < VALID.length) throw new Error(error.message);
      expect(error.status).toBe(3);
      expect(error.message).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]|\[object |undefined| {4}at /);
    }
  }
  expect(accepted).toBeGreaterThan(COUNT / 50);
}, 600_000);
