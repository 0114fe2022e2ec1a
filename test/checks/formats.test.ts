import { afterAll, describe, expect, test } from "bun:test";
import { lstatSync, symlinkSync } from "node:fs";
import { terminationMessage } from "../../cli/checks/announce.ts";
import { prettyResult } from "../../cli/checks/formats/pretty.ts";
import { FORMATS, render } from "../../cli/checks/report.ts";
import { type CheckResult, makeReport, type Report } from "../../cli/checks/result.ts";
import { assay, BINARY } from "../support/binary.ts";
import { temporaryFolder } from "../support/folder.ts";

const PLAIN = { colour: false, width: Infinity };
const NASTY = "<&\"]]>'\n::error::\x1b[31m#\\\0\ud800日本";

function result(name: string, status: CheckResult["status"], more: Partial<CheckResult> = {}): CheckResult {
  return { name, status, duration_ms: 45, total_ms: 45, attempts: 1, started_ms: 0, ...more };
}

function report(...results: CheckResult[]): Report {
  return makeReport(results, { duration_ms: 1234, started_at: "2026-11-22T10:00:00.000Z" });
}

const sample = report(
  result("api-health", "passed"),
  result(NASTY, "failed", { error: NASTY, attempts: 2, details: { response: { body: NASTY } } }),
  result("later", "skipped", { reason: "needs api, which failed", attempts: 0 }),
);

describe("formats", () => {
  test("json is the document of the contract", () => {
    const document = JSON.parse(render("json", sample, "c.yaml", PLAIN));
    expect(document).toMatchObject({ passed: 1, failed: 1, skipped: 1, total: 3, duration_ms: 1234 });
    expect(document.results[0]).toMatchObject({ name: "api-health", status: "passed", duration_ms: 45, attempts: 1 });
    expect(document.results[1].error).toBe(NASTY);
  });

  test("ndjson is one object a line", () => {
    const lines = render("ndjson", sample, "c.yaml", PLAIN)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.type)).toEqual(["check", "check", "check", "summary"]);
  });

  test("K04: junit is XML whatever the names hold", () => {
    const xml = render("junit", sample, "c.yaml", PLAIN);
    expect(xml).toContain('tests="3" failures="1" errors="0" skipped="1"');
    expect(xml).toContain('<testcase name="api-health" classname="c.yaml" time="0.045"/>');
    expect(xml).toContain("&lt;&amp;&quot;]]&gt;'&#10;::error::\ufffd[31m#\\\ufffd\ufffd日本");
    expect(xml).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f]/);
    // Every "<" begins a tag, every "&" a reference.
    expect(xml.replace(/<\/?[a-z-]+( [a-z]+="[^"<]*")*\/?>|<\?xml[^?]*\?>/g, "")).not.toMatch(
      /[<]|&(?!(?:lt|gt|amp|quot|#\d+);)/,
    );
  });

  test("every format for people and machines shows warnings", () => {
    const warned = report(result("quiet", "passed", { warnings: ["the script asserts nothing"] }));
    for (const format of FORMATS) {
      const said = format === "prometheus" ? 'assay_check_warnings{check="quiet"} 1' : "the script asserts nothing";
      expect(render(format, warned, "c.yaml", PLAIN)).toContain(said);
    }
    expect(render("pretty", warned, "c.yaml", PLAIN)).toContain("1 passed, 1 with warnings in");
    expect(render("tap", warned, "c.yaml", PLAIN)).toContain("ok 1 - quiet\n# warning: the script asserts nothing\n");
  });

  test("tap", () => {
    const lines = render("tap", sample, "c.yaml", PLAIN).trimEnd().split("\n");
    expect(lines.slice(0, 3)).toEqual(["TAP version 13", "1..3", "ok 1 - api-health"]);
    expect(lines[3]).toStartWith("not ok 2 - <&");
    expect(lines[3]).toContain("\\#");
    expect(lines.at(-1)).toBe("ok 3 - later # SKIP needs api, which failed");
  });

  test("prometheus", () => {
    const text = render("prometheus", sample, "c.yaml", PLAIN);
    expect(text).toContain('assay_check_success{check="api-health"} 1\n');
    expect(text).toContain('assay_check_duration_seconds{check="api-health"} 0.045\n');
    expect(text).toContain('assay_checks{status="skipped"} 1\n');
    for (const line of text.trimEnd().split("\n"))
      expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+=".*"\})? [\d.]+)$/);
  });

  test("K04: prometheus shows control characters of names as escapes", () => {
    const [first] = sample.results;
    const hostile = { ...sample, results: [{ ...first!, name: '<&"]]>\x1b[31m\0\n\u202e' }] };
    const text = render("prometheus", hostile, "c.yaml", PLAIN);
    expect(text).toContain('assay_check_success{check="<&\\"]]>\\\\x1b[31m\\\\x00\\n\\\\u202e"} 1\n');
  });

  test("K04: html holds nothing that the page would run", () => {
    const page = render(
      "html",
      report(result("<script>alert(1)</script>", "failed", { error: '<img src=x onerror="x">' })),
      "<c>.yaml",
      PLAIN,
    );
    expect(page).not.toContain("<script>alert");
    expect(page).not.toContain("<img");
    expect(page.match(/<script>/g)).toHaveLength(1);
  });

  test("pretty is one line a check and what went wrong", () => {
    expect(render("pretty", sample, "c.yaml", PLAIN)).toBe(
      "✓ api-health  45 ms\n" +
        "✗ <&\"]]>'\\n::error::\\x1b[31m#\\\\x00\ud800日本  45 ms, 2 attempts\n" +
        "    <&\"]]>'\\n::error::\\x1b[31m#\\\\x00\ud800日本\n" +
        "- later  skipped\n    needs api, which failed\n\nfailed: 1 passed, 1 failed, 1 skipped in 1.23 s\n",
    );
  });

  test("pretty fits the width of a terminal", () => {
    const long = result("n".repeat(300), "failed", { error: "word ".repeat(100) });
    for (const width of [20, 40, 80, 200]) {
      for (const line of prettyResult(long, { colour: true, width }).split("\n"))
        expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width);
    }
  });

  test("every format takes every report", () => {
    for (const format of FORMATS) {
      for (const one of [
        report(),
        sample,
        { ...sample, stopped: "stopped by SIGTERM" },
        report(result("x".repeat(10_000), "failed")),
      ]) {
        expect(render(format, one, "c.yaml", PLAIN).length).toBeGreaterThan(0);
      }
    }
  });
});

