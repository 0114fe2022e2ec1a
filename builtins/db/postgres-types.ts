/** PostgreSQL's types as they come: the text format of each, by type OID (pg_type.dat), as Lua values. */
import { reserveMemory } from "../../interpreter/memory.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { float, integer, type Value } from "../../interpreter/value.ts";
import { decodeJson } from "./json.ts";
import { rfc3339 } from "./timestamp.ts";

/** How the values of a column become Lua values. */
export interface Column {
  /** At once, from the text the server sent; undefined: the text is the value. */
  readonly decode: ((text: string) => Value) | undefined;
  /** Later, in the task that waits: what takes time or makes tables. */
  readonly convert: ((value: Value) => Value) | undefined;
}

const TEXT: Column = { decode: undefined, convert: undefined };

export const BOOL = 16;
export const BYTEA = 17;
export const INT8 = 20;
export const INT2 = 21;
export const INT4 = 23;
export const OID = 26;
export const JSON_TYPE = 114;
export const FLOAT4 = 700;
export const FLOAT8 = 701;
export const TIMESTAMP = 1114;
export const TIMESTAMPTZ = 1184;
export const NUMERIC = 1700;
export const JSONB = 3802;

/** The array type of each built-in type, as array OID to element OID. */
export const ARRAY_ELEMENTS: ReadonlyMap<number, number> = new Map([
  [199, 114], // json
  [143, 142], // xml
  [629, 628], // line
  [651, 650], // cidr
  [719, 718], // circle
  [775, 774], // macaddr8
  [791, 790], // money
  [1000, 16], // bool
  [1001, 17], // bytea
  [1002, 18], // "char"
  [1003, 19], // name
  [1005, 21], // int2
  [1007, 23], // int4
  [1009, 25], // text
  [1010, 27], // tid
  [1011, 28], // xid
  [1014, 1042], // char(n)
  [1015, 1043], // varchar
  [1016, 20], // int8
  [1017, 600], // point
  [1018, 601], // lseg
  [1019, 602], // path
  [1020, 603], // box
  [1021, 700], // float4
  [1022, 701], // float8
  [1027, 604], // polygon
  [1028, 26], // oid
  [1034, 1033], // aclitem
  [1040, 829], // macaddr
  [1041, 869], // inet
  [1115, 1114], // timestamp
  [1182, 1082], // date
  [1183, 1083], // time
  [1185, 1184], // timestamptz
  [1187, 1186], // interval
  [1231, 1700], // numeric
  [1270, 1266], // timetz
  [1561, 1560], // bit
  [1563, 1562], // varbit
  [2951, 2950], // uuid
  [3643, 3614], // tsvector
  [3645, 3615], // tsquery
  [3807, 3802], // jsonb
  [3905, 3904], // int4range
  [3907, 3906], // numrange
  [3909, 3908], // tsrange
  [3911, 3910], // tstzrange
  [3913, 3912], // daterange
  [3927, 3926], // int8range
  [4073, 4072], // jsonpath
]);

/** The type with this element delimiter other than a comma. */
export const BOX = 603;
/** Types from here on are made by users: enums, composites and their arrays. */
export const FIRST_USER_TYPE = 16_384;

function decodeInteger(text: string): Value {
  return text.length < 16 ? Number(text) : integer(BigInt(text));
}

function decodeFloat(text: string): Value {
  return float(Number(text));
}

function decodeBool(text: string): Value {
  return text === "t";
}

/** `\x…` hex, or the escape format of old servers and `bytea_output = escape`. */
function decodeBytea(text: string): Value {
  if (text.startsWith("\\x")) return Buffer.from(text.slice(2), "hex").toString("latin1");
  return text.replace(/\\(\\|[0-3][0-7][0-7])/g, (_whole, code: string) =>
    code === "\\" ? "\\" : String.fromCharCode(Number.parseInt(code, 8)),
  );
}

const INTEGERS: Column = { decode: decodeInteger, convert: undefined };
const FLOATS: Column = { decode: decodeFloat, convert: undefined };
const TIMES: Column = { decode: rfc3339, convert: undefined };
const DOCUMENTS: Column = { decode: undefined, convert: decodeJson };

