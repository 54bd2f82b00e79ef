// The client and the runtime of this package together, over memory transports.

import { describe, expect, it } from 'vitest';
import { bearerTokens } from '../../../src/arcp/runtime/authenticator.js';
import { createRuntime } from '../../../src/arcp/runtime/runtime.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import type { Message } from '../../../src/arcp/wire/envelope.js';
import { LiveRuntime, TOKEN } from './live-runtime.js';
import { all, codeOf, next, settle, until } from './scripted-runtime.js';

const TOOLS: Tool[] = [
  { name: 'echo', handler: (args) => args },
  {
    name: 'count',
    async handler(args, context) {
      const writer = context.stream('text');
      for (let i = 0; i < Number(args); i++) {
        context.progress((i * 100) / Number(args));
        await writer.write(`line ${i}`);
        await context.thought(`thinking of ${i}`);
      }
      await writer.close();
      return 'counted';
    },
  },
  { name: 'ask', handler: (_args, { requestInput }) => requestInput({ prompt: 'n?', schema: { type: 'integer' } }) },
  {
    name: 'choose',
    handler: (_args, { requestChoice }) =>
      requestChoice({
        prompt: 'which?',
        options: [
          { id: 'a', label: 'A' },
          { id: 'b', label: 'B' },
        ],
      }),
  },
  {
    name: 'write',
    async handler(_args, { requestPermission }) {
      const scope = { permission: 'filesystem.write', resource: '/x', operation: 'write' };
      await requestPermission(scope);
      await requestPermission(scope);
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
      const ref = await context.artifact(new Uint8Array([104, 105]), { mediaType: 'text/plain' });
      return ref.artifact_id;
    },
  },
];

class Bench extends LiveRuntime {
  constructor() {
    super(TOOLS);
  }
}

