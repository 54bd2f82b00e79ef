// Sessions under random fire: frames of a stranger's making, and a network that is an enemy.

import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { ChannelError, isSdkError, LimitError, RpcError } from '../../src/errors.js';
import { createIdentity } from '../../src/identity/seed-identity.js';
import { connect } from '../../src/phone/connect.js';
import type { Handlers } from '../../src/phone/handlers.js';
import { serve } from '../../src/phone/serve.js';
import type { Session } from '../../src/phone/session.js';
import { rpcError } from '../../src/phone/wire-errors.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { hostileLink } from '../../src/testing/hostile-link.js';
import type { LinkAction, LinkStep } from '../../src/testing/link-faults.js';
import { sessionAgainst, settle } from '../support/frame-peer.js';
import { unhandledDuring } from '../support/unhandled.js';
import { frameText, METHODS, mutatedFrame, runs } from '../support/wire-arbitraries.js';

vi.setConfig({ testTimeout: 3_600_000 });

/** Ends as soon as the event loop has turned, or the caller has gone. */
const hang = (_: unknown, { signal }: { signal: AbortSignal }) =>
  new Promise((resolve) => signal.addEventListener('abort', resolve));

function hostileHandlers(gauge: { open: number }): Handlers {
  return {
    echo: (value) => value,
    async *count() {
      gauge.open++;
      try {
        for (let n = 0; n < 20; n++) yield n;
      } finally {
        gauge.open--;
      }
    },
    hang,
    throws: () => {
      throw null;
    },
    async *breaks() {
      yield 1;
      throw rpcError(-32050, 'broken');
    },
  };
}

/** What may become of a call of ours, whatever the peer sends. */
function expectHonestEnd(outcome: PromiseSettledResult<unknown>): void {
  if (outcome.status === 'fulfilled') return;
  const error: unknown = outcome.reason;
  if (error instanceof RpcError) return;
  expect(error).toBeInstanceOf(ChannelError);
  expect(['sent', 'unsent']).toContain((error as ChannelError).delivery);
}

/** A frame that fits: what an honest peer could send, as far as it can be said before the session is there. */
type Fitting =
  | { readonly kind: 'ask'; readonly method: string; readonly params: string; readonly credits: string | null }
  | { readonly kind: 'steer'; readonly which: number; readonly with: string }
  | { readonly kind: 'answer'; readonly which: number; readonly with: string };

const fitting: fc.Arbitrary<Fitting> = fc.oneof(
  fc.record({
    kind: fc.constant('ask' as const),
    method: fc.constantFrom(...METHODS),
    params: fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
    credits: fc.constantFrom(null, '0', '1', '8', '9007199254740991'),
  }),
  fc.record({
    kind: fc.constant('steer' as const),
    which: fc.nat(8),
    with: fc.constantFrom('"type":"cancel"', '"credits":1,"type":"res"', '"credits":9007199254740991,"type":"res"'),
  }),
  fc.record({
    kind: fc.constant('answer' as const),
    which: fc.nat(8),
    with: fc.constantFrom(
      '"result":1,"type":"res"',
      '"result":{},"type":"stream_chunk"',
      '"result":{},"type":"stream_chunk"',
      '"result":{},"type":"stream_chunk"',
      '"reason":"ok","type":"stream_end"',
      '"error":{"code":-32000,"message":"no"},"type":"error"',
    ),
  }),
);

const wild = fc.oneof({ weight: 4, arbitrary: frameText }, { weight: 1, arbitrary: mutatedFrame });

const FRAMES_A_RUN = 50;

