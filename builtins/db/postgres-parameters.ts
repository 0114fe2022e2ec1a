/** Parameters to PostgreSQL: the text format of each value, by the type that the server expects. */
import { formatNumber } from "../../interpreter/number.ts";
import { toText } from "../../interpreter/text.ts";
import { LuaFloat } from "../../interpreter/value.ts";
import { DatabaseError } from "./failure.ts";
import { type ArrayElement, type Parameter, TableParameter } from "./parameters.ts";
import { BOX, BYTEA, INT2, INT4, INT8, JSON_TYPE, JSONB, type PostgresTypes } from "./postgres-types.ts";

type Given = Exclude<Parameter, undefined>;

/** A value that becomes text when the library binds it, once the server has said of which type the parameter is. */
export class PostgresParameter {
  constructor(
    private readonly value: Given,
    /** Which one, from 1. */
    private readonly position: number,
    private readonly types: PostgresTypes,
  ) {}

  /** For types that nothing is known about. */
  toString(): string {
    return this.as(0);
  }

  as(oid: number): string {
    const { value } = this;
    if (!(value instanceof TableParameter)) return this.scalar(value, oid);
    const element = this.types.elementOf(oid);
    if (element === undefined) {
      if (typeof value.json === "string") return this.text(value.json);
      throw this.refused(value.json.error);
    }
    if (value.list === undefined) throw this.refused("list expected for an array");
    return this.array(value.list, element);
  }

  private scalar(value: Exclude<Given, TableParameter>, oid: number): string {
    switch (typeof value) {
      case "string":
        return oid === BYTEA ? `\\x${Buffer.from(value, "latin1").toString("hex")}` : this.text(value);
      case "boolean":
        return value ? "true" : "false";
      case "bigint":
        return value.toString();
      case "number":
        return oid === JSON_TYPE || oid === JSONB || Number.isFinite(value) ? formatNumber(value) : special(value);
      default:
        // A whole float goes into an integer column as well.
        return oid === INT8 || oid === INT4 || oid === INT2 ? String(value.n) : formatNumber(value);
    }
  }

  private array(list: readonly ArrayElement[], oid: number): string {
    return `{${list.map((element) => this.element(element, oid)).join(oid === BOX ? ";" : ",")}}`;
  }

  private element(value: ArrayElement, oid: number): string {
    if (value === undefined) return "NULL";
    const isJson = oid === JSON_TYPE || oid === JSONB;
    if (Array.isArray(value)) return this.array(value, oid);
    if (typeof value === "object" && !(value instanceof LuaFloat)) {
      if (!isJson) throw this.refused("table in an array");
      return quote(this.text(value.json));
    }
    return quote(this.scalar(value, oid));
  }

  private text(bytes: string): string {
    const text = toText(bytes);
    if (text === undefined) throw this.refused("not valid UTF-8, and the column is not bytea");
    if (text.includes("\0")) throw this.refused("a NUL, which PostgreSQL's text cannot hold");
    return text;
  }

  private refused(reason: string): DatabaseError {
    return new DatabaseError(`parameter ${this.position}: ${reason}`);
  }
}

function special(value: number): string {
  return Number.isNaN(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}
