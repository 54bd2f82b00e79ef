// Two agents in one process: a call and a stream.

import { connect, createIdentity, memoryPair, serve } from 'ringline';

const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
const [near, far] = memoryPair();
serve({
  identity: bob,
  transport: far,
  handlers: {
    greet: ({ name }) => ({ hello: name }),
    async *count() {
      yield 1;
      yield 2;
    },
  },
});

const session = await connect({ identity: alice, transport: near, remoteDid: bob.did });
console.log(await session.call('greet', { name: 'Alice' }));
for await (const n of session.stream('count')) console.log(n);
await session.close();
