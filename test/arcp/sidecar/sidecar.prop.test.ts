// Any binary data, cut into any frames, comes out as it went in; and whatever is done to frames on their way, the peer is
// closed or answered, and no stream gets what is not its own.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeFrame, encodeFrame } from '../../../src/arcp/sidecar/frame.js';
import { IncomingJoin } from '../../../src/arcp/sidecar/incoming.js';
import { OutgoingSplit } from '../../../src/arcp/sidecar/outgoing.js';
import { seededNumbers } from '../../contracts/check.js';
import { settle } from '../support/raw-peer.js';
import { sidecarBench, WITH_SIDECAR } from './bench.js';
import { announced, chunkText, openText, putText, streamText, type WireMessage } from './messages.js';

const LONG = process.env.RINGLINE_LONG === '1';

/** What a connection says: streams, with and without frames, artifacts, and other things, in any order. */
const script = fc.array(
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('open' as const),
        stream: fc.nat(3),
        encoding: fc.constantFrom('sidecar', 'base64'),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('chunk' as const),
        stream: fc.nat(3),
        bytes: fc.uint8Array({ maxLength: 300 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), stream: fc.nat(3) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('put' as const), bytes: fc.uint8Array({ maxLength: 300 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('event' as const), text: fc.string({ unit: 'binary' }) }) },
  ),
  { maxLength: 30 },
);

test('what is split and joined is what was said, whatever frames it goes in', () => {
  fc.assert(
    fc.property(script, fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 6 }), (steps, cuts) => {
      const split = new OutgoingSplit();
      const join = new IncomingJoin(8_388_608);
      const said: unknown[] = [];
      const heard: unknown[] = [];
      const frames = { split: 0 };
      steps.forEach((step, i) => {
        const text =
          step.kind === 'open'
            ? openText(`str_${step.stream}`, step.encoding)
            : step.kind === 'chunk'
              ? chunkText(`str_${step.stream}`, i, step.bytes)
              : step.kind === 'close'
                ? streamText('stream.close', `str_${step.stream}`, {})
                : step.kind === 'put'
                  ? putText(`msg_${i}`, step.bytes)
                  : streamText('event.emit', 'str_1', { name: 'x', data: step.text });
        said.push(JSON.parse(text));
        let messages: readonly WireMessage[] = split.split(text) ?? [text];
        if (messages.length > 1 && 'bytes' in step) {
          frames.split += messages.length - 1;
          // Another sender may cut otherwise.
          messages = announced(text, step.bytes, cuts);
        }
        for (const message of messages) {
          const verdict = typeof message === 'string' ? join.takeText(message) : join.takeBytes(message);
          if (verdict.kind === 'broken') throw new Error(verdict.reason);
          if (verdict.kind === 'text') heard.push(JSON.parse(verdict.text));
        }
      });
      expect(heard).toEqual(said);
      expect(frames.split).toBeGreaterThanOrEqual(steps.filter(({ kind }) => kind === 'put').length);
    }),
    { numRuns: LONG ? 5_000 : 500 },
  );
});

type Random = (bound: number) => number;

/** One way to spoil a sequence of messages. */
type Spoil = (messages: WireMessage[], random: Random) => void;

const at = (messages: readonly unknown[], random: Random) => random(messages.length);
const frameAt = (messages: readonly WireMessage[], random: Random) => {
  const places = messages.flatMap((message, i) => (typeof message === 'string' ? [] : [i]));
  return places[at(places, random)] as number;
};
const textAt = (messages: readonly WireMessage[], random: Random) => {
  const places = messages.flatMap((message, i) => (typeof message === 'string' ? [i] : []));
  return places[at(places, random)] as number;
};

const SPOILS: readonly Spoil[] = [
  // A byte of a head turned. What data says is for its hash.
  (messages, random) => {
    const i = frameAt(messages, random);
    const frame = (messages[i] as Uint8Array).slice();
    if (frame.length === 0) return;
    (frame[random(Math.min(21, frame.length))] as number) ^= 1 + random(255);
    messages[i] = frame;
  },
  (messages, random) => {
    const i = frameAt(messages, random);
    messages[i] = (messages[i] as Uint8Array).slice(0, random((messages[i] as Uint8Array).length));
  },
  (messages, random) => {
    const i = frameAt(messages, random);
    const data = new Uint8Array((messages[i] as Uint8Array).length + 1 + random(5));
    data.set(messages[i] as Uint8Array);
    messages[i] = data;
  },
  (messages, random) => void messages.splice(at(messages, random), 1),
  (messages, random) => {
    const i = at(messages, random);
    messages.splice(at(messages, random), 0, messages[i] as WireMessage);
  },
  (messages, random) => {
    const [i, k] = [at(messages, random), at(messages, random)];
    [messages[i], messages[k]] = [messages[k] as WireMessage, messages[i] as WireMessage];
  },
  (messages, random) => {
    const [from] = messages.splice(at(messages, random), 1);
    messages.splice(at(messages, random), 0, from as WireMessage);
  },
  // The frame of another place.
  (messages, random) => {
    const i = frameAt(messages, random);
    const frame = decodeFrame(messages[i] as Uint8Array);
    if (frame === undefined) return;
    const change = [
      { name: 'str_b' },
      { kind: 'chunk' as const, sequence: frame.sequence + 1 },
      { index: frame.index + 1 },
      { kind: 'chunk' as const },
    ];
    messages[i] = encodeFrame({ ...frame, ...change[at(change, random)] });
  },
  // A number of a text, or a letter of it.
  (messages, random) => {
    const i = textAt(messages, random);
    messages[i] = (messages[i] as string).replace(/"(frames|size|sequence)":\d+/, (_all, name) => {
      const values = ['0', '-1', '1e9', '9007199254740991', '"3"', 'null', '2', '7'];
      return `"${name}":${values[at(values, random)]}`;
    });
  },
  (messages, random) => {
    const i = textAt(messages, random);
    const text = messages[i] as string;
    const place = at([...text], random);
    messages[i] = `${text.slice(0, place)}${String.fromCharCode(32 + random(95))}${text.slice(place + 1)}`;
  },
  (messages, random) => void messages.splice(at(messages, random), 0, '{"arcp":"1.0"}'),
  (messages, random) => void messages.splice(at(messages, random), 0, new Uint8Array(random(40))),
];

