// What the Chromium benchmarks run in a page; bundled, and reached by name from outside.

import { ed25519 } from '@noble/curves/ed25519.js';
import { verifyAgentCard } from '../../dist/a2a/card/verify.js';
import { staticKeyOf } from '../../dist/channel/parties.js';
import { keyFromDid } from '../../dist/documents/verification-key.js';
import { didToX25519 } from '../../dist/identity/did-key.js';
import { identityFromSeed } from '../../dist/identity/seed-identity.js';
import { connect, webSocket } from '../../dist/index.js';
import { fastSuite } from '../../dist/noise/fast.js';
import { XkInitiator, XkResponder } from '../../dist/noise/handshake-xk.js';
import { buildPrologue } from '../../dist/noise/prologue.js';
import { nobleSuite } from '../../dist/noise/suite-noble.js';
import { signedSample } from './card-sample.mjs';
import { NobleInitiator, nobleOnly } from './noble-xk.mjs';
import { tokenSample } from './token-sample.mjs';

const seeds = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const noblePairs = seeds.map((seed) => ({
  secret: ed25519.utils.toMontgomerySecret(seed),
  publicKey: ed25519.utils.toMontgomery(ed25519.getPublicKey(seed)),
}));
const identities = Promise.all(seeds.map((seed) => identityFromSeed(seed)));

let openedAt = 0;

/** The page's own WebSocket, which remembers when it opened. */
class TimedWebSocket extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols);
    this.addEventListener('open', () => {
      openedAt = performance.now();
    });
  }
}

/** Milliseconds from an open socket to a session, ours. */
async function readyOurs(url, did, suite) {
  const [identity] = await identities;
  const transport = webSocket(url, { WebSocket: TimedWebSocket });
  const session = await connect({ identity, transport, remoteDid: did, suite });
  const ms = performance.now() - openedAt;
  await session.close();
  return ms;
}

/** The same for a client over noble alone that starts when the socket is open. */
async function readyNoble(url, did) {
  const [{ did: own }] = await identities;
  const address = new URL(url);
  address.searchParams.set('caller', own);
  const socket = new WebSocket(address, ['agent-phone.v1']);
  socket.binaryType = 'arraybuffer';
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
  const start = performance.now();
  const initiator = new NobleInitiator(noblePairs[0], didToX25519(did), buildPrologue(own, did));
  socket.send(initiator.writeMessage1());
  const { data } = await new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }));
  initiator.readMessage2(new Uint8Array(data));
  socket.send(initiator.writeMessage3());
  initiator.split();
  const ms = performance.now() - start;
  socket.close();
  return ms;
}

async function xkOurs(suite) {
  const [a, b] = await identities;
  const prologue = buildPrologue(a.did, b.did);
  const [alice, bob] = [staticKeyOf(a), staticKeyOf(b)];
  const i = new XkInitiator({ suite, staticKey: alice, remoteStaticKey: bob.publicKey, prologue });
  const r = new XkResponder({ suite, staticKey: bob, prologue });
  await r.readMessage1(await i.writeMessage1());
  await i.readMessage2(await r.writeMessage2());
  await r.readMessage3(await i.writeMessage3());
}

const sample = signedSample().then(({ text, did }) => ({ text, key: keyFromDid(did) }));

const tokens = Promise.all([tokenSample('ed25519'), tokenSample('p256')]);

const average = async (count, work) => {
  await work();
  const start = performance.now();
  for (let n = 0; n < count; n++) await work();
  return (performance.now() - start) / count;
};

globalThis.bench = {
  readyOurs: (url, did) => readyOurs(url, did, nobleSuite),
  readyFast: (url, did) => readyOurs(url, did, fastSuite),
  readyNoble,
  xkNoble: () => average(20, async () => nobleOnly(noblePairs[0], noblePairs[1], new Uint8Array(120))),
  xkOurs: () => average(40, () => xkOurs(nobleSuite)),
  xkFast: () => average(40, () => xkOurs(fastSuite)),
  async verifyCard() {
    const { text, key } = await sample;
    return average(200, () => verifyAgentCard(text, { keys: key }));
  },
  verifyToken: async () => average(200, (await tokens)[0].ours),
  verifyTokenJose: async () => average(200, (await tokens)[0].jose),
  verifyTokenP256: async () => average(200, (await tokens)[1].ours),
  verifyTokenP256Jose: async () => average(200, (await tokens)[1].jose),
};
