// A runtime in a Durable Object: what its clients see while it hibernates, is torn down, and comes up again.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { artifactService } from '../../src/arcp/runtime/artifacts/artifacts-service.js';
import { bearerTokens, noAuthentication } from '../../src/arcp/runtime/authenticator.js';
import { promptService } from '../../src/arcp/runtime/human/prompts.js';
import { createRuntime, type RuntimeOptions } from '../../src/arcp/runtime/runtime.js';
import { scheduleService } from '../../src/arcp/runtime/schedules/schedule.js';
import { streamService } from '../../src/arcp/runtime/streams/streams-service.js';
import { subscriptionService } from '../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import type { ToolContext } from '../../src/arcp/runtime/tool-context.js';
import type { Tool } from '../../src/arcp/runtime/tools.js';
import type { ArcpHostOptions } from '../../src/host/arcp-desk.js';
import { type ArcpObjectOptions, arcpDurableObject, routeToArcpObject } from '../../src/host/arcp-durable-object.js';
import { socketTransport, type WebSocketLike } from '../../src/transport/socket-transport.js';
import { ALL_CAPABILITIES, type OpenFields, RawPeer, type Received, TOKENS } from '../arcp/support/raw-peer.js';
import { seededNumbers } from '../contracts/check.js';
import { DurableWorld, turns } from '../support/durable-object.js';
import { upgradeRequest } from './socket-pair.js';

class UpgradeResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly webSocket: unknown;

  constructor(_body: unknown, init: { status: number; headers?: Record<string, string>; webSocket?: unknown }) {
    this.status = init.status;
    this.headers = new Headers(init.headers);
    this.webSocket = init.webSocket;
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
});

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** What a tool that waits waits for: outside of the object, as a service far away would be. */
const outside = { contexts: [] as ToolContext[], ends: [] as (() => void)[] };

const tools: readonly Tool[] = [
  { name: 'echo', handler: (args) => args },
  {
    name: 'wait',
    handler(_args, context) {
      outside.contexts.push(context);
      return new Promise((resolve) => outside.ends.push(() => resolve('done')));
    },
  },
  {
    name: 'again',
    restartable: true,
    handler(_args, context) {
      outside.contexts.push(context);
      return new Promise((resolve) => outside.ends.push(() => resolve(context.restored ?? 'anew')));
    },
  },
  { name: 'ask', handler: (_args, { requestInput }) => requestInput({ prompt: 'what?', schema: {} }) },
];

interface Bench {
  readonly world: DurableWorld;
  connect(headers?: Record<string, string>): Promise<RawPeer>;
  session(fields?: OpenFields): Promise<RawPeer>;
  /** Time passes until the object sleeps, and the platform takes it out of memory. */
  hibernate(): Promise<void>;
  readonly faults: unknown[];
}

function bench(options: RuntimeOptions = {}, host: ArcpHostOptions = {}): Bench {
  const faults: unknown[] = [];
  outside.contexts.length = 0;
  outside.ends.length = 0;
  const world = new DurableWorld(({ clock, now }) => {
    const made: ArcpObjectOptions<undefined> = {
      ...host,
      clock,
      now,
      runtime: (parts) =>
        createRuntime({
          tools,
          authenticators: [bearerTokens(TOKENS)],
          services: [
            promptService(),
            streamService(),
            subscriptionService(),
            artifactService(),
            scheduleService({ leastGapSeconds: 1 }),
          ],
          onFault: (error) => faults.push(error),
          ...parts,
          ...options,
        }),
    };
    return arcpDurableObject(made);
  });
  vi.stubGlobal('WebSocketPair', world.WebSocketPair);
  vi.stubGlobal('Response', UpgradeResponse);
  const connect: Bench['connect'] = async (headers) => {
    const { socket } = await world.ask(headers);
    return new RawPeer(socketTransport(socket as WebSocketLike));
  };
  return {
    world,
    connect,
    async session(fields) {
      const peer = await connect();
      await peer.open(fields);
      return peer;
    },
    async hibernate() {
      await world.advance(15_000);
      expect(world.mayHibernate).toBe(true);
      world.evict();
    },
    faults,
  };
}

