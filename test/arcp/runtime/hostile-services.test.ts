// Clients that use what the services keep for them against the runtime, its host, or whoever else is there.

import { describe, expect, test } from 'vitest';
import { ArcpError } from '../../../src/arcp/errors.js';
import { permissionService } from '../../../src/arcp/runtime/human/permissions.js';
import { promptService } from '../../../src/arcp/runtime/human/prompts.js';
import { type StreamServiceOptions, streamService } from '../../../src/arcp/runtime/streams/streams-service.js';
import { subscriptionService } from '../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import { printable } from '../../../src/bytes/printable.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import { unhandledDuring } from '../../support/unhandled.js';
import { type RawPeer, settle, testRuntime } from '../support/raw-peer.js';

const BOB = { auth: { scheme: 'bearer', token: 'tok-bob' } };
/** What a terminal would act on: an escape sequence, a line of its own, and text that runs backwards. */
const UGLY = '\u001b[2J\r\nroot# \u202egnp.exe\u0007';
/** What of a text a terminal would act on. */
const actedOn = (text: string) => [...text].filter((character) => printable(character) !== character);

const codesOf = (peer: RawPeer) =>
  peer
    .since()
    .filter(({ type }) => type === 'nack' || type === 'stream.error')
    .map(({ type, payload }) => `${type} ${payload.code}`);

describe('R4: streams outside of jobs, where the host’s taker fails', () => {
  const failing: readonly (readonly [string, StreamServiceOptions['onStream'], string, number])[] = [
    [
      'by throwing',
      () => {
        throw new Error('secret');
      },
      'INTERNAL',
      1,
    ],
    ['by rejecting', () => Promise.reject(new Error('secret')), 'INTERNAL', 1],
    ['by refusing', () => Promise.reject(new ArcpError('PERMISSION_DENIED', 'no')), 'PERMISSION_DENIED', 0],
  ];

  test.each(failing)(
    '%s: each is answered once, none keeps a place, nothing is unhandled',
    async (_how, onStream, code, told) => {
      const { session, faults } = testRuntime({ services: [streamService({ onStream })], limits: { maxStreams: 2 } });
      const peer = await session();
      const unhandled = await unhandledDuring(async () => {
        for (let i = 0; i < 10; i++) {
          peer.send('stream.open', { kind: 'text' }, { stream_id: `str_${i}` });
          await settle(1);
          peer.send('stream.chunk', { sequence: 0, data: 'x' }, { stream_id: `str_${i}` });
        }
        await settle();
      });
      expect(unhandled).toEqual([]);
      expect(codesOf(peer)).toEqual(Array.from({ length: 10 }, () => `stream.error ${code}`));
      expect(faults.map(({ where }) => where)).toEqual(Array.from({ length: 10 * told }, () => 'onStream'));
      expect(peer.texts.join()).not.toContain('secret');
    },
  );

  test('reads a stream that its client breaks: the host’s log is not the client’s to fill', async () => {
    const { session, faults } = testRuntime({
      services: [
        streamService({
          onStream: async (_session, stream) => {
            for await (const _ of stream);
          },
        }),
      ],
    });
    const peer = await session();
    const unhandled = await unhandledDuring(async () => {
      peer.send('stream.open', { kind: 'text' }, { stream_id: 'str_1' });
      peer.send('stream.chunk', { sequence: 5, data: 'x' }, { stream_id: 'str_1' });
      peer.send('stream.open', { kind: 'text' }, { stream_id: 'str_2' });
      peer.send('stream.error', { code: 'ABORTED', message: 'mine' }, { stream_id: 'str_2' });
      await settle();
    });
    expect([unhandled, faults]).toEqual([[], []]);
    expect(codesOf(peer)).toEqual(['stream.error DATA_LOSS']);
  });
});

