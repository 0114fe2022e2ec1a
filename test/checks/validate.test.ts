import { afterAll, describe, expect, test } from "bun:test";
import { loadSuite } from "../../cli/checks/config.ts";
import { Jq } from "../../cli/checks/jq.ts";
import type { Suite } from "../../cli/checks/suite.ts";
import { CommandError } from "../../cli/status.ts";
import { temporaryFolder } from "../support/folder.ts";

const folder = temporaryFolder({
  "ok.lua": "return 1\n",
  "syntax.lua": "local = 1\n",
  "dir/x": "",
  "inner.yaml":
    "vars: {port: 1, host: inner}\nchecks: [{name: inner, type: http, url: 'http://${{ vars.host }}:${{ vars.port }}/'}]\n",
  "loop.yaml": "include: loop.yaml\n",
});
const jq = new Jq();
afterAll(() => {
  jq.close();
  folder.remove();
});

/** The mistakes of a file, one line each, without its name and the lines that show the place. */
async function mistakes(yaml: string): Promise<string[]> {
  const file = folder.write("t.yaml", yaml);
  try {
    await loadSuite(file, jq);
    return [];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    expect(error.status).toBe(3);
    return error.message
      .split("\n")
      .filter((line) => !/^ *\d* \| /.test(line))
      .map((line) =>
        line
          .replace(/^error: /, "")
          .replaceAll(`${folder.path}/`, "")
          .replace(/^t\.yaml:/, ""),
      );
  }
}

async function load(yaml: string): Promise<Suite> {
  return loadSuite(folder.write("t.yaml", yaml), jq);
}

const HTTP = "type: http, url: 'http://x/'";

