// Calls with one answer, and one that is spoken word by word.

import type { App } from '../app.js';
import { codeOf, explain } from '../explain.js';
import { control, make, onPress, slot } from '../ui/dom.js';
import { formatMs } from '../ui/format.js';

const TIMED_CALLS = 100;

/** How long what was said waits for its answer before it is shown alone. */
const PAINT_AFTER_MS = 40;

/** Entries that stay on the page. */
const MAX_ENTRIES = 40;

/** Brings the section `#talk` to life. */
export function mountTalk(app: App): void {
  const words = document.querySelector<HTMLInputElement>('#words') as HTMLInputElement;

  slot<HTMLFormElement>('say').addEventListener('submit', (event) => {
    event.preventDefault();
    void echo(app, words.value);
  });
  onPress(control('ask'), () => ask(app, words.value));
  onPress(control('measure'), () => measure(app));
  onPress(control('order'), () => order(app));
  for (const chip of document.querySelectorAll<HTMLButtonElement>('[data-ask]')) {
    onPress(chip, () => ask(app, chip.dataset.ask ?? ''));
  }
  app.line.watch((line) => {
    slot('talk-hint').textContent = line.name === 'open' ? 'The line is open.' : 'Call the agent first.';
  });
}

async function echo(app: App, text: string): Promise<void> {
  const answer = app.ask<{ text: string }>('echo', { text });
  await showAnswer(text, answer, (result) => result.text);
}

async function order(app: App): Promise<void> {
  const answer = app.ask<{ said: string }>('order', { what: 'one pizza' });
  await showAnswer('One pizza, please', answer, (result) => result.said);
}

/** Shows a call and its answer. */
async function showAnswer<Result>(
  said: string,
  answer: Promise<{ result: Result; ms: number }>,
  words: (result: Result) => string,
): Promise<void> {
  // A quick answer comes before anything is painted, so that the figure is the call's and not the painter's.
  const soon = new Promise((resolve) => setTimeout(resolve, PAINT_AFTER_MS));
  await Promise.race([answer.catch(() => {}), soon]);
  const entry = addEntry(said);
  await settle(entry, async () => {
    const { result, ms } = await answer;
    entry.answer(words(result), formatMs(ms));
  });
}

/** The agent answers as a stream of words; the first one tells how long it took to think. */
async function ask(app: App, question: string): Promise<void> {
  const { session } = app;
  if (session === undefined) return;
  const entry = addEntry(question);
  await settle(entry, async () => {
    const startedAt = performance.now();
    let said = '';
    let firstMs = '';
    app.log.streaming('ask');
    for await (const word of session.stream<string>('ask', { question })) {
      if (said === '') firstMs = `first word after ${formatMs(performance.now() - startedAt)}`;
      said += said === '' ? word : ` ${word}`;
      entry.answer(said, firstMs);
    }
  });
  app.log.streaming(undefined);
}

async function measure(app: App): Promise<void> {
  const entry = addEntry(`${TIMED_CALLS} calls, one after the other`);
  await settle(entry, async () => {
    const times: number[] = [];
    for (let call = 0; call < TIMED_CALLS; call++) times.push((await app.ask('echo', { call })).ms);
    times.sort((a, b) => a - b);
    const [fastest = 0] = times;
    const median = times[TIMED_CALLS / 2] ?? 0;
    entry.answer(
      `Half of them took less than ${formatMs(median)}, the fastest ${formatMs(fastest)}.`,
      formatMs(median),
    );
  });
}

interface Entry {
  answer(text: string, figure: string): void;
  fail(error: unknown): void;
}

/** Adds what was said; the answer comes later. */
function addEntry(said: string): Entry {
  slot('talk-empty').hidden = true;
  const log = slot<HTMLOListElement>('log');
  const reply = make('p', 'said said-agent');
  const figure = make('span', 'said-figure mono');
  const text = make('span', 'said-text', '\u2026');
  reply.append(text, figure);
  log.append(make('li', 'exchange', make('p', 'said said-you', said), reply));
  while (log.children.length > MAX_ENTRIES) log.firstElementChild?.remove();
  log.scrollTop = log.scrollHeight;
  return {
    answer(answered, took) {
      text.textContent = answered;
      figure.textContent = took;
      log.scrollTop = log.scrollHeight;
    },
    fail(error) {
      reply.classList.add('said-failed');
      text.textContent = explain(error);
      figure.textContent = codeOf(error);
    },
  };
}

async function settle(entry: Entry, action: () => Promise<void>): Promise<void> {
  const log = slot('log');
  log.setAttribute('aria-busy', 'true');
  try {
    await action();
  } catch (error) {
    entry.fail(error);
  } finally {
    log.setAttribute('aria-busy', 'false');
  }
}
