// `ringline arcp tail`

import { onAbort } from '../abort.js';
import type { Subscription } from '../arcp/client/subscription.js';
import { ArcpError } from '../arcp/errors.js';
import { classify } from '../arcp/wire/classify.js';
import type { RawEnvelope } from '../arcp/wire/envelope.js';
import { isJobId, isMessageId, isSessionId, type JobId, type MessageId, type SessionId } from '../arcp/wire/ids.js';
import { PRIORITIES, type Priority } from '../arcp/wire/priority.js';
import type { Filter } from '../arcp/wire/subscription.js';
import { printable } from '../bytes/printable.js';
import { CREDENTIALS_IN_WORDS, credentialOptions, dialRuntime, runtimePositional } from './arcp-dial.js';
import { envelopeLine } from './arcp-lines.js';
import type { Args } from './args.js';
import type { Command } from './command.js';
import { jsonLine } from './json-line.js';

/** `ringline arcp tail`: observes. */
export const arcpTail: Command = {
  name: 'arcp tail',
  summary: 'Observes what happens on an ARCP runtime until Ctrl-C',
  details: [
    'You see the sessions of your own principal: of whoever the token says you are. A stranger, without one, sees nobody but itself.',
    'A line says when, in UTC, in which job, and what. With --json it is the envelope as it was sent.',
    CREDENTIALS_IN_WORDS,
  ],
  examples: ['arcp tail ws://127.0.0.1:7777/ --bearer-file token.txt --types log,metric'],
  positionals: [runtimePositional],
  options: {
    ...credentialOptions,
    types: { value: 'TYPES', help: 'only messages of these types, with commas between them' },
    session: { value: 'ID', repeatable: true, help: 'only of this session' },
    job: { value: 'ID', repeatable: true, help: 'only of this job' },
    'min-priority': { value: 'PRIORITY', help: `only from there on: ${PRIORITIES.join(', ')}` },
    since: { value: 'MSG_ID', help: 'begin with what came after that message; default: with what comes from now on' },
    limit: { value: 'N', help: 'end after N messages' },
    json: { help: 'one line of JSON for each message, and for a failure on standard error' },
  },
  async run(args, io) {
    const filter = filterOf(args);
    const since = idOf('since', args, isMessageId);
    const limit = args.whole('limit', 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY;
    const line = args.has('json') ? jsonLine : textOf;
    const { session, isStranger, close } = await dialRuntime(args, io);
    try {
      const events = await session.subscribe(filter, { ...(since !== undefined && { since }), signal: io.signal });
      if (!args.has('json')) io.err(`ringline: ${isStranger ? STRANGER : 'observing'}; Ctrl-C ends\n`);
      let shown = 0;
      try {
        for await (const event of until(io.signal, events)) {
          await io.out(line(event));
          if (++shown >= limit) return 0;
        }
      } catch (error) {
        throw forgotten(error);
      }
      io.signal.throwIfAborted();
      // The runtime, or the connection, ended it without a word.
      session.signal.throwIfAborted();
      return 0;
    } finally {
      await close();
    }
  },
};

const STRANGER = 'observing as a stranger, who sees nobody but itself (--bearer-file FILE says who you are)';

/** What it means that a subscription that stood can no longer begin where it was: going on would hide a gap. */
function forgotten(error: unknown): unknown {
  if (!(error instanceof ArcpError) || error.code !== 'ERR_ARCP_NOT_FOUND') return error;
  const message = 'the runtime has forgotten what was seen last; run this again to see what comes from now on';
  return new ArcpError(error.wireCode, message, { cause: error });
}

/** The events of a subscription, which a signal ends. */
function until(signal: AbortSignal, events: Subscription): Subscription {
  const leave = () => void events.close().catch(() => {});
  if (signal.aborted) leave();
  else onAbort(signal, leave);
  return events;
}

/** @throws {UsageError} */
function filterOf(args: Args): Filter {
  const types = args
    .text('types')
    ?.split(',')
    .map((type) => type.trim());
  for (const type of types ?? []) {
    // A misspelt one would be waited for without end.
    if (!['core', 'unknown-extension', 'experimental'].includes(classify(type))) {
      throw args.wrong(`--types names ${JSON.stringify(type.slice(0, 40))}, which is no type of message`);
    }
  }
  const priority = args.text('min-priority');
  if (priority !== undefined && !PRIORITIES.includes(priority as Priority)) {
    throw args.wrong(`--min-priority must be one of ${PRIORITIES.join(', ')}`);
  }
  return {
    ...(types !== undefined && { types }),
    session_id: idsOf('session', args, isSessionId) as readonly SessionId[],
    job_id: idsOf('job', args, isJobId) as readonly JobId[],
    ...(priority !== undefined && { min_priority: priority as Priority }),
  };
}

function idsOf(option: string, args: Args, isId: (value: unknown) => boolean): readonly string[] {
  const ids = args.texts(option);
  if (!ids.every(isId))
    throw args.wrong(`--${option} must be an id, such as ${option === 'job' ? 'job_' : 'sess_'}...`);
  return ids;
}

function idOf(option: string, args: Args, isId: (value: unknown) => boolean): MessageId | undefined {
  const id = args.text(option);
  if (id !== undefined && !isId(id)) throw args.wrong(`--${option} must be the id of a message, msg_...`);
  return id as MessageId | undefined;
}

function textOf(event: RawEnvelope): string {
  const time = /T(\d\d:\d\d:\d\d(?:\.\d{1,3})?)/.exec(event.timestamp)?.[1] ?? event.timestamp;
  const whose = event.job_id ?? event.session_id ?? '';
  return `${printable(time.slice(0, 40)).padEnd(12)} ${printable(whose.slice(0, 64)).padEnd(30)} ${envelopeLine(event)}\n`;
}
