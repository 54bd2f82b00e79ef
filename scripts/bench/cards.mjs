// Agent cards in Node: how long a verification takes, and the canonical forms against npm `canonicalize`.

import canonicalize from 'canonicalize';
import { raw, spec } from '../../dist/a2a/card/profiles.js';
import { verifyAgentCard } from '../../dist/a2a/card/verify.js';
import { keyFromDid } from '../../dist/documents/verification-key.js';
import { signedSample } from './card-sample.mjs';
import { interleave, median, ratio, timed, timedAsync } from './rounds.mjs';

/** @param {{ rounds: number, onRound: () => void }} options @returns {Promise<import('./report.mjs').Figure[]>} */
export async function cards({ rounds, onRound }) {
  const { text, did } = await signedSample();
  const card = JSON.parse(text);
  const key = keyFromDid(did);
  const unsigned = () => {
    const { signatures: _, ...rest } = card;
    return rest;
  };
  const series = await interleave(
    {
      verify: timedAsync(() => verifyAgentCard(text, { keys: key }), 200),
      library: timed(() => canonicalize(unsigned())),
      raw: timed(() => raw.canonicalize(card)),
      spec: timed(() => spec.canonicalize(card)),
    },
    rounds,
    onRound,
  );
  const ms = series.verify.map((nanoseconds) => nanoseconds / 1e6);
  const about = (/** @type {keyof typeof series} */ name) => `${(median(series[name]) / 1000).toFixed(1)} us`;
  return [
    {
      name: 'ms to verify a card, Node',
      median: median(ms),
      min: Math.min(...ms),
      max: Math.max(...ms),
      ceiling: 1,
      note: `${text.length} characters, WebCrypto`,
    },
    {
      name: 'canonical form raw / npm canonicalize',
      ...ratio(series.library, series.raw),
      floor: 1,
      note: `${about('raw')}, canonicalize ${about('library')}`,
    },
    {
      name: 'canonical form spec / npm canonicalize',
      ...ratio(series.library, series.spec),
      floor: 0.5,
      note: about('spec'),
    },
  ];
}