/** What a resume does not repeat: each connection's beginning, and answers that a client asks for again. */
const UNREPEATED = ['session.accepted', 'ack', 'nack', 'pong'];

/** Ids of what a session was told, in order: as the log has them. */
function told({ database }: DurableWorld, sessionId: string, { isRepeatable = false } = {}): string[] {
  const rows = database.prepare('SELECT text FROM arcp_log WHERE direction = 1 ORDER BY position').all() as {
    readonly text: string;
  }[];
  return rows
    .map(({ text }) => JSON.parse(text) as Received)
    .filter(({ session_id, type }) => session_id === sessionId && !(isRepeatable && UNREPEATED.includes(type)))
    .map(({ id }) => id);
}

const idsOf = (peer: RawPeer) => peer.received.map(({ id }) => id);

describe('a Durable Object', () => {
  it('serves a session: a job from its command to its end', async () => {
    const { world, session } = bench();
    const peer = await session();
    peer.send('tool.invoke', { tool: 'echo', arguments: { a: 1 } });
    expect((await peer.until('job.completed')).payload).toEqual({ value: { a: 1 } });
    expect(idsOf(peer)).toEqual(told(world, peer.sessionId));
  });

  it('refuses what is no upgrade, or comes from a foreign page', async () => {
    const { world } = bench({}, { allowedOrigins: ['https://app.example'] });
    expect((await world.ask({ upgrade: 'h2c' })).status).toBe(426);
    expect((await world.ask({ origin: 'https://attacker.example' })).status).toBe(403);
    expect((await world.ask({ origin: 'https://app.example' })).status).toBe(101);
  });

  it('counts its connections, also those that stood while it hibernated', async () => {
    const { world, connect, session, hibernate } = bench({}, { maxConnections: 2 });
    const peer = await session();
    await hibernate();
    await connect();
    expect((await world.ask()).status).toBe(503);
    peer.transport.close();
    await peer.closed;
    await turns();
    expect((await world.ask()).status).toBe(101);
  });

  it('[10.75] ignores a binary frame, and ends a connection at a message over the limit', async () => {
    const { session } = bench({}, { maxMessageBytes: 2_000 });
    const peer = await session();
    peer.transport.send(new TextEncoder().encode('{}'));
    const id = peer.send('ping');
    expect((await peer.until('pong')).correlation_id).toBe(id);
    peer.sendText('x'.repeat(2_001));
    expect(await peer.closed).toMatchObject({ code: 1009 });
  });

  it('checks its options', () => {
    expect(() => arcpDurableObject({} as never)).toThrow(TypeError);
    const runtime = () => createRuntime();
    expect(() => arcpDurableObject({ runtime, maxConnections: 0 })).toThrow(RangeError);
    expect(() => arcpDurableObject({ runtime, maxMessageBytes: 0 })).toThrow(RangeError);
  });
});

