// What must hold at the end of a run, computed from the log, from what the tools wrote down, and from what arrived: by
// other code than that of the runtime and the client.

import type { LoggedEntry } from '../../../src/arcp/log/contract.js';
import type { Filter } from '../../../src/arcp/wire/subscription.js';
import type { App, JobView, SubscriptionView } from './app.js';
import type { Run } from './tools.js';
import type { Principal, World } from './world.js';

/** How much of a run the checks had to look at: what shows that they see something. */
export interface Coverage {
  jobs: number;
  terminals: Record<string, number>;
  /** Sessions whose every message was looked for, and those that the client itself gave up. */
  wholeSessions: number;
  lostSessions: number;
  resumes: number;
  takenUp: number;
  events: number;
  streams: number;
  wholeSubscriptions: number;
  observed: number;
  backfills: number;
}

export function noCoverage(): Coverage {
  return {
    jobs: 0,
    terminals: {},
    wholeSessions: 0,
    lostSessions: 0,
    resumes: 0,
    takenUp: 0,
    events: 0,
    streams: 0,
    wholeSubscriptions: 0,
    observed: 0,
    backfills: 0,
  };
}

const TERMINAL = ['job.completed', 'job.failed', 'job.cancelled'];
const NEVER_AGAIN = [
  'session.challenge',
  'session.accepted',
  'session.unauthenticated',
  'session.rejected',
  'pong',
  'ack',
  'nack',
];

/** An entry of the log, read. */
interface Said extends LoggedEntry {
  readonly body: {
    readonly payload: Readonly<Record<string, never>>;
    readonly session_id?: string;
    readonly subscription_id?: string;
  };
}

/** Looks at everything. Violations are added to the world's. */
export async function examine(world: World, coverage: Coverage): Promise<void> {
  const entries: readonly Said[] = (await world.entries()).map((entry) => ({
    ...entry,
    body: JSON.parse(entry.text) as Said['body'],
  }));
  const out = entries.filter(({ direction }) => direction === 'out');
  checkJobs(world, out, coverage);
  checkRuns(world, out);
  checkStreams(world, out, coverage);
  for (const app of world.apps) {
    checkSessions(world, app, out, coverage);
    for (const view of app.jobs) checkView(world, app, view, out, coverage);
    for (const view of app.subscriptions) checkSubscription(world, app, view, entries, coverage);
  }
  checkSecrets(world, entries);
}

/** One acceptance and one end for each command that asked for a job; nothing of a job behind its end. */
function checkJobs(world: World, out: readonly Said[], coverage: Coverage): void {
  const commands = new Map<string, { readonly session: string; accepted: number; readonly ends: string[] }>();
  /** The command a job began with, and whether that has had its end. */
  const first = new Map<string, { readonly command: string; end: string | undefined }>();
  for (const { id, type, sessionId, jobId, correlationId } of out) {
    if (jobId === undefined || type === 'subscribe.event') continue;
    const job = first.get(jobId);
    if (type === 'job.accepted') {
      const command = commands.get(correlationId ?? '');
      if (command === undefined) commands.set(correlationId ?? '', { session: sessionId, accepted: 1, ends: [] });
      else command.accepted++;
      if (job === undefined) first.set(jobId, { command: correlationId ?? '', end: undefined });
      continue;
    }
    if (job === undefined) {
      world.violate('order inside a job', `${type} ${id} of ${jobId} before its acceptance`);
      continue;
    }
    if (TERMINAL.includes(type)) {
      commands.get(correlationId ?? '')?.ends.push(type);
      if (correlationId === job.command && job.end === undefined) {
        job.end = type;
        coverage.terminals[type] = (coverage.terminals[type] ?? 0) + 1;
      }
    } else if (job.end !== undefined) {
      world.violate('order inside a job', `${type} ${id} of ${jobId} behind its ${job.end}`);
    }
  }
  coverage.jobs += first.size;
  const living = new Set(world.runtime.sessions().map(({ id }) => id as string));
  for (const [command, { session, accepted, ends }] of commands) {
    if (accepted !== 1) world.violate('no command carried out twice', `${command} was accepted ${accepted} times`);
    // Whoever repeated an intent and left does not hear how it ended.
    const isFollower = ![...first.values()].some((job) => job.command === command);
    if (isFollower && ends.length === 0 && !living.has(session)) continue;
    if (ends.length !== 1) {
      world.violate('one terminal event per job', `the job of ${command} has ${ends.length}: ${ends.join(', ')}`);
    }
  }
}

