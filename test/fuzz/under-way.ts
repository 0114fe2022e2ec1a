/** The input that a child is trying, in a file that is mapped into its memory: it survives the child. */
export const MAX_INPUT = 1 << 20;
/** Case number, seed, length of the input. */
const HEADER = 12;
export const FILE_SIZE = HEADER + MAX_INPUT;

export interface Case {
  readonly number: number;
  readonly seed: number;
  readonly input: string;
}

export function writeCase(file: Uint8Array, number: number, seed: number, input: string): void {
  const view = new DataView(file.buffer, file.byteOffset);
  view.setUint32(0, number);
  view.setInt32(4, seed);
  view.setUint32(8, input.length);
  file.set(Buffer.from(input, "latin1"), HEADER);
}

export function readCase(file: Buffer): Case {
  const length = file.readUInt32BE(8);
  return {
    number: file.readUInt32BE(0),
    seed: file.readInt32BE(4),
    input: file.toString("latin1", HEADER, HEADER + length),
  };
}
