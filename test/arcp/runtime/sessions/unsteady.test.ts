// A client whose connection and whose runtime's log both fail now and then, in any order: it misses nothing, hears everything in
// the order of the log, and each of its jobs ends once.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { isCoreType, REGISTRY } from '../../../../src/arcp/wire/registry.js';
import { digestAtOnce } from '../../model/digest.js';
import { type RawPeer, settle, type TestRuntime, testRuntime } from '../../support/raw-peer.js';
import { slowLog } from '../../support/slow-log.js';

// Keys are hashed at once, so that a seed does the same every time.
let restore = () => {};
beforeAll(() => {
  restore = digestAtOnce();
});
afterAll(() => restore());

/** Numbers from 0 to 1, the same for the same seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const tools: readonly Tool[] = [
  {
    name: 'talk',
    handler: async (_args, { progress }) => {
      for (let i = 0; i < 3; i++) {
        progress(i);
        await settle(1);
      }
      return null;
    },
  },
  {
    name: 'wait',
    handler: (_args, { signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined))),
  },
];

/** What one client has heard, over all its connections. */
class Client {
  readonly #bench: TestRuntime;
  readonly heard: string[] = [];
  readonly #known = new Set<string>();
  peer: RawPeer;
  sessionId = '';
  #read = 0;

  constructor(bench: TestRuntime) {
    this.#bench = bench;
    this.peer = bench.connect();
  }

  async open(): Promise<void> {
    await this.peer.open();
    this.sessionId = this.peer.sessionId;
    this.listen();
  }

  listen(): void {
    for (; this.#read < this.peer.received.length; this.#read++) {
      const { id, type } = this.peer.received[this.#read] as { id: string; type: string };
      if (this.#known.has(id) || !isCoreType(type) || !REGISTRY[type].replayable) continue;
      this.#known.add(id);
      this.heard.push(id);
    }
  }

  /** Takes the session up again, however often it takes. */
  async comeBack(): Promise<void> {
    this.listen();
    await this.peer.drop();
    for (;;) {
      this.peer = this.#bench.connect();
      this.#read = 0;
      const opened = this.peer.open({ session_id: this.sessionId }).catch(() => undefined);
      for (let i = 0; i < 5; i++) {
        await settle(1);
        // Less than a resumed client gets to speak.
        this.#bench.clock.advance(1_000);
      }
      if ((await opened)?.payload.session_id !== this.sessionId) continue;
      this.#read = this.peer.received.length;
      const last = this.heard.at(-1);
      const id = this.peer.send('resume', last === undefined ? {} : { after_message_id: last });
      await settle();
      if (this.peer.received.some(({ correlation_id, type }) => correlation_id === id && type === 'ack')) return;
    }
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])('seed %i', async (seed) => {
  const random = numbers(seed);
  const slow = slowLog();
  const bench = testRuntime({ tools, log: slow.log, limits: { maxPendingMessages: 2, maxRunningJobs: 2 } });
  const client = new Client(bench);
  await client.open();
  for (let step = 0; step < 60; step++) {
    const what = random();
    const { peer } = client;
    if (what < 0.5) {
      const fields = random() < 0.3 ? { idempotency_key: `key ${Math.floor(random() * 3)}` } : {};
      const tool = random() < 0.7 ? 'talk' : 'wait';
      try {
        peer.send('tool.invoke', { tool, arguments: null }, { ...fields, priority: random() < 0.3 ? 'high' : 'low' });
      } catch {
        // The connection has ended.
      }
    } else if (what < 0.65) {
      const jobs = peer.received.flatMap(({ job_id }) => (job_id === undefined ? [] : [job_id]));
      const target_id = jobs[Math.floor(random() * jobs.length)];
      try {
        if (target_id !== undefined) peer.send('cancel', { target: 'job', target_id });
      } catch {
        // As above.
      }
    } else if (what < 0.75) {
      // Those of before are over: too many failures in a row would end the session.
      for (let i = 0; i < 5; i++) {
        await settle(1);
        bench.clock.advance(2_000);
      }
      await settle(1);
      slow.failCommits(1 + Math.floor(random() * 3));
    } else if (what < 0.9) await client.comeBack();
    else bench.clock.advance(100);
    if (random() < 0.6) await settle(1);
    client.listen();
  }
  for (let i = 0; i < 5; i++) {
    bench.clock.advance(2_000);
    await settle();
  }
  await client.comeBack();
  const running = [...new Set(client.peer.received.flatMap(({ job_id }) => (job_id === undefined ? [] : [job_id])))];
  const kept = await slow.log.read({ after: 0, limit: 10_000, sessionIds: [client.sessionId], direction: 'out' });
  for (const target_id of new Set([...running, ...kept.flatMap(({ jobId }) => jobId ?? [])])) {
    client.peer.send('cancel', { target: 'job', target_id });
  }
  for (let i = 0; i < 5; i++) {
    await settle(10);
    bench.clock.advance(2_000);
  }
  client.listen();
  const all = await slow.log.read({ after: 0, limit: 10_000, sessionIds: [client.sessionId], direction: 'out' });
  const wanted = all.filter(({ type }) => isCoreType(type) && REGISTRY[type].replayable).map(({ id }) => id);
  expect(wanted.length).toBeGreaterThan(30);
  expect(client.heard).toEqual(wanted);
  // By command and job: a repeated key is answered for a job that another command started.
  const ends = new Map<string, string[]>();
  for (const { type, jobId, correlationId } of all) {
    if (!/^job\.(accepted|completed|failed|cancelled)$/.test(type)) continue;
    const name = `${jobId} ${correlationId}`;
    ends.set(name, [...(ends.get(name) ?? []), type]);
  }
  for (const types of ends.values()) {
    expect(types[0]).toBe('job.accepted');
    expect(types).toHaveLength(2);
  }
  expect(bench.runtime.sessions()).toMatchObject([{ id: client.sessionId, jobs: 0 }]);
});
