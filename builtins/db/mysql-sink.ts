/** Makes rows of what MySQL and MariaDB send. */
import { fromText } from "../../interpreter/text.ts";
import { integer, type Value } from "../../interpreter/value.ts";
import { DatabaseError } from "./failure.ts";
import type { OkPacket, RawRow, RowReadable } from "./mysql-library.ts";
import { type ColumnInfo, columnOf } from "./mysql-types.ts";
import { type Layout, notEnoughMemory, type Rows } from "./rows.ts";
import { type Done, NOTHING_DONE } from "./session.ts";

export class Sink {
  done: Done = NOTHING_DONE;
  /** Whether anything has come of the statement. */
  started = false;
  private layout: Layout | undefined = undefined;
  private decoders: ((value: unknown) => Value)[] = [];
  private columns: readonly ColumnInfo[] = [];
  private ignoring = false;
  /** Called for each row; whether to go on at once. */
  onRow: (() => boolean) | undefined = undefined;

  constructor(
    private readonly numeric: "float" | "string",
    public rows: Rows | undefined,
  ) {}

  /** Takes everything from the library's stream, past the stream's own queue. */
  drain(source: RowReadable): Promise<void> {
    return new Promise((resolve, reject) => {
      source.on("fields", (columns: readonly ColumnInfo[]) => {
        // A procedure may give several results: the first is the one that counts.
        this.ignoring = this.columns.length > 0;
        if (this.ignoring) return;
        this.columns = columns;
        this.started = true;
        this.layout = undefined;
        if (this.rows !== undefined) this.setUp(this.rows);
      });
      source.on("error", reject);
      source.push = (row: RawRow | OkPacket | null): boolean => {
        if (row === null) {
          resolve();
          return false;
        }
        if (!Array.isArray(row)) {
          this.ok(row as OkPacket);
          return true;
        }
        try {
          return this.row(row);
        } catch (error) {
          // What else comes is thrown away until the connection is gone.
          source.push = () => true;
          reject(error);
          return true;
        }
      };
    });
  }

  private ok(packet: OkPacket): void {
    this.started = true;
    const id = BigInt(packet.insertId);
    this.done = {
      affected: packet.affectedRows,
      lastInsertId: id === 0n ? undefined : id > 0x7fff_ffff_ffff_ffffn ? id.toString() : integer(id),
      command: "",
    };
  }

  /** Begins a result, or the next piece of one. */
  setUp(rows: Rows): Layout {
    const layout = rows.columns(this.columns.map((column) => fromText(column.name())));
    this.layout = layout;
    this.decoders = this.columns.map((column, i) => {
      const { decode, convert } = columnOf(column, this.numeric);
      const slot = layout.slots[i]!;
      if (convert !== undefined && layout.slots.lastIndexOf(slot) === i) rows.defer(slot, convert);
      return decode;
    });
    return layout;
  }

  private row(row: RawRow): boolean {
    const { rows, decoders } = this;
    if (rows === undefined || this.ignoring) return true;
    const layout = this.layout ?? this.setUp(rows);
    const { slots, size } = layout;
    const values: Value[] = [undefined];
    for (let i = 1; i < size; i++) values.push(undefined);
    let bytes = 0;
    for (let i = 0; i < row.length; i++) {
      const given = row[i];
      if (given === null || given === undefined) {
        values[slots[i]!] = undefined;
        continue;
      }
      const value = decoders[i]!(given);
      bytes += typeof value === "string" ? value.length + 24 : 8;
      values[slots[i]!] = value;
    }
    try {
      rows.add(values, bytes);
    } catch (error) {
      throw error instanceof DatabaseError ? error : notEnoughMemory();
    }
    return this.onRow === undefined || this.onRow();
  }

  /** Whether the next piece's rows still need their layout. */
  reset(rows: Rows): void {
    this.rows = rows;
    this.layout = undefined;
  }
}
