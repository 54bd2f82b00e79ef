// What was seen to work between two implementations: a row for each operation, over each binding, in each direction.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One row. */
export interface InteropRow {
  readonly operation: string;
  readonly binding: 'JSONRPC' | 'HTTP+JSON';
  /** Who asked whom. */
  readonly direction: 'ours to @a2a-js/sdk' | '@a2a-js/sdk to ours';
}

/** What has to be seen in both directions beside the eleven operations. */
export const BESIDE_OPERATIONS = ['a stream aborted', 'subscribed again', 'push notification'] as const;

/** Rows, each once, in the order they came. */
export class InteropMatrix {
  readonly #rows = new Map<string, InteropRow>();

  add(row: InteropRow): void {
    this.#rows.set(Object.values(row).join(' | '), row);
  }

  get rows(): readonly InteropRow[] {
    return [...this.#rows.values()];
  }

  /** Hands the rows to the test run, which prints one table of both directions, where it named a folder for them. */
  report(): void {
    const folder = process.env.RINGLINE_INTEROP_ROWS;
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    const [direction = 'none'] = this.rows.map((row) => row.direction);
    writeFileSync(join(folder, `${direction.startsWith('ours') ? 'ours' : 'theirs'}.json`), JSON.stringify(this.rows));
  }
}