describe('R4: what a client makes the runtime keep', () => {
  test('of the names of a stream is 255 characters, and not 256', async () => {
    const { session } = testRuntime({ services: [streamService()] });
    const peer = await session();
    const open = (fields: JsonObject, stream_id: string) =>
      peer.send('stream.open', { kind: 'text', ...fields }, { stream_id });
    open({ content_type: 'x'.repeat(255), encoding: 'x'.repeat(255) }, 'str_1');
    open({ content_type: 'x'.repeat(256) }, 'str_2');
    open({ encoding: 'x'.repeat(256) }, 'str_3');
    await settle();
    expect(codesOf(peer)).toEqual(['nack INVALID_ARGUMENT', 'nack INVALID_ARGUMENT']);
  });

  test('of streams that a job has not asked for is 16, and not 17; each that it takes makes room', async () => {
    let takeOne = () => {};
    const lazy: Tool = {
      name: 'lazy',
      handler: async (_args, { acceptStream, signal }) => {
        takeOne = () => void acceptStream();
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      },
    };
    const { session } = testRuntime({ tools: [lazy], services: [streamService()] });
    const peer = await session();
    const { job_id } = await peer.answerTo(peer.send('tool.invoke', { tool: 'lazy', arguments: null }));
    let number = 0;
    const open = () => peer.send('stream.open', { kind: 'text' }, { stream_id: `str_${++number}`, job_id });
    for (let i = 0; i < 16; i++) open();
    await settle();
    expect(codesOf(peer)).toEqual([]);
    open();
    await settle();
    expect(codesOf(peer)).toEqual(['nack RESOURCE_EXHAUSTED']);
    takeOne();
    open();
    await settle();
    expect(codesOf(peer)).toEqual(['nack RESOURCE_EXHAUSTED']);
  });

  test('of a thought whose data is empty counts its content: it cannot wait beside the bounds', async () => {
    const waiting: Tool = {
      name: 'wait',
      handler: (_args, { signal }) => new Promise((_, no) => signal.addEventListener('abort', no)),
    };
    const { session } = testRuntime({ tools: [waiting], services: [streamService()] });
    const peer = await session();
    const { job_id } = await peer.answerTo(peer.send('tool.invoke', { tool: 'wait', arguments: null }));
    peer.send('stream.open', { kind: 'thought' }, { stream_id: 'str_1', job_id });
    const content = 'x'.repeat(4_194_304);
    for (let sequence = 0; sequence < 3; sequence++) {
      peer.send('stream.chunk', { sequence, data: '', content }, { stream_id: 'str_1' });
      await settle();
    }
    await peer.until('stream.error');
    expect(codesOf(peer)).toEqual(['stream.error BACKPRESSURE_OVERFLOW']);
  });

  test('of a filter is 65,536 characters in all, and not 65,537', async () => {
    const { session } = testRuntime({ services: [subscriptionService()] });
    const peer = await session();
    const ask = async (...lengths: readonly number[]) => {
      const types = lengths.map((length) => 'x'.repeat(length));
      const { type, payload } = await peer.answerTo(peer.send('subscribe', { filter: { types } }));
      return type === 'nack' ? payload.code : type;
    };
    expect(await ask(65_000, 536)).toBe('subscribe.accepted');
    expect(await ask(65_000, 537)).toBe('INVALID_ARGUMENT');
  });

  test('of subscriptions is what its principal may have, also where all its sessions ask at once', async () => {
    const { session } = testRuntime({
      services: [subscriptionService({ mayObserveAll: ({ principal }) => principal === 'bob' })],
      limits: { maxSubscriptionsPerPrincipal: 6, maxSubscriptions: 4 },
    });
    const peers = await Promise.all([session(), session(), session()]);
    const others = await Promise.all([session(BOB), session(BOB)]);
    // Each names its own session, so that each is looked up, which takes a turn.
    for (const peer of [...peers, ...others]) {
      for (let i = 0; i < 4; i++) peer.send('subscribe', { filter: { session_id: [peer.sessionId] } });
    }
    await settle(6);
    const count = (list: readonly RawPeer[], type: string) =>
      list.flatMap((peer) => peer.types()).filter((one) => one === type).length;
    expect([count(peers, 'subscribe.accepted'), count(peers, 'nack')]).toEqual([6, 6]);
    // Those who hear everybody are counted like everybody.
    expect([count(others, 'subscribe.accepted'), count(others, 'nack')]).toEqual([6, 2]);
    // What was refused took no place, and what ends gives its own back.
    const [first] = peers as [RawPeer, ...RawPeer[]];
    const own = first.since().find(({ type }) => type === 'subscribe.accepted');
    first.send('unsubscribe', { subscription_id: own?.payload.subscription_id as string });
    expect((await first.answerTo(first.send('subscribe', {}))).type).toBe('subscribe.accepted');
    expect((await first.answerTo(first.send('subscribe', {}))).payload.code).toBe('RESOURCE_EXHAUSTED');
  });
});

