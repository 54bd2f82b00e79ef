// `ringline arcp invoke`

import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { onAbort } from '../abort.js';
import type { JobEvent, JobHandle, JobResult } from '../arcp/client/job.js';
import type { ClientSession } from '../arcp/client/session.js';
import type { StreamItem } from '../arcp/streams/chunk.js';
import type { RawEnvelope } from '../arcp/wire/envelope.js';
import type { JsonObject } from '../codec/json-value.js';
import { Answers, answerOptions } from './arcp-answers.js';
import { CREDENTIALS_IN_WORDS, credentialOptions, dialRuntime, runtimePositional } from './arcp-dial.js';
import { envelopeLine } from './arcp-lines.js';
import type { Command } from './command.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { JSON_WORD_HELP, jsonWord } from './json-word.js';

/** After Ctrl-C: for the job to end, which it gets 5 s for, and for word of that. */
const LEAVE_MS = 7_000;

/** `ringline arcp invoke`: runs a tool. */
export const arcpInvoke: Command = {
  name: 'arcp invoke',
  summary: 'Runs a tool on an ARCP runtime, and answers what the job asks',
  details: [
    'The result goes to standard output as a line of JSON; what happens on the way, to standard error. With --json every event of the job is a line on standard output instead: the envelope as the runtime sent it, the last one says how the job ended.',
    'What the job asks is put to the person at the terminal; what no option and nobody there answers is declined. Ctrl-C cancels the job and waits for its end; a second one leaves at once.',
    CREDENTIALS_IN_WORDS,
  ],
  examples: [
    `arcp invoke ws://127.0.0.1:7777/ echo '{"hello":"world"}'`,
    `arcp invoke 'stdio:ringline arcp serve --stdio --json' ask --answer 42`,
  ],
  positionals: [
    runtimePositional,
    { name: 'TOOL', help: 'such as echo' },
    { name: 'ARGS', optional: true, help: JSON_WORD_HELP },
  ],
  options: {
    ...credentialOptions,
    ...answerOptions,
    save: { value: 'FILE', help: 'write the artifact that is the result there; never over a file' },
    json: { help: 'one line of JSON for each event; nothing but JSON, on standard error too' },
  },
  async run(args, io) {
    const answers = new Answers(args, io);
    const given = await jsonWord('ARGS', args, io);
    const { session, close } = await dialRuntime(args, io);
    try {
      const job = session.invoke(args.required('TOOL'), given);
      const left = leaving(job, io);
      const answered = answers.answer(job.prompts);
      const show = args.has('json')
        ? (event: JobEvent) => io.out(jsonLine(event))
        : (event: JobEvent) => tell(event, io);
      // A question that could not be answered says why.
      await Promise.race([Promise.all([showEvents(job, show), answered]), left]);
      io.signal.throwIfAborted();
      const { value, ref } = await job.result;
      if (job.droppedEvents > 0 && !args.has('json')) io.err(`ringline: ${job.droppedEvents} events were left out\n`);
      const file = args.text('save');
      if (file !== undefined) await save(session, { ref }, file, io);
      if (!args.has('json')) await io.out(jsonLine(ref ?? value));
      return 0;
    } finally {
      await close();
    }
  },
};

/** Cancels the job when it is time to stop. Settles when waiting for its end makes no sense any more. */
function leaving(job: JobHandle, io: Io): Promise<void> {
  return new Promise((resolve) => {
    const leave = () => {
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
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
}
