// Tools that do what their arguments say, and write down what they did: the second truth beside the log.

import { ArcpError } from '../../../src/arcp/errors.js';
import type { DelegatedTask } from '../../../src/arcp/runtime/delegation/delegation.js';
import type { ToolContext } from '../../../src/arcp/runtime/tool-context.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import type { StreamReader } from '../../../src/arcp/streams/reader.js';
import { encodeBase64 } from '../../../src/codec/base64.js';
import type { JsonObject, JsonValue } from '../../../src/codec/json-value.js';
import type { Act, Script } from './acts.js';
import { bytesOf } from './bytes.js';

/** A stream that a tool wrote: texts, and binary chunks as base64. */
export interface WrittenStream {
  readonly sent: string[];
  readonly isBinary: boolean;
  isClosed: boolean;
}

/** A stream of a client's, as it was read. */
export interface HeardStream {
  readonly id: string;
  readonly principal: string;
  readonly isBinary: boolean;
  /** As in {@link WrittenStream}. */
  readonly items: string[];
  end: { readonly error?: unknown } | undefined;
}

/** A task that a tool handed to the other runtime. */
export interface HandedTask {
  readonly tag: string;
  outcome: { readonly value?: unknown; readonly error?: unknown } | undefined;
}

/** What runs a script: a tool, one that runs again after a restart, a workflow, or an agent. */
export type Runner = 'act' | 'again' | 'workflow' | 'agent';

/** One run of a tool. */
export interface Run {
  readonly jobId: string;
  readonly principal: string;
  readonly tag: string;
  readonly runner: Runner;
  readonly traceId: string | undefined;
  readonly generation: number;
  /** Messages of `job.progress`, in the order said. */
  readonly said: string[];
  readonly streams: Map<string, WrittenStream>;
  readonly handed: HandedTask[];
  hasReturned: boolean;
}

/** What tools need of their world. */
export interface ToolWorld {
  readonly generation: number;
  readonly runs: Run[];
  readonly heard: HeardStream[];
  /** A job has begun to run. */
  began(jobId: string): void;
  /** Follows a promise that the runtime gave to a tool. */
  trackTool<T>(name: string, promise: Promise<T>): Promise<T>;
  /** A wait on the clock, which ends early where the signal says so. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Something was answered that only another principal can have said. */
  leaked(detail: string): void;
}

/** Makes the tools of a world: `act`, and `again`, which runs again after a restart. */
export function scriptedTools(world: ToolWorld): readonly Tool[] {
  return [
    { name: 'act', handler: (args, context) => perform(world, 'act', args, context) },
    { name: 'again', restartable: true, handler: (args, context) => perform(world, 'again', args, context) },
    // Answers at once, not by a promise.
    { name: 'echo', handler: (args) => args },
  ];
}

/** Does what a delegated task says. */
export function performTask(world: ToolWorld, { task }: DelegatedTask, context: ToolContext): Promise<JsonValue> {
  return perform(world, 'agent', JSON.parse(task) as JsonValue, context);
}

/** Does what a script says. */
export async function perform(
  world: ToolWorld,
  runner: Runner,
  args: JsonValue,
  context: ToolContext,
): Promise<JsonValue> {
  const { tag, acts } = args as unknown as Script;
  const { jobId, principal, traceId } = context;
  const { generation } = world;
  world.began(jobId);
  const run: Run = {
    jobId,
    principal,
    tag,
    runner,
    traceId,
    generation,
    said: [],
    streams: new Map(),
    handed: [],
    hasReturned: false,
  };
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

/** Reads a stream of a client's to its end. */
export async function hear(world: ToolWorld, principal: string, stream: StreamReader): Promise<void> {
  const heard: HeardStream = {
    id: stream.id,
    principal,
    isBinary: stream.kind === 'binary',
    items: [],
    end: undefined,
  };
  world.heard.push(heard);
  try {
    for await (const { bytes, text } of stream)
      heard.items.push(bytes === undefined ? String(text) : encodeBase64(bytes));
    heard.end = {};
  } catch (error) {
    heard.end = { error };
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
    case 'stream':
    case 'bytes': {
      const isBinary = act.do === 'bytes';
      const writer = isBinary ? context.stream('binary', { contentType: 'a/b' }) : context.stream('text');
      const written: WrittenStream = { sent: [], isBinary, isClosed: false };
      run.streams.set(writer.id, written);
      for (let i = 0; i < act.count; i++) {
        const data = isBinary ? bytesOf(tag, i) : `${tag} line ${i}`;
        written.sent.push(typeof data === 'string' ? data : encodeBase64(data));
        await world.trackTool('write', writer.write(data as never));
        if (act.pauseMs > 0) await world.sleep(act.pauseMs, signal);
      }
      if (act.isClosed) {
        await world.trackTool('close', writer.close());
        written.isClosed = true;
      }
      return result;
    }
    case 'read': {
      const stream = await world.trackTool('acceptStream', context.acceptStream({ signal }));
      await world.trackTool('hear', hear(world, run.principal, stream));
      return result;
    }
    case 'delegate': {
      // What runs again, after a restart or by a rule, hands on another task.
      const handed: HandedTask = { tag: `${tag}~${run.generation}~${run.jobId.slice(-6)}`, outcome: undefined };
      run.handed.push(handed);
      const task = JSON.stringify({ tag: handed.tag, acts: act.acts });
      try {
        const { value } = await world.trackTool('delegate', context.delegate('worker', task));
        handed.outcome = { value };
      } catch (error) {
        handed.outcome = { error };
        throw error;
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
