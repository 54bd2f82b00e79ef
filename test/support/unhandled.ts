// Promises that reject with nobody listening, and errors nobody catches: what would end a process.

import { settle } from './frame-peer.js';

/** Runs something, lets all that it started come to rest, and returns every rejection that nobody took. */
export async function unhandledDuring(run: () => Promise<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  const listener = (reason: unknown) => seen.push(reason);
  process.on('unhandledRejection', listener);
  try {
    await run();
    await settle(3);
  } finally {
    process.off('unhandledRejection', listener);
  }
  return seen;
}