/** What tools did: once for each command, and what they said is in the log as they said it. */
function checkRuns(world: World, out: readonly Said[]): void {
  const jobsOf = new Map<string, Set<string>>();
  const byJob = new Map<string, Run[]>();
  for (const run of world.runs) {
    jobsOf.set(run.tag, (jobsOf.get(run.tag) ?? new Set()).add(run.jobId));
    byJob.set(run.jobId, [...(byJob.get(run.jobId) ?? []), run]);
  }
  for (const [tag, jobs] of jobsOf) {
    if (jobs.size > 1) world.violate('no command carried out twice', `${tag} ran as ${[...jobs].join(', ')}`);
  }
  for (const [jobId, runs] of byJob) {
    const generations = new Set(runs.map(({ generation }) => generation));
    if (generations.size < runs.length)
      world.violate('no command carried out twice', `${jobId} ran ${runs.length} times`);
    const [run] = runs;
    const isWhole = out.some(({ type, jobId: id }) => id === jobId && type === 'job.completed');
    if (runs.length !== 1 || run === undefined || !isWhole) continue;
    const heard = out
      .filter(({ type, jobId: id }) => id === jobId && type === 'job.progress')
      .map(({ body }) => String(body.payload.message));
    if (heard.join() !== run.said.join()) {
      world.violate('order inside a job', `${jobId} said ${run.said.join()}, the log has ${heard.join()}`);
    }
  }
}

/** Chunks from 0 on, without a gap, then one end, also where a restart cut the stream off. */
function checkStreams(world: World, out: readonly Said[], coverage: Coverage): void {
  const streams = new Map<string, { session: string; next: number; isOver: boolean; texts: string[] }>();
  for (const { type, streamId, sessionId, body } of out) {
    if (streamId === undefined || !type.startsWith('stream.')) continue;
    const stream = streams.get(streamId);
    if (type === 'stream.open') {
      if (stream !== undefined) world.violate('order inside a stream', `${streamId} was opened twice`);
      streams.set(streamId, { session: sessionId, next: 0, isOver: false, texts: [] });
    } else if (stream === undefined || stream.isOver) {
      world.violate('order inside a stream', `${type} of ${streamId}, which is not open`);
    } else if (type === 'stream.chunk') {
      const sequence = Number(body.payload.sequence);
      if (sequence !== stream.next) {
        world.violate('order inside a stream', `${streamId} has ${sequence} where ${stream.next} belongs`);
      }
      stream.next = sequence + 1;
      stream.texts.push(String(body.payload.data));
    } else {
      stream.isOver = true;
    }
  }
  coverage.streams += streams.size;
  const living = new Set(world.runtime.sessions().map(({ id }) => id as string));
  for (const [id, { session, isOver }] of streams) {
    if (!isOver && living.has(session)) world.violate('order inside a stream', `${id} has no end`);
  }
  for (const run of world.runs) {
    for (const [id, { sent, isClosed }] of run.streams) {
      const texts = streams.get(id)?.texts ?? [];
      if (!isPrefix(texts, sent)) world.violate('order inside a stream', `${id}: ${texts.join()} of ${sent.join()}`);
      // What a tool of a runtime before wrote, it may have written when nobody took it any more.
      const isTold = isClosed && run.generation === world.generation;
      if (isTold && texts.length < sent.length) {
        world.violate('order inside a stream', `${id} was closed with ${texts.length} of ${sent.length} chunks`);
      }
    }
  }
}

/** What arrived in each session of a program is what was said in it, in the order of the log, each once. */
function checkSessions(world: World, app: App, out: readonly Said[], coverage: Coverage): void {
  const lost = new Set<string>();
  for (const { states } of app.lives) {
    for (const { state, error } of states) {
      if (state === 'resumed') coverage.resumes++;
      if (state !== 'lost') continue;
      const { cause } = (error ?? {}) as { readonly cause?: { readonly code?: string } };
      // Given up for want of an answer, not for what the runtime said: that keeps everything.
      if (cause !== undefined && cause.code !== 'ERR_ARCP_UNAVAILABLE') {
        world.violate('nothing lost to a resumed client', `${app.name} was told ${String(cause)}`);
      }
      for (const one of app.lives) lost.add(one.session.id);
    }
  }
  for (const sessionId of new Set(app.arrivals.map((arrival) => arrival.sessionId))) {
    if (sessionId === '') continue;
    const said = out.filter((entry) => entry.sessionId === sessionId && !NEVER_AGAIN.includes(entry.type));
    const place = new Map(said.map(({ id }, index) => [id, index]));
    const told = app.arrivals.filter(
      ({ sessionId: of, type, isEarly }) => of === sessionId && !isEarly && !NEVER_AGAIN.includes(type),
    );
    let next = 0;
    const seen = new Set<string>();
    for (const { id, type } of told) {
      coverage.events++;
      const index = place.get(id);
      if (seen.has(id)) {
        world.violate('nothing repeated to a resumed client', `${app.name} got ${type} ${id} again`);
        continue;
      }
      seen.add(id);
      if (index === undefined) {
        world.violate('nothing lost to a resumed client', `${type} ${id} of ${app.name} is not in the log`);
      } else if (index < next) {
        const which = said[index]?.streamId === undefined ? 'order inside a job' : 'order inside a stream';
        world.violate(which, `${app.name} got ${type} ${id} behind what was said after it`);
      } else if (index > next && !lost.has(sessionId)) {
        const missed = said[next];
        world.violate('nothing lost to a resumed client', `${app.name} never got ${missed?.type} ${missed?.id}`);
        next = index + 1;
      } else {
        next = index + 1;
      }
    }
    const isCurrent = app.session?.id === sessionId;
    if (lost.has(sessionId)) coverage.lostSessions++;
    else if (isCurrent) {
      coverage.wholeSessions++;
      const missed = said[next];
      if (missed !== undefined) {
        world.violate('nothing lost to a resumed client', `${app.name} never got ${missed.type} ${missed.id}`);
      }
    }
  }
}

