import { afterAll, expect, test } from "bun:test";
import { documentError, mergeReports, TwiceError } from "../../cli/checks/merge.ts";
import { type CheckResult, makeReport, type Report, succeeded } from "../../cli/checks/result.ts";
import { assay } from "../support/binary.ts";
import { temporaryFolder } from "../support/folder.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

function report(second: number, shard: string | undefined, ...names: string[]): Report {
  const results = names.map(
    (name): CheckResult => ({ name, status: "passed", duration_ms: 5, total_ms: 5, attempts: 1, started_ms: 1 }),
  );
  const started_at = `2026-01-01T00:00:0${second}.000Z`;
  return makeReport(results, { duration_ms: 1000, started_at, ...(shard === undefined ? {} : { shard }) });
}

const piece = (report: Report, i: number) => ({ file: `${i}.json`, report });

test("shards come back into the order of the file", () => {
  const merged = mergeReports(
    [report(2, "2/3", "b", "e"), report(0, "1/3", "a", "d"), report(1, "3/3", "c")].map(piece),
  );
  expect(merged.results.map((result) => result.name)).toEqual(["a", "b", "c", "d", "e"]);
  expect(merged).toMatchObject({ passed: 5, total: 5, duration_ms: 3000, started_at: "2026-01-01T00:00:00.000Z" });
  expect(merged.results[1]!.started_ms).toBe(2001);
  expect(succeeded(merged)).toBe(true);
});

test("a missing shard makes the whole a failure", () => {
  const merged = mergeReports([report(0, "1/3", "a"), report(0, "3/3", "c")].map(piece));
  expect(merged.stopped).toBe("missing: shard 2/3");
  expect(succeeded(merged)).toBe(false);
});

test("empty shards are no success by themselves once merged", () => {
  expect(succeeded(mergeReports([report(0, "1/1")].map(piece)))).toBe(false);
});

test("reports of different files are put behind each other; a name may be there once", () => {
  expect(mergeReports([report(0, undefined, "a"), report(0, undefined, "b")].map(piece)).total).toBe(2);
  expect(() => mergeReports([report(0, undefined, "a"), report(0, undefined, "a")].map(piece))).toThrow(
    TwiceError as never,
  );
});

test("what is no document of results is refused", () => {
  for (const data of [
    null,
    1,
    [],
    {},
    { results: [1] },
    { results: [{ name: "a", status: "green", duration_ms: 1 }] },
  ]) {
    expect(documentError(data)).toBeDefined();
  }
  expect(documentError({ results: [], passed: 1, failed: 0 })).toBe("the numbers do not fit the results");
  expect(documentError(report(0, undefined, "a"))).toBeUndefined();
});

test("assay report merge", async () => {
  folder.write(
    "checks.yaml",
    `checks:\n${[1, 2, 3].map((i) => `  - {name: c${i}, type: script, script: "assert(${i} ~= 3)"}\n`).join("")}`,
  );
  for (const shard of [1, 2]) {
    await assay(["checks.yaml", "--shard", `${shard}/2`, "--output", `json=r${shard}.json`], { cwd: folder.path });
  }
  const merged = await assay(["report", "merge", "r1.json", "r2.json", "--format", "tap", "--output", "junit=m.xml"], {
    cwd: folder.path,
  });
  expect(merged.stdout).toStartWith("TAP version 13\n1..3\nok 1 - c1\nok 2 - c2\nnot ok 3 - c3\n");
  expect(merged.status).toBe(1);
  expect(await Bun.file(folder.file("m.xml")).text()).toContain('tests="3"');

  const rows: readonly [args: string[], status: number, stderr: string][] = [
    [["report"], 2, "error: report: expected merge, got nothing\n"],
    [["report", "merge"], 2, "error: report merge: no file given\n"],
    [["report", "merge", "nope.json"], 3, "error: nope.json: no such file or directory\n"],
    [["report", "merge", "checks.yaml"], 3, "error: checks.yaml: not JSON\n"],
    [["report", "merge", "r1.json", "r1.json"], 3, 'error: the check "c1" is in r1.json and in r1.json\n'],
  ];
  for (const [args, status, stderr] of rows) {
    expect(await assay(args, { cwd: folder.path })).toEqual({ status, stdout: "", stderr });
  }
});
