// What a peer gets to see of an error (ARCP v1.0): chosen here, and nowhere else.

import { ArcpError, type WireError } from './errors.js';

/** How many causes of an error cross the wire. */
const MAX_CAUSES = 4;

/**
 * What a peer gets to see of an error: an {@link ArcpError} as it is, with those of its causes that are one too; of
 * anything else only that it happened, never its text or stack.
 */
export function toWireError(error: unknown): WireError {
  return describe(error, MAX_CAUSES);
}

function describe(error: unknown, causes: number): WireError {
  if (!(error instanceof ArcpError)) return { code: 'INTERNAL', message: 'internal error', retryable: true };
  return {
    code: error.wireCode,
    message: error.message,
    retryable: error.retryable,
    ...(error.details === undefined ? undefined : { details: error.details }),
    ...(error.cause instanceof ArcpError && causes > 0 ? { cause: describe(error.cause, causes - 1) } : undefined),
  };
}
