/** Makes rows of what PostgreSQL sends. */
import { fromText } from "../../interpreter/text.ts";
import type { Value } from "../../interpreter/value.ts";
import { DatabaseError } from "./failure.ts";
import type { ColumnInfo, RawQuery, RawRow } from "./postgres-library.ts";
import type { PostgresTypes } from "./postgres-types.ts";
import { type Layout, notEnoughMemory, type Rows } from "./rows.ts";

/** What a reader tells its session. */
export interface ReaderSession {
  readonly types: PostgresTypes;
  /** A row has arrived: nothing incomplete is left of it. */
  received(): void;
  /** Cuts the session off for a reason that its statement is to report. */
  fail(reason: DatabaseError): void;
}

export class Reader {
  private layout: Layout | undefined = undefined;
  private decoders: (((text: string) => Value) | undefined)[] = [];
  /** Columns of users' types that nothing is known about yet. */
  readonly unknown: { oid: number; slot: number }[] = [];
  private last: RawRow | undefined = undefined;
  private failed = false;

  constructor(
    private readonly session: ReaderSession,
    private readonly query: RawQuery,
    private readonly rows: Rows | undefined,
  ) {}

  row(row: RawRow): void {
    this.session.received();
    if (this.failed) return;
    if (this.rows === undefined) {
      this.last = row;
      return;
    }
    const layout = this.layout ?? this.setUp(this.query.statement?.columns);
    const { slots, size } = layout;
    const { decoders } = this;
    const values: Value[] = [undefined];
    for (let i = 1; i < size; i++) values.push(undefined);
    let bytes = 0;
    for (let i = 0; i < row.length; i++) {
      const buffer = row[i];
      if (buffer === null || buffer === undefined) {
        values[slots[i]!] = undefined;
        continue;
      }
      bytes += buffer.length + 24;
      const text = buffer.toString("latin1");
      const decode = decoders[i];
      values[slots[i]!] = decode === undefined ? text : decode(text);
    }
    try {
      this.rows.add(values, bytes);
    } catch (error) {
      this.failed = true;
      this.session.fail(error instanceof DatabaseError ? error : notEnoughMemory());
      throw error;
    }
  }

  private setUp(columns: readonly ColumnInfo[] | null | undefined): Layout {
    const { types } = this.session;
    const infos = columns ?? [];
    const layout = this.rows!.columns(infos.map((column) => fromText(column.name)));
    this.layout = layout;
    infos.forEach((column, i) => {
      const slot = layout.slots[i]!;
      if (types.isUnknown(column.type)) this.unknown.push({ oid: column.type, slot });
      const { decode, convert } = types.column(column.type);
      this.decoders.push(decode);
      // The last of several columns of one name decides.
      if (convert !== undefined && layout.slots.lastIndexOf(slot) === i) this.rows!.defer(slot, convert);
    });
    return layout;
  }

  /** A result without rows has columns all the same. */
  finish(columns: readonly ColumnInfo[] | null): void {
    if (this.layout === undefined) this.setUp(columns);
  }

  /** The first value of the last row that `execute` was given, as `insert … returning id` gives it. */
  key(): Value {
    const value = this.last?.[0];
    const column = this.query.statement?.columns?.[0];
    if (value === undefined || value === null || column === undefined) return undefined;
    const { decode } = this.session.types.column(column.type);
    const text = value.toString("latin1");
    return decode === undefined ? text : decode(text);
  }
}
