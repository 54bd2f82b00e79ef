// The transport that speaks frames: what passes through it as it is.

import { describe, expect, test } from 'vitest';
import { SidecarTransport } from '../../../src/arcp/sidecar/sidecar-transport.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import type { Message } from '../../../src/transport/contract.js';
import { memoryTransports } from '../../../src/transport/memory.js';
import { settle } from '../support/raw-peer.js';
import { changed } from './bench.js';
import { announced, chunkText, openText, pattern, putText } from './messages.js';

function pair() {
  const [near, far] = memoryTransports();
  const received: Message[] = [];
  near.receive((message) => received.push(message));
  return { near, received, transport: new SidecarTransport(far) };
}

describe('before frames are spoken', () => {
  test('texts go as they are, both ways, whatever they say', async () => {
    const { near, received, transport } = pair();
    const heard: string[] = [];
    transport.receive((text) => heard.push(text));
    const [announcement, frame] = announced(chunkText('str_1', 0, pattern(3)), pattern(3)) as [string, Uint8Array];
    const texts = [openText('str_1'), chunkText('str_1', 0, pattern(3)), putText('msg_1', pattern(3)), announcement];
    for (const text of texts) {
      transport.send(text);
      near.send(text);
      near.send(frame);
    }
    await settle();
    expect([received, heard]).toEqual([texts, texts]);
    expect([transport.isOn, transport.isPending]).toEqual([false, false]);
  });

  test('what was opened then is not remembered: its chunks go in base64', async () => {
    const { received, transport } = pair();
    transport.send(openText('str_1'));
    transport.accepted({ binary_encoding: ['base64'] });
    expect(transport.isOn).toBe(false);
    transport.accepted({ binary_encoding: ['base64', 'sidecar'] });
    expect(transport.isOn).toBe(true);
    transport.send(chunkText('str_1', 0, pattern(3)));
    transport.send(chunkText('str_2', 0, pattern(3)));
    await settle();
    expect(received).toEqual([openText('str_1'), chunkText('str_1', 0, pattern(3)), chunkText('str_2', 0, pattern(3))]);
  });
});

describe('at any time', () => {
  test('room, ends and their reasons are those of the transport below', async () => {
    const { near, transport } = pair();
    transport.turnOn();
    transport.send(putText('msg_1', pattern(1_000_000)));
    expect(transport.bufferedBytes).toBeGreaterThan(1_000_000);
    await transport.drained({ belowBytes: 0 });
    expect(transport.bufferedBytes).toBe(0);
    transport.close(4_001, 'enough');
    expect(await transport.closed).toMatchObject({ code: 4_001, reason: 'enough', clean: true });
    expect(await near.closed).toMatchObject({ code: 4_001, reason: 'enough', clean: true });
    expect(() => transport.send('{}')).toThrow(expect.objectContaining({ code: 'ERR_CHANNEL_CLOSED' }));
  });

  test('an abort is one', async () => {
    const { near, transport } = pair();
    transport.abort();
    expect((await near.closed).clean).toBe(false);
    expect((await transport.closed).clean).toBe(false);
  });

  test('bytes that somebody sends on it go as they are', async () => {
    const { received, transport } = pair();
    transport.turnOn();
    transport.send(pattern(3));
    await settle();
    expect(received).toEqual([pattern(3)]);
  });

  test('no timer is left once the connection has ended', async () => {
    const clock = fakeClock();
    let timers = 0;
    const counted = {
      ...clock,
      setTimer(callback: () => void, delayMs: number) {
        timers++;
        const cancel = clock.setTimer(callback, delayMs);
        let isOver = false;
        return () => {
          if (!isOver) timers--;
          isOver = true;
          cancel();
        };
      },
    };
    const [near, far] = memoryTransports();
    const transport = new SidecarTransport(far, { clock: counted });
    transport.turnOn();
    transport.receive(() => {});
    const [announcement] = announced(putText('msg_1', pattern(3)), pattern(3));
    near.send(announcement);
    await settle();
    expect([timers, transport.isPending]).toEqual([1, true]);
    near.close();
    await transport.closed;
    await settle();
    expect(timers).toBe(0);
  });

  test('bytes of a frame are kept, whatever the transport below does with them afterwards', async () => {
    const [near, far] = memoryTransports();
    let listener: (message: Message) => void = () => {};
    const receive = (given: (message: Message) => void) => {
      listener = given;
    };
    const transport = new SidecarTransport(changed(far, { receive }));
    transport.turnOn();
    const heard: string[] = [];
    transport.receive((text) => heard.push(text));
    const [announcement, first, second] = announced(putText('msg_1', pattern(6)), pattern(6), [3]) as [
      string,
      Uint8Array,
      Uint8Array,
    ];
    listener(announcement);
    listener(first);
    first.fill(0xee);
    listener(second);
    expect(JSON.parse(heard[0] as string)).toEqual(JSON.parse(putText('msg_1', pattern(6))));
    near.abort();
  });
});
