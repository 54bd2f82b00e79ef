// @ts-check
// An agent that answers in another's name. It holds a key of its own, not the one that was dialled, and goes on all the
// same: since it cannot know the secret the caller expects in message 2, it makes the proof up.

import { randomBytes } from 'node:crypto';
import { createIdentity } from 'ringline';
import { nodeHost } from 'ringline/host/node';
import { XK_MESSAGE_BYTES } from 'ringline/noise';

/**
 * Starts the impostor on loopback.
 *
 * @returns {Promise<{ url: string, did: string, close: () => Promise<void> }>} `did`: its real name.
 */
export async function startImpostor() {
  const { did } = await createIdentity();
  const host = await nodeHost({
    did,
    sessions: new Set(),
    ready: async () => {},
    async accept(connection) {
      if ('accept' in connection) throw new TypeError('a host hands over calls that have arrived');
      const { transport } = connection;
      // A fresh public key is 32 random bytes as good as any; behind it, a tag out of thin air.
      transport.receive(() => transport.send(new Uint8Array(randomBytes(XK_MESSAGE_BYTES[1]))));
      return new Promise(() => {});
    },
    close: async () => {},
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: async () => {},
  });
  return { url: host.url, did, close: () => host.close() };
}
