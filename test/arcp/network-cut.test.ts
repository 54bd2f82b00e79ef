// The network is cut after each of the first 200 envelopes in turn, at either end: what a page and an observer are told in
// the end is what they are told when nothing is cut, in the same order, each once.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/arcp/client/connect.js';
import type { JobHandle } from '../../src/arcp/client/job-handle.js';
import type { ConnectOptions } from '../../src/arcp/client/options.js';
import type { ClientSession } from '../../src/arcp/client/session.js';
import type { EventLog } from '../../src/arcp/log/contract.js';
import { memoryLog } from '../../src/arcp/log/memory.js';
import { artifactService } from '../../src/arcp/runtime/artifacts/artifacts-service.js';
import { bearerTokens } from '../../src/arcp/runtime/authenticator.js';
import { permissionService } from '../../src/arcp/runtime/human/permissions.js';
import { promptService } from '../../src/arcp/runtime/human/prompts.js';
import { createRuntime, type Runtime } from '../../src/arcp/runtime/runtime.js';
import { streamService } from '../../src/arcp/runtime/streams/streams-service.js';
import { subscriptionService } from '../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import type { Tool } from '../../src/arcp/runtime/tools.js';
import { type Clock, systemClock } from '../../src/clock.js';
import { arcpNodeHost, type NodeHost } from '../../src/host/node.js';
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.js';
import type { Message, Transport } from '../../src/transport/contract.js';
import { memoryTransports } from '../../src/transport/memory.js';
import { openWebSocket } from '../../src/transport/websocket.js';
import { yieldToEventLoop } from '../../src/yield.js';
import { digestAtOnce } from './model/digest.js';

/** Envelopes of a connection after each of which it is cut. */
const CUTS = 200;

/** At the page's end after each one in any case; elsewhere after each with RINGLINE_LONG=1, else after every eighth. */
const STRIDE = process.env.RINGLINE_LONG === '1' ? 1 : 8;

const CAPABILITIES = { streaming: true, human_input: true, artifacts: true, subscriptions: true, durable_jobs: true };