describe("mistakes in check files", () => {
  const rows: readonly [what: string, yaml: string, ...mistakes: (string | RegExp)[]][] = [
    // The file as a whole.
    ["K02: empty file", "", "1:1: the file is empty (a mapping with checks expected)"],
    ["K04: a name of spaces", `checks: [{name: "  ", ${HTTP}}]`, '1:17: checks[0].name: expected some text, got "  "'],
    [
      "K12: no time at all, endless time",
      `timeout: 0\ncleanup_timeout: .inf\nchecks: [{name: a, ${HTTP}, timeout: 0s}]`,
      /^1:10: timeout: expected a duration above zero such as 500ms, .*, got 0$/,
      /^2:18: cleanup_timeout: expected a duration above zero/,
      /checks\[0\]\.timeout: expected a duration above zero .*, got "0s"$/,
    ],
    [
      "K10: a wait whose maximum is below its beginning",
      `backoff: {initial: 5s, max: 1s}\nchecks: [{name: a, ${HTTP}}, {name: b, ${HTTP}}]`,
      "1:29: backoff.max: max is below initial",
    ],
    [
      "K10: an infinite bound",
      "checks: [{name: a, type: prometheus, url: 'http://x', query: up, expect: {max: .inf}}]",
      /expect\.max: expected a number that is not infinite$/,
    ],
    ["K06: nested very deep", `checks: ${"[".repeat(20_000)}`, /nested too deeply/],
    [
      "K19: what every object of JavaScript has",
      `checks: [{name: a, type: http, url: "http://\${{ env.constructor }}\${{ env.__proto__ }}/"}]`,
      /the environment variable constructor is not set/,
    ],
    ["K11: a device as script", "checks: [{name: a, type: script, file: /dev/zero}]", /\/dev\/zero: is a device$/],
    ["K02: only a comment", "# nothing\n", "1:1: the file is empty (a mapping with checks expected)"],
    ["K02: a list at the top", "- a\n", "1:1: expected a mapping, got a list"],
    ["K02: text at the top", "hello\n", '1:1: expected a mapping, got "hello"'],
    ["K02: no checks", "timeout: 3s\n", '1:1: missing "checks" or "include"'],
    ["K02: checks: null", "checks:\n", "1:8: checks: expected a list, got nothing"],
    ["K02: checks: []", "checks: []\n", "1:9: checks: expected at least one item, got an empty list"],
    ["K02: two documents", "checks: [{name: a, type: script, script: x()}]\n---\nchecks: []\n", /a second document/],
    ["not YAML", "checks: [\n", /not valid YAML/],
    ["tab indent", "checks:\n\t- name: a\n", /not valid YAML/],
    [
      "a tag that runs code elsewhere",
      "vars: {a: !!js/function 'x'}\nchecks: [{name: a, type: script, script: x()}]",
      /not valid YAML: unresolved tag/,
    ],
    ["K06: unknown alias", "checks: *x\n", "1:9: checks: *x has no anchor"],
    [
      "K01: unknown keys",
      `timout: 3s\nchecks: [{name: a, ${HTTP}, retires: 2, expect: {stauts: 200}}]`,
      /^1:1: timout: unknown key "timout" \(did you mean "timeout"\?\)/,
      /checks\[0\]\.retires: unknown key "retires" \(did you mean "retries"\?\)/,
      /checks\[0\]\.expect\.stauts: unknown key "stauts" \(did you mean "status"\?\)/,
    ],
    [
      "K05: keys given twice",
      `checks:\n  - name: a\n    ${HTTP.replace(", ", "\n    ")}\n    name: b\n`,
      '5:5: checks[0].name: the key "name" is here twice (first in line 2)',
    ],
    [
      '1 and "1" are the same key',
      `vars: {1: a, "1": b}\nchecks: [{name: a, ${HTTP}}]`,
      '1:14: vars.1: the key "1" is here twice (first in line 1)',
    ],
    [
      "durations",
      `timeout: soon\nbackoff: {factor: 0.5}\nchecks: [{name: a, ${HTTP}, timeout: -1}]`,
      /timeout: expected a duration .*, got "soon"/,
      /backoff.factor: expected at least 1, got 0.5/,
      /checks\[0\].timeout: expected a duration .*, got -1/,
    ],
    // Names and types.
    ["K04: no name", `checks: [{${HTTP}}]`, '1:11: checks[0]: missing "name"'],
    [
      "K04: empty name",
      `checks: [{name: "", ${HTTP}}]`,
      "1:17: checks[0].name: expected some text, got an empty string",
    ],
    [
      "a number as name",
      `checks: [{name: 5, ${HTTP}}]`,
      "1:17: checks[0].name: expected a string, got 5 (put it in quotes)",
    ],
    [
      "K04: equal names",
      `checks:\n  - {name: a, ${HTTP}}\n  - {name: a, ${HTTP}}`,
      '3:12: checks[1].name: another check has the name "a" (line 2)',
    ],
    [
      "a key for the type misspelt",
      "checks: [{name: a, typ: http}]",
      /checks\[0\]: missing "type" .*: is "typ" meant to be it\?/,
    ],
    ["K07: no type", "checks: [{name: a}]", /checks\[0\]: missing "type" \(one of http, prometheus/],
    [
      "K07: upper-case type",
      "checks: [{name: a, type: HTTP}]",
      /checks\[0\].type: expected one of http, prometheus, .*, got "HTTP" \(did you mean "http"\?\)/,
    ],
    [
      "K07: a list as type",
      "checks: [{name: a, type: [http]}]",
      /checks\[0\].type: expected one of http, .*, got a list/,
    ],
    [
      "K07: a key of another type",
      `checks: [{name: a, ${HTTP}, query: up}]`,
      /checks\[0\].query: unknown key "query" \(it is a key of prometheus/,
    ],
    ["a text instead of a check", "checks: [hello]", '1:10: checks[0]: expected a mapping, got "hello"'],
    // http
    [
      "status",
      `checks: [{name: a, ${HTTP}, expect: {status: ok}}]`,
      '1:67: checks[0].expect.status: expected an integer, got "ok" (or a class such as 2xx, or a list of them)',
    ],
    [
      "status out of range",
      `checks: [{name: a, ${HTTP}, expect: {status: 99}}]`,
      /expect.status: expected an integer, got 99/,
    ],
    [
      "one of the statuses",
      `checks: [{name: a, ${HTTP}, expect: {status: [200, 6xx]}}]`,
      /expect.status\[1\]: expected an integer, got "6xx"/,
    ],
    [
      "empty expect",
      `checks: [{name: a, ${HTTP}, expect: {}}]`,
      "1:58: checks[0].expect: expected at least one key, got an empty mapping",
    ],
    ["expect: null", `checks: [{name: a, ${HTTP}, expect: }]`, /expect: expected a mapping, got nothing/],
    ["no url", "checks: [{name: a, type: http}]", '1:11: checks[0]: missing "url"'],
    [
      "a bad url",
      "checks: [{name: a, type: http, url: 'ftp://x/'}]",
      /checks\[0\].url: .*scheme "ftp" is not supported/,
    ],
    [
      "header injection",
      `checks: [{name: a, ${HTTP}, headers: {X: "a\\r\\nY: b"}}]`,
      /checks\[0\].headers.X: invalid character in the value of header "X"/,
    ],
    ["body and json", `checks: [{name: a, ${HTTP}, body: x, json: {}}]`, "1:65: checks[0].json: either body or json"],
    [
      "jq",
      `checks: [{name: a, ${HTTP}, expect: {json: [".a |", ".b == 1", "nope(1)"]}}]`,
      /expect.json\[0\]: not a jq expression: syntax error/,
      /expect.json\[2\]: not a jq expression: nope\/1 is not defined/,
    ],
    [
      "regex",
      `checks: [{name: a, ${HTTP}, expect: {body_matches: "(a"}}]`,
      /expect.body_matches: invalid regular expression/,
    ],
    [
      "tls_days_left without tls",
      `checks: [{name: a, ${HTTP}, expect: {tls_days_left: 3}}]`,
      /only https: has a certificate/,
    ],
    ["an auth of both kinds", `checks: [{name: a, ${HTTP}, auth: {user: a}}]`, /checks\[0\].auth: missing "password"/],
    // prometheus
    [
      "K10: no bounds",
      "checks: [{name: a, type: prometheus, url: 'http://x', query: up}]",
      '1:11: checks[0]: missing "expect"',
    ],
    [
      "only all",
      "checks: [{name: a, type: prometheus, url: 'http://x', query: up, expect: {all: true}}]",
      /expect: expected min, max, equals, series or empty: true/,
    ],
    [
      "K10: min above max",
      "checks: [{name: a, type: prometheus, url: 'http://x', query: up, expect: {min: 2, max: 1}}]",
      /expect.min: min \(2\) is above max \(1\)/,
    ],
    [
      "K10: min as text",
      "checks: [{name: a, type: prometheus, url: 'http://x', query: up, expect: {min: '1'}}]",
      /expect.min: expected a number, got "1"/,
    ],
    [
      "K10: a bound that is no number",
      "checks: [{name: a, type: prometheus, url: 'http://x', query: up, expect: {min: .nan}}]",
      /expect.min: expected a number, got .nan/,
    ],
    // script
    [
      "K11: script missing",
      "checks: [{name: a, type: script, file: nope.lua}]",
      "1:40: checks[0].file: nope.lua: no such file",
    ],
    [
      "K11: script is a folder",
      "checks: [{name: a, type: script, file: dir}]",
      "1:40: checks[0].file: dir: is a directory",
    ],
    [
      "K11: script does not parse",
      "checks: [{name: a, type: script, file: syntax.lua}]",
      /checks\[0\].file: syntax.lua:1: /,
    ],
    [
      "K11: inline script does not parse",
      "checks: [{name: a, type: script, script: 'x = = 1'}]",
      /checks\[0\].script: script:1: unexpected symbol near '='/,
    ],
    ["neither file nor script", "checks: [{name: a, type: script}]", '1:11: checks[0]: missing "file" or "script"'],
    [
      "both",
      "checks: [{name: a, type: script, file: ok.lua, script: 'x()'}]",
      "1:11: checks[0]: either file or script",
    ],
    // others
    [
      "port out of range",
      "checks: [{name: a, type: tcp, host: x, port: 70000}]",
      /port: expected at most 65535, got 70000/,
    ],
    [
      "dns record",
      "checks: [{name: a, type: dns, host: x, record: mx}]",
      /record: expected one of A, .*, got "mx" \(did you mean "MX"\?\)/,
    ],
    [
      "sql without expect",
      "checks: [{name: a, type: sql, url: 'sqlite::memory:', query: select 1}]",
      '1:11: checks[0]: missing "expect"',
    ],
    [
      "sql url",
      "checks: [{name: a, type: sql, url: 'oracle://x', query: q, expect: {rows: 1}}]",
      /url: expected a URL that begins with postgres/,
    ],
    // dependencies
    [
      "K16: needs nothing known",
      `checks: [{name: alpha, ${HTTP}}, {name: b, ${HTTP}, needs: alhpa}]`,
      /checks\[1\].needs: there is no check "alhpa" \(did you mean "alpha"\?\)/,
    ],
    ["K16: needs itself", `checks: [{name: a, ${HTTP}, needs: [a]}]`, /needs: a check cannot need itself/],
    [
      "K16: a cycle",
      `checks: [{name: a, ${HTTP}, needs: c}, {name: b, ${HTTP}, needs: a}, {name: c, ${HTTP}, needs: b}]`,
      /needs: a cycle: a needs c needs b needs a/,
    ],
    [
      "captures that nobody makes",
      `checks: [{name: a, type: http, url: "http://x/\${{ captures.id }}"}]`,
      /url: nothing that this check needs captures "id"/,
    ],
    [
      "a capture that is not jq",
      `checks: [{name: a, ${HTTP}, capture: {id: ".a |"}}]`,
      /capture.id: not a jq expression/,
    ],
    [
      "a step",
      "checks: [{name: a, steps: [{url: 'http://x/', expect: {stauts: 1}}]}]",
      /steps\[0\]\.expect\.stauts: unknown key "stauts"/,
    ],
    [
      "a step of the check's type",
      "checks: [{name: a, type: script, script: 'x()', cleanup: [{url: 'http://x/'}]}]",
      /cleanup\[0\]\.url: unknown key "url" \(it is a key of http/,
    ],
    // references
    [
      "unset variable",
      `checks: [{name: a, type: http, url: "http://\${{ vars.host }}/"}]`,
      "1:37: checks[0].url: vars.host is not set",
    ],
    [
      "K19: unset environment variable",
      `checks: [{name: a, type: http, url: "http://\${{ env.ASSAY_TEST_UNSET }}/"}]`,
      "1:37: checks[0].url: the environment variable ASSAY_TEST_UNSET is not set",
    ],
    [
      "unknown root",
      `checks: [{name: a, type: http, url: "http://\${{ var.host }}/"}]`,
      /\$\{\{ var \}\} means nothing here \(known: vars, env, captures\)/,
    ],
    [
      "K19: an expression",
      `checks: [{name: a, type: http, url: "http://\${{ 1 + 1 }}/"}]`,
      /is not a reference such as/,
    ],
    [
      "open reference",
      `checks: [{name: a, type: http, url: "http://x/\${{ vars.x"}]`,
      '1:37: checks[0].url: "${{" without "}}"',
    ],
    [
      "K19: a variable of itself",
      `vars: {a: "\${{ vars.b }}", b: "\${{ vars.a }}"}\nchecks: [{name: a, ${HTTP}}]`,
      /vars.a: refers to itself \(a -> b -> a\)/,
    ],
    ["foreach over nothing", `checks: [{name: a, ${HTTP}, foreach: []}]`, /foreach: expected at least one item/],
    [
      "foreach and matrix",
      `checks: [{name: a, ${HTTP}, foreach: [1], matrix: {a: [1]}}]`,
      /matrix: either foreach or matrix/,
    ],
    [
      "item without foreach",
      `checks: [{name: a, type: http, url: "http://\${{ item }}/"}]`,
      /\$\{\{ item \}\} means nothing here/,
    ],
    [
      "instances of one name",
      `checks: [{name: "x\${{ env.HOME }}", ${HTTP}, foreach: [1, 2]}]`,
      /several checks would be named/,
    ],
    // includes
    ["include of nothing", "include: nope.yaml\n", "1:10: include: nope.yaml: no such file or directory"],
    ["K06: include of itself", "include: loop.yaml\n", /loop.yaml:1:10: include: .*loop.yaml includes .*loop.yaml/],
    [
      "defaults",
      `defaults: {hedaers: {}}\nchecks: [{name: a, ${HTTP}}]`,
      /defaults.hedaers: unknown key "hedaers" \(did you mean "headers"\?\)/,
    ],
    [
      "K06: alias bomb",
      `vars:\n  a: &a [1,1,1,1,1,1,1,1,1,1]\n${[..."bcdefgh"]
        .map(
          (c) =>
            `  ${c}: &${c} [${Array(10)
              .fill(`*${String.fromCharCode(c.charCodeAt(0) - 1)}`)
              .join(",")}]\n`,
        )
        .join("")}checks: []\n`,
      /more than 200000 values/,
    ],
  ];
  test.each(rows.map(([what, yaml, ...expected]) => ({ what, yaml, expected })))(
    "$what",
    async ({ yaml, expected }) => {
      process.env.HOME ??= "/";
      const found = await mistakes(yaml);
      expect(found).toHaveLength(expected.length);
      for (const [i, wanted] of expected.entries()) {
        if (typeof wanted === "string") expect(found[i]).toBe(wanted);
        else expect(found[i]).toMatch(wanted);
      }
    },
  );

  test("a mistake is shown with its line and a caret", async () => {
    const file = folder.write(
      "caret.yaml",
      "checks:\n  - name: a\n    type: http\n    url: http://x/\n    expect:\n      status: ok\n",
    );
    const error = await loadSuite(file, jq).catch((error) => error);
    expect(error.message).toBe(
      `${file}:6:15: checks[0].expect.status: expected an integer, got "ok" (or a class such as 2xx, or a list of them)\n` +
        "   6 |       status: ok\n     |               ^^",
    );
  });
});

describe("what a file means", () => {
  test("K11: files are named from the check file's folder, or from the root", async () => {
    folder.write("sub/abs.yaml", `checks: [{name: inc, type: script, file: ${folder.file("ok.lua")}}]\n`);
    const suite = await load(
      `include: ${folder.file("sub/abs.yaml")}\nchecks: [{name: a, type: script, file: ./ok.lua}]\n`,
    );
    expect(suite.checks.map(({ name }) => name)).toEqual(["inc", "a"]);
  });

  test("references keep types, and values cannot change the structure", async () => {
    process.env.ASSAY_TEST_VALUE = "x: [1]\n# no comment";
    process.env.ASSAY_TEST_PORT = "8080";
    const suite = await load(`
vars: {codes: [200, 204], host: "h\${{ vars.n }}", n: 1}
checks:
  - name: a
    type: http
    url: http://\${{ vars.host }}/\${{ vars.codes }}/$\${{ vars.x }}
    body: \${{ env.ASSAY_TEST_VALUE }}
    expect: {status: "\${{ vars.codes }}"}
  - {name: b, type: tcp, host: x, port: "\${{ env.ASSAY_TEST_PORT }}"}
`);
    expect(suite.checks[0]!.steps[0]!.body).toEqual({
      url: "http://h1/[200,204]/${{ vars.x }}",
      body: "x: [1]\n# no comment",
      expect: { status: [200, 204] },
    });
    expect(suite.checks[1]!.steps[0]!.body.port).toBe(8080);
  });

  test("an empty environment variable is a value", async () => {
    process.env.ASSAY_TEST_EMPTY = "";
    const suite = await load(`checks: [{name: "a\${{ env.ASSAY_TEST_EMPTY }}", ${HTTP}}]`);
    expect(suite.checks[0]!.name).toBe("a");
  });

  test("defaults go where the type knows them", async () => {
    const suite = await load(`
retries: 2
defaults: {timeout: 5s, headers: {A: "1", B: "1"}, tags: [all], expect: {status: 201}}
checks:
  - {name: a, ${HTTP}, headers: {B: "2"}}
  - {name: b, type: script, script: "x()", timeout: 1s, retries: 0}
  - {name: c, steps: [{url: 'http://x/'}, {type: script, script: "x()"}]}
`);
    const [a, b, c] = suite.checks;
    expect(a).toMatchObject({ timeoutMs: 5000, retries: 2, tags: ["all"] });
    expect(a!.steps[0]!.body).toEqual({ url: "http://x/", headers: { A: "1", B: "2" }, expect: { status: 201 } });
    expect(b).toMatchObject({ timeoutMs: 1000, retries: 0 });
    expect(b!.steps[0]!.body).toEqual({ script: "x()" });
    expect(c!.steps.map((step) => step.body)).toEqual([
      { url: "http://x/", headers: { A: "1", B: "1" }, expect: { status: 201 } },
      { script: "x()" },
    ]);
  });

  test("foreach and matrix make checks, named by their items", async () => {
    const suite = await load(`
vars: {hosts: [{name: one, port: 1}, {name: two, port: 2}]}
checks:
  - {name: tcp, type: tcp, foreach: "\${{ vars.hosts }}", host: "\${{ item.name }}", port: "\${{ item.port }}"}
  - {name: "m \${{ matrix.a }}-\${{ matrix.b }}", ${HTTP}, matrix: {a: [x, y], b: [1, 2]}}
  - {name: plain, ${HTTP}, foreach: [5, 6]}
  - {name: last, ${HTTP}, needs: [tcp, "plain[6]"]}
`);
    expect(suite.checks.map((check) => check.name)).toEqual([
      "tcp[one]",
      "tcp[two]",
      "m x-1",
      "m x-2",
      "m y-1",
      "m y-2",
      "plain[5]",
      "plain[6]",
      "last",
    ]);
    expect(suite.checks[1]!.steps[0]!.body).toEqual({ host: "two", port: 2 });
    expect(suite.checks.at(-1)!.needs).toEqual(["tcp[one]", "tcp[two]", "plain[6]"]);
  });

  test("included checks come first, with their own variables under those of the file that includes them", async () => {
    const suite = await load(`include: inner.yaml\nvars: {host: outer}\nchecks: [{name: a, ${HTTP}}]`);
    expect(suite.checks.map((check) => check.name)).toEqual(["inner", "a"]);
    expect(suite.checks[0]!.steps[0]!.body.url).toBe("http://outer:1/");
  });

  test("settings and their defaults", async () => {
    expect(await load(`checks: [{name: a, ${HTTP}}]`)).toMatchObject({
      timeoutMs: 120_000,
      parallel: 1,
      cleanupMs: 10_000,
    });
    const suite = await load(
      `timeout: 1h30m\nparallel: true\nbackoff: {initial: 100ms, factor: 2, max: 3s, jitter: true}\nchecks: [{name: a, ${HTTP}, until: ".status == 200"}]`,
    );
    expect(suite).toMatchObject({ timeoutMs: 5_400_000, parallel: Infinity });
    expect(suite.checks[0]).toMatchObject({
      retries: Infinity,
      backoff: { initialMs: 100, factor: 2, maxMs: 3000, jitter: true },
    });
  });
});
