import { afterEach, expect, it, vi } from 'vitest';
import { createIdentity } from '../../src/identity/seed-identity.js';
import { fastSuite } from '../../src/noise/fast.js';
import { connect } from '../../src/phone/connect.js';
import { serve } from '../../src/phone/serve.js';
import { memoryPair } from '../../src/transport/memory.js';

const LOADED_LATER = ['../../src/noise/suite-noble.js', '../../src/phone/start-session.js'];

afterEach(() => {
  for (const module of LOADED_LATER) vi.doUnmock(module);
  vi.resetModules();
});

async function parties() {
  const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
  const [near, far] = memoryPair();
  return { alice, bob, near, far };
}

it.each(LOADED_LATER)('closes the connection when %s cannot be loaded', async (module) => {
  vi.doMock(module, () => Promise.reject(new Error('offline')));
  const { connect } = await import('../../src/phone/connect.js');
  const { alice, bob, near, far } = await parties();
  const incoming = far.accept({ subprotocol: 'agent-phone.v1' });
  const calling = connect({ identity: alice, transport: near, remoteDid: bob.did }).catch((error: unknown) => error);
  expect((await (await incoming).transport.closed).code).toBe(1008);
  expect(await calling).toBeInstanceOf(Error);
});

it('never loads the default suite for a caller who names another', async () => {
  vi.doMock('../../src/noise/suite-noble.js', () => Promise.reject(new Error('loaded')));
  const { connect } = await import('../../src/phone/connect.js');
  const { serve } = await import('../../src/phone/serve.js');
  const { alice, bob, near, far } = await parties();
  serve({ identity: bob, transport: far, suite: fastSuite, handlers: { echo: (params: unknown) => params } });
  const session = await connect({ identity: alice, transport: near, remoteDid: bob.did, suite: fastSuite });
  expect(await session.call('echo', 'hello')).toBe('hello');
  await session.close();
});

it('answers "method not found" for a caller without handlers, to calls and to streams', async () => {
  const { alice, bob, near, far } = await parties();
  const server = serve({ identity: bob });
  const answering = far.accept({ subprotocol: 'agent-phone.v1' }).then((incoming) => server.accept(incoming));
  const session = await connect({ identity: alice, transport: near, remoteDid: bob.did });
  const back = await answering;
  await expect(back.call('anything')).rejects.toMatchObject({ code: 'ERR_RPC_METHOD_NOT_FOUND' });
  await expect(back.stream('anything').next()).rejects.toMatchObject({ code: 'ERR_RPC_METHOD_NOT_FOUND' });
  await session.close();
});
