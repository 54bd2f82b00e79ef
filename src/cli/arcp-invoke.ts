// `ringline arcp invoke`

import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onAbort } from '../abort.js';
import type { JobEvent, JobHandle, JobResult } from '../arcp/client/job.js';
import type { ClientSession } from '../arcp/client/session.js';
import type { StreamItem } from '../arcp/streams/chunk.js';
import type { RawEnvelope } from '../arcp/wire/envelope.js';
import { isTimestamp } from '../arcp/wire/timestamp.js';
import type { JsonObject, JsonValue } from '../codec/json-value.js';
import { Answers, answerOptions } from './arcp-answers.js';
import { CREDENTIALS_IN_WORDS, credentialOptions, dialRuntime, runtimePositional } from './arcp-dial.js';
import { envelopeLine } from './arcp-lines.js';
import { fileIsThere } from './arcp-remedies.js';
import type { Args } from './args.js';
import type { Command } from './command.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { JSON_WORD_HELP, jsonWord } from './json-word.js';
import { missingFile } from './missing-file.js';

/** After Ctrl-C: for the job to end, which it gets 5 s for, and for word of that. */
const LEAVE_MS = 7_000;

/** How far ahead a runtime of ours can be asked: ten years. */
const MAX_AFTER_SECONDS = 315_360_000;

type When = Parameters<ClientSession['schedule']>[1];

/** `ringline arcp invoke`: runs a tool. */
export const arcpInvoke: Command = {
  name: 'arcp invoke',
  summary: 'Runs a tool on an ARCP runtime, and answers what the job asks',
  details: [
    'The result goes to standard output as a line of JSON; what happens on the way, to standard error. With --json every event of the job is a line on standard output instead: the envelope as the runtime sent it, the last one says how the job ended.',
    'What the job asks is put to the person at the terminal, but with --json to nobody; what no option and nobody there answers is declined. Ctrl-C cancels the job and waits for its end; a second one leaves at once.',
    'With --at or --after the runtime keeps the job until its time, and this waits for it: a session ends with the command, and what it has scheduled with the session.',
    CREDENTIALS_IN_WORDS,
  ],
  examples: [
    `arcp invoke ws://127.0.0.1:7777/ echo '{"hello":"world"}'`,
    `arcp invoke 'stdio:ringline arcp serve --stdio --json' ask --answer 42`,
    `arcp invoke ws://127.0.0.1:7777/ echo '"good morning"' --after 60`,
  ],
  positionals: [
    runtimePositional,
    { name: 'TOOL', help: 'such as echo' },
    { name: 'ARGS', optional: true, help: JSON_WORD_HELP },
  ],
  options: {
    ...credentialOptions,
    ...answerOptions,
    at: { value: 'TIME', help: 'run it then, such as 2030-01-31T09:00:00Z' },
    after: { value: 'SECONDS', help: 'run it after so long' },
    save: { value: 'FILE', help: 'write the artifact that is the result there; never over a file' },
    json: { help: 'one line of JSON for each event, and of whatever fails on standard error' },
  },
  async run(args, io) {
    const answers = new Answers(args, io);
    const given = await jsonWord('ARGS', args, io);
    const when = whenOf(args);
    const file = args.text('save');
    if (file !== undefined) await expectRoom(file);
    const { session, close } = await dialRuntime(args, io);
    try {
      const job = start(session, args.required('TOOL'), given, when);
      if (when !== undefined && !args.has('json')) tellWaiting(job, when, io);
      const left = leaving(job, io, args.has('json') ? undefined : tellLeaving);
      const answered = answers.answer(job.prompts);
      const show = args.has('json')
        ? (event: JobEvent) => io.out(jsonLine(event))
        : (event: JobEvent) => tell(event, io);
      // A question that could not be answered says why.
      await Promise.race([Promise.all([showEvents(job, show), answered]), left]);
      io.signal.throwIfAborted();
      const { value, ref } = await job.result;
      if (job.droppedEvents > 0 && !args.has('json')) io.err(`ringline: ${job.droppedEvents} events were left out\n`);
      if (!args.has('json')) await io.out(jsonLine(ref ?? value));
      if (file !== undefined) await save(session, { ref }, file, io);
      return 0;
    } finally {
      await close();
    }
  },
};

