// The one place that loads the rest of a session.

import { arcpError } from '../errors.js';

/**
 * Loads it, once; where that failed, anew.
 *
 * @throws {ArcpError} ERR_ARCP_UNAVAILABLE: it cannot be had, as offline or where another release was deployed meanwhile; its
 *   cause is the runtime's error. Some browsers remember until the page is loaded again that a module could not be had.
 */
export const later = async () =>
  (
    await import('./later.js').catch((cause) => {
      throw arcpError('UNAVAILABLE', 'code could not be loaded', { cause });
    })
  ).LATER;
