// What a job thinks, as it comes. What was left out of a thought is shown as left out.

import type { StreamReading } from 'ringline/arcp/client';
import { make, slot } from '../ui/dom.js';
import { plain } from './plain.js';

/** Pieces that stay. */
const MAX_PIECES = 300;

/** Shows one stream to its end. */
export async function showThoughts(stream: StreamReading): Promise<void> {
  const text = slot('dinner-thoughts-text');
  const figure = slot('dinner-thoughts-figure');
  slot('dinner-thoughts').hidden = false;
  let redacted = 0;
  let last = -1;
  const say = (end = '') => {
    // The library hands over no chunk whose number does not follow on the one before.
    const left = redacted === 0 ? '' : `, ${redacted} of them without its text`;
    figure.textContent = `chunks 0 to ${last}, in one piece${left}${end}`;
  };
  try {
    for await (const item of stream) {
      last = item.sequence;
      if (item.redacted) redacted++;
      text.append(
        item.redacted ? drawRedacted(item.text) : make('span', 'thought', `${plain(item.text ?? item.data)} `),
      );
      while (text.childNodes.length > MAX_PIECES) text.firstChild?.remove();
      say();
    }
    say('. Closed.');
  } catch {
    // The job says why.
    if (last >= 0) say('. Cut short.');
  }
}

function drawRedacted(summary: string | undefined): HTMLElement {
  const about = summary === undefined || summary === '' ? '' : `: ${plain(summary)}`;
  return make('span', 'redacted', `left out${about}`);
}
