// One thing that was tried, and what became of it: a line in a log that is read out as it grows.

import { make } from './dom.js';

/** What became of something that was tried. */
export interface Attempt {
  readonly good: boolean;
  /** One word. */
  readonly stamp: string;
  /** Who tried what. */
  readonly who: string;
  readonly what: string;
  /** The time it took, or the code of a refusal. */
  readonly figure: string;
}

/** Lines that stay. */
const MAX_ATTEMPTS = 6;

/** Adds a line to a log. */
export function addAttempt(log: HTMLElement, { good, stamp, who, what, figure }: Attempt): void {
  const line = make(
    'li',
    'attempt',
    make('span', good ? 'stamp' : 'stamp stamp-bad', stamp),
    make('span', 'attempt-what', make('b', '', who), ` ${what}`),
    make('span', 'attempt-figure mono', figure),
  );
  log.append(line);
  while (log.children.length > MAX_ATTEMPTS) log.firstElementChild?.remove();
}
