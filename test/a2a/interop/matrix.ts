// What was seen to work between two implementations: a row for each operation, over each binding, in each direction.

/** One row. */
export interface InteropRow {
  readonly operation: string;
  readonly binding: 'JSONRPC' | 'HTTP+JSON';
  /** Who asked whom. */
  readonly direction: string;
}

/** Rows, each once, in the order they came. */
export class InteropMatrix {
  readonly #rows = new Map<string, InteropRow>();

  add(row: InteropRow): void {
    this.#rows.set(Object.values(row).join(' | '), row);
  }

  get rows(): readonly InteropRow[] {
    return [...this.#rows.values()];
  }

  /** Prints the table, where RINGLINE_INTEROP=1 asks for it. */
  report(): void {
    if (process.env.RINGLINE_INTEROP === '1') console.log(String(this));
  }

  /** A table with an operation a line, and what it was seen to work over. */
  toString(): string {
    const lines = new Map<string, string[]>();
    for (const { operation, binding, direction } of this.#rows.values()) {
      const line = lines.get(operation) ?? [];
      line.push(`${binding}, ${direction}`);
      lines.set(operation, line);
    }
    return [...lines].map(([operation, seen]) => `${operation}: ${seen.join('; ')}`).join('\n');
  }
}
