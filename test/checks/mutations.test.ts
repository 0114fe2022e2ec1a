/** Random mutations of a valid file: each is accepted or refused with exit status 3, never anything else. */
import { afterAll, expect, test } from "bun:test";
import { loadSuite } from "../../cli/checks/config.ts";
import { Jq } from "../../cli/checks/jq.ts";
import { plan } from "../../cli/checks/plan.ts";
import { Secrets } from "../../cli/checks/secrets.ts";
import { select } from "../../cli/checks/select.ts";
import { CommandError } from "../../cli/status.ts";
import { temporaryFolder } from "../support/folder.ts";

/** ASSAY_MUTATIONS=10000 for a long run. */
const COUNT = Number(process.env.ASSAY_MUTATIONS ?? 500);

const VALID = `timeout: 120s
retries: 3
backoff: {initial: 1s, factor: 2, max: 30s, jitter: true}
parallel: 4
defaults: {timeout: 5s, headers: {X-A: "1"}}
vars: {host: localhost, ports: [1, 2], deep: {a: {b: c}}}
secrets: [HOME]
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
  - name: prom
    type: prometheus
    url: http://p:9090
    query: 'sum(rate(x[5m])) by (job)'
    expect: {min: 1, max: 2, all: true}
  - name: script
    type: script
    needs: [api]
    if: .host == "localhost"
    script: |
      local x = ...
      assert(x == env.get("A"))
    env: {A: "\${{ captures.id }}"}
    cleanup: [{type: http, url: "http://x/"}]
  - name: steps
    steps:
      - {url: "http://x/", capture: {t: .json.t}}
      - {type: sql, url: "sqlite::memory:", query: "select 1", params: ["\${{ captures.t }}"], expect: {rows: {min: 1}}}
  - {name: d, type: dns, host: x, record: MX, matrix: {a: [1, 2], b: [x]}}
  - &anchor {name: k, type: k8s, kind: deployment, namespace: shop}
`;

const PIECES = [
  ..."{}[]:,-#&*!|>'\"%@`\n\t \0\u2028",
  "\x1b[31m",
  "${{",
  "}}",
  "${{ vars.host }}",
  "${{ env.NOPE }}",
  "<<: *anchor",
  "*anchor",
  "&anchor ",
  "null",
  ".nan",
  "-1",
  "1e999",
  "- ",
  "? ",
  "---\n",
  "...\n",
  "!!binary x",
  "name: api\n",
  "expect: {}",
  "__proto__",
  "constructor",
  "needs: [steps]",
  "é\ud800",
  "9".repeat(400),
];

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

test(`${COUNT} mutations`, async () => {
  const file = folder.file("m.yaml");
  let accepted = 0;
  for (let seed = 0; seed <= COUNT; seed++) {
    const text = seed === 0 ? VALID : mutate(VALID, random(seed));
    await Bun.write(file, text);
    try {
      const suite = await loadSuite(file, jq);
      plan(suite, select(suite.checks, [], [], undefined), new Secrets(suite.secrets));
      accepted++;
    } catch (error) {
      if (!(error instanceof CommandError))
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.stack : error}\n${text}`);
      if (seed === 0) throw new Error(error.message);
      expect(error.status).toBe(3);
      expect(error.message).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]|\[object |undefined| {4}at /);
    }
  }
  expect(accepted).toBeGreaterThan(COUNT / 50);
}, 600_000);