/** A session that asks for a few things, under a peer whose frames come one by one. */
function besieged(role: 'initiator' | 'responder') {
  const gauge = { open: 0 };
  const { session, peer } = sessionAgainst(role, { handlers: hostileHandlers(gauge) });
  const drink = async () => {
    for await (const _ of session.stream('d'));
  };
  const outcomes = Promise.allSettled([session.call('a'), session.call('b'), session.stream('c').next(), drink()]);
  const [ourFirst, theirFirst] = role === 'initiator' ? [1, 2] : [2, 1];
  const seqs = new Map<number, number>();
  let asked = 0;
  return {
    session,
    peer,
    outcomes,
    gauge,
    write(frame: Fitting): string {
      if (frame.kind === 'ask') {
        const { method, params, credits } = frame;
        const grant = credits === null ? '' : `"credits":${credits},`;
        const id = theirFirst + 2 * asked++;
        return `{${grant}"method":"${method}","params":${params},"seq":0,"stream_id":${id},"type":"req"}`;
      }
      if (frame.kind === 'steer') {
        const id = theirFirst + 2 * (asked - 1 - Math.min(frame.which, Math.max(asked - 1, 0)));
        return `{"seq":0,"stream_id":${Math.max(id, theirFirst)},${frame.with}}`;
      }
      const id = ourFirst + 2 * (frame.which % 4);
      const isChunk = frame.with.includes('stream_chunk');
      const seq = isChunk || frame.with.includes('stream_end') ? (seqs.get(id) ?? 0) : 0;
      if (isChunk) seqs.set(id, seq + 1);
      return `{"seq":${seq},"stream_id":${id},${frame.with}}`;
    },
  };
}

test('S1: 20,000 fuzzed frames end in nothing worse than the end of a session', async () => {
  const ends = new Map<string, number>();
  let delivered = 0;
  const unhandled = await unhandledDuring(() =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('initiator' as const, 'responder' as const),
        fc.array(fc.oneof({ weight: 12, arbitrary: fitting }, { weight: 1, arbitrary: wild }), {
          minLength: FRAMES_A_RUN,
          maxLength: FRAMES_A_RUN,
        }),
        fc.integer({ min: 1, max: FRAMES_A_RUN }),
        async (role, frames, breath) => {
          let here = besieged(role);
          const finish = async () => {
            await settle(1);
            if (!here.peer.channel.ended) await here.session.close();
            const { error } = await here.session.closed;
            const end = error?.code ?? 'none';
            ends.set(end, (ends.get(end) ?? 0) + 1);
            if (error !== undefined) {
              // Never "unexpected fault": that would be a bug of ours, with the original as its cause.
              expect(isSdkError(error)).toBe(true);
              if (end !== 'ERR_CODEC_UTF8') expect(error.cause).toBeUndefined();
            }
            for (const outcome of await here.outcomes) expectHonestEnd(outcome);
            await settle(1);
            expect(here.gauge.open).toBe(0);
          };
          for (const [index, frame] of frames.entries()) {
            if (here.peer.channel.ended) {
              await finish();
              here = besieged(role);
            }
            here.peer.send(typeof frame === 'object' && 'kind' in frame ? here.write(frame) : frame);
            delivered++;
            if (index % breath === 0) await settle(1);
          }
          await finish();
        },
      ),
      runs(20_000 / FRAMES_A_RUN, 1_000_000 / FRAMES_A_RUN),
    ),
  );
  expect(unhandled).toEqual([]);
  expect(delivered).toBeGreaterThanOrEqual(20_000);
  // The fire was neither too cold nor too hot: sessions lived through it, and ended by it.
  for (const end of ['none', 'ERR_CHANNEL_PROTOCOL']) expect(ends.get(end)).toBeGreaterThan(20);
});

const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);

/** One thing a side does, from start to end. */
type Deed = 'call' | 'hang' | 'hasty' | 'read' | 'leave' | 'throws' | 'big' | 'drain';

