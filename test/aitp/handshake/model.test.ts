// Two handshakes of the same two agents, one in each direction, and one with a third agent, over a network that loses,
// repeats, reorders and misdirects as it likes. Whatever it does, every call settles, a token goes to nobody but its
// holder, and a session that is done has the peer it was meant to have.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HandshakeInitiator } from '../../../src/aitp/handshake/initiator.js';
import { HandshakeResponder } from '../../../src/aitp/handshake/responder.js';
import type { HandshakeResult } from '../../../src/aitp/handshake/second-round.js';
import { pinnedKeys } from '../../../src/aitp/pinned-keys.js';
import { codeOf, introduce, makeParty, NOW, type Party, REQUESTED } from '../parties.js';

interface Endpoint {
  readonly own: Party;
  readonly take: readonly ((text: string) => Promise<unknown>)[];
  readonly state: () => string;
  result?: HandshakeResult;
}

const RUNS = Number(process.env.AITP_MODEL_RUNS ?? 60);

/** A message, and where an honest network would bring it. */
interface Sent {
  readonly text: string;
  readonly endpoint: number;
  readonly method: number;
}

interface World {
  readonly endpoints: readonly Endpoint[];
  readonly sent: Sent[];
}

async function makeWorld(): Promise<World> {
  const clock = { sec: NOW };
  const [one, two, three] = await Promise.all([1, 2, 3].map((seed) => makeParty({ seed, clock })));
  const pins = { pinnedKeys: pinnedKeys([one, two, three].map((party) => (party as Party).pin)) };
  const withPins = (party: Party): Party => ({ ...party, options: { ...party.options, ...pins } });
  const { a, b } = await introduce(withPins(one as Party), withPins(two as Party));
  const c = withPins(three as Party);
  const sent: Sent[] = [];
  const endpoints: Endpoint[] = [];
  for (const [from, to] of [
    [a, b],
    [b, a],
    [c, b],
  ] as const) {
    const at = endpoints.length;
    endpoints.push(await initiatorOf(from, to, sent, at), responderOf(to, sent, at + 1));
  }
  return { endpoints, sent };
}

async function initiatorOf(own: Party, peer: Party, sent: Sent[], at: number): Promise<Endpoint> {
  const session = new HandshakeInitiator(own.options);
  sent.push({ text: await session.buildHello(peer.manifestJson, REQUESTED), endpoint: at + 1, method: 0 });
  const endpoint: Endpoint = {
    own,
    state: () => session.state,
    take: [
      async (text) => sent.push({ text: await session.processHelloAck(text), endpoint: at + 1, method: 1 }),
      async (text) => {
        const result = await session.complete(text);
        expect(result.peer.aid).toBe(peer.signer.aid);
        endpoint.result = result;
      },
    ],
  };
  return endpoint;
}

function responderOf(own: Party, sent: Sent[], at: number): Endpoint {
  const session = new HandshakeResponder(own.options);
  const endpoint: Endpoint = {
    own,
    state: () => session.state,
    take: [
      async (text) => sent.push({ text: (await session.processHello(text)).ackJson, endpoint: at - 1, method: 0 }),
      async (text) => {
        const { ackJson, completed } = await session.processCommit(text);
        endpoint.result = completed;
        sent.push({ text: ackJson, endpoint: at - 1, method: 1 });
      },
    ],
  };
  return endpoint;
}

const step = fc.record({
  // Which of the messages sent so far, most recent first; now and then to another endpoint or method than it was meant for.
  message: fc.oneof(fc.nat(2), fc.nat(15)),
  elsewhere: fc.oneof(
    { weight: 12, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.record({ endpoint: fc.nat(5), method: fc.nat(1) }) },
  ),
  alongside: fc.boolean(),
});

it('gives no token to the wrong side and leaves no call open', { timeout: 120_000 }, async () => {
  let finished = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { endpoints, sent } = await makeWorld();
      const open: Promise<unknown>[] = [];
      for (const { message, elsewhere, alongside } of steps) {
        const { text, ...meant } = sent.at(-1 - (message % sent.length)) as Sent;
        const { endpoint, method } = elsewhere ?? meant;
        const call = codeOf((endpoints[endpoint] as Endpoint).take[method]?.(text) as Promise<unknown>);
        open.push(call);
        if (!alongside) await call;
      }
      for (const code of await Promise.all(open)) expect(code).toMatch(/^(accepted|[A-Z_]+)$/);
      for (const { own, result, state } of endpoints) {
        expect(state() === 'done').toBe(result !== undefined);
        if (result === undefined) continue;
        finished++;
        expect(result.claims.subject).toBe(own.signer.aid);
        expect(result.claims.issuer).toBe(result.peer.aid);
        expect(result.peer.aid).not.toBe(own.signer.aid);
      }
      // Nobody but its holder can use a token: every one that was sent names whom it was sent to, which is not its sender.
      for (const { text } of sent) {
        const { payload, sender } = JSON.parse(text);
        if (payload.tct === undefined) continue;
        const claims = JSON.parse(Buffer.from(payload.tct.split('.')[1], 'base64url').toString());
        expect(claims.iss).toBe(sender.agent_id);
        expect(claims.sub).not.toBe(sender.agent_id);
      }
    }),
    { numRuns: RUNS },
  );
  // Otherwise nothing was tested.
  expect(finished).toBeGreaterThan(0);
});

it('completes while everything is repeated, comes back to its sender, and a stranger talks in between', async () => {
  const { endpoints, sent } = await makeWorld();
  const [initiator, responder] = endpoints as [Endpoint, Endpoint];
  // The hello of the third agent, which is meant for the same responder; the hello of the second is left out: a peer
  // that opens a second handshake inside the first ends it.
  const [hello, , stranger] = sent as [Sent, Sent, Sent];
  sent.splice(0, sent.length, hello);
  for (let at = 0; at < sent.length; at++) {
    const { text, method } = sent[at] as Sent;
    for (const message of [text, text, stranger.text, hello.text]) {
      for (const { take } of [initiator, responder]) await codeOf(take[method]?.(message) as Promise<unknown>);
    }
  }
  expect(sent).toHaveLength(4);
  expect([initiator.state(), responder.state()]).toEqual(['done', 'done']);
});
