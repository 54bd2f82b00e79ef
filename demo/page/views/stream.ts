// Streams under credits: ten thousand chunks, or ticks without an end, and a cancel that reaches the producer.

import type { Session, StreamOptions } from 'ringline';
import type { App } from '../app.js';
import { codeOf, explain } from '../explain.js';
import { Dial } from '../ui/dial.js';
import { control, makeSvg, onPress, slot } from '../ui/dom.js';
import { formatBytes, formatCount, formatMs } from '../ui/format.js';

const CHUNKS = 10_000;

/** Bars the chart has room for. */
const MAX_BARS = 96;

/** Brings the section `#stream` to life. */
export function mountStream(app: App): void {
  const dial = new Dial(slot<HTMLCanvasElement>('dial'));
  const cancel = control('cancel');
  let controller: AbortController | undefined;

  const run = async (play: (session: Session, signal: AbortSignal) => Promise<string>) => {
    const { session } = app;
    if (session === undefined || controller !== undefined) return;
    controller = new AbortController();
    cancel.disabled = false;
    say('');
    try {
      say(await play(session, controller.signal));
    } catch (error) {
      say(`${explain(error)} ${codeOf(error)}`, true);
    } finally {
      app.log.streaming(undefined);
      controller = undefined;
      cancel.disabled = true;
    }
  };

  onPress(control('stream'), () => run((session, signal) => count(app, session, dial, signal)));
  onPress(control('ticks'), () => run((session, signal) => tick(app, session, dial, signal)));
  cancel.addEventListener('click', () => controller?.abort());
}

/** Takes the numbers from 0 to 9,999 and checks that they come in order. */
async function count(app: App, session: Session, dial: Dial, signal: AbortSignal): Promise<string> {
  const fixed = document.querySelector<HTMLInputElement>('input[name="window"]:checked')?.value === 'fixed';
  const options: StreamOptions = fixed ? { credits: 8, signal } : { signal };
  const meter = new Meter(app, dial, fixed);
  dial.begin({ name: 'line', total: CHUNKS });
  showCount(0, 'chunks');
  app.log.streaming('count');
  const startedAt = performance.now();
  let received = 0;
  try {
    for await (const number of session.stream<number>('count', { to: CHUNKS }, options)) {
      if (number !== received) throw new Error(`chunk ${received} was ${number}: out of order`);
      received++;
      meter.received(received);
      if (received % 250 === 0) showCount(received, 'chunks');
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  const tookMs = performance.now() - startedAt;
  showCount(received, 'chunks');
  meter.finish(received, tookMs);
  if (signal.aborted) return `Cancelled after ${formatCount(received)} chunks. The line is still open.`;
  return `${formatCount(received)} chunks, all in order, in ${formatMs(tookMs)}.`;
}

/** Listens to a producer that never ends by itself, until cancelled; then asks it what became of it. */
async function tick(app: App, session: Session, dial: Dial, signal: AbortSignal): Promise<string> {
  const meter = new Meter(app, dial, false);
  dial.begin({ name: 'clock' });
  showCount(0, 'ticks');
  app.log.streaming('ticks');
  const startedAt = performance.now();
  let ticks = 0;
  try {
    for await (const _ of session.stream('ticks', {}, { signal })) {
      ticks++;
      meter.received(ticks);
      showCount(ticks, 'ticks');
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  meter.finish(ticks, performance.now() - startedAt);
  app.log.explain('out', 'cancel');
  const { result, ms } = await app.ask<{ produced: number }>('ticks.ended', {});
  return (
    `Cancelled after ${formatCount(ticks)} ticks. The agent's producer ran its finally block, having made ` +
    `${formatCount(result.produced)}; it said so over the same line, in ${formatMs(ms)}.`
  );
}

/** Watches one stream from outside: each message that goes out while it runs is a grant of credit. */
class Meter {
  readonly #app: App;
  readonly #dial: Dial;
  readonly #fixed: boolean;
  readonly #bytesBefore: number;
  /** Chunks that came before each grant. */
  readonly #bars: number[] = [];
  #sent: number;
  #countAtGrant = 0;

  constructor(app: App, dial: Dial, fixed: boolean) {
    this.#app = app;
    this.#dial = dial;
    this.#fixed = fixed;
    this.#bytesBefore = app.log.bytes;
    // The request itself is the first message out.
    this.#sent = app.log.sent + 1;
    for (const name of ['rate', 'window', 'grants', 'wire-bytes']) slot(name).textContent = '\u2013';
    drawBars([]);
  }

  received(count: number): void {
    const { sent } = this.#app.log;
    if (sent > this.#sent) {
      this.#sent = sent;
      this.#bars.push(count - this.#countAtGrant);
      this.#countAtGrant = count;
      this.#dial.grant(count);
      slot('grants').textContent = formatCount(this.#bars.length);
      slot('window').textContent = this.#window();
    }
    this.#dial.show(count);
  }

  finish(count: number, tookMs: number): void {
    const rate = count / (tookMs / 1000);
    slot('rate').textContent = rate < 100 ? `${rate.toFixed(1)}/s` : `${formatCount(rate)}/s`;
    slot('grants').textContent = formatCount(this.#bars.length);
    slot('window').textContent = this.#window();
    slot('wire-bytes').textContent = formatBytes(this.#app.log.bytes - this.#bytesBefore);
    drawBars(this.#bars);
  }

  /** A grant is due when half the window is used, so the window is twice what came between two of them. */
  #window(): string {
    const largest = this.#bars.slice(1).reduce((most, bar) => Math.max(most, bar), 4) * 2;
    return this.#fixed ? '8' : `8 to ${formatCount(largest)}`;
  }
}

function drawBars(bars: readonly number[]): void {
  const shown = bars.slice(0, MAX_BARS);
  const tallest = Math.max(8, ...shown);
  const width = 600 / Math.max(48, shown.length);
  const rects = shown.map((bar, index) => {
    const height = Math.max(2, (bar / tallest) * 68);
    return makeSvg('rect', {
      x: (index * width + width * 0.15).toFixed(2),
      y: (72 - height).toFixed(2),
      width: (width * 0.7).toFixed(2),
      height: height.toFixed(2),
      class: `grant grant-${index % 2}`,
    });
  });
  slot<SVGSVGElement>('grants-chart').replaceChildren(...rects);
}

function showCount(count: number, unit: string): void {
  slot('dial-count').textContent = formatCount(count);
  slot('dial-unit').textContent = unit;
}

function say(words: string, failed = false): void {
  const outcome = slot('stream-outcome');
  outcome.textContent = words;
  outcome.classList.toggle('failed', failed);
}