describe('hibernation', () => {
  it('happens when nothing runs, and a client that speaks notices nothing of it', async () => {
    const { world, session, hibernate } = bench();
    const peer = await session();
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
    await peer.until('job.completed');
    for (let round = 0; round < 3; round++) {
      await hibernate();
      expect(world.isUp).toBe(false);
      peer.send('tool.invoke', { tool: 'echo', arguments: round });
      expect((await peer.until('job.completed')).payload).toEqual({ value: round });
    }
    expect(world.boots).toBe(4);
    expect(idsOf(peer)).toEqual(told(world, peer.sessionId));
    expect(new Set(idsOf(peer)).size).toBe(idsOf(peer).length);
  });

  it('does not happen while a job runs, a human is asked, or a stream is open', async () => {
    const { world, session, hibernate } = bench();
    const peer = await session();
    const awake = async () => {
      await world.advance(120_000);
      return !world.mayHibernate;
    };
    peer.send('tool.invoke', { tool: 'wait', arguments: null });
    await peer.until('job.started');
    expect(await awake()).toBe(true);
    outside.ends[0]?.();
    await peer.until('job.completed');
    await hibernate();
    peer.send('tool.invoke', { tool: 'ask', arguments: null });
    const asked = await peer.until('human.input.request');
    expect(await awake()).toBe(true);
    const answer = { value: 1, responded_by: 'me', responded_at: '2026-03-02T08:15:42.000Z' };
    peer.send('human.input.response', answer, { correlation_id: asked.id });
    await peer.until('job.completed');
    await hibernate();
    peer.send('stream.open', { kind: 'text' }, { stream_id: 'str_1' });
    await turns();
    expect(await awake()).toBe(true);
    peer.send('stream.close', {}, { stream_id: 'str_1' });
    await turns();
    await hibernate();
    expect(idsOf(peer)).toEqual(told(world, peer.sessionId));
  });

  it('does not happen before a handshake is over, nor on a resumed session whose client has not spoken', async () => {
    const { world, connect, session } = bench();
    const peer = await session();
    await connect();
    await world.advance(5_000);
    expect(world.mayHibernate).toBe(false);
    await world.advance(10_000);
    expect(world.mayHibernate).toBe(true);
    peer.transport.abort();
    await turns();
    const again = await connect();
    await again.open({ session_id: peer.sessionId });
    await world.advance(5_000);
    expect(world.mayHibernate).toBe(false);
    await world.advance(10_000);
    expect(world.mayHibernate).toBe(true);
  });

  it('keeps a stranger without credentials, who could not come back, as long as the connection stands', async () => {
    const { world, session, hibernate } = bench({ authenticators: [noAuthentication()] });
    const peer = await session({ auth: { scheme: 'none' }, capabilities: { ...ALL_CAPABILITIES, anonymous: true } });
    await hibernate();
    peer.send('ping');
    await peer.until('pong');
    await hibernate();
    peer.transport.abort();
    await turns();
    expect(world.object.runtime.sessions()).toEqual([]);
  });

  it('lets a due schedule run at its time, and its client, who says nothing, hears of it', async () => {
    const { world, session, hibernate } = bench();
    const peer = await session();
    const job = { type: 'tool.invoke', payload: { tool: 'echo', arguments: 'late' } };
    peer.send('job.schedule', { job, when: { after: 7_200 } });
    await peer.until('job.accepted');
    await hibernate();
    await world.advance(7_100_000);
    expect(peer.types()).toEqual(['job.accepted']);
    await world.advance(100_000);
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.completed']);
    expect(peer.received.at(-1)?.timestamp).toBe('2026-03-02T10:15:42.000Z');
    expect(idsOf(peer)).toEqual(told(world, peer.sessionId));
  });

  it('wakes for schedules alone: hours of sleep cost nothing', async () => {
    const { world, session, hibernate } = bench();
    const peer = await session();
    const job = { type: 'tool.invoke', payload: { tool: 'echo', arguments: 'late' } };
    peer.send('job.schedule', { job, when: { after: 36_000 } });
    await peer.until('job.accepted');
    await hibernate();
    const { boots } = world;
    await world.advance(35_000_000);
    // Once a day it sweeps.
    expect(world.boots - boots).toBeLessThanOrEqual(1);
  });

  it('lets observers go on: they hear what others do afterwards', async () => {
    const { session, hibernate } = bench();
    const observer = await session();
    observer.send('subscribe', { filter: { types: ['job.completed'] } });
    await observer.until('subscribe.accepted');
    await hibernate();
    const peer = await session();
    peer.send('tool.invoke', { tool: 'echo', arguments: 5 });
    await peer.until('job.completed');
    expect((await observer.until('subscribe.event')).payload.event.payload).toEqual({ value: 5 });
  });

  it('does not prolong the time a session without a connection has left', async () => {
    const { world, session, hibernate, connect } = bench();
    const peer = await session();
    peer.transport.abort();
    await turns();
    const { length } = world.object.runtime.sessions();
    expect(length).toBe(1);
    await hibernate();
    await world.advance(300_000);
    // Others come and go, and wake it.
    const other = await connect();
    await other.open({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    await hibernate();
    await world.advance(300_000);
    expect(world.object.runtime.sessions().map(({ id }) => id)).toEqual([other.sessionId]);
    const again = await connect();
    await again.open({ session_id: peer.sessionId });
    expect(again.sessionId).not.toBe(peer.sessionId);
  });

  it('asks for fresh credentials in time, and evicts a client that has none', async () => {
    const expiresAfterMs = 2 * HOUR_MS;
    const authenticate = ({ nowMs }: { nowMs: number }) =>
      ({ kind: 'accepted', principal: 'alice', expiresAtMs: nowMs + expiresAfterMs }) as const;
    const { world, session, hibernate } = bench({ authenticators: [{ scheme: 'oauth2', authenticate }] });
    const peer = await session({ auth: { scheme: 'oauth2', token: 't' } });
    await hibernate();
    await world.advance(expiresAfterMs - 70_000 - 15_000);
    expect(peer.types()).toEqual([]);
    await world.advance(10_000);
    expect(peer.types()).toEqual(['session.refresh']);
    expect(world.mayHibernate).toBe(false);
    peer.send('session.authenticate', { response: 'fresh' });
    await peer.until('session.accepted');
    await hibernate();
    await world.advance(expiresAfterMs);
    expect(peer.types().at(-1)).toBe('session.evicted');
    await peer.closed;
  });

  it('R1: another principal gets nothing of a session that stands', async () => {
    const { session, hibernate } = bench();
    const peer = await session();
    await hibernate();
    const thief = await session({ auth: { scheme: 'bearer', token: 'tok-bob' }, session_id: peer.sessionId });
    expect(thief.sessionId).not.toBe(peer.sessionId);
    peer.send('ping');
    await peer.until('pong');
  });

  it('R1: a connection that took the session over while it stood closes the older one', async () => {
    const { session, hibernate } = bench();
    const peer = await session();
    await hibernate();
    const again = await session({ session_id: peer.sessionId });
    expect(again.sessionId).toBe(peer.sessionId);
    expect(await peer.closed).toMatchObject({ code: 4000 });
    again.send('resume', {});
    await again.until('ack');
    await hibernate();
    again.send('ping');
    await again.until('pong');
  });

  it('is nothing that a socket which has ended meanwhile is told of', async () => {
    const { world, session } = bench();
    const peer = await session();
    await world.advance(15_000);
    expect([world.mayHibernate, world.isUp]).toEqual([true, true]);
    peer.transport.close();
    await peer.closed;
    const again = await session({ session_id: peer.sessionId });
    again.send('resume', {});
    await again.until('ack');
    expect(again.sessionId).toBe(peer.sessionId);
    expect(world.lateAttachments).toBe(0);
  });

  it('[10.34] a command that is sent twice, before and after, is executed once', async () => {
    const { session, hibernate } = bench();
    const peer = await session();
    const id = peer.send('tool.invoke', { tool: 'echo', arguments: 1 });
    await peer.until('job.completed');
    await hibernate();
    peer.send('tool.invoke', { tool: 'echo', arguments: 1 }, { id });
    peer.send('ping');
    await peer.until('pong');
    expect(peer.types().filter((type) => type === 'job.accepted')).toHaveLength(1);
  });
});

describe('an object that is torn down', () => {
  it('while it is awake leaves sockets that the next one closes, and a client that resumes loses nothing', async () => {
    const { world, session, connect } = bench();
    const peer = await session();
    peer.send('tool.invoke', { tool: 'wait', arguments: null });
    await peer.until('job.started');
    outside.contexts[0]?.progress(10);
    const last = await peer.until('job.progress');
    world.evict();
    peer.send('ping');
    expect(await peer.closed).toMatchObject({ code: 1012 });
    const again = await connect();
    await again.open({ session_id: peer.sessionId });
    expect(again.sessionId).toBe(peer.sessionId);
    again.send('resume', { after_message_id: last.id });
    expect((await again.until('job.failed')).payload).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });

  it('with a job that may run again comes back by itself within a minute, with nobody there', async () => {
    const { world, session, connect } = bench();
    const peer = await session();
    peer.send('tool.invoke', { tool: 'again', arguments: null });
    await peer.until('job.started');
    outside.contexts[0]?.checkpoint('half');
    await turns();
    world.kill();
    await peer.closed;
    expect(world.isUp).toBe(false);
    await world.advance(60_000);
    expect(world.isUp).toBe(true);
    outside.ends[1]?.();
    await turns();
    const again = await connect();
    await again.open({ session_id: peer.sessionId });
    again.send('resume', { after_message_id: idsOf(peer).at(-1) as string });
    expect((await again.until('job.completed')).payload).toEqual({ value: 'half' });
    const seen = [...idsOf(peer), ...idsOf(again)];
    expect(new Set(seen).size).toBe(seen.length);
    expect([...seen].sort()).toEqual([...told(world, peer.sessionId)].sort());
  });

  it('comes back by itself however long it had been at work', async () => {
    const { world, session } = bench();
    const peer = await session();
    peer.send('tool.invoke', { tool: 'again', arguments: null });
    await peer.until('job.started');
    await world.advance(300_000);
    world.kill();
    await peer.closed;
    await world.advance(60_000);
    expect(world.isUp).toBe(true);
    expect(outside.contexts).toHaveLength(2);
  });

  it('the moment a schedule was accepted runs it no more than a minute late', async () => {
    const { world, session } = bench();
    const peer = await session();
    const job = { type: 'tool.invoke', payload: { tool: 'again', arguments: null } };
    peer.send('job.schedule', { job, when: { after: 30 } });
    await peer.until('job.accepted');
    world.kill();
    await world.advance(60_000);
    expect(outside.contexts).toHaveLength(1);
  });

  it('keeps artifacts, which other principals do not see', async () => {
    const { world, session } = bench();
    const peer = await session();
    peer.send('artifact.put', { media_type: 'text/plain', data: 'aGk=' });
    const { artifact_id } = (await peer.until('artifact.ref')).payload.artifact;
    world.kill();
    const again = await session();
    again.send('artifact.fetch', { artifact_id });
    expect((await again.until('artifact.ref')).payload.data).toBe('aGk=');
    const bob = await session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    bob.send('artifact.fetch', { artifact_id });
    expect((await bob.until('nack')).payload.code).toBe('NOT_FOUND');
  });
});

describe('what has expired', () => {
  it('goes within a day though nobody comes, and then the object sleeps for good', async () => {
    const { world, session } = bench();
    const peer = await session();
    peer.send('artifact.put', { media_type: 'text/plain', data: 'aGk=', retain_seconds: 60 });
    await peer.until('artifact.ref');
    peer.transport.close();
    await peer.closed;
    await turns();
    const count = (table: string) => world.database.prepare(`SELECT count(*) AS n FROM ${table}`).all()[0]?.n;
    expect([count('arcp_artifact'), count('arcp_log')]).toEqual([1, expect.any(Number)]);
    for (let hour = 0; hour < 25; hour++) {
      await world.advance(HOUR_MS);
      if (world.mayHibernate) world.evict();
    }
    expect(count('arcp_artifact')).toBe(0);
    expect(count('arcp_log')).toBeGreaterThan(0);
    for (let day = 0; day < 8; day++) {
      await world.advance(DAY_MS);
      if (world.mayHibernate) world.evict();
    }
    expect(count('arcp_log')).toBe(0);
    expect(world.alarmAtMs).toBeUndefined();
  });
});

describe('whatever happens', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'a client gets every message of its session once and in order (seed %i)',
    async (seed) => {
      const random = seededNumbers(seed);
      const { world, session, connect } = bench();
      let peer = await session();
      const { sessionId } = peer;
      const seen: string[] = [...idsOf(peer)];
      const ends = () => {
        for (const end of outside.ends.splice(0)) end();
      };
      const follow = async () => {
        await turns();
        const lost = peer;
        seen.push(...idsOf(lost).slice(taken));
        taken = 0;
        peer = await connect();
        await peer.open({ session_id: sessionId });
        expect(peer.sessionId).toBe(sessionId);
        peer.send('resume', { after_message_id: seen.at(-1) as string });
        await peer.until('ack');
      };
      let taken = seen.length;
      for (let step = 0; step < 25; step++) {
        switch (random(9)) {
          case 0:
            peer.send('ping');
            break;
          case 1:
            peer.send('tool.invoke', { tool: 'echo', arguments: step });
            break;
          case 2:
            peer.send('tool.invoke', { tool: random(2) === 0 ? 'wait' : 'again', arguments: null });
            break;
          case 3:
            for (const context of outside.contexts.splice(0)) context.progress(step);
            break;
          case 4:
            ends();
            break;
          case 5:
            await world.advance(1 + random(90_000));
            break;
          case 6:
            if (world.mayHibernate) world.evict();
            break;
          case 7:
            world.evict();
            // It comes up with the next event, and closes what it cannot go on with.
            peer.send('ping');
            await turns();
            if (peer.transport.bufferedBytes === 0 && (await isOver(peer))) await follow();
            break;
          case 8:
            world.kill();
            await follow();
            break;
        }
        if (random(3) === 0) await turns();
        if (await isOver(peer)) await follow();
      }
      ends();
      await world.advance(5_000);
      if (await isOver(peer)) await follow();
      peer.send('ping');
      await peer.until('pong');
      seen.push(...idsOf(peer).slice(taken));
      expect(seen).toHaveLength(new Set(seen).size);
      const due = told(world, sessionId, { isRepeatable: true });
      expect(seen.filter((id) => due.includes(id))).toEqual(due);
    },
  );
});

