// The first job: what it thinks, what it asks, what it makes, and what comes of it.

import type { ClientSession, JobEvent, JobHandle, Prompt } from 'ringline/arcp/client';
import { codeOf } from '../explain.js';
import { addAttempt } from '../ui/attempt.js';
import { slot } from '../ui/dom.js';
import { drawVerdict } from '../ui/verdict.js';
import { drawArtifact } from './artifact.js';
import { JobPanel } from './job-panel.js';
import { plain } from './plain.js';
import { drawQuestion } from './question.js';
import { showThoughts } from './thoughts.js';
import { wordsFor } from './words.js';

const PLACES = ['dinner-thoughts-text', 'dinner-questions', 'dinner-log', 'dinner-artifacts', 'dinner-verdict'];

const times = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });

/** Empties the panel. */
export function clearDinner(): void {
  for (const place of PLACES) slot(place).replaceChildren();
  slot('dinner-thoughts').hidden = true;
  slot('dinner-thoughts-figure').textContent = '';
  slot('dinner').dataset.state = 'none';
  new JobPanel('dinner').clear('dinner.plan');
}

/** The panel of one job. */
export class Dinner {
  readonly #session: ClientSession;
  readonly #agentDid: string;
  readonly #panel = new JobPanel('dinner');
  #leaseUntil = '';

  constructor(session: ClientSession, agentDid: string) {
    this.#session = session;
    this.#agentDid = agentDid;
  }

  /** Follows a job to its end. */
  async follow(job: JobHandle): Promise<void> {
    clearDinner();
    this.#panel.follow(job, 'dinner.plan');
    slot('dinner').dataset.state = 'running';
    void this.#ask(job);
    void this.#listen(job);
    try {
      const { value } = await job.result;
      this.#done(value);
    } catch (error) {
      const code = codeOf(error);
      slot('dinner').dataset.state = 'over';
      slot('dinner-verdict').replaceChildren(
        ...drawVerdict({
          good: false,
          stamp: code === 'ERR_ARCP_CANCELLED' ? 'Cancelled' : 'Failed',
          why: wordsFor(error),
          facts: [['Reason', code]],
        }),
      );
    }
  }

  /** Shows an event. */
  take(event: JobEvent): void {
    this.#panel.take(event);
    const log = (stamp: string, who: string, what: string, good = true) =>
      addAttempt(slot('dinner-log'), { good, stamp, who, what, figure: times.format(new Date()) });
    switch (event.type) {
      case 'lease.granted': {
        const { operation, resource, expires_at: expiresAt } = event.payload;
        this.#leaseUntil = times.format(Date.parse(expiresAt));
        return log(
          'Lease',
          'Agent,',
          `may ${plain(operation, 40)} on ${plain(resource, 60)} until ${this.#leaseUntil}.`,
        );
      }
      case 'log':
        return log('Log', 'Agent,', plain(event.payload.message), event.payload.level === 'info');
      case 'artifact.ref':
        return slot('dinner-artifacts').append(drawArtifact(this.#session, event.payload.artifact));
    }
  }

  async #ask(job: JobHandle): Promise<void> {
    for await (const prompt of job.prompts) this.#show(prompt);
  }

  #show(prompt: Prompt): void {
    const question = drawQuestion(prompt, this.#agentDid, ({ stamp, good, words, atMs }) => {
      const hadFocus = question.contains(document.activeElement);
      question.remove();
      // Whoever answered by keyboard is not thrown back to the top of the page.
      if (hadFocus) document.getElementById('dinner-title')?.focus({ preventScroll: true });
      const what = words === '' ? plain(prompt.text, 120) : words;
      // Before what came of it, which may have been heard of first.
      addAttempt(slot('dinner-log'), { good, stamp, who: 'You,', what, figure: times.format(new Date()), atMs });
    });
    slot('dinner-questions').append(question);
  }

  async #listen(job: JobHandle): Promise<void> {
    for await (const stream of job.streams) if (stream.kind === 'thought') void showThoughts(stream);
  }

  #done(value: unknown): void {
    const { dish, guests, ordered } = (value ?? {}) as { dish?: unknown; guests?: unknown; ordered?: unknown };
    slot('dinner').dataset.state = 'over';
    slot('dinner-verdict').replaceChildren(
      ...drawVerdict({
        good: true,
        stamp: 'Done',
        why: `${plain(dish, 80)}, for ${plain(guests, 8)}.`,
        facts: [
          [
            'Ordered',
            ordered === true ? `yes, under the lease until ${this.#leaseUntil}` : 'no: it was not allowed to',
            'plain',
          ],
          ['Result', plain(value, 240)],
        ],
      }),
    );
  }
}