describe("the termination message", () => {
  test("names failed checks and their reasons", () => {
    expect(terminationMessage(sample)).toBe(
      "1 of 3 checks failed\n<&\"]]>'\\n::error::\\x1b[31m#\\\\x00\ud800日本: <&\"]]>'\\n::error::\\x1b[31m#\\\\x00\ud800日本\nlater: skipped, needs api, which failed\n",
    );
  });

  test("is never longer than 4096 bytes", () => {
    for (const size of [10, 100, 1000, 5000]) {
      const many = report(
        ...Array.from({ length: 60 }, (_, i) => result(`check-${i}`, "failed", { error: "ü".repeat(size) })),
      );
      const message = terminationMessage(many);
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4096);
      if (size > 10) expect(message).toMatch(/and \d+ more\n$/);
    }
  });
});

describe("where results go", () => {
  const folder = temporaryFolder({
    "ok.yaml": 'checks: [{name: a, type: script, script: "assert(1)"}]\n',
    "bad.yaml": 'checks: [{name: "a:b,c", type: script, script: "error(\'50% broken\\\\n::set-output::\')"}]\n',
  });
  afterAll(() => folder.remove());

  test("standard output and files in one run", async () => {
    const ran = await assay(["ok.yaml", "--format", "tap", "--output", "junit=o.xml", "--output=json=o.json"], {
      cwd: folder.path,
    });
    expect(ran.stdout).toBe("TAP version 13\n1..1\nok 1 - a\n");
    expect(ran.status).toBe(0);
    expect(await Bun.file(folder.file("o.xml")).text()).toContain("<testsuites>");
    expect(JSON.parse(await Bun.file(folder.file("o.json")).text()).passed).toBe(1);
  });

  test("K22: a file that cannot be written is an error before anything runs", async () => {
    const ran = await assay(["ok.yaml", "--output", "json=/no/such/folder/x.json"], { cwd: folder.path });
    expect(ran).toMatchObject({
      status: 2,
      stdout: "",
      stderr: "error: --output: /no/such/folder/x.json: cannot be written (ENOENT)\n",
    });
    expect((await assay(["ok.yaml", "--output", "nope=x"], { cwd: folder.path })).status).toBe(2);
  });

  test("K22: a link or a pipe that is named as output stays what it is", async () => {
    folder.write("real.tap", "old");
    symlinkSync("real.tap", folder.file("link.tap"));
    const script = 'mkfifo pipe; cat pipe > read.tap & "$0" ok.yaml --output tap=link.tap --output tap=pipe; wait';
    Bun.spawnSync(["sh", "-c", script, BINARY], { cwd: folder.path });
    for (const name of ["real.tap", "read.tap"]) {
      expect(await Bun.file(folder.file(name)).text()).toBe("TAP version 13\n1..1\nok 1 - a\n");
    }
    expect(lstatSync(folder.file("link.tap")).isSymbolicLink()).toBe(true);
    expect(lstatSync(folder.file("pipe")).isFIFO()).toBe(true);
  });

  test("K22: a device that is named as output is written, not replaced", async () => {
    const ran = await assay(["ok.yaml", "--format", "ndjson", "--output", "tap=/dev/null"], { cwd: folder.path });
    expect(ran.status).toBe(0);
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("K20: control characters do not get into annotations", async () => {
    folder.write("esc.yaml", 'checks: [{name: "a\\e[2J", type: script, script: "error(\'\\\\27]0;x\\\\7\')"}]\n');
    const ran = await assay(["esc.yaml", "--format", "json"], { cwd: folder.path, env: { GITHUB_ACTIONS: "true" } });
    expect(ran.stderr).toContain("title=a\\x1b[2J::script:1: \\x1b]0;x\\x07");
    expect(ran.stderr).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });

  test("annotations of GitHub Actions", async () => {
    const ran = await assay(["bad.yaml", "--format", "json"], { cwd: folder.path, env: { GITHUB_ACTIONS: "true" } });
    expect(ran.stderr).toContain("::error file=bad.yaml,line=1,title=a%3Ab%2Cc::script:1: 50%25 broken");
    expect(ran.stderr.split("\n").filter((line) => line.startsWith("::"))).toHaveLength(1);
  });

  test("the termination message of a pod", async () => {
    await assay(["bad.yaml", "--termination-log", "t.log"], { cwd: folder.path });
    expect(await Bun.file(folder.file("t.log")).text()).toStartWith(
      "1 of 1 checks failed\na:b,c: script:1: 50% broken",
    );
    await assay(["ok.yaml", "--termination-log", "none.log"], { cwd: folder.path });
    expect(await Bun.file(folder.file("none.log")).exists()).toBe(false);
  });

  test("K22: a full disk is told by the exit status", async () => {
    const ran = Bun.spawnSync(["sh", "-c", '"$0" ok.yaml --format json > /dev/full', BINARY], { cwd: folder.path });
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr.toString()).toContain("error: cannot write to standard output: no space left on device\n");
  });
});
