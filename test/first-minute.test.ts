import { expect, test } from 'vitest';
import { connect, createIdentity, memoryPair, serve } from '../src/index.js';

test('the first minute: two identities, one pair, a call, a stream', async () => {
  const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
  const [near, far] = memoryPair();
  serve({
    identity: bob,
    transport: far,
    handlers: {
      greet: (params: { name: string }) => ({ hello: params.name }),
      async *count() {
        yield 1;
        yield 2;
      },
    },
  });

  const session = await connect({ identity: alice, transport: near, remoteDid: bob.did });
  expect(await session.call('greet', { name: 'Alice' }, { signal: AbortSignal.timeout(5000) })).toEqual({
    hello: 'Alice',
  });
  const seen: unknown[] = [];
  for await (const n of session.stream('count', {}, { credits: 8 })) seen.push(n);
  expect(seen).toEqual([1, 2]);
  await session.close();
});
