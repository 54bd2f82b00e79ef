// A stream over a real WebSocket, left early, and the producer's `finally`.

import { connect, createIdentity, serve, webSocket } from 'ringline';
import { nodeHost } from 'ringline/host/node';

const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
const { promise: stopped, resolve: stop } = deferred();

const agent = serve({
  identity: bob,
  handlers: {
    async *ticks() {
      try {
        for (let n = 1; ; n++) yield `tick ${n}`;
      } finally {
        stop('the producer has stopped');
      }
    },
  },
});
const host = await nodeHost(agent, { port: 0 });

const session = await connect({ identity: alice, transport: webSocket(host.url), remoteDid: bob.did });
for await (const tick of session.stream('ticks')) {
  console.log(tick);
  if (tick === 'tick 3') break; // leaving the loop cancels the stream at the other side
}
console.log(await stopped);
await session.close();
await host.close();

function deferred() {
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
