// The package as one module, without a bundler; also where WebCrypto has neither curve, so that noble has to do.

import * as ringline from './ringline.min.mjs';

const call = async ({ did, agentUrl }) => {
  const identity = await ringline.identityFromSeed(Uint8Array.from({ length: 32 }, (_, i) => i));
  const session = await ringline.connect({ identity, transport: ringline.webSocket(agentUrl), remoteDid: did });
  const reply = await session.call('echo', { from: 'one module' });
  const { clean } = await session.close();
  return { did: identity.did, reply, clean };
};

globalThis.harness.run({
  call,
  async callWithoutCurves(addresses) {
    let asked = 0;
    for (const name of ['importKey', 'generateKey', 'deriveBits', 'sign', 'verify']) {
      const original = SubtleCrypto.prototype[name];
      SubtleCrypto.prototype[name] = function (...args) {
        const algorithm = args.map((arg) => (typeof arg === 'string' ? arg : (arg?.name ?? ''))).join(' ');
        if (!/25519/.test(algorithm)) return original.apply(this, args);
        asked++;
        return Promise.reject(new DOMException('not here', 'NotSupportedError'));
      };
    }
    return { ...(await call(addresses)), asked: asked > 0 };
  },
});
