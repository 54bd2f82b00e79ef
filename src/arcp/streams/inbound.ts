// The reading end of a stream (ARCP v1.0): what order its messages must have. Pure: both sides read with it, and what they
// do with a verdict, such as answering `stream.error`, is theirs.

/**
 * What a message of a stream is to its reader:
 * - `next`: the one that follows;
 * - `repeat`: seen before, to be ignored;
 * - `gap`: something before it is missing, and the stream is over with `DATA_LOSS`;
 * - `over`: the stream had ended, and nothing is to be done.
 */
export type InboundVerdict = 'next' | 'repeat' | 'gap' | 'over';

/**
 * The order of one stream, from its `stream.open` on.
 *
 * | state | message | next state | verdict |
 * |---|---|---|---|
 * | open | chunk with the sequence awaited | open | `next` |
 * | open | chunk with a lower one | open | `repeat` |
 * | open | chunk with a higher one | over | `gap` |
 * | open | close after the last chunk, or without `final_sequence` | over | `next` |
 * | open | close after a chunk that is missing | over | `gap` |
 * | open | error | over | `next` |
 * | over | anything | over | `over` |
 */
export class InboundOrder {
  #awaited = 0;
  #isOpen = true;

  /** Whether more may come. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** A `stream.chunk`. @param sequence Its payload's: an integer from 0. */
  chunk(sequence: number): InboundVerdict {
    if (!this.#isOpen) return 'over';
    if (sequence < this.#awaited) return 'repeat';
    if (sequence > this.#awaited) return this.#lose();
    this.#awaited++;
    return 'next';
  }

  /** A `stream.close`. @param finalSequence Its payload's `final_sequence`. */
  close(finalSequence?: number): InboundVerdict {
    if (!this.#isOpen) return 'over';
    if (finalSequence !== undefined && finalSequence >= this.#awaited) return this.#lose();
    return this.end();
  }

  /** A `stream.error`, or the reader's own end. */
  end(): InboundVerdict {
    if (!this.#isOpen) return 'over';
    this.#isOpen = false;
    return 'next';
  }

  #lose(): InboundVerdict {
    this.#isOpen = false;
    return 'gap';
  }
}
