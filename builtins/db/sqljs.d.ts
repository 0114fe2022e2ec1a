/** What is used of sql.js, which comes without declarations. */
declare module "sql.js" {
  export type Bindable = null | boolean | number | string | Uint8Array;
  export type Stored = null | number | bigint | string | Uint8Array;

  export interface Statement {
    bind(values: readonly Bindable[]): boolean;
    step(): boolean;
    /** The row under way; with `useBigInt`, integers as bigint. */
    get(parameters: undefined, config: { useBigInt: boolean }): Stored[];
    getColumnNames(): string[];
    reset(): boolean;
    free(): boolean;
  }

  export interface Database {
    run(sql: string): Database;
    exec(sql: string): { columns: string[]; values: Stored[][] }[];
    prepare(sql: string): Statement;
    getRowsModified(): number;
    close(): void;
  }

  export default function initialise(config: { wasmBinary: ArrayBuffer }): Promise<{ Database: new () => Database }>;
}
