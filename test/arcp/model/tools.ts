// Tools that do what their arguments say, and write down what they did: the second truth beside the log.

import { ArcpError } from '../../../src/arcp/errors.js';
import type { ToolContext } from '../../../src/arcp/runtime/tool-context.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import type { JsonObject, JsonValue } from '../../../src/codec/json-value.js';
import type { Random } from './random.js';

/** One thing a tool does. */
export type Act =
  | {
      readonly do: 'progress' | 'log' | 'metric' | 'think' | 'choose' | 'save' | 'keep' | 'throw' | 'hang' | 'nonsense';
    }
  | { readonly do: 'sleep' | 'ignore'; readonly ms: number }
  | { readonly do: 'stream'; readonly count: number; readonly pauseMs: number; readonly isClosed: boolean }
  | { readonly do: 'ask'; readonly expiresInMs: number; readonly hasDefault: boolean }
  | { readonly do: 'permit'; readonly resource: string }
  | { readonly do: 'fail'; readonly code: 'RESOURCE_EXHAUSTED' | 'ABORTED' | 'OUT_OF_RANGE' };

/** What a tool is asked to do. The tag has the name of whoever asks, and goes into everything the tool says. */
export interface Script {
  readonly tag: string;
  readonly acts: readonly Act[];
}

/** A stream that a tool wrote. */
export interface WrittenStream {
  readonly sent: string[];
  isClosed: boolean;
}

/** One run of a tool. */
export interface Run {
  readonly jobId: string;
  readonly principal: string;
  readonly tag: string;
  readonly generation: number;
  /** Messages of `job.progress`, in the order said. */
  readonly said: string[];
  readonly streams: Map<string, WrittenStream>;
  hasReturned: boolean;
}

/** What tools need of their world. */
export interface ToolWorld {
  readonly generation: number;
  readonly runs: Run[];
  /** A job has begun to run. */
  began(jobId: string): void;
  /** Follows a promise that the runtime gave to a tool. */
  trackTool<T>(name: string, promise: Promise<T>): Promise<T>;
  /** A wait on the clock, which ends early where the signal says so. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Something was answered that only another principal can have said. */
  leaked(detail: string): void;
}

/** Draws what a tool does. */
export function someActs(random: Random): readonly Act[] {
  const acts: Act[] = [];
  for (let left = random.int(4); left >= 0; left--) acts.push(someAct(random));
  return acts;
}

function someAct(random: Random): Act {
  switch (random.int(17)) {
    case 0:
    case 1:
    case 2:
      return { do: 'progress' };
    case 3:
      return { do: random.among(['log', 'metric']) };
    case 4:
      return { do: 'think' };
    case 5:
    case 6:
      return { do: 'sleep', ms: random.among([1, 50, 1_000, 20_000]) };
    case 7:
    case 8:
      return {
        do: 'stream',
        count: random.int(6),
        pauseMs: random.among([0, 0, 20]),
        isClosed: random.chance(0.8),
      };
    case 9:
    case 10:
      return { do: 'ask', expiresInMs: random.among([2_000, 60_000]), hasDefault: random.chance(0.4) };
    case 11:
      return { do: 'choose' };
    case 12:
      return { do: 'permit', resource: random.among(['/x', '/y']) };
    case 13:
      return { do: random.among(['save', 'keep']) };
    case 14:
      return { do: 'hang' };
    case 15:
      return { do: 'ignore', ms: random.among([10, 30_000]) };
    default:
      return random.among<Act>([
        { do: 'fail', code: 'RESOURCE_EXHAUSTED' },
        { do: 'fail', code: 'ABORTED' },
        { do: 'fail', code: 'OUT_OF_RANGE' },
        { do: 'throw' },
        { do: 'nonsense' },
      ]);
  }
}

/** Makes the tools of a world: `act`, and `again`, which runs again after a restart. */
export function scriptedTools(world: ToolWorld): readonly Tool[] {
  return [
    { name: 'act', handler: (args, context) => perform(world, args, context) },
    { name: 'again', restartable: true, handler: (args, context) => perform(world, args, context) },
    // Answers at once, not by a promise.
    { name: 'echo', handler: (args) => args },
  ];
}

