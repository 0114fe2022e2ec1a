/** What is used of the library postgres, as it is and not as its types would have it. */
import postgres from "postgres";

export interface ColumnInfo {
  readonly name: string;
  readonly type: number;
}
export interface StatementInfo {
  readonly columns: readonly ColumnInfo[] | null | undefined;
  readonly types: readonly number[];
}
export type RawRow = readonly (Buffer | null)[];
export interface RawResult extends Array<RawRow> {
  readonly count: number | null;
  readonly command: string | null;
  readonly columns: readonly ColumnInfo[] | null;
}
export interface RawQuery extends Promise<RawResult> {
  readonly statement: StatementInfo | null;
  readonly state: { readonly pid: number; readonly secret: number } | null;
  cursorRows: number;
  raw(): RawQuery;
  describe(): Promise<StatementInfo>;
  forEach(visit: (row: RawRow) => void): RawQuery;
  cursor(rows: number, visit: (rows: RawRow[]) => unknown): RawQuery;
}
export interface Client {
  readonly options: { serializers: Record<number, (value: unknown) => string> };
  readonly CLOSE: unknown;
  unsafe(text: string, args: readonly unknown[], options: { prepare: boolean; simple: boolean }): RawQuery;
  end(options: { timeout: number }): Promise<void>;
}

/** A client of the library. */
export function makeClient(settings: unknown): Client {
  return (postgres as unknown as (settings: unknown) => Client)(settings);
}
