/**
 * The Bun executable that Assay is compiled into, changed so that its surroundings cannot turn it into something else.
 *
 * Bun reads variables that make a compiled program run other code: with `BUN_BE_BUN=1` it is Bun itself, `BUN_OPTIONS`
 * takes `--preload FILE`, and both come before the first line of ours. There is no option that turns them off, so their
 * names are emptied in the executable: a variable without a name is never set.
 */
import { type Executable, LC_CODE_SIGNATURE, loadCommands, machName, readExecutable } from "./executable.ts";

/** What Bun must not find in the environment, and why. */
export const IGNORED_VARIABLES: Readonly<Record<string, string>> = {
  BUN_BE_BUN: "runs the Bun inside instead of Assay",
  BUN_OPTIONS: "options of Bun, such as one that runs a file first",
  BUN_INSPECT: "opens a debugger's port",
  BUN_INSPECT_CONNECT_TO: "connects to a debugger",
  BUN_INSPECT_PRELOAD: "runs a file first",
  BUN_CONFIG_VERBOSE_FETCH: "prints requests with their headers, and so tokens",
  BUN_ENABLE_CRASH_REPORTING: "sends crashes to Bun's authors",
  BUN_CRASH_REPORT_URL: "sends crashes elsewhere",
  BUN_BYTECODE_ORDER_OUT: "writes a file at the end",
};

/** The runtime of an Assay from Bun's own executable: a changed copy. */
export function assayRuntime(bun: Buffer): Buffer {
  let runtime: Buffer = Buffer.from(bun);
  for (const name of Object.keys(IGNORED_VARIABLES)) emptyName(runtime, name);
  const executable = readExecutable(runtime);
  // Bun signs for Apple silicon only, and leaves its own signature on what is no longer what was signed.
  if (executable.format === "mach-o" && executable.machine === "x64") runtime = withoutSignature(runtime);
  return runtime;
}

/** Empties the C string that is a variable's name. A name that is not there exactly once is a Bun unknown to us. */
function emptyName(runtime: Buffer, name: string): void {
  const wanted = `\0${name}\0`;
  const at = runtime.indexOf(wanted, 0, "latin1");
  if (at < 0 || runtime.indexOf(wanted, at + 1, "latin1") >= 0) {
    throw new Error(`cannot make Bun ignore ${name}: its name is not there once; see scripts/runtime.ts`);
  }
  runtime[at + 1] = 0;
}

/** What `codesign --remove-signature` does: the signature is the last thing in the file and in its last segment. */
function withoutSignature(file: Buffer): Buffer {
  const commands = loadCommands(file);
  const signed = commands.find(({ kind }) => kind === LC_CODE_SIGNATURE);
  if (signed === undefined) return file;
  const start = file.readUInt32LE(signed.offset + 8);
  const end = start + file.readUInt32LE(signed.offset + 12);
  const linkEdit = commands.find(({ offset, size }) => size >= 72 && machName(file, offset + 8) === "__LINKEDIT");
  if (linkEdit === undefined || end !== file.length || signed !== commands.at(-1)) {
    throw new Error("cannot remove the signature of Bun's executable: it is not at the end");
  }
  const segmentSize = start - Number(file.readBigUInt64LE(linkEdit.offset + 40));
  file.writeBigUInt64LE(BigInt(segmentSize), linkEdit.offset + 48);
  file.writeUInt32LE(commands.length - 1, 16);
  file.writeUInt32LE(file.readUInt32LE(20) - signed.size, 20);
  file.fill(0, signed.offset, signed.offset + signed.size);
  return file.subarray(0, start);
}

/**
 * Lets an executable be stripped. Bun finds its program by an address it keeps in eight bytes that no section header
 * covers any more once the program is in: `strip` writes zeros there, and what is left is a plain Bun. Here the section
 * before those bytes gets them too. Changes the file in place.
 */
export function keepThroughStrip(file: Buffer, runtime: Buffer): void {
  const executable = readExecutable(file);
  if (executable.format !== "elf") return;
  const slot = section(readExecutable(runtime), ({ name }) => name === ".bun");
  const before = section(executable, ({ address, size }) => size > 0 && address + size === slot.address);
  file.writeBigUInt64LE(BigInt(before.size + slot.size), before.header + 0x20);
}

function section(executable: Executable, fits: (one: Executable["sections"][number]) => boolean) {
  const found = executable.sections.find(fits);
  if (found === undefined) throw new Error("Bun's executable is laid out in another way; see scripts/runtime.ts");
  return found;
}