/** @throws {UsageError} */
function whenOf(args: Args): When | undefined {
  const at = args.text('at');
  const after = args.whole('after', 0, MAX_AFTER_SECONDS);
  if (at !== undefined && after !== undefined) throw args.wrong('--at and --after are one too many');
  if (after !== undefined) return { after };
  if (at === undefined) return undefined;
  if (!isTimestamp(at)) throw args.wrong('--at must be a time with its zone, such as 2030-01-31T09:00:00Z');
  return { at };
}

function start(session: ClientSession, tool: string, given: JsonValue = null, when: When | undefined): JobHandle {
  if (when === undefined) return session.invoke(tool, given);
  return session.schedule({ type: 'tool.invoke', payload: { tool, arguments: given } }, when);
}

/** Before there is something to write: whether it could be written. @throws {Error} */
async function expectRoom(path: string): Promise<void> {
  if (await stat(path).catch(() => undefined)) throw fileIsThere(path);
  const folder = dirname(path);
  await stat(folder).catch((cause) => {
    throw missingFile(folder, 'make the folder first', cause);
  });
}

function tellWaiting(job: JobHandle, { at, after }: When, io: Io): void {
  const due = at === undefined ? `in ${after} s` : `at ${at}`;
  // Where it is refused the refusal is told.
  job.id.then(
    () => io.err(`ringline: scheduled, to run ${due}; waiting for it\n`),
    () => {},
  );
}

function tellLeaving(io: Io): void {
  // A terminal has just shown ^C.
  const line = io.errIsTerminal ? '\n' : '';
  io.err(`${line}ringline: cancelling the job and waiting for its end; Ctrl-C again leaves at once\n`);
}

/** Cancels the job when it is time to stop. Settles when waiting for its end makes no sense any more. */
function leaving(job: JobHandle, io: Io, told?: (io: Io) => void): Promise<void> {
  return new Promise((resolve) => {
    const leave = () => {
      told?.(io);
      job.cancel({ reason: 'the person stopped it' }).catch(() => {});
      void delay(LEAVE_MS, undefined, { ref: false }).then(resolve);
    };
    if (io.signal.aborted) leave();
    else onAbort(io.signal, leave);
  });
}

/**
 * Shows every event. Streams are read at the pace at which their chunks are shown, so that the runtime is slowed down where
 * the terminal is slow.
 */
async function showEvents(job: JobHandle, show: (event: JobEvent) => unknown): Promise<void> {
  const chunks = new Map<string, AsyncIterator<StreamItem>>();
  const opening = (async () => {
    for await (const stream of job.streams) chunks.set(stream.id, stream[Symbol.asyncIterator]());
  })();
  for await (const event of job.events) {
    await show(event);
    // What is wrong with a chunk ends its stream, and the runtime is told.
    if (event.type === 'stream.chunk') take(chunks.get(event.stream_id ?? ''));
  }
  await opening;
}

function take(chunks: AsyncIterator<StreamItem> | undefined): void {
  chunks?.next().catch(() => {});
}

function tell(event: JobEvent, io: Io): void {
  if (event.type === 'heartbeat.missed') io.err(`no sign of life for ${event.silentMs} ms\n`);
  else io.err(`${envelopeLine(event as unknown as RawEnvelope & { payload: JsonObject })}\n`);
}

async function save(session: ClientSession, { ref }: JobResult, path: string, { signal }: Io): Promise<void> {
  if (ref === undefined) throw new Error('the result is no artifact: there is nothing to save');
  const { bytes } = await session.artifacts.fetch(ref, { signal });
  const file = await open(path, 'wx').catch((cause) => {
    throw cause.code === 'EEXIST' ? fileIsThere(path, cause) : cause;
  });
  try {
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
}
