/** Check files: read, validated and planned, not run. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadSuite } from "../../../cli/checks/config.ts";
import { Jq } from "../../../cli/checks/jq.ts";
import { plan } from "../../../cli/checks/plan.ts";
import { Secrets } from "../../../cli/checks/secrets.ts";
import { select } from "../../../cli/checks/select.ts";
import { CommandError } from "../../../cli/status.ts";
import { PIECES, SAMPLES } from "../../checks/samples.ts";
import { Finding, judgeText, outline } from "../oracle.ts";
import type { Target } from "../target.ts";

export const checks: Target = {
  name: "checks",
  summary: "check files: reading, includes, substitution, validation, selection",
  cases: 300,
  limitMs: 2000,
  open: async () => {
    const folder = join(process.env.TMPDIR ?? "/nonexistent", "checks");
    mkdirSync(folder);
    writeFileSync(
      join(folder, "other.yaml"),
      "vars: {x: 1}\nchecks:\n  - {name: other, type: tcp, host: x, port: 1}\n",
    );
    const file = join(folder, "m.yaml");
    const jq = new Jq();
    const run = async (input: string): Promise<string> => {
      writeFileSync(file, input, "latin1");
      try {
        const suite = await loadSuite(file, jq);
        plan(suite, select(suite.checks, [], [], undefined), new Secrets(suite.secrets));
        return `${suite.checks.length} checks`;
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        if (error.status !== 3) throw new Finding("broken", `exit status ${error.status}: ${error.message}`);
        judgeText(error.message, input);
        const control = /[\x00-\x08\x0b-\x1f\x7f]/.exec(error.message);
        if (control !== null) throw new Finding("broken", `control character in: ${JSON.stringify(error.message)}`);
        return outline(error.message.replace(/^\S+: /, ""));
      }
    };
    const example = readFileSync(join(import.meta.dir, "../../../examples/checks.yaml"), "latin1");
    return { seeds: [...SAMPLES, example], pieces: PIECES, run, close: () => jq.close() };
  },
};
