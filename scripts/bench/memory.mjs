// What a session weighs, and whether calls leave anything behind.

import { fileURLToPath } from 'node:url';
import { startPeer } from './processes.mjs';
import { median } from './rounds.mjs';

/** @param {{ rounds: number, onRound: () => void }} options @returns {Promise<import('./report.mjs').Figure[]>} */
export async function memory({ rounds, onRound }) {
  const runs = [];
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    const peer = startPeer(['--expose-gc', fileURLToPath(new URL('peers/idle.mjs', import.meta.url))]);
    try {
      runs.push(await peer.line);
    } finally {
      peer.stop();
    }
    onRound();
  }
  const of = (/** @type {string} */ key, /** @type {number} */ unit) => {
    const values = runs.map((run) => run[key] / unit);
    return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
  };
  return [
    {
      name: 'KB a session, 1,000 idle, resident',
      ...of('rssPerSession', 1000),
      ceiling: 40,
      note: `Node, socket and session; with what the first wave took, ${of('wholeRssPerSession', 1000).median.toFixed(0)} KB`,
    },
    { name: 'KB a session, 1,000 idle, heap', ...of('heapPerSession', 1000), ceiling: 40, note: '' },
    { name: 'MB of heap, 100,000 calls less 10,000', ...of('heapGrowth', 1e6), ceiling: 1, note: 'after collection' },
  ];
}
