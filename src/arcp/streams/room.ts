// How much of several streams may wait to be read at once: a session has many, and each may be full.

/** Room that some readers share, of their session's. */
export class ReadRoom {
  readonly #session: SessionRoom;
  #held = 0;
  #isOver = false;

  constructor(session: SessionRoom) {
    this.#session = session;
  }

  /** Takes room for so many characters. @returns Whether there was any. */
  take(chars: number): boolean {
    if (this.#isOver || this.#session.held + chars > this.#session.maxChars) return false;
    this.#held += chars;
    this.#session.held += chars;
    return true;
  }

  give(chars: number): void {
    if (this.#isOver) return;
    this.#held -= chars;
    this.#session.held -= chars;
  }

  /** Nobody reads what waits any more: it is let go of with its readers. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#session.held -= this.#held;
  }
}

/** The room of a session. */
export interface SessionRoom {
  readonly maxChars: number;
  held: number;
}
