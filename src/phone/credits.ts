// Credits: how many chunks a producer may send before it hears from the consumer again (agent-phone v1, section 6).

/** Start of a growing window, and the fixed window of the protocol's other implementations. */
export const INITIAL_CREDITS = 8;

/** Largest window a stream grows to by itself, in chunks. */
export const MAX_CREDITS = 256;

/** What bounds a {@link CreditWindow}. */
export interface CreditWindowOptions {
  /** First grant and first window, 1 or more. */
  readonly initial: number;
  /** Window up to which it doubles; equal to `initial` for a fixed one. */
  readonly max: number;
  /** Bytes the window may stand for: it grows only while window x largest chunk stays within. */
  readonly maxBytes: number;
}

/**
 * The consumer's books of one stream.
 *
 * At any time `granted - consumed` is at most the window, so no more than a window of chunks is on the way or unread.
 * A grant is due when half the window has been consumed; each grant doubles a growing window.
 */
export class CreditWindow {
  readonly #max: number;
  readonly #maxBytes: number;
  #window: number;
  #granted: number;
  #received = 0;
  #consumed = 0;
  #largestChunkBytes = 0;

  constructor(options: CreditWindowOptions) {
    this.#window = options.initial;
    this.#granted = options.initial;
    this.#max = options.max;
    this.#maxBytes = options.maxBytes;
  }

  /** Books a chunk. @returns Whether it was covered by a grant. */
  receive(bytes: number): boolean {
    this.#received++;
    if (bytes > this.#largestChunkBytes) this.#largestChunkBytes = bytes;
    return this.#received <= this.#granted;
  }

  /** Books that the application took a chunk. */
  consume(): void {
    this.#consumed++;
  }

  /** The grant due now, booked as given; 0 when none is. */
  takeGrant(): number {
    const used = this.#granted - this.#consumed;
    if (this.#window - used < this.#window / 2) return 0;
    const doubled = Math.min(this.#window * 2, this.#max);
    if (doubled > this.#window && doubled * this.#largestChunkBytes <= this.#maxBytes) this.#window = doubled;
    const grant = this.#window - used;
    this.#granted += grant;
    return grant;
  }
}

/** Adds a grant to a producer's credit, saturating: any safe integer is a legal grant, and so is any number of them. */
export function addCredit(credit: number, grant: number): number {
  return Math.min(credit + grant, Number.MAX_SAFE_INTEGER);
}
