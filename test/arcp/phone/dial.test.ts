// The dial that makes of a phone session a connection of ARCP's.

import { describe, expect, it } from 'vitest';
import { arcpPhone } from '../../../src/arcp/phone/arcp-phone.js';
import { createIdentity } from '../../../src/identity/seed-identity.js';
import { serve } from '../../../src/phone/serve.js';
import type { Session } from '../../../src/phone/session.js';
import type { Transport } from '../../../src/transport/contract.js';
import { memoryPair } from '../../../src/transport/memory.js';

async function called() {
  const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
  const [near, far] = memoryPair();
  const taken: Transport[] = [];
  const runtime = {
    async accept(transport: Transport) {
      taken.push(transport);
      transport.receive((message) => transport.send(message));
      await transport.closed;
    },
  };
  const server = serve({ identity: bob, transport: far, handlers: arcpPhone({ runtime }).handlers });
  const dial = arcpPhone().dial({ identity: alice, transport: near, remoteDid: bob.did });
  return { server, dial, taken };
}

describe('the dial of a phone session', () => {
  it('opens a session and a connection on it, and closes the session when the connection ends', async () => {
    const { server, dial } = await called();
    const transport = await dial({});
    const echoed = new Promise((resolve) => transport.receive(resolve));
    transport.send('{"a":1}');
    expect(await echoed).toBe('{"a":1}');
    const [session] = [...server.sessions] as [Session];
    transport.close();
    expect((await transport.closed).clean).toBe(true);
    await session.closed;
    expect(server.sessions.size).toBe(0);
  });

  it('ends the session, too, when the connection is aborted', async () => {
    const { server, dial } = await called();
    const transport = await dial({});
    const echoed = new Promise((resolve) => transport.receive(resolve));
    transport.send('{}');
    await echoed;
    const [session] = [...server.sessions] as [Session];
    transport.abort();
    await transport.closed;
    await session.closed;
    expect(server.sessions.size).toBe(0);
  });

  it('rejects with the reason of its signal', async () => {
    const { dial } = await called();
    const reason = new Error('enough');
    await expect(dial({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