/** Types that are not simply text, in either choice for NUMERIC. */
function scalars(numeric: "float" | "string"): Map<number, Column> {
  return new Map<number, Column>([
    [BOOL, { decode: decodeBool, convert: undefined }],
    [BYTEA, { decode: decodeBytea, convert: undefined }],
    [INT8, INTEGERS],
    [INT2, INTEGERS],
    [INT4, INTEGERS],
    [OID, INTEGERS],
    [28, INTEGERS], // xid
    [FLOAT4, FLOATS],
    [FLOAT8, FLOATS],
    [NUMERIC, numeric === "float" ? FLOATS : TEXT],
    [JSON_TYPE, DOCUMENTS],
    [JSONB, DOCUMENTS],
    [TIMESTAMP, TIMES],
    [TIMESTAMPTZ, TIMES],
  ]);
}

/** The types of one database, with those its users have made. */
export class PostgresTypes {
  private readonly columns: Map<number, Column>;
  /** Array types to their element types, undefined for user types that are no arrays. */
  private readonly arrays = new Map<number, { element: number; delimiter: string } | undefined>();

  constructor(numeric: "float" | "string") {
    this.columns = scalars(numeric);
    for (const [array, element] of ARRAY_ELEMENTS) {
      this.arrays.set(array, { element, delimiter: element === BOX ? ";" : "," });
    }
  }

  /** Whether the type has to be looked up at the server before its values can be told from text. */
  isUnknown(oid: number): boolean {
    return oid >= FIRST_USER_TYPE && !this.arrays.has(oid);
  }

  /** Notes what the server said about a user's type: the type of its elements, if it is an array. */
  learn(oid: number, array: { element: number; delimiter: string } | undefined): void {
    this.arrays.set(oid, array);
  }

  elementOf(oid: number): number | undefined {
    return this.arrays.get(oid)?.element;
  }

  column(oid: number): Column {
    const known = this.columns.get(oid);
    if (known !== undefined) return known;
    const array = this.arrays.get(oid);
    if (array === undefined) return TEXT;
    const element = this.column(array.element);
    const column: Column = {
      decode: undefined,
      convert: (text) => (typeof text === "string" ? new ArrayText(text, array.delimiter, element).parse() : text),
    };
    this.columns.set(oid, column);
    return column;
  }
}

/** The text of an array: `{1,NULL,"a b",{…}}`, in front of it the bounds if they are unusual (manual §8.15.6). */
class ArrayText {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly delimiter: string,
    private readonly element: Column,
  ) {}

  parse(): Value {
    if (this.text.startsWith("[")) this.at = this.text.indexOf("=") + 1;
    if (this.text[this.at] !== "{") return this.text;
    reserveMemory(this.text.length * 8);
    return this.list();
  }

  private list(): LuaTable {
    const { text, delimiter } = this;
    const values: Value[] = [undefined];
    this.at++;
    while (this.at < text.length && text[this.at] !== "}") {
      const char = text[this.at]!;
      if (char === "{") values.push(this.list());
      else if (char === '"') values.push(this.value(this.quoted()));
      else {
        const start = this.at;
        while (this.at < text.length && text[this.at] !== delimiter && text[this.at] !== "}") this.at++;
        const word = text.slice(start, this.at);
        values.push(word === "NULL" ? undefined : this.value(word));
      }
      if (text[this.at] === delimiter) this.at++;
    }
    this.at++;
    return listOf(values);
  }

  private quoted(): string {
    const { text } = this;
    let out = "";
    let start = ++this.at;
    for (; this.at < text.length && text[this.at] !== '"'; this.at++) {
      if (text[this.at] !== "\\") continue;
      out += text.slice(start, this.at);
      start = ++this.at;
    }
    out += text.slice(start, this.at++);
    return out;
  }

  private value(text: string): Value {
    const { decode, convert } = this.element;
    const decoded = decode === undefined ? text : decode(text);
    return convert === undefined ? decoded : convert(decoded);
  }
}

/** A list from values at index 1 …; NULLs are holes. */
function listOf(values: Value[]): LuaTable {
  const table = new LuaTable();
  // The array part never ends in nil.
  while (values.length > 1 && values[values.length - 1] === undefined) values.pop();
  if (values.length > 1) table.reserveArray(values);
  return table;
}
