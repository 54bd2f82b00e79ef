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
  /** When it was tried, by the page's own clock. Default: now. */
  readonly atMs?: number;
}

/** Lines that stay. */
const MAX_ATTEMPTS = 6;

/** Adds a line to a log. */
export function addAttempt(
  log: HTMLElement,
  { good, stamp, who, what, figure, atMs = performance.now() }: Attempt,
): void {
  const line = make(
    'li',
    'attempt',
    make('span', good ? 'stamp' : 'stamp stamp-bad', stamp),
    make('span', 'attempt-what', make('b', '', who), ` ${what}`),
    make('span', 'attempt-figure mono', figure),
  );
  line.dataset.at = String(atMs);
  // What was tried earlier stands before what came of it, whichever was heard of first.
  const later = [...log.children].find((other) => Number((other as HTMLElement).dataset.at) > atMs);
  log.insertBefore(line, later ?? null);
  while (log.children.length > MAX_ATTEMPTS) log.firstElementChild?.remove();
}
