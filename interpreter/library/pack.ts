/** `string.pack`, `packsize` and `unpack`: values in binary form (manual §6.5.2). */
import { failure } from "../error.ts";
import { chargeString } from "../memory.ts";
import { argumentError, checkIndex, checkInteger, checkNumber, checkString } from "../native.ts";
import { MAX_REGISTERS, state } from "../state.ts";
import { float, integer, type Value } from "../value.ts";
import { startIndex } from "./search.ts";
import { reserveParts, reserveString } from "./size.ts";
import { tick } from "./steps.ts";

enum Kind {
  Signed,
  Unsigned,
  Float,
  Double,
  /** `c`: a string of fixed length. */
  Fixed,
  /** `s`: a string behind its length. */
  Counted,
  /** `z`: a string that a zero ends. */
  Zero,
  /** `x`: one byte of padding. */
  Padding,
  /** `X`: padding to an alignment. */
  Align,
  Error,
}

interface Option {
  readonly kind: Kind;
  /** In bytes; of the length in front of a counted string. Rounded beyond 2^53, where only `packsize` asks for more. */
  readonly size: number;
  readonly exact: bigint;
  /** What the position is padded to a multiple of; 0 for none. */
  readonly align: number;
  readonly little: boolean;
  /** Errors are raised only when the format is read that far. */
  readonly message: string;
  /** Whether the message is about argument 1. */
  readonly argument: boolean;
}

/** Largest size of an integer. */
const MAX_INTEGER_SIZE = 16;
/** Natural alignment of the machine the reference runs on (`LUAI_MAXALIGN`). */
const NATIVE_ALIGN = 8;
/** Largest size of anything: `MAX_SIZE`, and the limit of `packsize`. */
const MAX_SIZE = 0x7fff_ffff_ffff_ffffn;

const SIZES: Record<string, [Kind, number]> = {
  b: [Kind.Signed, 1],
  B: [Kind.Unsigned, 1],
  h: [Kind.Signed, 2],
  H: [Kind.Unsigned, 2],
  l: [Kind.Signed, 8],
  L: [Kind.Unsigned, 8],
  j: [Kind.Signed, 8],
  J: [Kind.Unsigned, 8],
  T: [Kind.Unsigned, 8],
  f: [Kind.Float, 4],
  n: [Kind.Double, 8],
  d: [Kind.Double, 8],
  z: [Kind.Zero, 0],
  x: [Kind.Padding, 1],
};
/** Options whose size is an integer's and may be given. */
const SIZED: Record<string, [Kind, number]> = {
  i: [Kind.Signed, 4],
  I: [Kind.Unsigned, 4],
  s: [Kind.Counted, 8],
};

class FormatError {
  constructor(
    readonly message: string,
    readonly argument: boolean,
  ) {}
}

/** What an option takes, roughly. */
const OPTION_BYTES = 100;

/** Reads a format option by option. */
class Reader {
  readonly options: Option[] = [];
  private at = 0;
  private little = true;
  private maxAlign = 1;
  /** What `number` read last. */
  private lastNumber = 0n;

  constructor(private readonly format: string) {}

