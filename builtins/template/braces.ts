/** `"{} and {name}".format(…)`, as far as it is harmless: no attributes, only widths and precisions. */
import { formatText } from "./format.ts";
import { Problem } from "./problem.ts";
import { reserveText } from "./runtime.ts";
import { Arguments, isNumeric, lengthOf, type TemplateValue, textOf } from "./values.ts";

export function formatBraces(text: string, { positional, named }: Arguments): string {
  let next = 0;
  let size = text.length;
  return text.replace(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g, (all, field: string | undefined) => {
    if (all === "{{" || all === "}}") return all[0]!;
    const parts = field === undefined ? null : /^(\w*)(?::(.*))?$/s.exec(field);
    if (parts === null) throw new Problem(`bad format field '${all}'`);
    const [, name, spec = ""] = parts as unknown as [string, string, string | undefined];
    const value = name === "" ? positional[next++] : /^\d+$/.test(name) ? positional[Number(name)] : named.get(name);
    if (value === undefined) throw new Problem(`no value for '${all}'`);
    const shown = formatField(value, spec);
    size += shown.length;
    reserveText(size);
    return shown;
  });
}

/** `[[fill]align][sign][0][width][,][.precision][type]`. */
function formatField(value: TemplateValue, spec: string): string {
  const parts = /^(?:(.)?([<>^]))?([-+ ]?)(0?)(\d{0,9})(,?)(?:\.(\d{1,9}))?([a-zA-Z%]?)$/su.exec(spec);
  if (parts === null) throw new Problem(`bad format '${spec}'`);
  const [, fill, align, sign = "", zero = "", width = "", comma = "", precision, type = ""] = parts;
  let shown: string;
  if (type === "%") shown = `${formatText(`%${sign}.${precision ?? 6}f`, one(scaled(value)))}%`;
  else if (type === "" && (precision === undefined || !isNumeric(value))) {
    shown = textOf(value);
    if (precision !== undefined) shown = [...shown].slice(0, Number(precision)).join("");
    if (isNumeric(value) && sign !== "" && sign !== "-" && !shown.startsWith("-")) shown = sign + shown;
  } else
    shown = formatText(
      `%${sign}${precision === undefined ? "" : `.${precision}`}${type === "" ? "g" : type}`,
      one(value),
    );
  if (comma !== "")
    shown = shown.replace(
      /^([-+ ]?)(\d+)/,
      (_all, s: string, digits: string) => s + digits.replace(/\B(?=(?:\d{3})+$)/g, ","),
    );
  const room = Number(width) - lengthOf(shown);
  if (room <= 0) return shown;
  reserveText(Number(width));
  if (zero !== "" && align === undefined) return shown.replace(/^([-+ ]?)/, (s) => s + "0".repeat(room));
  const side = align ?? (isNumeric(value) ? ">" : "<");
  const left = side === ">" ? room : side === "^" ? Math.floor(room / 2) : 0;
  return (fill ?? " ").repeat(left) + shown + (fill ?? " ").repeat(room - left);
}

function one(value: TemplateValue): Arguments {
  return new Arguments([value], new Map());
}

function scaled(value: TemplateValue): TemplateValue {
  if (!isNumeric(value)) throw new Problem("'%' formats a number");
  return Number(textOf(value)) * 100;
}
