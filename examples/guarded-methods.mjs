// Authorisation by DID, and an impostor that gets nowhere.

import { connect, createIdentity, memoryPair, serve } from 'ringline';

const [friend, stranger, agent] = await Promise.all([createIdentity(), createIdentity(), createIdentity()]);
const friends = new Set([friend.did]);

const server = serve({
  identity: agent,
  authorize: ({ peer, method }) => method === 'hello' || friends.has(peer.did),
  handlers: { hello: () => 'hello, whoever you are', secret: () => 'only for friends' },
});

async function call(identity, method) {
  const [near, far] = memoryPair();
  server.accept(far).catch(() => {});
  const session = await connect({ identity, transport: near, remoteDid: agent.did });
  try {
    return await session.call(method);
  } catch (error) {
    return error.code;
  } finally {
    await session.close();
  }
}

console.log('friend, secret:', await call(friend, 'secret'));
console.log('stranger, hello:', await call(stranger, 'hello'));
console.log('stranger, secret:', await call(stranger, 'secret'));

// An impostor has the friend's name, but not the key.
const impostor = { ...stranger, did: friend.did };
console.log('impostor:', await call(impostor, 'secret').catch((error) => error.code));