/** The events of a job's handle are those of the log, and what it came to is what its last event says. */
function checkView(world: World, app: App, view: JobView, out: readonly Said[], coverage: Coverage): void {
  const ids = view.events.flatMap((event) => ('id' in event ? [event.id as string] : []));
  if (new Set(ids).size < ids.length) {
    world.violate('nothing repeated to a resumed client', `the handle of ${view.tag} has an event twice`);
  }
  const last = view.events.at(-1);
  if (last === undefined || !TERMINAL.includes(last.type)) return;
  const { outcome } = view;
  const type = outcome?.error === undefined ? 'job.completed' : 'job.failed or job.cancelled';
  if (outcome === undefined || !type.includes(last.type)) {
    world.violate('one terminal event per job', `${view.tag} came to ${type}, its last event is ${last.type}`);
  }
  if (view.isShared || !('id' in last)) return;
  const end = out.find(({ id }) => id === last.id);
  // Asked for again by another command: what came of the first one in between was nobody's.
  if (out.filter(({ type: of, jobId }) => of === 'job.accepted' && jobId === end?.jobId).length > 1) return;
  coverage.takenUp++;
  const said = out.filter(
    ({ jobId, correlationId, position, type: of }) =>
      (correlationId === end?.correlationId || jobId === end?.jobId) &&
      position <= (end?.position ?? 0) &&
      !NEVER_AGAIN.includes(of),
  );
  if (said.map(({ id }) => id).join() !== ids.join()) {
    const missed = said.find(({ id }) => !ids.includes(id));
    world.violate('nothing lost to a resumed client', `the handle of ${view.tag} lacks ${missed?.type} ${missed?.id}`);
  }
  for (const { id, items, end: over } of view.streams) {
    const sent = world.runs.flatMap(({ streams }) => streams.get(id)?.sent ?? []);
    const chunks = out.filter(({ streamId, type: of }) => streamId === id && of === 'stream.chunk');
    const texts = chunks.map(({ body }) => String(body.payload.data));
    if (sent.length > 0 && !isPrefix(items, sent)) {
      world.violate('order inside a stream', `${app.name} read ${items.join()} of ${sent.join()}`);
    }
    if (over === undefined || texts.join() !== items.join()) {
      world.violate('nothing lost to a resumed client', `${app.name} read ${items.length} of ${texts.length} chunks`);
    }
  }
}

