import { describe, expect, it } from 'vitest';
import { delayedPair } from '../../src/testing/delayed-pair.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import type { Message } from '../../src/transport/contract.js';

describe('delayed pair', () => {
  it('moves one thing at a time, in the order sent, whichever way it goes', () => {
    const pair = delayedPair({ held: true });
    const [near, far] = pair.transports;
    const log: Message[] = [];
    near.receive((message) => log.push(message));
    far.receive((message) => log.push(message));
    near.send('a');
    far.send('b');
    near.send('c');
    expect([pair.waiting, log]).toEqual([3, []]);
    expect(pair.step()).toBe(1);
    expect(log).toEqual(['a']);
    expect(pair.step(5)).toBe(2);
    expect([pair.waiting, pair.step(), log]).toEqual([0, 0, ['a', 'b', 'c']]);
  });

  it('flushes also what the flush causes', () => {
    const pair = delayedPair({ held: true });
    const [near, far] = pair.transports;
    const log: Message[] = [];
    far.receive((message) => {
      if ((message as string).length < 5) far.send(`${message}.`);
    });
    near.receive((message) => {
      log.push(message);
      near.send(message);
    });
    near.send('');
    pair.flush();
    expect(log).toEqual(['.', '..', '...', '....', '.....']);
  });

  it('does not flush for ever', () => {
    const pair = delayedPair({ held: true });
    const [near, far] = pair.transports;
    far.receive((message) => far.send(message));
    near.receive((message) => near.send(message));
    near.send('');
    expect(() => pair.flush()).toThrow(RangeError);
  });

  it('flows by itself until held, and again when released', async () => {
    const pair = delayedPair();
    const [near, far] = pair.transports;
    const log: Message[] = [];
    far.receive((message) => log.push(message));
    near.send('a');
    await near.drained({ belowBytes: 0 });
    pair.hold();
    near.send('b');
    near.send('c');
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(log).toEqual(['a']);
    pair.step();
    expect(log).toEqual(['a', 'b']);
    pair.release();
    await near.drained({ belowBytes: 0 });
    expect(log).toEqual(['a', 'b', 'c']);
  });

  it('is late by the clock', async () => {
    const clock = fakeClock();
    const pair = delayedPair({ clock, delayMs: 100, held: true });
    const [near, far] = pair.transports;
    const log: Message[] = [];
    far.receive((message) => log.push(message));
    near.send('a');
    clock.advance(60);
    near.send('b');
    clock.advance(39);
    expect([pair.flush(), pair.waiting]).toEqual([0, 2]);
    clock.advance(1);
    expect([pair.flush(), pair.waiting, log]).toEqual([1, 1, ['a']]);
    clock.advance(60);
    expect([pair.flush(), log]).toEqual([1, ['a', 'b']]);
  });

  it('closes and answers in steps of their own', async () => {
    const pair = delayedPair({ held: true });
    const [near, far] = pair.transports;
    far.receive(() => {});
    near.send('last');
    near.close(4001);
    expect(pair.waiting).toBe(2);
    pair.step(2);
    expect((await far.closed).code).toBe(4001);
    expect(pair.waiting).toBe(1);
    pair.step();
    expect((await near.closed).clean).toBe(true);
  });

  it('skips what an abort has dropped', async () => {
    const pair = delayedPair({ held: true });
    const [near, far] = pair.transports;
    far.receive(() => expect.unreachable());
    near.send('a');
    near.send('b');
    near.abort();
    expect(pair.waiting).toBe(1);
    expect(pair.flush()).toBe(1);
    expect((await far.closed).clean).toBe(false);
  });

  it('gives up after 3 s on a close that never crosses', async () => {
    const clock = fakeClock();
    const pair = delayedPair({ clock, held: true });
    const [near] = pair.transports;
    near.close();
    clock.advance(3000);
    expect((await near.closed).clean).toBe(false);
  });

  it('loses both ends at once when cut', async () => {
    const pair = delayedPair();
    const [near, far] = pair.transports;
    near.send('a');
    far.receive(() => expect.unreachable());
    pair.cut();
    expect((await near.closed).clean).toBe(false);
    expect((await far.closed).clean).toBe(false);
  });

  it('can be dialled', async () => {
    const pair = delayedPair({ held: true });
    const offer = { subprotocol: 'p', callerDid: 'd' };
    await pair.near.dial(offer);
    const accepted = pair.far.accept(offer);
    pair.flush();
    expect((await accepted).callerDid).toBe('d');
  });

  it('checks its options', () => {
    expect(() => delayedPair({ delayMs: -1 })).toThrow(RangeError);
    expect(() => delayedPair({ delayMs: '1' as never })).toThrow(TypeError);
  });
});
