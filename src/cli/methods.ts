// The methods that `serve` answers: something to call, and something for `bench` to measure.

import type { Handlers } from '../phone/handlers.js';
import { rpcError, WIRE_CODES } from '../phone/wire-errors.js';

/** Longest string that surely fits into a frame with what stands around it. */
const MAX_CHUNK = 60_000;

/** `echo`: its params; `count {n}`: a stream of 1 to n; `blob {size, n}`: a stream of n strings, size bytes each. */
export const builtInMethods: Handlers = {
  echo: (params: unknown) => params,
  *count(params: unknown) {
    const n = whole(params, 'n', Number.MAX_SAFE_INTEGER);
    for (let i = 1; i <= n; i++) yield i;
  },
  *blob(params: unknown) {
    const chunk = 'x'.repeat(whole(params, 'size', MAX_CHUNK));
    const n = whole(params, 'n', Number.MAX_SAFE_INTEGER);
    for (let i = 0; i < n; i++) yield chunk;
  },
};

/** A member of the params, which come from a stranger. */
function whole(params: unknown, name: string, max: number): number {
  const given = typeof params === 'object' && params !== null && Object.hasOwn(params, name);
  const value: unknown = given ? (params as Record<string, unknown>)[name] : undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw rpcError(WIRE_CODES.invalidParams, `${name} must be a whole number from 0 to ${max}`);
}