/** What a subscription delivered is what the log has for it, each once, in that order. */
function checkSubscription(
  world: World,
  app: App,
  view: SubscriptionView,
  entries: readonly Said[],
  coverage: Coverage,
): void {
  const accepted = entries.find(({ type, body }) => type === 'subscribe.accepted' && body.subscription_id === view.id);
  const command = entries.find(({ id, type }) => type === 'subscribe' && id === accepted?.correlationId);
  const since = entries.find(({ id, principal }) => id === view.since && principal === app.principal);
  const after = view.since === undefined ? command?.position : since?.position;
  if (after === undefined) {
    return world.violate('nothing lost to a subscriber', `nobody knows where ${view.id} of ${app.name} began`);
  }
  let expected = entries.filter(
    (entry) => entry.position > after && entry.principal === app.principal && matches(entry, view.filter),
  );
  // Kept before a restart and carried out after it: it begins somewhere between its command and its acceptance.
  const wasCutOff = entries.some(
    ({ type, sessionId, position }) =>
      type === 'session.accepted' &&
      sessionId === view.sessionId &&
      position > after &&
      position < (accepted?.position ?? 0),
  );
  if (view.since === undefined && wasCutOff) {
    const first = view.events[0]?.id;
    expected = expected.filter(({ position }, index) => {
      const isBehind = position > (accepted?.position ?? 0);
      return isBehind || expected.slice(0, index + 1).some(({ id }) => id === first);
    });
  }
  const wanted = expected.map(({ id }) => id);
  const got = view.events.map(({ id }) => id as string);
  const foreign = got.find((id) => entries.some((entry) => entry.id === id && entry.principal !== app.principal));
  if (foreign !== undefined) world.leaked(`${app.name} observed ${foreign}`);
  if (new Set(got).size < got.length) {
    const again = got.find((id, index) => got.indexOf(id) !== index);
    return world.violate('nothing repeated to a subscriber', `${app.name} observed ${again} twice`);
  }
  coverage.observed += got.length;
  if (view.since !== undefined) coverage.backfills++;
  const wasLost = app.lives.some(
    ({ session, states }) => session === view.session && states.some(({ state }) => state === 'lost'),
  );
  if (wasLost) return;
  if (!isPrefix(got, wanted)) {
    const index = got.findIndex((id, i) => id !== wanted[i]);
    const missed = expected[index];
    world.violate(
      'nothing lost to a subscriber',
      `${app.name} observed ${got[index]} where ${missed?.type} ${missed?.id} belongs`,
    );
  }
  if (view.end !== undefined || view.session.signal.aborted) return;
  coverage.wholeSubscriptions++;
  if (got.length < wanted.length) {
    const missed = expected[got.length];
    world.violate('nothing lost to a subscriber', `${app.name} never observed ${missed?.type} ${missed?.id}`);
  }
  for (const [index, event] of view.events.entries()) {
    if (JSON.stringify(event.payload) !== JSON.stringify(expected[index]?.body.payload)) {
      world.violate('nothing lost to a subscriber', `${app.name} observed ${event.id} with other contents`);
    }
  }
}

/** The filter of section 13.2, once more. */
function matches(said: Said, filter: Filter): boolean {
  const { sessionId, traceId, jobId, streamId, direction, type, rank, body } = said;
  if (/^(?:un)?subscribe\b/.test(type)) return false;
  // Said in the name of another session, as when one of somebody else's, or one that is over, is asked for.
  if (direction === 'in' && (body.session_id ?? sessionId) !== sessionId) return false;
  if (type === 'event.emit' && body.payload.name === 'subscription.backfill_complete') return false;
  const isIn = (list: readonly string[] | undefined, value: string | undefined): boolean =>
    list === undefined || list.length === 0 || (value !== undefined && list.includes(value));
  const ranks = ['low', 'normal', 'high', 'critical'];
  return (
    isIn(filter.session_id, 'session_id' in body ? sessionId : undefined) &&
    isIn(filter.trace_id, traceId) &&
    isIn(filter.job_id, jobId) &&
    isIn(filter.stream_id, streamId) &&
    isIn(filter.types, type) &&
    (filter.min_priority === undefined || rank >= ranks.indexOf(filter.min_priority))
  );
}

/** Nothing that one principal is told names what another one said, is called, or has. */
function checkSecrets(world: World, entries: readonly Said[]): void {
  const owners = new Map<string, string>();
  const sessions = new Map<string, string>();
  for (const { text, principal, sessionId } of entries) {
    for (const id of idsIn(text)) if (!owners.has(id)) owners.set(id, principal);
    if ((sessions.get(sessionId) ?? principal) !== principal) world.leaked(`${sessionId} has two principals`);
    sessions.set(sessionId, principal);
  }
  for (const { name, principal, arrivals } of world.apps) {
    const others = (['alice', 'bob'] as const).filter((one: Principal) => one !== principal);
    // What a principal has named itself it hears again, in refusals and from its observer.
    const own = world.apps.filter((app) => app.principal === principal);
    const named = new Set(own.flatMap(({ said }) => said.flatMap(idsIn)));
    for (const { text, type } of arrivals) {
      if (others.some((other) => text.includes(`@${other}`))) world.leaked(`${name} got ${type}: ${text}`);
      for (const id of idsIn(text)) {
        const owner = owners.get(id);
        if (owner !== undefined && owner !== principal && !named.has(id)) {
          world.leaked(`${name} got ${type} with ${id} of ${owner}`);
        }
      }
    }
  }
}

function idsIn(text: string): readonly string[] {
  return text.match(/(?:msg|sess|job|str|sub|art|lease)_[0-9A-Z]{26}/g) ?? [];
}

function isPrefix(short: readonly string[], long: readonly string[]): boolean {
  return short.length <= long.length && short.every((item, index) => item === long[index]);
}
