/** Check files: read, validated and planned, not run. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadSuite } from "../../../cli/checks/config.ts";
import { Jq } from "../../../cli/checks/jq.ts";
import { plan } from "../../../cli/checks/plan.ts";
import { Secrets } from "../../../cli/checks/secrets.ts";
import { select } from "../../../cli/checks/select.ts";
import { CommandError } from "../../../cli/status.ts";
import { Finding, judgeText, outline } from "../oracle.ts";
import type { Target } from "../target.ts";

const SEEDS = [
  `timeout: 120s
retries: 3
backoff: {initial: 1s, factor: 2, max: 30s, jitter: true}
parallel: 4
defaults: {timeout: 5s, headers: {X-A: "1"}}
vars: {host: localhost, ports: [1, 2], deep: {a: {b: c}}}
secrets: [HOME]
permissions: {allow_net: [localhost, "10.0.0.0/8:80"], readonly: true, allow_env: [A, B_*]}
checks:
  - name: api
    type: http
    url: http://\${{ vars.host }}:8080/x
    method: POST
    json: {a: [1, 2.5, null, true]}
    auth: {user: u, password: p}
    expect:
      status: [200, 2xx]
      json: ['.a == 1', '.b | length > 2']
      headers: {x-b: {matches: "^a"}}
    capture: {id: .json.id}
  - {name: "t-\${{ item }}", type: tcp, foreach: "\${{ vars.ports }}", host: x, port: "\${{ item }}", tags: [a, b]}
`,
  `checks:
  - name: prom
    type: prometheus
    url: http://p:9090
    query: 'sum(rate(x[5m])) by (job)'
    expect: {min: 1, max: 2, all: true}
  - name: script
    type: script
    needs: [prom]
    if: .host == "localhost"
    script: |
      local x = ...
      assert(x == env.get("A"))
    env: {A: "\${{ env.HOME }}"}
    cleanup: [{type: http, url: "http://x/"}]
`,
  `checks:
  - name: steps
    steps:
      - {url: "http://x/", capture: {t: .json.t}}
      - {type: sql, url: "sqlite::memory:", query: "select 1", params: ["\${{ captures.t }}"], expect: {rows: {min: 1}}}
  - {name: d, type: dns, host: x, record: MX, matrix: {a: [1, 2], b: [x]}}
  - {name: s, type: tls, host: x, port: 443, expect: {expires_after: 10d}}
  - &anchor {name: k, type: k8s, kind: deployment, namespace: shop}
  - {<<: *anchor, name: k2}
`,
  'include: [other.yaml, "*.yml"]\nvars: {a: b}\nchecks: []\n',
];
const PIECES = [
  ..."{}[]:,-#&*!|>'\"%@`\n\t \0",
  "${{",
  "}}",
  "${{ vars.host }}",
  "${{ env.NOPE }}",
  "${{ item }}",
  "${{ captures.id }}",
  "$${{ x }}",
  "<<: *anchor",
  "*anchor",
  "&anchor ",
  "null",
  ".nan",
  "1e999",
  "- ",
  "? ",
  "---\n",
  "!!binary x",
  "name: api\n",
  "expect: {}",
  "needs: [steps]",
  "foreach: [1, 2]",
  "matrix: {}",
  "steps: []",
  "type: http",
  "type: k8s",
  "url: http://x/",
  "timeout: 5s",
  "retries: -1",
  "include: [m.yaml]",
  ". == 1",
  ".[] | select(",
  "\xed\xa0\x80",
];

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
    return { seeds: [...SEEDS, example], pieces: PIECES, run, close: () => jq.close() };
  },
};
