// Who wants to know how what a session says fares, and the one wait for room on its connection.

import type { Link } from './link.js';

/** What follows from room. */
export interface FlowWatchEvents {
  /** There is room on the connection again. */
  onRoom(): void;
  /** Whether the connection stands and takes nothing. */
  isStuck(): boolean;
}

/** The watch of a session's connection. */
export class FlowWatch {
  readonly #events: FlowWatchEvents;
  readonly #listeners = new Set<() => void>();
  #link: Link | undefined;
  #isWaiting = false;

  constructor(events: FlowWatchEvents) {
    this.#events = events;
  }

  /** There is another connection, or none. */
  turnTo(link: Link | undefined): void {
    this.#link = link;
    this.#isWaiting = false;
    this.tell();
  }

  /** Calls back whenever the flow may have changed. @returns Takes the call back. */
  on(callback: () => void): () => void {
    this.#listeners.add(callback);
    this.#watch();
    return () => this.#listeners.delete(callback);
  }

  /** The flow may have changed: tells those who wait, and keeps watching for those who still do. */
  tell(): void {
    if (this.#listeners.size === 0) return;
    // A copy: who still waits listens again at once.
    for (const callback of [...this.#listeners]) callback();
    this.#watch();
  }

  /** Waits for room, where nobody does yet. */
  awaitRoom(): void {
    const link = this.#link;
    if (this.#isWaiting || link === undefined) return;
    this.#isWaiting = true;
    link.whenRoom(() => {
      if (this.#link !== link) return;
      this.#isWaiting = false;
      this.#events.onRoom();
      this.tell();
    });
  }

  /** A slow connection that nothing waits for tells nobody by itself. */
  #watch(): void {
    if (this.#listeners.size > 0 && this.#events.isStuck()) this.awaitRoom();
  }
}
