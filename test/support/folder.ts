/** Temporary folders with files in them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface Folder {
  readonly path: string;
  /** The path of a file in it. */
  file(name: string): string;
  /** Writes a file (and the folders it is in), and returns its path. */
  write(name: string, content: string | Uint8Array, mode?: number): string;
  remove(): void;
}

/** A new empty folder, and files in it. The test removes it. */
export function temporaryFolder(files: Readonly<Record<string, string>> = {}): Folder {
  const path = mkdtempSync(join(tmpdir(), "assay-test-"));
  const folder: Folder = {
    path,
    file: (name) => join(path, name),
    write(name, content, mode = 0o644) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content, { mode });
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
  for (const [name, content] of Object.entries(files)) folder.write(name, content);
  return folder;
}
