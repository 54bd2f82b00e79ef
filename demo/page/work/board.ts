// The two strips, and what their ids say: whether anything is missing, or came twice.

import { slot } from '../ui/dom.js';
import { formatCount } from '../ui/format.js';
import { Strip } from './strip.js';
import { Tally } from './tally.js';

/** Keeps count. */
export class Board {
  readonly #mine = new Tally();
  readonly #you = new Strip('you');
  readonly #linesOf: () => number;
  #theirs: Tally | undefined;
  #observer: Strip | undefined;
  #isCut = false;
  #timer = 0;
  #isOver = false;

  /** @param linesOf How many lines it took so far. */
  constructor(linesOf: () => number) {
    this.#linesOf = linesOf;
    slot('work-strips').hidden = false;
    slot('work-strip-line-observer').hidden = true;
    this.#draw();
  }

  /** Draws nothing any more: another board is to come. */
  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  /** An event of ours. */
  came(jobId: string, id: string, type: string): void {
    if (this.#isOver) return;
    this.#mine.note(jobId, id);
    this.#you.add(type);
    this.#drawSoon();
  }

  /** The network was cut, or mended. */
  cut(isCut: boolean): void {
    this.#isCut = isCut;
    if (isCut) this.#you.mark('cut');
    this.#drawSoon();
  }

  /** An observer begins: whatever another one had is forgotten. */
  observe(): void {
    this.#theirs = new Tally();
    this.#observer = new Strip('observer');
    slot('work-strip-line-observer').hidden = false;
    this.#drawSoon();
  }

  /** An event of the observer's. */
  observed(jobId: string, id: string, type: string, isBackfilled: boolean): void {
    this.#theirs?.note(jobId, id);
    this.#observer?.add(type, isBackfilled);
    this.#drawSoon();
  }

  backfilled(): void {
    this.#observer?.mark('joined');
  }

  /** A few times a second is enough. */
  #drawSoon(): void {
    if (this.#timer !== 0) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      this.#draw();
    }, 80);
  }

  #draw(): void {
    const verdict = slot('work-tally');
    const { words, state } = this.#judge();
    verdict.textContent = words;
    verdict.dataset.state = state;
  }

  #judge(): { words: string; state: 'open' | 'good' | 'bad' } {
    const mine = this.#mine;
    if (mine.count === 0) return { words: 'Every event of your jobs leaves a mark here.', state: 'open' };
    const lines = this.#linesOf();
    const over = lines > 1 ? ` over ${lines} lines` : '';
    if (mine.repeated > 0) return { words: `${events(mine.repeated)} came twice.`, state: 'bad' };
    const came = `${events(mine.count)}${over}`;
    if (this.#theirs === undefined) {
      return { words: `${came}, none of them twice. An observer can tell whether one is missing.`, state: 'open' };
    }
    const { missing, ahead, repeated, sameOrder } = mine.against(this.#theirs);
    if (repeated > 0) return { words: `${events(repeated)} came twice to the observer.`, state: 'bad' };
    if (!sameOrder) return { words: 'The observer has them in another order.', state: 'bad' };
    if (missing > 0) {
      const more = `The observer has ${formatCount(missing)} more`;
      return {
        words: this.#isCut ? `${more} by now: the work goes on.` : `${more}, on their way here.`,
        state: 'open',
      };
    }
    if (ahead > 0) return { words: `${events(ahead)} on the way to the observer.`, state: 'open' };
    return {
      words: `${came}; the observer has the same in the same order. None is missing, none came twice.`,
      state: 'good',
    };
  }
}

function events(count: number): string {
  return count === 1 ? '1 event' : `${formatCount(count)} events`;
}
