// Events as marks on a strip, in the order in which they came. How high a mark is says what it is about, as its colour does.

import { make, slot } from '../ui/dom.js';
import { formatCount } from '../ui/format.js';
import { familyOf } from './families.js';

/** Marks that stay. */
const MAX_MARKS = 600;

/** One strip, and the count beside its name. */
export class Strip {
  readonly #marks: HTMLElement;
  readonly #count: HTMLElement;
  #events = 0;

  /** @param who `you` or `observer`. */
  constructor(who: 'you' | 'observer') {
    this.#marks = slot(`work-strip-${who}`);
    this.#count = slot(`work-count-${who}`);
    this.#marks.replaceChildren();
    this.#count.textContent = '0';
  }

  /** @param isBackfilled Whether it came out of the log. */
  add(type: string, isBackfilled = false): void {
    const mark = make('i', 'cell');
    mark.dataset.family = familyOf(type);
    mark.title = type;
    if (isBackfilled) mark.dataset.backfilled = '';
    this.#append(mark);
    this.#count.textContent = formatCount(++this.#events);
  }

  /** Marks where the network was cut, or where the backfill ended. */
  mark(what: 'cut' | 'joined'): void {
    this.#append(make('i', `strip-${what}`));
  }

  #append(mark: HTMLElement): void {
    this.#marks.append(mark);
    while (this.#marks.children.length > MAX_MARKS) this.#marks.firstElementChild?.remove();
  }
}
