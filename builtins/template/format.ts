/** `%` formatting of text, as Python's `str % values`. */
import { formatNumber } from "../../interpreter/number.ts";
import { isInteger, toDouble } from "../../interpreter/value.ts";
import { Problem } from "./problem.ts";
import { reserveText } from "./runtime.ts";
import {
  type Arguments,
  isMapping,
  isNumeric,
  itemOf,
  orElse,
  represent,
  type TemplateValue,
  textOf,
  typeOf,
} from "./values.ts";

const DIRECTIVE = /%(?:\(([^)]*)\))?([-+ 0#]*)(\d{1,9}|\*)?(?:\.(\d{1,9}|\*)?)?[hlL]?(.?)/gsu;
/** Digits that JavaScript can give behind the point. */
const MAX_PRECISION = 100;

/** Puts the values into the places that the text has for them: in order, or by name from named ones or a dictionary. */
export function formatText(text: string, { positional, named }: Arguments): string {
  let next = 0;
  const take = (): TemplateValue => {
    if (next >= positional.length) throw new Problem("not enough values for the format");
    return positional[next++]!;
  };
  let size = text.length;
  return text.replace(
    DIRECTIVE,
    (directive, name: string | undefined, flags: string, width?: string, precision?: string, kind?: string) => {
      if (kind === "%") return "%";
      const size1 = width === "*" ? wholeOf(take()) : width === undefined ? 0 : Number(width);
      const digits = precision === "*" ? wholeOf(take()) : directive.includes(".") ? Number(precision ?? 0) : undefined;
      const value = name === undefined ? take() : byName(name, positional, named);
      const shown = show(value, kind ?? "", flags, digits);
      size += Math.abs(size1) + shown.length;
      reserveText(size);
      return pad(shown, size1, flags);
    },
  );
}

function byName(name: string, positional: TemplateValue[], named: ReadonlyMap<string, TemplateValue>): TemplateValue {
  const [first] = positional;
  const value = orElse(named.get(name), first !== undefined && isMapping(first) ? itemOf(first, name) : undefined);
  if (value === undefined) throw new Problem(`no value for '${name}' of the format`);
  return value;
}

function wholeOf(value: TemplateValue): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new Problem("'*' in a format needs an integer");
}

function pad(text: string, width: number, flags: string): string {
  if (flags.includes("-") || width < 0) return text.padEnd(Math.abs(width));
  const sign = /^[-+ ]/.exec(text)?.[0] ?? "";
  return flags.includes("0") && /\d/.test(text)
    ? sign + text.slice(sign.length).padStart(width - sign.length, "0")
    : text.padStart(width);
}

function show(value: TemplateValue, kind: string, flags: string, digits: number | undefined): string {
  if (kind === "s" || kind === "r") {
    const text = kind === "s" ? textOf(value) : represent(value);
    return digits === undefined ? text : [...text].slice(0, digits).join("");
  }
  if (kind === "c") {
    if (typeof value === "string" && [...value].length === 1) return value;
    if (typeof value === "number" && value >= 0 && value < 0x110000 && !(value >= 0xd800 && value < 0xe000))
      return String.fromCodePoint(value);
    throw new Problem("'%c' needs a character");
  }
  if (!/^[diuxXoeEfFgG]$/.test(kind)) throw new Problem(`unsupported format '%${kind}'`);
  if (!isNumeric(value)) throw new Problem(`'%${kind}' needs a number, not ${typeOf(value)}`);
  const n = toDouble(value);
  let text: string;
  if ("diuxXo".includes(kind)) {
    if (!isInteger(value) && !Number.isFinite(n)) throw new Problem(`'%${kind}' needs a finite number`);
    const whole = isInteger(value) ? BigInt(value) : BigInt(Math.trunc(n));
    const radix = kind === "o" ? 8 : kind === "x" || kind === "X" ? 16 : 10;
    const prefix = flags.includes("#") && radix !== 10 ? (radix === 8 ? "0o" : "0x") : "";
    const magnitude = (whole < 0n ? -whole : whole).toString(radix).padStart(digits ?? 0, "0");
    text = (whole < 0n ? "-" : "") + prefix + magnitude;
  } else if (!Number.isFinite(n)) text = formatNumber(n).replace("-nan", "nan");
  else {
    const places = Math.min(digits ?? 6, MAX_PRECISION);
    if (kind === "f" || kind === "F") text = fixed(n, places);
    else if (kind === "e" || kind === "E") text = exponent(n.toExponential(places));
    else {
      const significant = Math.max(1, places);
      const power = n === 0 ? 0 : Number(n.toExponential(significant - 1).split("e")[1]);
      const short =
        power < -4 || power >= significant
          ? exponent(n.toExponential(significant - 1))
          : fixed(n, significant - 1 - power);
      text = short.includes(".") ? short.replace(/\.?0+(?=e|$)/, "") : short;
    }
  }
  if (!text.startsWith("-")) text = (flags.includes("+") ? "+" : flags.includes(" ") ? " " : "") + text;
  return "XEG".includes(kind) ? text.toUpperCase() : text;
}

function exponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** As `toFixed`, which gives up at 1e21. */
function fixed(n: number, places: number): string {
  if (Math.abs(n) < 1e21) return n.toFixed(places);
  const whole = BigInt(n).toString();
  return places === 0 ? whole : `${whole}.${"0".repeat(places)}`;
}