describe('client and runtime', () => {
  it('[10.26] [10.28] run tools, and fail those nobody knows', async () => {
    const session = await new Bench().connect({ required: ['streaming', 'artifacts'] });
    const job = session.invoke('echo', { a: 1 });
    expect((await job.result).value).toEqual({ a: 1 });
    const types = (await all(job.events)).map(({ type }) => type);
    expect(types).toEqual(['job.accepted', 'job.started', 'job.completed']);
    expect(await codeOf(session.invoke('nope').result)).toBe('ERR_ARCP_NOT_FOUND');
    expect(await session.ping()).toBe(0);
    await session.close();
  });

  it('end a job whose result is wider than what a client may ask with', async () => {
    const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`member ${n}`, n]));
    const tools: Tool[] = [{ name: 'wide', handler: () => wide }];
    const session = await new LiveRuntime(tools).connect();
    expect((await session.invoke('wide').result).value).toEqual(wide);
    await session.close();
  });

  it('[10.14] refuse bad credentials', async () => {
    const bench = new Bench();
    expect(await codeOf(bench.connect({ auth: { scheme: 'bearer', token: 'bad' } }))).toBe('ERR_ARCP_UNAUTHENTICATED');
    expect(await codeOf(bench.connect({ required: ['scheduled_jobs'] }))).toBe('ERR_ARCP_UNIMPLEMENTED');
  });

  it('[10.35] [10.36] act once on a repeated intent', async () => {
    const session = await new Bench().connect();
    const one = session.invoke('echo', 1, { idempotencyKey: 'k' });
    const two = session.invoke('echo', 1, { idempotencyKey: 'k' });
    const other = session.invoke('echo', 2, { idempotencyKey: 'k' });
    expect([(await one.result).value, (await two.result).value]).toEqual([1, 1]);
    expect(await two.id).toBe(await one.id);
    expect(await codeOf(other.result)).toBe('ERR_ARCP_ALREADY_EXISTS');
  });

  it('[10.55] [10.58] stream text and thoughts', async () => {
    const session = await new Bench().connect();
    const job = session.invoke('count', 3);
    const byKind: Record<string, unknown[]> = {};
    for await (const stream of job.streams) {
      byKind[stream.kind] = (await all(stream)).map(({ text }) => text);
    }
    expect((await job.result).value).toBe('counted');
    expect(byKind).toEqual({
      text: ['line 0', 'line 1', 'line 2'],
      thought: ['thinking of 0', 'thinking of 1', 'thinking of 2'],
    });
  });

  it('[10.45] [10.46] [10.49] ask and answer', async () => {
    const session = await new Bench().connect();
    const asking = session.invoke('ask');
    const input = await next(asking.prompts);
    if (input.kind !== 'input') throw new Error('another prompt');
    expect(await codeOf(input.answer('x'))).toBe('ERR_ARCP_INVALID_ARGUMENT');
    await input.answer(3);
    expect((await asking.result).value).toBe(3);

    const choosing = session.invoke('choose');
    const choice = await next(choosing.prompts);
    if (choice.kind !== 'choice') throw new Error('another prompt');
    expect(await codeOf(choice.choose('zzz'))).toBe('ERR_ARCP_INVALID_ARGUMENT');
    await choice.choose('b');
    expect((await choosing.result).value).toBe('b');

    const declined = session.invoke('ask');
    const prompt = await next(declined.prompts);
    if (prompt.kind !== 'input') throw new Error('another prompt');
    await prompt.cancel();
    expect(await codeOf(declined.result)).toBe('ERR_ARCP_CANCELLED');
  });

  it('[10.48] let a question expire', async () => {
    const bench = new Bench();
    const session = await bench.connect();
    const job = session.invoke('ask');
    const prompt = await next(job.prompts);
    bench.clock.advance((prompt.expiresAtMs ?? 0) - bench.now());
    expect(await prompt.ended).toMatch(/^(expired|cancelled)$/);
    expect(await codeOf(job.result)).toBe('ERR_ARCP_DEADLINE_EXCEEDED');
  });

  it('[10.52] [10.53] [10.54] grant and deny, and prolong a lease', async () => {
    const session = await new Bench().connect();
    const writing = session.invoke('write');
    const prompt = await next(writing.prompts);
    if (prompt.kind !== 'permission') throw new Error('another prompt');
    await prompt.grant(60);
    expect((await writing.result).value).toBe('written');
    const granted = (await all(writing.events)).flatMap((one) => (one.type === 'lease.granted' ? [one.payload] : []));
    expect(granted).toHaveLength(1);
    const lease = granted[0];
    if (lease === undefined) throw new Error('no lease');
    const expiresAt = await session.refreshLease(lease.lease_id, 60);
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.parse(lease.expires_at));

    const other = await new Bench().connect();
    const denied = other.invoke('write');
    const second = await next(denied.prompts);
    if (second.kind !== 'permission') throw new Error('another prompt');
    await second.deny('no');
    expect(await codeOf(denied.result)).toBe('ERR_ARCP_PERMISSION_DENIED');
  });

  it('[10.37] [10.39] [10.41] cancel jobs and sessions', async () => {
    const session = await new Bench().connect();
    const job = session.invoke('sleep');
    expect(await job.cancel({ reason: 'user' })).toEqual({ accepted: true });
    expect(await codeOf(job.result)).toBe('ERR_ARCP_CANCELLED');
    expect(await session.cancel('job', await job.id)).toEqual({ accepted: false, reason: 'already_terminal' });
    expect(await session.cancel('job', 'zzz')).toMatchObject({ accepted: false });
    expect((await session.cancel('session')).accepted).toBe(true);
    await session.closed;
    expect(session.signal.reason.code).toBe('ERR_ARCP_CANCELLED');
  });

  it('[10.44] interrupt a job', async () => {
    const session = await new Bench().connect();
    const job = session.invoke('sleep');
    await session.interrupt(await job.id, 'Go on?');
    const prompt = await next(job.prompts);
    expect(prompt).toMatchObject({ kind: 'input', text: 'Go on?' });
    await job.cancel();
    expect(await prompt.ended).toBe('cancelled');
  });

  it('[10.66] [10.68] keep artifacts', async () => {
    const session = await new Bench().connect();
    const ref = await session.artifacts.put(new Uint8Array([1, 2, 3]), { mediaType: 'x/y' });
    expect((await session.artifacts.fetch(ref)).bytes).toEqual(new Uint8Array([1, 2, 3]));
    const made = (await session.invoke('save').result).value;
    expect([...(await session.artifacts.fetch(made as never)).bytes]).toEqual([104, 105]);
    await session.artifacts.release(ref.artifact_id);
    expect(await codeOf(session.artifacts.fetch(ref))).toBe('ERR_ARCP_NOT_FOUND');
  });

  it('[10.59] [10.62] observe from a second session, first what was missed and then what happens', async () => {
    const bench = new Bench();
    const worker = await bench.connect();
    const observer = await bench.connect();
    const first = worker.invoke('echo', 1);
    await first.result;
    const events = await all(first.events);
    const started = events[1] as Message;
    const filter = { session_id: [worker.id], types: ['job.completed', 'job.started'] };
    const subscription = await observer.subscribe(filter, { since: started.id });
    await subscription.backfillComplete;
    const second = worker.invoke('echo', 2);
    await second.result;
    const seen: string[] = [];
    for await (const { type } of subscription) if (seen.push(type) === 3) break;
    expect(seen).toEqual(['job.completed', 'job.started', 'job.completed']);
    const foreign = { session_id: ['sess_0' as never] };
    expect(await codeOf(observer.subscribe(foreign))).toBe('ERR_ARCP_PERMISSION_DENIED');
  });

  it('[10.76] end a session with its jobs', async () => {
    const bench = new Bench();
    const session = await bench.connect();
    const job = session.invoke('sleep');
    await job.id;
    await session.close();
    expect(await codeOf(job.result)).toBe('ERR_ARCP_CANCELLED');
    expect((await all(job.events)).at(-1)).toMatchObject({ type: 'job.cancelled' });
    await settle();
    expect(bench.runtime.sessions()).toHaveLength(0);
  });

  it('[10.69] lose and repeat nothing when the network is cut after each message in turn', async () => {
    /** Everything the client hears of one run, cut after so many messages. */
    const run = async (cutAfter: number): Promise<unknown[]> => {
      const bench = new Bench();
      let heard = 0;
      bench.hears = () => ++heard !== cutAfter + 1;
      const session = await bench.connect();
      const job = session.invoke('count', 4);
      const other = session.invoke('ask');
      const reading = (async () => {
        const said: unknown[] = [];
        for await (const stream of job.streams) said.push((await all(stream)).map(({ text }) => text));
        return said;
      })();
      const asked = (async () => {
        const prompt = await next(other.prompts);
        if (prompt.kind === 'input') await prompt.answer(7);
      })();
      let done = false;
      const ended = Promise.all([job.result, other.result, reading, asked]).finally(() => {
        done = true;
      });
      ended.catch(() => {});
      for (let i = 0; i < 200 && !done; i++) {
        await settle();
        if (!session.isConnected) bench.clock.advance(1_000);
      }
      const [{ value }, { value: answer }, streams] = await ended;
      const percents = (await all(job.events)).flatMap((one) =>
        one.type === 'job.progress' ? [one.payload.percent] : [],
      );
      await session.close();
      return [value, answer, streams, percents, heard];
    };
    const uncut = await run(Number.POSITIVE_INFINITY);
    const count = uncut.pop() as number;
    expect(count).toBeGreaterThan(20);
    // The first message is the acceptance: without it there is no session to resume.
    for (let after = 1; after < count; after++) expect([after, (await run(after)).slice(0, 4)]).toEqual([after, uncut]);
  }, 30_000);

  it('[10.77] come to an end on every path when the runtime restarts without its sessions', async () => {
    const bench = new Bench();
    const session = await bench.connect();
    const running = session.invoke('sleep');
    await running.id;
    await bench.runtime.close();
    bench.runtime = createRuntime({
      tools: TOOLS,
      authenticators: [bearerTokens({ [TOKEN]: 'alice' })],
      clock: bench.clock,
      now: bench.now,
    });
    await until(() => !session.isConnected || session.signal.aborted);
    bench.clock.advance(1_000);
    expect(await codeOf(running.result)).toBe('ERR_ARCP_UNAVAILABLE');
    await until(() => session.isConnected);
    expect((await session.invoke('echo', 1).result).value).toBe(1);
  });
});
