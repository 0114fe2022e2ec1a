/** Writes the scripts that the ConfigMaps in deploy/ hold from the examples that they name: `KEY: | # examples/FILE`. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const DEPLOY = join(root, "deploy");
/** A block of text in YAML whose head names a file, and its lines: deeper than the head, or empty. */
const EMBEDDED = /^( +)(\S+: \| # (examples\/\S+))\n((?:\1 .*\n|\n(?=(?:\1 |\n)))*)/gm;

export interface Manifest {
  readonly name: string;
  readonly now: string;
  /** With the embedded files as they are today. */
  readonly wanted: string;
}

export async function manifests(): Promise<Manifest[]> {
  const names = readdirSync(DEPLOY).filter((name) => name.endsWith(".yaml"));
  return Promise.all(
    names.sort().map(async (name) => {
      const now = await Bun.file(join(DEPLOY, name)).text();
      const files = new Map<string, string>();
      for (const [, , , path] of now.matchAll(EMBEDDED)) files.set(path!, await Bun.file(join(root, path!)).text());
      const wanted = now.replace(EMBEDDED, (_, indent: string, head: string, path: string) => {
        const lines = files.get(path)!.replace(/^(?=.)/gm, `${indent}  `);
        return `${indent}${head}\n${lines}`;
      });
      return { name, now, wanted };
    }),
  );
}

if (import.meta.main) {
  for (const { name, now, wanted } of await manifests()) {
    if (now === wanted) continue;
    await Bun.write(join(DEPLOY, name), wanted);
    console.log(`deploy/${name}: scripts written`);
  }
}