  read(): Option[] {
    try {
      while (this.at < this.format.length) {
        this.option();
        reserveParts(this.options.length, OPTION_BYTES);
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      const { message, argument } = error;
      this.options.push({ kind: Kind.Error, size: 0, exact: 0n, align: 0, little: true, message, argument });
    }
    return this.options;
  }

  private option(): void {
    const basic = this.basic();
    if (basic === undefined) return;
    const [kind, size] = basic;
    let align = size;
    if (kind === Kind.Align) {
      const next = this.at < this.format.length ? (this.basic() ?? [Kind.Align, 0]) : undefined;
      if (next === undefined || next[0] === Kind.Fixed || next[1] === 0) {
        throw new FormatError("invalid next option for option 'X'", true);
      }
      align = next[1];
    }
    if (align <= 1 || kind === Kind.Fixed) align = 0;
    else {
      align = Math.min(align, this.maxAlign);
      if ((align & (align - 1)) !== 0) throw new FormatError("format asks for alignment not power of 2", true);
    }
    const exact = kind === Kind.Fixed ? this.lastNumber : BigInt(size);
    this.options.push({ kind, size, exact, align, little: this.little, message: "", argument: false });
  }

  /** The next option's kind and size; undefined for one that only sets something. */
  private basic(): [Kind, number] | undefined {
    const letter = this.format[this.at++]!;
    if (Object.hasOwn(SIZES, letter)) return SIZES[letter];
    if (Object.hasOwn(SIZED, letter)) {
      const [kind, usual] = SIZED[letter]!;
      return [kind, this.limitedNumber(usual)];
    }
    switch (letter) {
      case "c": {
        const size = this.number();
        if (size === undefined) throw new FormatError("missing size for format option 'c'", false);
        return [Kind.Fixed, size];
      }
      case "X":
        return [Kind.Align, 0];
      case "<":
      case "=":
        this.little = true;
        return undefined;
      case ">":
        this.little = false;
        return undefined;
      case "!":
        this.maxAlign = this.limitedNumber(NATIVE_ALIGN);
        return undefined;
      case " ":
        return undefined;
      default:
        throw new FormatError(`invalid format option '${letter}'`, false);
    }
  }

  private number(): number | undefined {
    const from = this.at;
    let n = 0n;
    for (; this.at < this.format.length; this.at++) {
      const digit = this.format.charCodeAt(this.at) - 48;
      if (digit < 0 || digit > 9 || n > (MAX_SIZE - 9n) / 10n) break;
      n = n * 10n + BigInt(digit);
    }
    this.lastNumber = n;
    return this.at === from ? undefined : Number(n);
  }

  private limitedNumber(usual: number): number {
    const n = this.number() ?? usual;
    if (n < 1 || n > MAX_INTEGER_SIZE) {
      throw new FormatError(`integral size (${n | 0}) out of limits [1,${MAX_INTEGER_SIZE}]`, false);
    }
    return n;
  }
}

/** Formats longer than this are not remembered. */
const MAX_REMEMBERED = 200;
const MAX_FORMATS = 200;
const formats = new Map<string, Option[]>();

function optionsOf(text: string): Option[] {
  const known = formats.get(text);
  if (known !== undefined) return known;
  const zero = text.indexOf("\0"); // ends a C string
  const options = new Reader(zero < 0 ? text : text.slice(0, zero)).read();
  if (text.length <= MAX_REMEMBERED) {
    if (formats.size >= MAX_FORMATS) formats.clear();
    formats.set(text, options);
  }
  return options;
}

function raise(option: Option): never {
  throw option.argument ? argumentError(1, option.message) : failure(option.message);
}

/** Bytes of padding in front of an option that begins at `position`. */
function padding(option: Option, position: number): number {
  return option.align === 0 ? 0 : -position & (option.align - 1);
}

const scratch = new DataView(new ArrayBuffer(8));

/** `size` bytes of the scratch area as a string, from the byte that is the least significant one. */
function scratchBytes(size: number): string {
  let bytes = "";
  for (let i = 0; i < size; i++) bytes += String.fromCharCode(scratch.getUint8(i));
  return bytes;
}

const HALF = 4294967296;

/** An integer in two's complement, lowest byte first or last. */
function integerBytes(n: number | bigint, size: number, little: boolean, signed: boolean): string {
  let low: number;
  let high: number;
  if (typeof n === "number") {
    low = n | 0;
    high = Math.floor(n / HALF) | 0;
  } else {
    low = Number(BigInt.asIntN(32, n));
    high = Number(BigInt.asIntN(32, n >> 32n));
  }
  const fill = signed && n < 0 ? 255 : 0;
  let bytes = "";
  for (let i = 0; i < size; i++) {
    const byte = i < 4 ? (low >>> (8 * i)) & 255 : i < 8 ? (high >>> (8 * (i - 4))) & 255 : fill;
    bytes = little ? bytes + String.fromCharCode(byte) : String.fromCharCode(byte) + bytes;
  }
  return bytes;
}

/** Whether an integer fits `size` (less than 8) bytes. */
function fits(n: number | bigint, size: number, signed: boolean): boolean {
  const limit = signed ? 2 ** (size * 8 - 1) : 2 ** (size * 8);
  return n < limit && n >= (signed ? -limit : 0);
}

/** Results that grow by no more than this between two checks of the memory limit need none. */
const UNCHECKED = 100_000;

/** `string.pack(fmt, …)` */
export function pack(args: Value[]): Value {
  const options = optionsOf(checkString(args[0], 1));
  // The reference marks the end of its arguments with a nil, and takes that for the first missing one.
  state.argc = args.length + 1;
  let out = "";
  let arg = 1;
  let checked = UNCHECKED;
  for (const option of options) {
    const { kind, size, little } = option;
    tick();
    if (kind === Kind.Error) raise(option);
    const skip = padding(option, out.length);
    if (size + skip + out.length >= 2 ** 63) throw argumentError(arg, "result too long");
    if (out.length > checked) {
      reserveString(out.length);
      checked = out.length + UNCHECKED;
    }
    if (skip > 0) out += "\0".repeat(skip);
    if (kind === Kind.Padding) out += "\0";
    if (kind === Kind.Padding || kind === Kind.Align) continue;
    const value = args[arg];
    arg++;
    switch (kind) {
      case Kind.Signed: {
        const n = checkInteger(value, arg);
        if (size < 8 && !fits(n, size, true)) throw argumentError(arg, "integer overflow");
        out += integerBytes(n, size, little, true);
        break;
      }
      case Kind.Unsigned: {
        const n = checkInteger(value, arg);
        if (size < 8 && !fits(n, size, false)) throw argumentError(arg, "unsigned overflow");
        out += integerBytes(n, size, little, false);
        break;
      }
      case Kind.Float:
        scratch.setFloat32(0, checkNumber(value, arg), little);
        out += scratchBytes(4);
        break;
      case Kind.Double:
        scratch.setFloat64(0, checkNumber(value, arg), little);
        out += scratchBytes(8);
        break;
      case Kind.Fixed: {
        const text = checkString(value, arg);
        if (text.length > size) throw argumentError(arg, "string longer than given size");
        if (size > UNCHECKED) reserveString(out.length + size);
        out += text + "\0".repeat(size - text.length);
        break;
      }
      case Kind.Counted: {
        const text = checkString(value, arg);
        if (size < 8 && text.length >= 2 ** (size * 8)) {
          throw argumentError(arg, "string length does not fit in given size");
        }
        out += integerBytes(text.length, size, little, false) + text;
        break;
      }
      default: {
        const text = checkString(value, arg);
        if (text.includes("\0")) throw argumentError(arg, "string contains zeros");
        out += `${text}\0`;
      }
    }
  }
  chargeString(out.length);
  return out;
}

/** `string.packsize(fmt)` */
export function packSize(format: Value): Value {
  let total = 0n;
  for (const option of optionsOf(checkString(format, 1))) {
    if (option.kind === Kind.Error) raise(option);
    if (option.kind === Kind.Counted || option.kind === Kind.Zero) throw argumentError(1, "variable-length format");
    const size = option.exact + BigInt(padding(option, Number(total & 15n)));
    if (total + size > MAX_SIZE) throw argumentError(1, "format result too large");
    total += size;
  }
  return integer(total);
}

/** The integer in `size` bytes of `data` from `at` on. */
function readInteger(data: string, at: number, size: number, little: boolean, signed: boolean): number | bigint {
  const byte = (i: number) => data.charCodeAt(little ? at + i : at + size - 1 - i);
  let low = 0;
  let high = 0;
  const count = Math.min(size, 8);
  for (let i = 0; i < count; i++) {
    if (i < 4) low |= byte(i) << (8 * i);
    else high |= byte(i) << (8 * (i - 4));
  }
  if (size < 4) {
    const unused = 32 - size * 8;
    return signed ? (low << unused) >> unused : low;
  }
  if (size === 4) return signed ? low : low >>> 0;
  if (size < 8) {
    const unused = 64 - size * 8;
    if (signed) high = (high << unused) >> unused;
  } else if (size > 8) {
    const fill = signed && high < 0 ? 255 : 0;
    for (let i = 8; i < size; i++) {
      if (byte(i) !== fill) throw failure(`${size}-byte integer does not fit into Lua Integer`);
    }
  }
  const n = high * HALF + (low >>> 0);
  return Number.isSafeInteger(n) ? n : integer((BigInt(high) << 32n) | BigInt(low >>> 0));
}

function readFloat(data: string, at: number, size: number, little: boolean): Value {
  for (let i = 0; i < size; i++) scratch.setUint8(i, data.charCodeAt(at + i));
  return float(size === 4 ? scratch.getFloat32(0, little) : scratch.getFloat64(0, little));
}

/** `string.unpack(fmt, s, pos)` */
export function unpack(format: Value, subject: Value, from: Value): Value[] {
  const options = optionsOf(checkString(format, 1));
  const data = checkString(subject, 2);
  let at = from === undefined ? 0 : startIndex(checkIndex(from, 3), data.length);
  if (at > data.length) throw argumentError(3, "initial position out of string");
  const values: Value[] = [];
  for (const option of options) {
    const { kind, size, little } = option;
    tick();
    if (kind === Kind.Error) raise(option);
    const skip = padding(option, at);
    if (skip + size > data.length - at) throw argumentError(2, "data string too short");
    at += skip;
    if (values.length + state.top > MAX_REGISTERS) throw failure("stack overflow (too many results)");
    switch (kind) {
      case Kind.Signed:
      case Kind.Unsigned:
        values.push(readInteger(data, at, size, little, kind === Kind.Signed));
        break;
      case Kind.Float:
      case Kind.Double:
        values.push(readFloat(data, at, size, little));
        break;
      case Kind.Fixed:
        chargeString(size);
        values.push(data.substring(at, at + size));
        break;
      case Kind.Counted: {
        const length = readInteger(data, at, size, little, false);
        if (length < 0 || length > data.length - at - size) throw argumentError(2, "data string too short");
        chargeString(Number(length));
        values.push(data.substring(at + size, at + size + Number(length)));
        at += Number(length);
        break;
      }
      case Kind.Zero: {
        const zero = data.indexOf("\0", at);
        if (zero < 0) throw argumentError(2, "unfinished string for format 'z'");
        chargeString(zero - at);
        values.push(data.substring(at, zero));
        at = zero + 1;
        break;
      }
    }
    at += size;
  }
  values.push(at + 1);
  return values;
}