describe('R5: words of a peer in errors that a tool may let through', () => {
  const tool = (run: Tool['handler']): readonly Tool[] => [{ name: 'run', handler: run }];
  const services = () => [streamService(), promptService(), permissionService()];
  const start = (peer: RawPeer) => peer.send('tool.invoke', { tool: 'run', arguments: null });

  test('with a cancelled stream, its reason, hold nothing that a terminal acts on, and 1,024 characters of it', async () => {
    const { session } = testRuntime({
      tools: tool(async (_args, { stream }) => {
        const writer = stream('text');
        await new Promise((resolve) => writer.signal.addEventListener('abort', resolve, { once: true }));
        throw writer.signal.reason;
      }),
      services: services(),
    });
    for (const reason of [UGLY, 'x'.repeat(100_000)]) {
      const peer = await session();
      start(peer);
      const { stream_id } = await peer.until('stream.open');
      peer.send('cancel', { target: 'stream', target_id: stream_id as string, reason });
      const error = await peer.until('stream.error');
      const failed = await peer.until('job.failed');
      for (const { message, code } of [error.payload, failed.payload]) {
        expect(code).toBe('CANCELLED');
        expect(actedOn(message)).toEqual([]);
        expect(message.length).toBeLessThanOrEqual(1_024);
      }
    }
  });

  test('with a stream that its receiver ended', async () => {
    const { session } = testRuntime({
      tools: tool(async (_args, { stream }) => {
        const writer = stream('text');
        await new Promise((resolve) => writer.signal.addEventListener('abort', resolve, { once: true }));
        throw writer.signal.reason;
      }),
      services: services(),
    });
    const peer = await session();
    start(peer);
    const { stream_id } = await peer.until('stream.open');
    peer.send('stream.error', { code: 'ABORTED', message: UGLY }, { stream_id });
    const { payload } = await peer.until('job.failed');
    expect(payload.code).toBe('ABORTED');
    expect(actedOn(payload.message)).toEqual([]);
  });

  test('with a denial, and with a question that was given up', async () => {
    const scope = { permission: 'shell.execute', resource: '/', operation: 'x' };
    const asked: readonly (readonly [Tool['handler'], string, string, JsonObject, string])[] = [
      [
        (_args, { requestPermission }) => requestPermission(scope).then(() => null),
        'permission.request',
        'permission.deny',
        { permission: scope.permission, reason: UGLY },
        'job.failed',
      ],
      [
        (_args, { requestInput }) => requestInput({ prompt: '?', schema: true }),
        'human.input.request',
        'human.input.cancelled',
        { code: `arcpx.${UGLY}` },
        'job.cancelled',
      ],
    ];
    for (const [run, request, type, payload, end] of asked) {
      const { session } = testRuntime({ tools: tool(run), services: services() });
      const peer = await session();
      start(peer);
      const { id } = await peer.until(request);
      peer.send(type, payload, { correlation_id: id });
      const ended = await peer.until(end);
      expect(actedOn(ended.payload.message ?? ended.payload.reason)).toEqual([]);
    }
  });
});

describe('whoever interrupts a job', () => {
  test('gets an answer through to a listener that rejects, and the process lives', async () => {
    const { session, faults } = testRuntime({
      tools: [
        {
          name: 'run',
          handler: (_args, { onInterrupt, signal }) => {
            onInterrupt(async () => {
              throw new Error('secret');
            });
            return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null)));
          },
        },
      ],
      services: [promptService()],
    });
    const peer = await session();
    const { job_id } = await peer.answerTo(peer.send('tool.invoke', { tool: 'run', arguments: null }));
    await settle();
    const unhandled = await unhandledDuring(async () => {
      peer.send('interrupt', { target: 'job', target_id: job_id as string, prompt: 'wait' });
      const { id } = await peer.until('human.input.request');
      const answer = { value: 1, responded_by: 'web', responded_at: '2026-03-02T08:15:50Z' };
      peer.send('human.input.response', answer, { correlation_id: id });
      await settle();
    });
    expect(unhandled).toEqual([]);
    expect(faults.map(({ where }) => where)).toEqual(['onInterrupt']);
  });
});
