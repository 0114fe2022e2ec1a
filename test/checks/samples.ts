/** Check files for the tests that spoil them: the mutations here and the fuzzer. */

/** Check files that are valid, between them with every key; but for the last, whose includes are not there. */
export const SAMPLES = [
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
  - {name: s, type: tls, host: x, port: 443, expect: {days_left: 10}}
  - &anchor {name: k, type: k8s, kind: deployment, namespace: shop}
  - {<<: *anchor, name: k2}
`,
  'include: [other.yaml, "*.yml"]\nvars: {a: b}\nchecks: []\n',
];

/** What mutations put in. */
export const PIECES = [
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
  "\x1b[31m",
  "-1",
  "...\n",
  "__proto__",
  "constructor",
  "é\ud800",
  "9".repeat(400),
];
