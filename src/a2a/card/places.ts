// Places in a document that a stranger wrote, listed while it is walked. A pointer repeats every name above its end, so that
// the list of a small document could fill the memory: where there is too much, one place stands for all that is inside it.

import { jsonPointer } from './members.js';

/** Most places that are listed. */
const MAX_PLACES = 1_000;

/** Most characters of all their pointers together, in UTF-16 units. */
const MAX_POINTER_CHARACTERS = 65_536;

/** A place, and what there is to say about it. */
export interface Place<Fact> {
  readonly pointer: string;
  fact: Fact;
}

/** Where the walk stands, and what was listed, and left to list, when it came there. */
interface Level {
  readonly pointer: string;
  readonly listed: number;
  readonly room: number;
}

/** A list of at most 1,000 places, with at most 65,536 characters of pointers. */
export class Places<Fact> {
  /** In the order of the walk. */
  readonly list: Place<Fact>[] = [];
  readonly #sum: (one: Fact, other: Fact) => Fact;
  readonly #path: Level[] = [{ pointer: '', listed: 0, room: MAX_POINTER_CHARACTERS }];
  #room = MAX_POINTER_CHARACTERS;
  /** As long as the path is at least this long, the walk is inside the last place of the list, which stands for it all. */
  #summedFrom = Number.POSITIVE_INFINITY;

  /** @param sum What there is to say about a place that stands for several; of two, or of one fact twice. */
  constructor(sum: (one: Fact, other: Fact) => Fact) {
    this.#sum = sum;
  }

  /** Steps into a member or item for as long as the callback runs. */
  inside(step: string | number, walk: () => void): void {
    const { pointer } = this.#path.at(-1) as Level;
    this.#path.push({ pointer: pointer + jsonPointer([step]), listed: this.list.length, room: this.#room });
    walk();
    this.#path.pop();
    if (this.#path.length < this.#summedFrom) this.#summedFrom = Number.POSITIVE_INFINITY;
  }

  /** Lists the place where the walk stands. */
  add(fact: Fact): void {
    const last = this.list.at(-1);
    const { pointer } = this.#path.at(-1) as Level;
    if (last !== undefined && this.#path.length >= this.#summedFrom) last.fact = this.#sum(last.fact, fact);
    else if (this.list.length < MAX_PLACES && pointer.length <= this.#room) this.#push(pointer, fact);
    else this.#sumUp(fact);
  }

  /** Lists the nearest place around that fits once it stands for all that is inside it. The whole document always does. */
  #sumUp(fact: Fact): void {
    let at = this.#path.length - 1;
    let level = this.#path[at] as Level;
    while (level.listed === MAX_PLACES || level.pointer.length > level.room) level = this.#path[--at] as Level;
    const inside = this.list.splice(level.listed);
    this.#room = level.room;
    const sum = inside.reduce((facts, place) => this.#sum(facts, place.fact), this.#sum(fact, fact));
    this.#push(level.pointer, sum);
    this.#summedFrom = at + 1;
  }

  #push(pointer: string, fact: Fact): void {
    this.list.push({ pointer, fact });
    this.#room -= pointer.length;
  }
}
