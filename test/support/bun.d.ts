// As much of `bun:sqlite` as the tests use.

declare module 'bun:sqlite' {
  export class Database {
    constructor(path: string);
    prepare(sql: string): { all(...parameters: unknown[]): Record<string, string | number | Uint8Array | null>[] };
    exec(sql: string): void;
    close(): void;
  }
}
