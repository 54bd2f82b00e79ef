import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { type HostileLinkOptions, hostileLink, hostileLinkBetween } from '../../src/testing/hostile-link.js';
import type { LinkAction } from '../../src/testing/link-faults.js';
import type { Message, Transport } from '../../src/transport/contract.js';
import { memoryTransports } from '../../src/transport/memory.js';

const OFFER = { subprotocol: 'agent-phone.v1', callerDid: 'did:key:z6Mk' };

/** An open near and far end with a link between, and what has arrived at each. */
function between(options: HostileLinkOptions = {}) {
  const [near, towardNear] = memoryTransports();
  const [far, towardFar] = memoryTransports();
  const link = hostileLinkBetween(towardNear, towardFar, options);
  const atFar: Message[] = [];
  const atNear: Message[] = [];
  far.receive((message) => atFar.push(message));
  near.receive((message) => atNear.push(message));
  return { near, far, link, atFar, atNear };
}

/** Everything sent so far has gone as far as it will: two hops, each a few microtasks. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

async function sendAll(from: Transport, messages: readonly Message[]): Promise<void> {
  for (const message of messages) from.send(message);
  await settle();
}

/** What far gets of `a b c d e` when this happens to `b`. */
async function afterActionOnB(action: LinkAction): Promise<string> {
  const { near, atFar } = between({ plan: [{ direction: 'to-far', index: 1, action }] });
  await sendAll(near, ['a', 'b', 'c', 'd', 'e']);
  return atFar.join(' ');
}

