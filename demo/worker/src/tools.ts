// What a machine can do: a tool for each thing that a job can be.

import { ArcpError, resultRef, type Tool, type ToolContext } from 'ringline/arcp/runtime';

type Json = Parameters<Tool['handler']>[0];

/**
 * Makes the tools.
 *
 * @param sinceMs When the object came up, as Unix time in milliseconds.
 */
export function toolsOf(sinceMs: number): readonly Tool[] {
  return [
    { name: 'echo', handler: (args) => args },
    // How long it has been in memory: a client sees by it whether it hibernated.
    { name: 'since', handler: () => sinceMs },
    // What was counted is kept, so that it goes on from there where the object was torn down.
    { name: 'count', restartable: true, handler: count },
    { name: 'ask', handler: ask },
    { name: 'think', handler: think },
    { name: 'artifact', handler: artifact },
  ];
}

async function count(args: Json, { progress, checkpoint, restored, signal }: ToolContext): Promise<Json> {
  const n = whole(args, 'n', 10_000);
  const ms = whole(args, 'ms', 60_000, 0);
  for (let i = whole(restored ?? null, 'counted', n, 0) + 1; i <= n; i++) {
    await rest(ms, signal);
    progress((100 * i) / n, `${i} of ${n}`);
    await checkpoint({ counted: i });
  }
  return { counted: n };
}

async function ask(args: Json, { requestInput }: ToolContext): Promise<Json> {
  const prompt = text(args, 'prompt', 'What is your answer?');
  return { answer: await requestInput({ prompt, schema: { type: 'string', maxLength: 1_000 } }) };
}

async function think(args: Json, { thought, signal }: ToolContext): Promise<Json> {
  const steps = whole(args, 'steps', 100, 3);
  for (let step = 1; step <= steps; step++) {
    await thought(`Step ${step} of ${steps}: look at it from another side.`);
    await rest(50, signal);
  }
  await thought('What nobody is to read.', { redacted: true, summary: 'weighed what was found' });
  return { steps };
}

async function artifact(args: Json, context: ToolContext) {
  const size = whole(args, 'size', 1_048_576);
  const bytes = Uint8Array.from({ length: size }, (_, i) => i & 0xff);
  return resultRef(await context.artifact(bytes, { mediaType: 'application/octet-stream' }));
}

/** Waits, unless the job is cancelled. */
function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** A member of the arguments, which come from a stranger. */
function member(args: Json, name: string): Json | undefined {
  if (args === null || typeof args !== 'object' || Array.isArray(args)) return undefined;
  return Object.hasOwn(args, name) ? (args as Readonly<Record<string, Json>>)[name] : undefined;
}

function whole(args: Json, name: string, max: number, fallback?: number): number {
  const value = member(args, name) ?? fallback;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw new ArcpError('INVALID_ARGUMENT', `${name} must be a whole number up to ${max}`);
}

function text(args: Json, name: string, fallback: string): string {
  const value = member(args, name) ?? fallback;
  if (typeof value === 'string' && value !== '') return value;
  throw new ArcpError('INVALID_ARGUMENT', `${name} must be text`);
}