async function perform(session: Session, deed: Deed): Promise<unknown> {
  switch (deed) {
    case 'call':
      return session.call('echo', 1);
    case 'big':
      return session.call('echo', 'x'.repeat(50_000));
    case 'throws':
      return session.call('throws');
    case 'hang': {
      const controller = new AbortController();
      void settle(3).then(() => controller.abort(rpcError(1, 'enough')));
      return session.call('hang', 1, { signal: controller.signal });
    }
    case 'hasty': {
      const controller = new AbortController();
      const call = session.call('echo', 1, { signal: controller.signal });
      controller.abort(rpcError(1, 'too soon'));
      return call;
    }
    case 'read':
      for await (const _ of session.stream('count'));
      return;
    case 'leave':
      for await (const n of session.stream('count')) if (n === 5) break;
      return;
    case 'drain':
      return session.drain();
  }
}

const deed = fc.constantFrom<Deed>('call', 'hang', 'hasty', 'read', 'leave', 'throws', 'big');

const action: fc.Arbitrary<LinkAction> = fc.constantFrom(
  { kind: 'drop' } as const,
  { kind: 'duplicate' } as const,
  { kind: 'reorder', by: 2 } as const,
  { kind: 'flip' } as const,
  { kind: 'truncate', by: 1 } as const,
  { kind: 'extend', by: 1 } as const,
  { kind: 'replace', message: new Uint8Array(0) } as const,
  { kind: 'replace', message: 'text' } as const,
  { kind: 'delay', ms: 30_000 } as const,
  { kind: 'hold' } as const,
  { kind: 'cut' } as const,
);

/** Messages of the handshake, which other tests look after: preamble, 1 and 3 one way, 2 the other. */
const HANDSHAKE = { 'to-far': 3, 'to-near': 1 } as const;

const step: fc.Arbitrary<LinkStep> = fc
  .tuple(fc.constantFrom('to-far' as const, 'to-near' as const), fc.nat(30), action)
  .map(([direction, index, action]) => ({ direction, index: HANDSHAKE[direction] + index, action }));

test('S7: two sessions over a hostile link settle every promise, and leave no timer', async () => {
  const seen = new Set<string>();
  const unhandled = await unhandledDuring(() =>
    fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 3 }),
        fc.array(deed, { minLength: 1, maxLength: 8 }),
        fc.array(deed, { maxLength: 4 }),
        fc.option(fc.constantFrom('near' as const, 'far' as const)),
        async (plan, nearDeeds, farDeeds, drains) => {
          const clock = fakeClock();
          const gauge = { open: 0 };
          const link = hostileLink({ plan, clock });
          const handlers = hostileHandlers(gauge);
          const server = serve({ identity: bob, handlers, clock });
          const answering = server.accept(link.far);
          const near = await connect({ identity: alice, transport: link.near, remoteDid: bob.did, handlers, clock });
          const far = await answering;
          const work = [...nearDeeds.map((deed) => perform(near, deed)), ...farDeeds.map((deed) => perform(far, deed))];
          if (drains !== null) work.push(perform(drains === 'near' ? near : far, 'drain'));
          let open = work.length;
          const outcomes = Promise.allSettled(work.map((promise) => promise.finally(() => open--)));
          // A quarter of an hour: whatever was lost is missed by then, and whoever is gone is noticed.
          for (let n = 0; n < 60; n++) {
            await settle(n === 0 ? 10 : 1);
            if (open === 0) break;
            clock.advance(15_000);
          }
          expect(open).toBe(0);
          for (const outcome of await outcomes) {
            if (outcome.status === 'rejected') seen.add((outcome.reason as { code: string }).code);
            expectHonestEnd(outcome);
          }
          await Promise.all([near.close(), far.close(), server.close(), clock.advance(3_000)]);
          for (const session of [near, far]) {
            const { error } = await session.closed;
            if (error !== undefined) expect(isSdkError(error) && !(error instanceof LimitError)).toBe(true);
          }
          await settle(1);
          expect(gauge.open).toBe(0);
          // What the link itself keeps for later is its own.
          link.release();
          expect(clock.pendingTimers).toBe(0);
        },
      ),
      runs(250, 20_000),
    ),
  );
  expect(unhandled).toEqual([]);
  for (const code of ['ERR_CHANNEL_LOST', 'ERR_RPC_REMOTE']) expect([...seen]).toContain(code);
});