async function perform(world: ToolWorld, args: JsonValue, context: ToolContext): Promise<JsonValue> {
  const { tag, acts } = args as unknown as Script;
  const { jobId, principal } = context;
  const { generation } = world;
  world.began(jobId);
  const run: Run = { jobId, principal, tag, generation, said: [], streams: new Map(), hasReturned: false };
  world.runs.push(run);
  if (!tag.startsWith(`@${principal}:`)) world.leaked(`a job of ${principal} runs ${tag}`);
  let result: JsonValue = { tag };
  try {
    for (const [number, act] of acts.entries())
      result = await one(world, run, context, act, `${tag}/${number}`, result);
    return result;
  } finally {
    run.hasReturned = true;
  }
}

async function one(
  world: ToolWorld,
  run: Run,
  context: ToolContext,
  act: Act,
  tag: string,
  result: JsonValue,
): Promise<JsonValue> {
  const { signal } = context;
  switch (act.do) {
    case 'progress':
      for (let i = 0; i < 3; i++) {
        run.said.push(`${tag}.${i}`);
        context.progress(i * 50, `${tag}.${i}`);
        if (i === 1) await null;
      }
      return result;
    case 'log':
      context.log('info', tag);
      return result;
    case 'metric':
      context.metric('tokens.used', 1, 'tokens', { tag });
      return result;
    case 'think':
      await world.trackTool('thought', context.thought(tag));
      return result;
    case 'sleep':
      await world.sleep(act.ms, signal);
      return result;
    case 'ignore':
      await world.sleep(act.ms);
      return result;
    case 'stream': {
      const writer = context.stream('text');
      const written: WrittenStream = { sent: [], isClosed: false };
      run.streams.set(writer.id, written);
      for (let i = 0; i < act.count; i++) {
        const text = `${tag} line ${i}`;
        written.sent.push(text);
        await world.trackTool('write', writer.write(text));
        if (act.pauseMs > 0) await world.sleep(act.pauseMs, signal);
      }
      if (act.isClosed) {
        await world.trackTool('close', writer.close());
        written.isClosed = true;
      }
      return result;
    }
    case 'ask': {
      const answer = await world.trackTool(
        'requestInput',
        context.requestInput({
          prompt: tag,
          schema: { type: 'string' },
          expiresInMs: act.expiresInMs,
          ...(act.hasDefault ? { default: `@${run.principal} default` } : {}),
        }),
      );
      if (!String(answer).startsWith(`@${run.principal} `)) world.leaked(`a job of ${run.principal} got ${answer}`);
      return { ...(result as JsonObject), answer };
    }
    case 'choose': {
      const options = [
        { id: 'a', label: `${tag} A` },
        { id: 'b', label: `${tag} B` },
      ];
      return {
        ...(result as JsonObject),
        choice: await world.trackTool(
          'requestChoice',
          context.requestChoice({ prompt: tag, options, expiresInMs: 60_000 }),
        ),
      };
    }
    case 'permit': {
      const question = {
        permission: 'filesystem.write',
        resource: `${act.resource}@${run.principal}`,
        operation: 'write',
      };
      const lease = await world.trackTool(
        'requestPermission',
        context.requestPermission({ ...question, reason: tag, leaseSeconds: 30, expiresInMs: 60_000 }),
      );
      return { ...(result as JsonObject), lease: lease.id };
    }
    case 'save': {
      const ref = await world.trackTool(
        'artifact',
        context.artifact(new TextEncoder().encode(tag), { mediaType: 'text/plain' }),
      );
      return { ...(result as JsonObject), artifact: ref.artifact_id };
    }
    case 'keep':
      context.checkpoint({ tag });
      return result;
    case 'hang':
      await new Promise((_resolve, reject) => {
        const stop = () => reject(signal.reason);
        if (signal.aborted) stop();
        else signal.addEventListener('abort', stop);
      });
      return result;
    case 'fail':
      throw new ArcpError(act.code, tag);
    case 'throw':
      throw new Error(tag);
    case 'nonsense':
      return Number.NaN;
  }
}
