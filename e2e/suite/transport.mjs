// The contract of transports, over the two adapters every runtime has, and a session over a MessagePort.

import { transportCases } from '../contracts/transport.mjs';
import { equal } from './assert.mjs';

const OFFER = { subprotocol: 'agent-phone.v1', callerDid: 'did:key:z6Mk' };

/** @param {any} library */
export function transportSuite({ front, transport }) {
  const { memoryPair, messagePort } = transport;
  const memory = {
    name: 'memory pair',
    singleUse: true,
    async open(options) {
      const [dialer, acceptor] = memoryPair(options);
      return { dialer, acceptor, dispose: async () => {} };
    },
  };
  const port = {
    name: 'MessagePort',
    singleUse: true,
    async open(options) {
      const { port1, port2 } = new MessageChannel();
      const [dialer, acceptor] = [messagePort(port1, options), messagePort(port2, options)];
      return { dialer, acceptor, dispose: async () => closeAll(port1, port2) };
    },
    async openRaw() {
      const { port1, port2 } = new MessageChannel();
      return {
        acceptor: messagePort(port1),
        send: (message) => port2.postMessage(typeof message === 'string' ? message : message.slice().buffer),
        dispose: async () => closeAll(port1, port2),
      };
    },
    async openDeaf(options) {
      const { port1, port2 } = new MessageChannel();
      const deaf = await messagePort(port1, options).dial(OFFER);
      return { transport: deaf, dispose: async () => closeAll(port1, port2) };
    },
  };
  return [
    ...[memory, port].flatMap((setup) =>
      transportCases(setup).map(({ name, run }) => ({ name: `${setup.name}: ${name}`, run })),
    ),
    { name: 'a session over a MessagePort', run: () => callOverPort(front) },
  ];
}

async function callOverPort({ connect, createIdentity, messagePort, serve }) {
  const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
  const { port1, port2 } = new MessageChannel();
  const handlers = {
    echo: (params) => params,
    *count({ n }) {
      for (let i = 0; i < n; i++) yield i;
    },
  };
  serve({ identity: bob, transport: messagePort(port2), handlers });
  const session = await connect({ identity: alice, transport: messagePort(port1), remoteDid: bob.did });
  equal(await session.call('echo', { over: 'a port' }), { over: 'a port' });
  let next = 0;
  for await (const i of session.stream('count', { n: 1_000 })) equal(i, next++);
  equal(next, 1_000);
  equal((await session.close()).clean, true);
}

function closeAll(...ports) {
  for (const port of ports) port.close();
}
