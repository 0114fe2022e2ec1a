/**
 * The pages of the documentation, followed literally: code is saved and run, commands are typed, and what they print is
 * what the page shows. Hosts lead to one server that answers for all of them.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { load } from "../interpreter/index.ts";
import { fromText } from "../interpreter/text.ts";
import { VirtualMachine } from "../interpreter/vm.ts";
import { type Block, blocksOf, commandsOf } from "./docs/page.ts";
import { runCommands, unvarying } from "./docs/shell.ts";
import { answers } from "./docs/world.ts";
import { freePort } from "./examples/example.ts";
import { Fixture } from "./stdlib/fixture.ts";
import { assay, BINARY } from "./support/binary.ts";
import { temporaryFolder } from "./support/folder.ts";

const root = join(import.meta.dir, "..");
const PAGES = [
  "README.md",
  "deploy/README.md",
  "examples/README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
].filter((name) => existsSync(join(root, name)));

let server: Fixture;
let port = 0;
beforeAll(async () => {
  server = await Fixture.start();
  port = await freePort();
});
afterAll(() => server.close());

/** A text of a page with the addresses that are there in this test. */
function here(text: string): string {
  const address = server.url.replace("http://", "");
  return text
    .replace(/https?:\/\/(?!127\.0\.0\.1|localhost)[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d+)?/g, server.url)
    .replace(/\b[a-z]+\.example\.com:443\b/g, address)
    .replace(/\b8080\b/g, String(port));
}

/** A file of checks that holds what a block shows: whole files, lists of checks, and keys of the file. */
function asCheckFile(text: string): string {
  if (/^- /.test(text)) return `checks:\n${text.replace(/^(?=.)/gm, "  ")}`;
  if (/^(?:checks|include):/m.test(text)) return text;
  return `${text}\nchecks:\n  - { name: nothing, type: script, script: assert(true) }\n`;
}

describe.each(PAGES)("%s", (page) => {
  const blocks = blocksOf(join(root, page), page);
  const folder = temporaryFolder();
  afterAll(() => folder.remove());
  const typed = blocks.filter(({ language }) => language === "console").map(({ text }) => text);
  let count = 0;

  beforeAll(() => server.reset(answers()));

  /** Saves a block, under its own name or another. */
  const save = (block: Block, extension: string, text = block.text): string => {
    const path = folder.write(block.file ?? `block-${++count}.${extension}`, here(text));
    if (text.startsWith("#!")) Bun.spawnSync(["chmod", "+x", path]);
    return path;
  };
  /** Whether a command of the page uses the file: then that is its test. */
  const isTyped = ({ file }: Block) => file !== undefined && typed.some((text) => text.includes(file));

  for (const block of blocks) {
    const { at, language, text } = block;
    const ends = async (args: string[]) => {
      const ran = await assay(args, { cwd: folder.path });
      if (block.raises === undefined) expect([ran.stderr, ran.status]).toEqual([expect.any(String), 0]);
      else {
        expect(ran.stderr + ran.stdout).toContain(block.raises);
        expect(ran.status).toBe(1);
      }
    };

    if (block.saved !== undefined) {
      test(`${at} is saved`, () => void folder.write(block.saved!, here(text)));
      continue;
    }

    switch (language) {
      case "lua":
        test(`${at} runs`, async () => {
          const path = save(block, "lua");
          expect(() => load(new VirtualMachine(), fromText(text.replace(/^#!.*/, "")), "=block")).not.toThrow();
          if (!isTyped(block) && block.needs === undefined) await ends([path]);
        });
        break;
      case "yaml":
        test(`${at} is valid, and runs`, async () => {
          const documents = parseAllDocuments(text);
          for (const document of documents) expect(document.errors).toEqual([]);
          if (/^kind:/m.test(text)) return;
          const path = save(block, "yaml", asCheckFile(text));
          const env = { cwd: folder.path, env: { SMTP_PASSWORD: "x", API_TOKEN: "a-token-of-the-test" } };
          const checked = await assay(["validate", path], env);
          expect([checked.stderr + checked.stdout, checked.status]).toEqual([expect.any(String), 0]);
          if (isTyped(block) || block.needs !== undefined) return;
          const ran = await assay([path, "--format", "json"], env);
          const failed = ran.stdout.startsWith("{")
            ? JSON.parse(ran.stdout).results.filter((one: { status: string }) => one.status === "failed")
            : ran;
          if (block.raises === undefined) expect([failed, ran.status]).toEqual([[], 0]);
          else {
            expect(ran.stdout).toContain(block.raises);
            expect(ran.status).toBe(1);
          }
        });
        break;
      case "json":
        test(`${at} is JSON`, () => {
          save(block, "json");
          expect(() => JSON.parse(text)).not.toThrow();
        });
        break;
      case "console":
        test(`${at} prints what it shows`, async () => {
          const commands = commandsOf(here(text));
          const printed = await runCommands(commands, folder);
          const shown = commands.map(({ command, output }) => [command, unvarying(output)]);
          expect(commands.map(({ command }, i) => [command, printed[i]])).toEqual(shown);
        });
        break;
      case "sh":
      case "bash":
        test(`${at} is commands that exist`, async () => {
          expect(Bun.spawnSync(["bash", "-n"], { stdin: Buffer.from(text) }).exitCode).toBe(0);
          const help = (await assay(["--help"])).stdout;
          for (const [, line] of text.replace(/\\\n/g, " ").matchAll(/^(?:\.\/)?(?:dist\/)?assay (.*)$/gm)) {
            for (const [option] of line!.matchAll(/(?<=^| )--[\w-]+/g)) expect(help).toContain(` ${option}`);
          }
          const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
          for (const [, script] of text.matchAll(/^npm run ([\w:]+)/gm))
            expect(Object.keys(scripts)).toContain(script!);
        });
        break;
      case "ts":
        test(`${at} runs`, async () => {
          // Imports start at the page.
          const path = save(block, "ts", text.replaceAll('from "../', `from "${root}/`));
          const run = Bun.spawnSync([process.execPath, "run", path]);
          const next = blocks[blocks.indexOf(block) + 1];
          expect(run.stderr.toString()).toBe("");
          if (next?.language === "text") expect(run.stdout.toString()).toBe(next.text);
        });
        break;
      case "":
      case "text":
      case "dockerfile":
        break;
      default:
        test(`${at} is of a language that is tested`, () => expect(language).toBe("one of those above"));
    }
  }
});

test("links between pages lead somewhere", () => {
  const broken: string[] = [];
  for (const page of PAGES) {
    const text = readFileSync(join(root, page), "utf8");
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      // Those of the web, and pages of the repository's host, as seen from its front page.
      if (/^(?:https?:|mailto:|\.\.\/\.\.\/)/.test(target!)) continue;
      const [path, anchor] = target!.split("#") as [string, string?];
      const file = path === "" ? join(root, page) : join(root, dirname(page), path);
      if (!existsSync(file)) broken.push(`${page}: ${target}`);
      else if (anchor !== undefined) {
        const titles = Array.from(readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm), ([, title]) =>
          title!
            .toLowerCase()
            .replace(/[^\w\s-]/g, "")
            .replace(/\s/g, "-"),
        );
        if (!titles.includes(anchor)) broken.push(`${page}: ${target}`);
      }
    }
  }
  expect(broken).toEqual([]);
});

test("the executable is there to be typed", () => expect(existsSync(BINARY)).toBe(true));
