// The four messages of the handshake as they pass: what each of them says, and whether whoever got it has accepted it.

import { make, slot } from '../ui/dom.js';
import { formatBytes, formatMs } from '../ui/format.js';
import type { PassedMessage } from './actors.js';
import { saysOf } from './message.js';

const NUMBERS = [1, 2, 3, 4] as const;

/** Clears the ladder for the next handshake. */
export function clearLadder(): void {
  for (const number of NUMBERS) {
    delete rung(number).dataset.state;
    slot(`trust-step-${number}`).replaceChildren();
    slot(`trust-says-${number}`).textContent = '';
  }
}

/** Shows what became of a message. */
export function showMessage({ number, state, text, atMs }: PassedMessage): void {
  rung(number).dataset.state = state;
  const place = slot(`trust-step-${number}`);
  if (state !== 'passed') return markMessage(number, state);
  slot(`trust-says-${number}`).textContent = saysOf(text);
  const size = formatBytes(new TextEncoder().encode(text).length);
  place.replaceChildren(make('span', '', number === 1 ? size : `${size}, ${formatMs(atMs)}`));
}

/** Marks a message as accepted or refused by whoever got it. */
export function markMessage(number: PassedMessage['number'], state: 'accepted' | 'refused'): void {
  rung(number).dataset.state = state;
  const place = slot(`trust-step-${number}`);
  const mark = make('span', 'trust-mark', state === 'accepted' ? '\u2713 accepted' : '\u2717 refused');
  place.querySelector('.trust-mark')?.remove();
  place.append(mark);
}

/** Number of the message that was refused, or that nobody has accepted. */
export function stoppedAt(): PassedMessage['number'] | undefined {
  return NUMBERS.find((number) => ['passed', 'refused'].includes(rung(number).dataset.state ?? ''));
}

function rung(number: number): HTMLElement {
  return document.querySelector(`[data-trust-step="${number}"]`) as HTMLElement;
}
