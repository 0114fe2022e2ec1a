/** What the headers of an executable say: ELF (Linux) and Mach-O (macOS), 64 bits, little-endian. */
import { createHash } from "node:crypto";

export type Machine = "x64" | "arm64";

export interface Section {
  /** As `.bun`, or `__BUN,__bun` in Mach-O. */
  readonly name: string;
  readonly address: number;
  /** Where its bytes lie in the file, and how many there are. */
  readonly offset: number;
  readonly size: number;
  /** Where its header lies in the file. */
  readonly header: number;
}

export interface Executable {
  readonly format: "elf" | "mach-o";
  readonly machine: Machine;
  readonly sections: readonly Section[];
  /** ELF: the program that loads it, which tells glibc from musl. */
  readonly loader?: string;
  /** ELF with glibc: the newest version of it that is asked for. */
  readonly glibc?: string;
  /** Mach-O: its code signature, if it has one. */
  readonly signature?: Signature;
}

export interface Signature {
  /** Without a certificate, as Apple silicon wants at least. */
  readonly adHoc: boolean;
  /** Whether it was made for these bytes: macOS kills what does not match. */
  readonly valid: boolean;
}

const ELF_MACHINES: Readonly<Record<number, Machine>> = { 62: "x64", 183: "arm64" };
const MACH_MACHINES: Readonly<Record<number, Machine>> = { 16777223: "x64", 16777228: "arm64" };

/** Reads the headers; throws an Error for anything else than an executable for x64 or arm64. */
export function readExecutable(file: Buffer): Executable {
  const magic = file.length < 64 ? 0 : file.readUInt32BE(0);
  if (magic === 0x7f454c46) return readElf(file);
  if (magic === 0xcffaedfe) return readMach(file);
  throw new Error("neither an ELF nor a Mach-O executable");
}

function machineOf(table: Readonly<Record<number, Machine>>, code: number): Machine {
  const machine = table[code];
  if (machine === undefined) throw new Error(`an executable for an unknown processor (0x${code.toString(16)})`);
  return machine;
}

/** System V ABI, chapter 4 (object files). */
function readElf(file: Buffer): Executable {
  const sections = elfSections(file);
  const text = (name: string) => {
    const section = sections.find((one) => one.name === name);
    return section === undefined ? "" : file.toString("latin1", section.offset, section.offset + section.size);
  };
  const versions = [...text(".dynstr").matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(
    (match) => [+match[1]!, +match[2]!] as const,
  );
  const newest = versions.sort((a, b) => b[0] - a[0] || b[1] - a[1])[0];
  return {
    format: "elf",
    machine: machineOf(ELF_MACHINES, file.readUInt16LE(0x12)),
    sections,
    loader: text(".interp").replace(/\0.*$/s, ""),
    glibc: newest?.join("."),
  };
}

function elfSections(file: Buffer): Section[] {
  const table = Number(file.readBigUInt64LE(0x28));
  const [entry, count, names] = [file.readUInt16LE(0x3a), file.readUInt16LE(0x3c), file.readUInt16LE(0x3e)];
  if (table + entry * count > file.length) throw new Error("truncated: the section headers are missing");
  const headers = Array.from({ length: count }, (_, i) => table + i * entry);
  const nameTable = count === 0 ? 0 : Number(file.readBigUInt64LE(headers[names]! + 0x18));
  return headers.map((header) => {
    const name = nameTable + file.readUInt32LE(header);
    return {
      name: file.toString("latin1", name, file.indexOf(0, name)),
      address: Number(file.readBigUInt64LE(header + 0x10)),
      offset: Number(file.readBigUInt64LE(header + 0x18)),
      size: Number(file.readBigUInt64LE(header + 0x20)),
      header,
    };
  });
}

const LC_SEGMENT_64 = 0x19;
export const LC_CODE_SIGNATURE = 0x1d;

export interface LoadCommand {
  readonly kind: number;
  readonly offset: number;
  readonly size: number;
}

/** The load commands of a Mach-O file (mach-o/loader.h). */
export function loadCommands(file: Buffer): LoadCommand[] {
  const commands: LoadCommand[] = [];
  let offset = 32;
  for (let left = file.readUInt32LE(16); left > 0; left--) {
    const size = file.readUInt32LE(offset + 4);
    if (size < 8 || offset + size > file.length) throw new Error("truncated: the load commands are missing");
    commands.push({ kind: file.readUInt32LE(offset), offset, size });
    offset += size;
  }
  return commands;
}

function readMach(file: Buffer): Executable {
  const commands = loadCommands(file);
  const sections: Section[] = [];
  for (const command of commands.filter(({ kind }) => kind === LC_SEGMENT_64)) {
    for (let i = 0; i < file.readUInt32LE(command.offset + 64); i++) {
      const header = command.offset + 72 + i * 80;
      sections.push({
        name: `${machName(file, header + 16)},${machName(file, header)}`,
        address: Number(file.readBigUInt64LE(header + 32)),
        size: Number(file.readBigUInt64LE(header + 40)),
        offset: file.readUInt32LE(header + 48),
        header,
      });
    }
  }
  const signed = commands.find(({ kind }) => kind === LC_CODE_SIGNATURE);
  return {
    format: "mach-o",
    machine: machineOf(MACH_MACHINES, file.readUInt32LE(4)),
    sections,
    ...(signed === undefined ? {} : { signature: readSignature(file, file.readUInt32LE(signed.offset + 8)) }),
  };
}

/** A name of at most 16 bytes. */
export function machName(file: Buffer, offset: number): string {
  return file.toString("latin1", offset, offset + 16).replace(/\0.*$/s, "");
}

const CODE_DIRECTORY = 0xfade0c02;
const AD_HOC = 2;

/** Compares every page of the file with its hash in the code directory (cs_blobs.h; numbers are big-endian here). */
function readSignature(file: Buffer, start: number): Signature {
  for (let i = 0; i < file.readUInt32BE(start + 8); i++) {
    const directory = start + file.readUInt32BE(start + 12 + i * 8 + 4);
    if (file.readUInt32BE(directory) !== CODE_DIRECTORY) continue;
    const [hashes, pages, end] = [16, 28, 32].map((at) => file.readUInt32BE(directory + at)) as [
      number,
      number,
      number,
    ];
    const hashSize = file.readUInt8(directory + 36);
    const pageSize = 2 ** file.readUInt8(directory + 39);
    let valid = end === start;
    for (let page = 0; valid && page < pages; page++) {
      const hash = createHash("sha256").update(file.subarray(page * pageSize, Math.min((page + 1) * pageSize, end)));
      const at = directory + hashes + page * hashSize;
      valid = hash
        .digest()
        .subarray(0, hashSize)
        .equals(file.subarray(at, at + hashSize));
    }
    return { adHoc: (file.readUInt32BE(directory + 12) & AD_HOC) !== 0, valid };
  }
  return { adHoc: false, valid: false };
}

const PAYLOAD_SECTIONS = { elf: ".bun", "mach-o": "__BUN,__bun" } as const;
const TRAILER = "\n---- Bun! ----\n";

/** The program that Bun put into an executable, or undefined when there is none, as in Bun itself. */
export function payloadOf(file: Buffer, executable: Executable): Buffer | undefined {
  const section = executable.sections.find(({ name }) => name === PAYLOAD_SECTIONS[executable.format]);
  if (section === undefined) return undefined;
  const payload = file.subarray(section.offset, section.offset + section.size);
  return payload.lastIndexOf(TRAILER) < 0 ? undefined : payload;
}
