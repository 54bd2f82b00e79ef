// Progress of work elsewhere, told on at a pace that suits a log: whoever tells it is a stranger, and may never stop.

import type { Clock } from '../../clock.js';
import type { CoreContext } from './tool-context.js';

/** Progress closer than this, in milliseconds, is passed over. */
const GAP_MS = 50;
/** Longest text of it, in UTF-16 units. */
const MAX_MESSAGE_CHARS = 1_024;

/**
 * Tells progress on: at once, then every 50 ms at most, and the first that says that all is done.
 *
 * @returns Takes what the stranger says, of whatever shape; a percentage outside 0 to 100 becomes the nearer end.
 */
export function pacedProgress(
  tell: CoreContext['progress'],
  clock: Clock,
): (percent: unknown, message: unknown) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  let isDone = false;
  return (percent, message) => {
    const nowMs = clock.now();
    const known =
      typeof percent === 'number' && !Number.isNaN(percent) ? Math.min(Math.max(percent, 0), 100) : undefined;
    const endsIt = known === 100 && !isDone;
    if (nowMs - lastMs < GAP_MS && !endsIt) return;
    lastMs = nowMs;
    isDone ||= endsIt;
    tell(known, typeof message === 'string' ? message.slice(0, MAX_MESSAGE_CHARS) : undefined);
  };
}
