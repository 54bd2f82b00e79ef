// Calls with 64 in flight and streams between two Node processes, against raw `ws` and plaintext Cap'n Web.

import { runPair } from './processes.mjs';
import { interleave, median, ratio } from './rounds.mjs';

/** @param {{ rounds: number, onRound: () => void }} options @returns {Promise<import('./report.mjs').Figure[]>} */
export async function echo({ rounds, onRound }) {
  const rate = (/** @type {string} */ kind) => async () => (await runPair(kind, 'echo')).perSecond;
  const series = await interleave(
    { raw: rate('raw'), capnweb: rate('capnweb'), default: rate('default'), fast: rate('fast') },
    rounds,
    onRound,
  );
  const about = (/** @type {keyof typeof series} */ name) =>
    `${Math.round(median(series[name])).toLocaleString('en')} calls/s`;
  return [
    {
      name: '64 in flight, default / raw ws',
      ...ratio(series.default, series.raw),
      floor: 0.25,
      note: about('default'),
    },
    { name: '64 in flight, fast / raw ws', ...ratio(series.fast, series.raw), floor: 0.4, note: about('fast') },
    {
      name: "64 in flight, default / Cap'n Web",
      ...ratio(series.default, series.capnweb),
      floor: 1,
      note: `Cap'n Web, in plaintext: ${about('capnweb')}`,
    },
    { name: "64 in flight, fast / Cap'n Web", ...ratio(series.fast, series.capnweb), floor: 1.3, note: about('raw') },
  ];
}

/** @param {{ rounds: number, onRound: () => void }} options @returns {Promise<import('./report.mjs').Figure[]>} */
export async function streams({ rounds, onRound }) {
  const rate = (/** @type {string} */ kind, /** @type {string} */ what) => async () =>
    (await runPair(kind, what)).perSecond;
  const series = await interleave(
    {
      default8: rate('default', 'stream8'),
      default: rate('default', 'streamGrowing'),
      fast8: rate('fast', 'stream8'),
      fast: rate('fast', 'streamGrowing'),
      blob: rate('default', 'blob'),
      blobFast: rate('fast', 'blob'),
    },
    rounds,
    onRound,
  );
  const about = (/** @type {keyof typeof series} */ name) =>
    `${Math.round(median(series[name])).toLocaleString('en')} items/s`;
  const mb = (/** @type {keyof typeof series} */ name) => `${((median(series[name]) * 32_768) / 1e6).toFixed(0)} MB/s`;
  return [
    {
      name: 'growing window / 8 credits, default',
      ...ratio(series.default, series.default8),
      floor: 1.6,
      note: about('default'),
    },
    { name: 'growing window / 8 credits, fast', ...ratio(series.fast, series.fast8), floor: 2, note: about('fast') },
    {
      name: '32 KiB chunks, fast / default',
      ...ratio(series.blobFast, series.blob),
      note: `${mb('blob')}, fast ${mb('blobFast')}`,
    },
  ];
}