async function isOver(peer: RawPeer): Promise<boolean> {
  const open = Symbol('open');
  return (await Promise.race([peer.closed, turns(1).then(() => open)])) !== open;
}

describe('the Worker before the objects', () => {
  const request = (headers: Record<string, string> = {}) =>
    upgradeRequest('', { 'sec-websocket-protocol': '', ...headers }, 'https://machines.example/arcp/alice');

  function namespace(answer: () => Promise<Response> = async () => new Response('there', { status: 200 })) {
    const asked: string[] = [];
    return {
      asked,
      idFromName: (name: string) => name,
      get: (id: string) => ({
        fetch() {
          asked.push(id);
          return answer();
        },
      }),
    };
  }

  it('hands a request to the object of its name', async () => {
    const machines = namespace();
    expect((await routeToArcpObject(request(), machines, 'alice')).status).toBe(200);
    expect(machines.asked).toEqual(['alice']);
  });

  it.each([
    ['there is no name', undefined, {}, 404],
    ['the name is empty', '', {}, 404],
    ['the name has no end', 'x'.repeat(257), {}, 404],
    ['it is no upgrade', 'alice', { upgrade: 'none' }, 426],
    ['the page is a foreign one', 'alice', { origin: 'https://attacker.example' }, 403],
  ])('wakes no object where %s', async (_what, name, headers, status) => {
    const machines = namespace();
    const options = { allowedOrigins: ['https://app.example'] };
    expect((await routeToArcpObject(request(headers), machines, name, options)).status).toBe(status);
    expect(machines.asked).toEqual([]);
  });

  it('answers 503 where the object does not, and does not repeat why', async () => {
    const machines = namespace(() => Promise.reject(new Error('secret of the platform')));
    const response = await routeToArcpObject(request(), machines, 'alice');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await response.text()).not.toContain('secret');
  });
});
