// What others see of the line, beside what it means to the two ends. Nothing is kept until somebody asks.

import type { App } from '../app.js';
import { control, make, slot } from '../ui/dom.js';
import { formatBytes, formatCount, formatHex } from '../ui/format.js';
import type { WireEntry } from '../wire-log.js';

const DRAW_EVERY_MS = 120;

/** Brings the section `#wire` to life. */
export function mountWire(app: App): void {
  const { log } = app;
  control<HTMLInputElement>('record').addEventListener('change', (event) => {
    log.record((event.target as HTMLInputElement).checked);
  });
  let timer = 0;
  log.onChange(() => {
    // Ten thousand messages in half a second are drawn a few times.
    if (timer !== 0) return;
    timer = window.setTimeout(() => {
      timer = 0;
      show(app);
    }, DRAW_EVERY_MS);
  });
}

function show({ log }: App): void {
  const { entries, recording } = log;
  slot('wire-totals').textContent = recording
    ? `${formatCount(log.messages)} messages, ${formatBytes(log.bytes)} since the page was opened.`
    : 'Off. Nothing is kept.';
  slot('wire-region').hidden = entries.length === 0;
  const empty = slot('wire-empty');
  empty.hidden = entries.length > 0;
  empty.textContent = recording ? 'Recording. Say something.' : 'Switch it on, then say something.';
  if (recording) slot('wire-rows').replaceChildren(...entries.toReversed().map(drawEntry));
}

function drawEntry({ way, bytes, head, meaning }: WireEntry): HTMLElement {
  const arrow = make('span', '', way === 'out' ? '\u2192' : '\u2190');
  arrow.setAttribute('aria-hidden', 'true');
  const rest = bytes > head.length ? ' \u2026' : '';
  return make(
    'tr',
    `wire-${way}`,
    make('td', 'wire-way', arrow, make('span', 'sr-only', way === 'out' ? 'out' : 'in')),
    make('td', 'num mono', String(bytes)),
    make('td', 'mono wire-bytes', formatHex(head) + rest),
    make('td', 'wire-meaning', meaning),
  );
}
