// Matches of a subscription that wait for a slow connection: bounded in number and in characters.

import { Deque } from '../../log/deque.js';

/** Characters that wait at most; one message alone may pass it. */
const MAX_QUEUED_CHARS = 8_388_608;

/** A message that a subscriber is to be told of. */
export interface Match {
  /** Fit to stand in a `subscribe.event`. */
  readonly text: string;
  /** Of the message in the log. */
  readonly position: number;
}

/** Matches, the oldest first. */
export class MatchQueue {
  readonly #matches = new Deque<Match>();
  #chars = 0;

  get length(): number {
    return this.#matches.length;
  }

  /** @returns Whether there was room for it. */
  push(match: Match, maxMatches: number): boolean {
    const { length } = this.#matches;
    if (length >= maxMatches || (length > 0 && this.#chars + match.text.length > MAX_QUEUED_CHARS)) return false;
    this.#matches.push(match);
    this.#chars += match.text.length;
    return true;
  }

  shift(): Match | undefined {
    if (this.#matches.length === 0) return undefined;
    const match = this.#matches.shift() as Match;
    this.#chars -= match.text.length;
    return match;
  }

  /** Lets everything go. @returns Position of the oldest; `undefined` where nothing waited. */
  clear(): number | undefined {
    const first = this.#matches.at(0)?.position;
    while (this.#matches.length > 0) this.#matches.shift();
    this.#chars = 0;
    return first;
  }
}
