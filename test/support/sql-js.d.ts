// As much of sql.js as the tests use: SQLite compiled to WebAssembly, which runs where no SQLite is built in.

declare module 'sql.js' {
  export interface Statement {
    bind(values: readonly unknown[]): boolean;
    step(): boolean;
    getAsObject(): Record<string, string | number | Uint8Array | null>;
    reset(): void;
    free(): boolean;
  }
  export class Database {
    prepare(sql: string): Statement;
    close(): void;
  }
  export default function initSqlJs(): Promise<{ readonly Database: typeof Database }>;
}
