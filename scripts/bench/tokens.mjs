// Trust context tokens in Node: how long a verification takes, beside jose on the same token, and what it leaves to the
// garbage collector.

import { fileURLToPath } from 'node:url';
import { startPeer } from './processes.mjs';
import { interleave, median, ratio, timedAsync } from './rounds.mjs';
import { tokenSample } from './token-sample.mjs';

/** A few microseconds decide: many short turns, so that a pause of the machine spoils a few ratios, and no median. */
const TURNS_PER_ROUND = 40;

/** @param {{ rounds: number, onRound: () => void }} options @returns {Promise<import('./report.mjs').Figure[]>} */
export async function tokens({ rounds, onRound }) {
  const [edwards, p256] = [await tokenSample('ed25519'), await tokenSample('p256')];
  const contenders = { ours: edwards.ours, jose: edwards.jose, oursP256: p256.ours, joseP256: p256.jose };
  for (const verify of Object.values(contenders)) for (let n = 0; n < 3_000; n++) await verify();
  let turns = 0;
  const series = await interleave(
    {
      ours: timedAsync(contenders.ours, 25),
      jose: timedAsync(contenders.jose, 25),
      oursP256: timedAsync(contenders.oursP256, 25),
      joseP256: timedAsync(contenders.joseP256, 25),
    },
    rounds * TURNS_PER_ROUND,
    () => {
      if (++turns % TURNS_PER_ROUND === 0) onRound();
    },
  );
  const peer = startPeer([
    '--expose-gc',
    '--max-semi-space-size=64',
    fileURLToPath(new URL('peers/token-heap.mjs', import.meta.url)),
  ]);
  const heap = await peer.line.finally(peer.stop);
  const about = (/** @type {keyof typeof series} */ name) => `${(median(series[name]) / 1e6).toFixed(3)} ms`;
  return [
    {
      name: 'ms to verify a token, Node',
      ...spread(series.ours.map((nanoseconds) => nanoseconds / 1e6)),
      ceiling: 0.3,
      note: `Ed25519, ${edwards.token.length} characters, WebCrypto, issuer known`,
    },
    {
      name: 'token / jose, Ed25519, Node',
      ...ratio(series.jose, series.ours),
      floor: 1,
      note: `${about('ours')}, jose ${about('jose')}`,
    },
    {
      name: 'token / jose, P-256, Node',
      ...ratio(series.joseP256, series.oursP256),
      floor: 1,
      note: `${about('oursP256')}, jose ${about('joseP256')}`,
    },
    {
      name: 'KB of heap for a token, Node',
      ...spread(heap.ours.map((/** @type {number} */ bytes) => bytes / 1000)),
      note: `Ed25519, all of it garbage; jose ${(median(heap.jose) / 1000).toFixed(1)} KB`,
    },
  ];
}

/** @param {number[]} values */
function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}
