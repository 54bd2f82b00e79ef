// A progress bar on standard error, for a person who waits.

import type { Io } from './io.js';

const CELLS = 24;
const CLEAR_LINE = '\r\u001b[K';

/** One line that is drawn over and over. Nothing at all where no person looks. */
export class ProgressBar {
  readonly #io: Io;
  #drawn = '';

  constructor(io: Io) {
    this.#io = io;
  }

  /** @param share Of the whole, 0 to 1. @param label What is being done. */
  show(share: number, label: string): void {
    const full = Math.round(Math.min(Math.max(share, 0), 1) * CELLS);
    const line = `[${'#'.repeat(full)}${'.'.repeat(CELLS - full)}] ${label}`;
    if (!this.#io.errIsTerminal || line === this.#drawn) return;
    this.#drawn = line;
    this.#io.err(`${CLEAR_LINE}${line}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#drawn !== '') this.#io.err(CLEAR_LINE);
    this.#drawn = '';
  }
}
