// The tools that `arcp serve` offers: one for each thing a job can do.

import { setTimeout as delay } from 'node:timers/promises';
import { ArcpError, isArcpCode } from '../arcp/errors.js';
import type { ToolContext } from '../arcp/runtime/tool-context.js';
import { resultRef, type Tool } from '../arcp/runtime/tools.js';
import { MAX_ARTIFACT_BYTES } from '../arcp/wire/base64.js';
import type { HumanChoice } from '../arcp/wire/human.js';
import { isObject } from '../codec/is-object.js';
import type { JsonObject, JsonValue } from '../codec/json-value.js';

const HOUR_MS = 3_600_000;
const MAX_COUNT = 1_000_000_000;

const COLOURS: readonly HumanChoice[] = [
  { id: 'red', label: 'Red' },
  { id: 'green', label: 'Green' },
  { id: 'blue', label: 'Blue' },
];

/** What each of the tools takes and does, in a line. */
export const TOOLS_IN_WORDS = [
  'echo gives its arguments back',
  'sleep {"ms"} waits and says how far it is',
  'count {"n"} streams the numbers from 1 to n',
  'think {"steps"} streams its thoughts, the last one redacted',
  'ask {"prompt", "schema", "default", "expires_ms"} asks a human for a value',
  'choose {"prompt", "options", "expires_ms"} for a choice',
  'lease {"permission", "resource", "operation", "seconds"} for leave',
  'artifact {"size", "media_type"} makes an artifact',
  'fail {"code", "message", "retry_after_seconds"} fails',
];

/** The tools. */
export const demoTools: readonly Tool[] = [
  { name: 'echo', handler: (args) => args },
  { name: 'sleep', handler: sleep },
  { name: 'count', handler: count },
  { name: 'think', handler: think },
  { name: 'ask', handler: ask },
  { name: 'choose', handler: choose },
  { name: 'lease', handler: lease },
  { name: 'artifact', handler: artifact },
  { name: 'fail', handler: fail },
];

const SLEEP_STEPS = 10;

async function sleep(args: JsonValue, { progress, signal }: ToolContext): Promise<JsonValue> {
  const ms = whole(args, 'ms', { max: HOUR_MS });
  for (let step = 1; step <= SLEEP_STEPS; step++) {
    await delay(ms / SLEEP_STEPS, undefined, { signal });
    progress((step * 100) / SLEEP_STEPS);
  }
  return { slept_ms: ms };
}

async function count(args: JsonValue, context: ToolContext): Promise<JsonValue> {
  const n = whole(args, 'n', { max: MAX_COUNT });
  const numbers = context.stream('event');
  let percent = 0;
  for (let i = 1; i <= n; i++) {
    await numbers.write({ n: i }, { signal: context.signal });
    // Small steps are not worth a message each.
    const now = Math.floor((i * 100) / n);
    if (now >= percent + 10 || i === n) {
      percent = now;
      context.progress(percent);
    }
  }
  await numbers.close();
  return { counted: n };
}

async function think(args: JsonValue, { thought, signal }: ToolContext): Promise<JsonValue> {
  const steps = whole(args, 'steps', { max: 100, fallback: 3 });
  for (let step = 1; step <= steps; step++) {
    await thought(`Step ${step} of ${steps}: look at it from another side.`);
    await delay(50, undefined, { signal });
  }
  await thought('What nobody is to read.', { redacted: true, summary: 'weighed what was found' });
  return { steps };
}

async function ask(args: JsonValue, { requestInput }: ToolContext): Promise<JsonValue> {
  const question = {
    prompt: text(args, 'prompt', 'What is your answer?'),
    schema: member(args, 'schema') ?? {},
    default: member(args, 'default'),
    expiresInMs: expiry(args),
  };
  try {
    return { answer: await requestInput(question) };
  } catch (error) {
    // A default that does not fit the schema: both are the caller's.
    throw error instanceof TypeError ? invalid('default', 'must fit the schema') : error;
  }
}

async function choose(args: JsonValue, { requestChoice }: ToolContext): Promise<JsonValue> {
  const options = member(args, 'options') ?? COLOURS.map(({ id, label }) => ({ id, label }));
  if (!isChoices(options)) throw invalid('options', 'must be a list of 1 to 256 {"id", "label"} with different ids');
  const prompt = text(args, 'prompt', 'Which one?');
  return { choice: await requestChoice({ prompt, options, expiresInMs: expiry(args) }) };
}

async function lease(args: JsonValue, { requestPermission }: ToolContext): Promise<JsonValue> {
  const granted = await requestPermission({
    permission: text(args, 'permission', 'filesystem.write'),
    resource: text(args, 'resource', '/tmp/report.txt'),
    operation: text(args, 'operation', 'write'),
    reason: 'to show how a job asks for leave',
    leaseSeconds: whole(args, 'seconds', { min: 1, max: 86_400, fallback: 60 }),
  });
  granted.check();
  return { lease_id: granted.id, seconds_left: Math.round((granted.expiresAtMs - Date.now()) / 1_000) };
}

async function artifact(args: JsonValue, context: ToolContext) {
  const size = whole(args, 'size', { max: MAX_ARTIFACT_BYTES });
  const mediaType = text(args, 'media_type', 'application/octet-stream');
  const bytes = Uint8Array.from({ length: size }, (_, i) => i & 0xff);
  return resultRef(await context.artifact(bytes, { mediaType }));
}

function fail(args: JsonValue): never {
  const code = text(args, 'code', 'INTERNAL');
  // Codes of one's own have a name space before them.
  if (code === 'OK' || !(isArcpCode(code) || /^[\w-]+(\.[\w-]+)+$/.test(code))) {
    throw invalid('code', 'must be such as NOT_FOUND or arcpx.acme.TOO_LATE');
  }
  const seconds = member(args, 'retry_after_seconds');
  const details = seconds === undefined ? undefined : { retry_after_seconds: whole(args, 'retry_after_seconds') };
  throw new ArcpError(code, text(args, 'message', 'it was asked to fail'), { details });
}

interface Range {
  readonly min?: number;
  readonly max?: number;
  /** Where there is none. Absent: there must be one. */
  readonly fallback?: number;
}

/** A member of the arguments, which come from a stranger. */
function member(args: JsonValue, name: string): JsonValue | undefined {
  if (args !== null && !isObject(args)) throw invalid('arguments', 'must be an object');
  return args !== null && Object.hasOwn(args, name) ? (args as JsonObject)[name] : undefined;
}

function whole(args: JsonValue, name: string, { min = 0, max = Number.MAX_SAFE_INTEGER, fallback }: Range = {}) {
  const value = member(args, name) ?? fallback;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw invalid(name, `must be a whole number from ${min} to ${max}`);
}

function text(args: JsonValue, name: string, fallback: string): string {
  const value = member(args, name) ?? fallback;
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(name, 'must be text');
}

function expiry(args: JsonValue): number | undefined {
  return member(args, 'expires_ms') === undefined ? undefined : whole(args, 'expires_ms', { min: 1, max: HOUR_MS });
}

function isChoices(value: JsonValue): value is readonly (JsonObject & HumanChoice)[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > 256) return false;
  const ids = value.map((choice) => (isObject(choice) ? choice.id : undefined));
  const areWhole = value.every((choice) => isObject(choice) && typeof choice.label === 'string');
  return areWhole && ids.every((id) => typeof id === 'string') && new Set(ids).size === ids.length;
}

function invalid(path: string, issue: string): ArcpError {
  return new ArcpError('INVALID_ARGUMENT', `${path} ${issue}`, { details: { path, issue } });
}