const TOOLS: readonly Tool[] = [
  {
    name: 'work',
    async handler(args, context) {
      const writer = context.stream('text');
      for (let i = 0; i < Number(args); i++) {
        context.progress(i, `step ${i}`);
        await writer.write(`line ${i}`);
        await context.thought(`thought ${i}`);
        if (i % 3 === 0) await yieldToEventLoop();
      }
      await writer.close();
      return 'worked';
    },
  },
  { name: 'ask', handler: (_args, { requestInput }) => requestInput({ prompt: 'n?', schema: { type: 'integer' } }) },
  {
    name: 'write',
    async handler(args, { requestPermission }) {
      const scope = { permission: 'filesystem.write', resource: `/x/${args}`, operation: 'write' };
      await requestPermission({ ...scope, leaseSeconds: 300 });
      return 'written';
    },
  },
  {
    name: 'sleep',
    handler: (_args, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  },
  {
    name: 'save',
    async handler(_args, context) {
      const ref = await context.artifact(new Uint8Array([1, 2, 3]), { mediaType: 'application/octet-stream' });
      return ref.artifact_id;
    },
  },
];

/** What of a session can be compared: its handshakes and answers depend on how often it was connected. */
const OBSERVED = [
  ...['tool.invoke', 'cancel', 'human.input.response', 'permission.grant', 'artifact.put', 'artifact.fetch'],
  ...['job.accepted', 'job.started', 'job.progress', 'job.completed', 'job.failed', 'job.cancelled', 'cancel.accepted'],
  ...['stream.open', 'stream.chunk', 'stream.close', 'stream.error', 'artifact.ref'],
  ...['human.input.request', 'permission.request', 'lease.granted'],
];

/** What both were told. */
interface Told {
  /** Every event of every job, by the page. */
  readonly page: readonly string[];
  /** Every message of the page's session that both sides count as said, by the observer. */
  readonly observer: readonly string[];
  /** The same, read back afterwards. */
  readonly backfill: readonly string[];
  /** Results, streams and bytes. */
  readonly values: readonly unknown[];
  /** Types of what the page was told on the wire that the log does not have in that place. */
  readonly astray: readonly string[];
  readonly resumes: number;
  /** Envelopes that passed where they are counted. */
  readonly count: number;
}

/** Takes ids and times out of a message: ids become numbers in the order in which they appear. */
class Names {
  readonly #known = new Map<string, string>();

  plain(message: object): string {
    const text = JSON.stringify(message, (key, value: unknown) =>
      ['timestamp', 'expires_at', 'responded_at', 'session_id', 'uri'].includes(key) ? undefined : value,
    );
    return text.replace(/\b(msg|job|str|art|lease)_[0-9A-Z]{26}/g, (id, kind: string) => {
      let name = this.#known.get(id);
      if (name === undefined) {
        name = `${kind} ${this.#known.size}`;
        this.#known.set(id, name);
      }
      return name;
    });
  }
}

/** Counts the envelopes of one end of each connection, both ways, and cuts once. */
class Scissors {
  count = 0;
  readonly #cutAfter: number | undefined;

  constructor(cutAfter: number | undefined) {
    this.#cutAfter = cutAfter;
  }

  around(transport: Transport): Transport {
    const passed = (): void => {
      if (++this.count === this.#cutAfter) transport.abort();
    };
    return new Proxy(transport, {
      get(target, name) {
        if (name === 'send') {
          return (message: Message) => {
            target.send(message);
            passed();
          };
        }
        if (name === 'receive') {
          return (listener: (message: Message) => void) =>
            target.receive((message) => {
              listener(message);
              passed();
            });
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

function makeRuntime(log: EventLog, clock: Clock): Runtime {
  return createRuntime({
    tools: TOOLS,
    authenticators: [bearerTokens({ 'a-long-secret': 'alice' })],
    services: [promptService(), permissionService(), streamService(), artifactService(), subscriptionService()],
    capabilities: { heartbeat_interval_seconds: 3_600 },
    log,
    clock,
  });
}

function optionsOf(dial: ConnectOptions['dial'], clock: Clock): ConnectOptions {
  return {
    dial,
    auth: { scheme: 'bearer', token: 'a-long-secret' },
    client: { kind: 'page', version: '1' },
    capabilities: CAPABILITIES,
    clock,
    keepAliveMs: 0,
    random: () => 0.5,
    reconnect: { initialDelayMs: 10, maxDelayMs: 50 },
  };
}

/** Opens a session; where the very first connection is cut there is none yet, and it is asked for again. */
async function open(options: ConnectOptions): Promise<ClientSession> {
  try {
    return await connect(options);
  } catch {
    return connect(options);
  }
}

/** All that a page does in its life. */
async function play(session: ClientSession, page: string[], values: unknown[], names: Names): Promise<void> {
  const follow = async (job: JobHandle): Promise<void> => {
    const reading: Promise<void>[] = [];
    const streams = (async () => {
      for await (const stream of job.streams) {
        const lines: unknown[] = [];
        values.push(lines);
        reading.push(
          (async () => {
            for await (const { text } of stream) lines.push(text);
          })(),
        );
      }
    })();
    const prompts = (async () => {
      for await (const prompt of job.prompts) {
        if (prompt.kind === 'input') await prompt.answer(3);
        if (prompt.kind === 'permission') await prompt.grant();
      }
    })();
    for await (const event of job.events) page.push(names.plain(event));
    await Promise.all([streams, prompts, ...reading]);
    const { value } = await job.result.catch((error: { readonly code: string }) => ({ value: error.code }));
    values.push(names.plain({ value }));
  };
  for (let round = 0; round < 2; round++) {
    await follow(session.invoke('work', 20));
    await follow(session.invoke('ask'));
    await follow(session.invoke('write', round));
    const sleeping = session.invoke('sleep');
    await sleeping.id;
    const [, answer] = await Promise.all([follow(sleeping), sleeping.cancel({ reason: 'enough' })]);
    values.push(answer);
    const saving = session.invoke('save');
    await follow(saving);
    const { bytes } = await session.artifacts.fetch((await saving.result).value as never);
    const ref = await session.artifacts.put(bytes, { mediaType: 'text/plain' });
    values.push([...bytes], ref.size);
    await session.ping();
  }
}

/** Lets a page live, with somebody watching it. @param who Whose connection is cut. */
async function live(
  dials: { readonly page: ConnectOptions['dial']; readonly observer: ConnectOptions['dial'] },
  log: EventLog,
  clock: Clock,
  scissors: Scissors,
): Promise<Told> {
  const page: string[] = [];
  const values: unknown[] = [];
  const arrived: string[] = [];
  const observer = await open(optionsOf(dials.observer, clock));
  const watching = await observer.subscribe({ types: OBSERVED });
  const dial: ConnectOptions['dial'] = async (offer) => noting(await dials.page(offer), arrived);
  const session = await open(optionsOf(dial, clock));
  const start = session.lastMessageId;
  await play(session, page, values, new Names());
  const said = await log.read({ after: 0, limit: 10_000, sessionIds: [session.id], types: OBSERVED });
  const watched = async (events: AsyncIterable<object>): Promise<readonly string[]> => {
    const names = new Names();
    const texts: string[] = [];
    for await (const event of events) {
      texts.push(names.plain(event));
      if (texts.length === said.length) break;
    }
    return texts;
  };
  const live = await watched(watching);
  const backfill = await watched(
    await observer.subscribe({ types: OBSERVED, session_id: [session.id] }, { since: start as never }),
  );
  let resumes = 0;
  const counting = (async () => {
    for (const one of [session, observer]) {
      for await (const { state } of one.states) {
        if (state === 'resumed') resumes++;
        if (state === 'lost') throw new Error('messages were lost');
      }
    }
  })();
  const { count } = scissors;
  await Promise.all([session.close(), observer.close()]);
  await counting;
  // Letter for letter, each once, in the order of the log.
  const out = said.filter(({ direction }) => direction === 'out').map(({ id, type }) => `${type} ${id}`);
  const told = arrived.filter((name) => OBSERVED.includes(name.split(' ')[0] as string));
  const astray = told.filter((name, index) => name !== out[index]);
  return { page, observer: live, backfill, values, astray, resumes, count };
}

/** Writes down what arrives. */
function noting(transport: Transport, arrived: string[]): Transport {
  return new Proxy(transport, {
    get(target, name) {
      if (name === 'receive') {
        return (listener: (message: Message) => void) =>
          target.receive((message) => {
            const { type, id } = JSON.parse(String(message)) as { readonly type: string; readonly id: string };
            arrived.push(`${type} ${id}`);
            listener(message);
          });
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Which end of whose connection the scissors are at. */
type Place = 'the page' | 'the runtime, to the page' | 'the observer' | 'the runtime, to the observer';

/** A life in one process, on a clock that moves whenever nothing else does. */
async function inMemory(place: Place, cutAfter?: number): Promise<Told> {
  const clock: FakeClock = fakeClock();
  const log = memoryLog();
  const runtime = makeRuntime(log, clock);
  const scissors = new Scissors(cutAfter);
  const dialOf = (near: Place, far: Place) => async (): Promise<Transport> => {
    const [here, there] = memoryTransports({ clock });
    void runtime.accept(place === far ? scissors.around(there) : there);
    return place === near ? scissors.around(here) : here;
  };
  const dials = {
    page: dialOf('the page', 'the runtime, to the page'),
    observer: dialOf('the observer', 'the runtime, to the observer'),
  };
  let isOver = false;
  const life = live(dials, log, clock, scissors).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await yieldToEventLoop();
    clock.advance(5);
  }
  await runtime.close();
  return life;
}

function expectSame(told: Told, uncut: Told, isCut = true): void {
  expect(told.page).toEqual(uncut.page);
  expect(told.observer).toEqual(uncut.observer);
  expect(told.backfill).toEqual(uncut.backfill);
  expect(told.values).toEqual(uncut.values);
  expect(told.astray).toEqual([]);
  if (isCut) expect(told.resumes).toBeLessThanOrEqual(1);
}

let restore = () => {};
beforeAll(() => {
  restore = digestAtOnce();
});
afterAll(() => restore());

describe('a network that is cut', () => {
  it.each<[stride: number, place: Place]>([
    [1, 'the page'],
    [STRIDE, 'the runtime, to the page'],
    [STRIDE, 'the observer'],
    [STRIDE, 'the runtime, to the observer'],
  ])(
    `after every %s. of the first ${CUTS} envelopes at %s: nothing is lost or told twice`,
    { timeout: 600_000 },
    async (stride, place) => {
      const uncut = await inMemory(place);
      expect(uncut.count).toBeGreaterThanOrEqual(CUTS);
      expect(uncut.resumes).toBe(0);
      expect(uncut.astray).toEqual([]);
      expect(uncut.observer).toHaveLength(uncut.backfill.length);
      let resumes = 0;
      for (let cutAfter = 1; cutAfter <= CUTS; cutAfter += stride) {
        const told = await inMemory(place, cutAfter);
        try {
          expectSame(told, uncut);
        } catch (cause) {
          throw new Error(`cut after ${cutAfter} envelopes`, { cause });
        }
        resumes += told.resumes;
      }
      // Where there was no session yet there was nothing to resume.
      expect(resumes).toBeGreaterThanOrEqual(CUTS / stride - 2);
    },
  );
});

describe('a WebSocket that is cut', () => {
  let host: NodeHost;
  let runtime: Runtime;
  const log = memoryLog();
  beforeAll(async () => {
    runtime = makeRuntime(log, systemClock);
    host = await arcpNodeHost(runtime, { port: 0 });
  });
  afterAll(async () => {
    await host.close();
    await runtime.close();
  });

  it('after some of its first envelopes: nothing is lost or told twice', { timeout: 60_000 }, async () => {
    const overSockets = (cutAfter?: number): Promise<Told> => {
      const scissors = new Scissors(cutAfter);
      const observer: ConnectOptions['dial'] = ({ signal }) => openWebSocket(host.url, { signal });
      const page: ConnectOptions['dial'] = async (offer) => scissors.around(await observer(offer));
      return live({ page, observer }, log, systemClock, scissors);
    };
    const uncut = await overSockets();
    expect(uncut.count).toBeGreaterThanOrEqual(CUTS);
    for (const cutAfter of [2, 3, 4, 5, 7, 12, 20, 33, 54, 88, 143, CUTS]) {
      const told = await overSockets(cutAfter);
      try {
        expectSame(told, uncut);
      } catch (cause) {
        throw new Error(`cut after ${cutAfter} envelopes`, { cause });
      }
      expect(told.resumes).toBe(1);
    }
  });
});
