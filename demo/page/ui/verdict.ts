// A judgement, as several views show one: a stamp, a sentence, and the facts.

import { make } from './dom.js';

/** What is known of something that was tried. */
export interface Verdict {
  /** Whether it came out as it should. */
  readonly good: boolean;
  /** One or two words. */
  readonly stamp: string;
  /** When, or how fast. */
  readonly when?: string;
  readonly why: string;
  readonly facts: readonly Fact[];
}

/** A name and its value; `plain`: words rather than code. */
export type Fact = readonly [name: string, value: string, plain?: 'plain'];

/** Draws a verdict, for a place of the class `verdict`. */
export function drawVerdict({ good, stamp, when = '', why, facts }: Verdict): Node[] {
  const rows = facts.map(([name, value, plain]) =>
    make('div', '', make('dt', '', name), make('dd', plain === undefined ? 'mono' : '', value)),
  );
  return [
    make('p', 'verdict-head', make('span', good ? 'stamp' : 'stamp stamp-bad', stamp), ` ${when}`),
    make('p', 'verdict-why', why),
    make('dl', 'facts', ...rows),
  ];
}