describe('hostile link', () => {
  it('passes everything both ways when it is told nothing', async () => {
    const { near, far, atFar, atNear, link } = between();
    await sendAll(near, ['a', Uint8Array.of(1)]);
    await sendAll(far, ['b']);
    expect([atFar, atNear]).toEqual([['a', Uint8Array.of(1)], ['b']]);
    expect(link.log.map(({ direction, index, action }) => [direction, index, action.kind])).toEqual([
      ['to-far', 0, 'pass'],
      ['to-far', 1, 'pass'],
      ['to-near', 0, 'pass'],
    ]);
  });

  it.each<[LinkAction, string]>([
    [{ kind: 'pass' }, 'a b c d e'],
    [{ kind: 'drop' }, 'a c d e'],
    [{ kind: 'duplicate' }, 'a b b c d e'],
    [{ kind: 'duplicate', copies: 3 }, 'a b b b b c d e'],
    [{ kind: 'reorder' }, 'a c b d e'],
    [{ kind: 'reorder', by: 2 }, 'a c d b e'],
    [{ kind: 'reorder', by: 9 }, 'a c d e'],
    [{ kind: 'flip', bit: 0 }, 'a c c d e'],
    [{ kind: 'truncate' }, 'a  c d e'],
    [{ kind: 'replace', message: 'x' }, 'a x c d e'],
    [{ kind: 'cut' }, ''],
    [{ kind: 'hold' }, 'a'],
  ])('does %j to one message', async (action, expected) => {
    expect(await afterActionOnB(action)).toBe(expected);
  });

  it('lets two messages that both wait keep their order between them', async () => {
    const { near, atFar } = between({
      policy: ({ index }) => (index < 2 ? { kind: 'reorder' } : undefined),
    });
    await sendAll(near, ['a', 'b', 'c', 'd']);
    expect(atFar).toEqual(['c', 'a', 'b', 'd']);
  });

  it('flips one bit of bytes, where it is told and where the seed says', async () => {
    const sent = new Uint8Array(16);
    const one = between({ plan: [{ direction: 'to-far', index: 0, action: { kind: 'flip', bit: 8 * 16 + 9 } }] });
    await sendAll(one.near, [sent]);
    expect(one.atFar).toEqual([new Uint8Array(16).fill(2, 1, 2)]);
    const seeded = async (seed: number) => {
      const link = between({ seed, policy: () => ({ kind: 'flip' }) });
      await sendAll(link.near, [sent, sent, sent]);
      for (const message of link.atFar as Uint8Array[]) {
        const ones = message.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
        expect(ones).toBe(1);
      }
      return link.atFar;
    };
    expect(await seeded(7)).toEqual(await seeded(7));
    expect(await seeded(7)).not.toEqual(await seeded(8));
    expect(sent).toEqual(new Uint8Array(16));
  });

  it('shortens and lengthens bytes', async () => {
    const { near, atFar } = between({
      plan: [
        { direction: 'to-far', index: 0, action: { kind: 'truncate', by: 2 } },
        { direction: 'to-far', index: 1, action: { kind: 'truncate', by: 9 } },
        { direction: 'to-far', index: 2, action: { kind: 'extend', by: 3 } },
        { direction: 'to-far', index: 3, action: { kind: 'extend' } },
      ],
    });
    const bytes = Uint8Array.of(1, 2, 3);
    await sendAll(near, [bytes, bytes, bytes, 'text']);
    expect(atFar.slice(0, 2)).toEqual([Uint8Array.of(1), new Uint8Array(0)]);
    expect(atFar[2]).toHaveLength(6);
    expect((atFar[2] as Uint8Array).subarray(0, 3)).toEqual(bytes);
    expect(atFar[3]).toMatch(/^text[a-z]$/);
  });

  it('has nothing to flip in an empty message', async () => {
    const { near, atFar } = between({ policy: () => ({ kind: 'flip' }) });
    await sendAll(near, ['', new Uint8Array(0)]);
    expect(atFar).toEqual(['', new Uint8Array(0)]);
  });

  it('delays a message and all behind it, by the clock', async () => {
    const clock = fakeClock();
    const { near, far, atFar, atNear } = between({
      clock,
      plan: [{ direction: 'to-far', index: 1, action: { kind: 'delay', ms: 50 } }],
    });
    await sendAll(near, ['a', 'b', 'c']);
    await sendAll(far, ['other way']);
    clock.advance(49);
    await settle();
    expect([atFar, atNear]).toEqual([['a'], ['other way']]);
    clock.advance(1);
    await sendAll(near, ['d']);
    expect(atFar).toEqual(['a', 'b', 'c', 'd']);
  });

  it('holds a direction until it is released, while what it injects goes through', async () => {
    const { near, link, atFar } = between({ plan: [{ direction: 'to-far', index: 1, action: { kind: 'hold' } }] });
    await sendAll(near, ['a', 'b', 'c']);
    link.inject('to-far', 'x');
    link.release('to-near');
    await settle();
    expect(atFar).toEqual(['a', 'x']);
    link.release('to-far');
    await sendAll(near, ['d']);
    expect(atFar).toEqual(['a', 'x', 'b', 'c', 'd']);
  });

  it('replays what it has recorded, byte for byte', async () => {
    const { near, link, atFar } = between();
    const bytes = Uint8Array.of(1, 2, 3);
    await sendAll(near, [bytes]);
    (atFar[0] as Uint8Array).fill(0);
    bytes.fill(0);
    link.inject('to-far', link.log[0]?.message as Message);
    await settle();
    expect(atFar[1]).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('passes on a polite end after everything it kept back', async () => {
    const { near, far, atFar } = between({
      plan: [
        { direction: 'to-far', index: 0, action: { kind: 'reorder', by: 9 } },
        { direction: 'to-far', index: 1, action: { kind: 'hold' } },
      ],
    });
    near.send('a');
    near.send('b');
    near.close(4001, 'bye');
    expect(await near.closed).toMatchObject({ code: 4001, clean: true });
    expect(await far.closed).toMatchObject({ code: 4001, reason: 'bye', clean: true });
    expect(atFar).toEqual(['b', 'a']);
  });

  it('passes on a loss, and loses both sides when cut', async () => {
    for (const lose of ['near', 'far', 'link'] as const) {
      const { near, far, link } = between();
      if (lose === 'link') link.cut();
      else (lose === 'near' ? near : far).abort();
      expect((await near.closed).clean).toBe(false);
      expect((await far.closed).clean).toBe(false);
      link.inject('to-far', 'too late');
    }
  });

  it('does not keep more than 16 MiB back', async () => {
    const { near, far } = between({ policy: () => ({ kind: 'hold' }) });
    for (let i = 0; i < 17; i++) {
      near.send(new Uint8Array(1_048_576));
      await near.drained({ belowBytes: 0 });
    }
    expect((await far.closed).clean).toBe(false);
  });

  it('has ends to dial and accept on, with the preamble as the first message', async () => {
    const link = hostileLink();
    const [transport, call] = await Promise.all([link.near.dial(OFFER), link.far.accept(OFFER)]);
    expect(call.callerDid).toBe(OFFER.callerDid);
    expect(link.log[0]?.message).toBe('agent-phone.v1 did:key:z6Mk');
    transport.close();
    expect((await call.transport.closed).clean).toBe(true);
  });

  it('can put another caller in the preamble', async () => {
    const message = 'agent-phone.v1 did:key:z6Evil';
    const link = hostileLink({ plan: [{ direction: 'to-far', index: 0, action: { kind: 'replace', message } }] });
    const [, call] = await Promise.all([link.near.dial(OFFER), link.far.accept(OFFER)]);
    expect(call.callerDid).toBe('did:key:z6Evil');
  });
});