/** Two streams whose bytes say whose they are, an artifact between them, and frames of several sizes. */
function honest(): WireMessage[] {
  const a = (size: number) => new Uint8Array(size).fill(0xaa);
  const b = (size: number) => new Uint8Array(size).fill(0xbb);
  let number = 0;
  const own = (messages: readonly WireMessage[]) =>
    messages.map((message) =>
      typeof message === 'string' ? message.replace(/"id":"msg_of_[^"]*"/, `"id":"msg_m${++number}"`) : message,
    );
  return own([
    openText('str_a'),
    openText('str_b'),
    ...announced(chunkText('str_a', 0, a(9)), a(9), [4, 2]),
    ...announced(chunkText('str_b', 0, b(5)), b(5)),
    ...announced(putText('msg_put', a(7)), a(7), [3]),
    ...announced(chunkText('str_b', 1, b(8)), b(8), [1]),
    ...announced(chunkText('str_a', 1, a(0)), a(0)),
    ...announced(chunkText('str_a', 2, a(6)), a(6), [5]),
  ]);
}

test('2,400 spoiled sequences end in a close or an answer, and no stream gets the bytes of another', {
  timeout: 120_000,
}, async () => {
  const random = seededNumbers(20_261_126);
  const outcomes = { closed: 0, answered: 0, refused: 0 };
  const runs = LONG ? 24_000 : 2_400;
  const perRuntime = 100;
  for (let run = 0; run < runs; run += perRuntime) {
    const bench = sidecarBench();
    const wired: ReturnType<typeof bench.wired>[] = [];
    // One after the other: so many strangers at once are turned away.
    for (let i = 0; i < perRuntime; i++) {
      const next = bench.wired();
      await next.peer.open({ capabilities: WITH_SIDECAR });
      wired.push(next);
    }
    await Promise.all(
      wired.map(async ({ peer, near }, i) => {
        const messages = honest();
        // The first of each hundred is left as it is, so that there is something to spoil.
        const times = i === 0 ? 0 : 1 + random(3);
        for (let k = 0; k < times; k++) (SPOILS[at(SPOILS, random)] as Spoil)(messages, random);
        let isOpen = true;
        void near.closed.then(() => {
          isOpen = false;
        });
        for (const message of messages) if (isOpen) near.send(message);
        const ping = peer.send('ping');
        await settle();
        const nacked = peer.types().filter((type) => type === 'nack' || type === 'stream.error').length;
        if (isOpen) {
          // What waits for its frames is waited for: the next text ends that.
          expect((await peer.answerTo(ping)).type).toBe('pong');
          outcomes.answered++;
          if (nacked > 0) outcomes.refused++;
        } else {
          expect(await near.closed).toMatchObject({ clean: true, code: 1008 });
          outcomes.closed++;
        }
      }),
    );
    // The artifact is hashed first, which takes as long as it takes.
    await expect.poll(() => wired[0]?.peer.types().toSorted()).toEqual(['artifact.ref', 'pong']);
    expect(bench.faults).toEqual([]);
    for (const { id, chunks } of bench.heard) {
      const others = new Set(chunks.flatMap((chunk) => [...chunk]));
      others.delete(id === 'str_a' ? 0xaa : 0xbb);
      // Spoiled lengths may read the end of a head as data, never another stream's.
      expect(others.has(id === 'str_a' ? 0xbb : 0xaa)).toBe(false);
    }
    await bench.runtime.close();
  }
  // Each way out is taken often: nothing here is vacuous.
  expect(outcomes.closed).toBeGreaterThan(runs / 4);
  expect(outcomes.answered).toBeGreaterThan(runs / 20);
  expect(outcomes.refused).toBeGreaterThan(runs / 100);
});
