// A whole XK handshake, both sides in memory, against one written straight from the specification over noble alone.

import { ed25519 } from '@noble/curves/ed25519.js';
import { staticKeyOf } from '../../dist/channel/parties.js';
import { didToX25519 } from '../../dist/identity/did-key.js';
import { identityFromSeed } from '../../dist/identity/seed-identity.js';
import { fastSuite } from '../../dist/noise/fast.js';
import { XkInitiator, XkResponder } from '../../dist/noise/handshake-xk.js';
import { buildPrologue } from '../../dist/noise/prologue.js';
import { nobleSuite } from '../../dist/noise/suite-noble.js';
import { nobleOnly } from './noble-xk.mjs';
import { interleave, median, ratio, timedAsync } from './rounds.mjs';

const seeds = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

/** Both sides of ours. */
async function ours(suite, alice, bob, prologue) {
  const i = new XkInitiator({ suite, staticKey: alice, remoteStaticKey: bob.publicKey, prologue });
  const r = new XkResponder({ suite, staticKey: bob, prologue });
  await r.readMessage1(await i.writeMessage1());
  await i.readMessage2(await r.writeMessage2());
  await r.readMessage3(await i.writeMessage3());
  return [i.split(), r.split()];
}

/** @param {{ rounds: number, onRound: () => void }} options @returns {Promise<import('./report.mjs').Figure[]>} */
export async function handshake({ rounds, onRound }) {
  const [a, b] = await Promise.all(seeds.map((seed) => identityFromSeed(seed)));
  const prologue = buildPrologue(a.did, b.did);
  const [alice, bob] = [staticKeyOf(a), staticKeyOf(b)];
  const edPublic = seeds.map((seed) => ed25519.getPublicKey(seed));
  const noblePairs = () =>
    seeds.map((seed, n) => ({
      secret: ed25519.utils.toMontgomerySecret(seed),
      publicKey: ed25519.utils.toMontgomery(edPublic[n]),
    }));
  const [nobleAlice, nobleBob] = noblePairs();
  const series = await interleave(
    {
      noble: timedAsync(async () => nobleOnly(nobleAlice, nobleBob, prologue), 8),
      default: timedAsync(() => ours(nobleSuite, alice, bob, prologue), 20),
      fast: timedAsync(() => ours(fastSuite, alice, bob, prologue), 20),
      nobleWithDids: timedAsync(async () => {
        const [one, two] = noblePairs();
        ed25519.utils.toMontgomery(edPublic[1]);
        return nobleOnly(one, two, prologue);
      }, 8),
      defaultWithDids: timedAsync(() => {
        didToX25519(b.did);
        return ours(nobleSuite, staticKeyOf(a), staticKeyOf(b), prologue);
      }, 20),
    },
    rounds,
    onRound,
  );
  const about = (/** @type {keyof typeof series} */ name) => `${(median(series[name]) / 1e6).toFixed(2)} ms both sides`;
  return [
    { name: 'XK in memory, default suite', ...ratio(series.noble, series.default), floor: 4, note: about('default') },
    { name: 'XK in memory, fast suite', ...ratio(series.noble, series.fast), floor: 4, note: about('fast') },
    {
      name: 'XK with DID conversions',
      ...ratio(series.nobleWithDids, series.defaultWithDids),
      floor: 3.5,
      note: about('defaultWithDids'),
    },
  ];
}
