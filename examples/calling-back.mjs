// Both sides answer: the callee asks its caller something before it replies.

import { connect, createIdentity, memoryPair, serve } from 'ringline';

const [guest, barista] = await Promise.all([createIdentity(), createIdentity()]);
const [near, far] = memoryPair();

serve({
  identity: barista,
  transport: far,
  handlers: {
    async order({ drink }, { session }) {
      const answer = await session.call('ask', { question: `Milk in your ${drink}?` });
      return answer.yes ? `${drink} with milk` : `${drink}, black`;
    },
  },
});

const session = await connect({
  identity: guest,
  transport: near,
  remoteDid: barista.did,
  handlers: {
    ask: ({ question }) => {
      console.log(question);
      return { yes: false };
    },
  },
});
console.log(await session.call('order', { drink: 'coffee' }));
await session.close();
