/** The licences of what the executable contains: those of most packages ask to be passed on with it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bundledPackages } from "./sbom.ts";

const root = join(import.meta.dir, "..");

/** Bun comes without the text of its licence; this is what it says of itself. */
const BUN = `bun ${Bun.version} (MIT)

Bun is licensed under the MIT licence. It contains JavaScriptCore and other parts of WebKit, under the LGPL 2 and BSD
licences, and further libraries under licences of their own. Their list, and how to link Bun with a changed
JavaScriptCore, is https://github.com/oven-sh/bun/blob/bun-v${Bun.version}/LICENSE.md; WebKit as Bun uses it is
https://github.com/oven-sh/WebKit. Assay's sources and scripts/build.ts make an executable from any such Bun.
`;

/** One text for all. */
export async function notices(): Promise<string> {
  const packages = await bundledPackages();
  const texts = new Map([["", BUN]]);
  for (const { folder, name, version, license } of packages) {
    texts.set(`${name}@${version}`, `${name} ${version} (${license})\n\n${licenceText(folder, license)}\n`);
  }
  const rule = `\n${"-".repeat(80)}\n\n`;
  return `This executable contains the following software.\n${rule}${[...texts.values()].join(rule)}`;
}

function licenceText(folder: string, license: string): string {
  const path = join(root, folder);
  const file = readdirSync(path).find((name) => /^(licen[cs]e|copying|unlicense)(\.(md|txt))?$/i.test(name));
  if (file !== undefined) return readFileSync(join(path, file), "utf8").trim();
  const { author, homepage } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  const by = typeof author === "string" ? author : (author?.name ?? "its authors");
  return `By ${by}, under the licence ${license} (https://spdx.org/licenses/${license}.html). ${homepage ?? ""}`.trim();
}

if (import.meta.main) process.stdout.write(await notices());
