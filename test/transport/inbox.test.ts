import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/transport/contract.js';
import { Inbox } from '../../src/transport/inbox.js';

function inbox(maxBytes = 100) {
  const faults: unknown[] = [];
  return { box: new Inbox(maxBytes, (cause) => faults.push(cause)), faults };
}

describe('inbox', () => {
  it('keeps messages up to the limit and refuses one byte more', () => {
    const { box, faults } = inbox(10);
    box.push(new Uint8Array(6));
    box.push('ab');
    expect(faults).toEqual([]);
    box.push(new Uint8Array(1));
    expect(faults).toMatchObject([{ code: 'ERR_LIMIT_EXCEEDED', allowed: 10, seen: 11 }]);
    const got: Message[] = [];
    box.receive((message) => got.push(message));
    expect(got).toEqual([]);
  });

  it('counts a message taken out no longer', () => {
    const { box, faults } = inbox(10);
    for (let i = 0; i < 100; i++) {
      box.push(new Uint8Array(10));
      box.takeNext(() => {});
    }
    expect(faults).toEqual([]);
  });

  it('keeps 4,096 messages and not one more, however short', () => {
    const { box, faults } = inbox();
    for (let i = 0; i < 4096; i++) box.push('');
    expect(faults).toEqual([]);
    box.push('');
    expect(faults).toMatchObject([{ code: 'ERR_LIMIT_EXCEEDED', allowed: 4096, seen: 4097 }]);
  });

  it('delivers what the listener causes after it has returned, in order', () => {
    const { box } = inbox();
    const log: string[] = [];
    box.receive((message) => {
      log.push(`<${message}`);
      if (message === 'a') {
        box.push('b');
        box.push('c');
      }
      log.push(`${message}>`);
    });
    box.push('a');
    expect(log.join(' ')).toBe('<a a> <b b> <c c>');
  });

  it('bounds what a listener can pile up in front of itself', () => {
    const { box, faults } = inbox(10);
    box.receive(() => {
      box.push(new Uint8Array(8));
      box.push(new Uint8Array(8));
    });
    box.push('');
    expect(faults).toMatchObject([{ code: 'ERR_LIMIT_EXCEEDED' }]);
  });

  it('stops in the middle of what waits', () => {
    const { box } = inbox();
    const got: Message[] = [];
    for (const message of ['a', 'b', 'c']) box.push(message);
    box.receive((message) => {
      got.push(message);
      if (message === 'b') box.stop();
    });
    box.push('d');
    expect(got).toEqual(['a', 'b']);
  });

  it('hands what a listener throws to its owner, once, and goes silent', () => {
    const { box, faults } = inbox();
    const error = new Error('no');
    let calls = 0;
    box.receive(() => {
      calls++;
      throw error;
    });
    box.push('a');
    box.push('b');
    expect(faults).toEqual([error]);
    expect(calls).toBe(1);
  });

  it('gives the first message to whoever asked, the rest to the listener', () => {
    const { box } = inbox();
    const first: Message[] = [];
    box.takeNext((message) => first.push(message));
    box.push('a');
    box.push('b');
    const rest: Message[] = [];
    box.receive((message) => rest.push(message));
    box.push('c');
    expect([first, rest]).toEqual([['a'], ['b', 'c']]);
  });

  it('keeps a message for the listener when the request for it was taken back', () => {
    const { box } = inbox();
    const cancel = box.takeNext(() => expect.unreachable());
    cancel();
    box.push('a');
    const got: Message[] = [];
    box.receive((message) => got.push(message));
    expect(got).toEqual(['a']);
  });

  it('says when it is empty: at once, after the listener, or after the last message was taken', () => {
    const log: string[] = [];
    const idle = inbox().box;
    expect(idle.whenEmpty(() => log.push('idle'))).toBe(true);

    const waiting = inbox().box;
    waiting.push('a');
    expect(waiting.whenEmpty(() => log.push('received'))).toBe(false);
    waiting.receive((message) => log.push(`got ${message}`));

    const taken = inbox().box;
    taken.push('b');
    taken.whenEmpty(() => log.push('taken'));
    taken.takeNext((message) => log.push(`took ${message}`));

    const busy = inbox().box;
    busy.receive(() => {
      busy.whenEmpty(() => log.push('after'));
      log.push('during');
    });
    busy.push('c');
    expect(log).toEqual(['idle', 'got a', 'received', 'took b', 'taken', 'during', 'after']);
  });
});
