/** Tar archives that are the same bytes whenever they hold the same files. */

export interface Entry {
  /** At most 100 bytes. */
  readonly name: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

const BLOCK = 512;

/** An archive in the format of POSIX.1-1988 (ustar); `time` is that of all files, in seconds since 1970. */
export function tar(entries: readonly Entry[], time: number): Buffer {
  const blocks = entries.flatMap(({ name, mode, content }) => {
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [header(name, mode, content.length, time), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function header(name: string, mode: number, size: number, time: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  if (Buffer.byteLength(name) > 100) throw new Error(`${name}: too long a name for an archive`);
  block.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(time, 136, 12);
  block.write("        0", 148);
  block.write("ustar\x0000", 257, "latin1");
  block.write("root", 265);
  block.write("root", 297);
  // The sum is over the header with blanks in the sum's place.
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    8,
  );
  return block;

  function octal(value: number, offset: number, length: number): void {
    block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset);
  }
}
