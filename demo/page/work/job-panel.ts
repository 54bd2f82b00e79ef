// How far a job is: a bar, a few words, and its id. All of it comes from the events of the job.

import type { JobEvent, JobHandle } from 'ringline/arcp/client';
import { control, slot } from '../ui/dom.js';
import { plain } from './plain.js';

/** How long nothing is said of a job that was asked for and not heard of. */
const WAITING_MS = 700;

/** The panel of a job, by the beginning of its slots' names. */
export class JobPanel {
  readonly #name: string;
  readonly #bar: HTMLProgressElement;
  #isUnderWay = false;

  constructor(name: 'dinner' | 'stock') {
    this.#name = name;
    this.#bar = slot<HTMLProgressElement>(`${name}-progress`);
  }

  /** Says something beside the bar. */
  say(words: string): void {
    slot(`${this.#name}-words`).textContent = words;
  }

  /** Back to the beginning. */
  clear(tool: string): void {
    this.#bar.value = 0;
    delete this.#bar.dataset.end;
    slot(`${this.#name}-percent`).textContent = '';
    slot(`${this.#name}-id`).textContent = `tool ${tool}`;
    this.say('Not started.');
  }

  /** Follows a job from its start to its end. */
  follow(job: JobHandle, tool: string): void {
    this.clear(tool);
    this.say('Asked for.');
    this.#isUnderWay = true;
    // What is asked for while there is no line goes out when there is one: that is worth a word, where it lasts.
    const waiting = setTimeout(() => this.say('Asked for. It goes out as soon as the line is back.'), WAITING_MS);
    void Promise.race([job.id, job.result]).then(
      () => clearTimeout(waiting),
      () => clearTimeout(waiting),
    );
    // A session that ends takes its jobs along, and then no event says so.
    job.result.then(
      () => {},
      () => this.#isUnderWay && this.#end('failed', 'Over: the session ended first.'),
    );
    control(`${this.#name}-cancel`).disabled = false;
    job.id.then(
      (id) => {
        slot(`${this.#name}-id`).textContent = `tool ${tool}, ${plain(id, 40)}`;
      },
      () => {},
    );
  }

  /** Shows an event. */
  take(event: JobEvent): void {
    switch (event.type) {
      case 'job.started':
        return this.say('Started.');
      case 'job.progress': {
        const { percent, message } = event.payload;
        if (percent !== undefined) this.#show(percent);
        if (message !== undefined) this.say(plain(message, 120));
        return;
      }
      case 'job.completed':
        return this.#end('completed', 'Completed.');
      case 'job.cancelled':
        return this.#end('cancelled', 'Cancelled.');
      case 'job.failed':
        return this.#end('failed', 'Failed.');
    }
  }

  #show(percent: number): void {
    const shown = Math.min(100, Math.max(0, percent));
    this.#bar.value = shown;
    slot(`${this.#name}-percent`).textContent = `${Math.round(shown)} %`;
  }

  #end(how: 'completed' | 'cancelled' | 'failed', words: string): void {
    this.#isUnderWay = false;
    this.#bar.dataset.end = how;
    this.say(words);
  }
}
