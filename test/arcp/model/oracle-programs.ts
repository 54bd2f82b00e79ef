// What must hold of what programs are told, over whatever connections: all of it, once, in order.

import { hasSidecar } from '../../../src/arcp/sidecar/negotiated.js';
import type { App, JobView } from './app.js';
import type { Coverage } from './coverage.js';
import { isPrefix, NEVER_AGAIN, type Said, TERMINAL } from './said.js';
import type { World } from './world.js';

/** What arrived in each session of a program is what was said in it, in the order of the log, each once. */
export function checkSessions(world: World, app: App, out: readonly Said[], coverage: Coverage): void {
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
  for (const [index, { session, isDead }] of app.lives.entries()) {
    const next = app.lives[index + 1]?.session;
    if (!isDead || next?.id !== session.id) continue;
    coverage.reloads++;
    if (hasSidecar(session.capabilities) !== hasSidecar(next.capabilities)) coverage.recoded++;
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
    for (const { id, type, frames } of told) {
      coverage.events++;
      coverage.frames += frames.length;
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
export function checkView(world: World, app: App, view: JobView, out: readonly Said[], coverage: Coverage): void {
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
  for (const { id, isBinary, encoding, items, end: over } of view.streams) {
    const sent = world.here.runs.flatMap(({ streams }) => streams.get(id)?.sent ?? []);
    const name = String(encoding);
    if (isBinary && items.length > 0) coverage.binary[name] = (coverage.binary[name] ?? 0) + 1;
    const chunks = out.filter(({ streamId, type: of }) => streamId === id && of === 'stream.chunk');
    const texts = chunks.map(({ body }) => String(body.payload.data));
    if (sent.length > 0 && !isPrefix(items, sent)) {
      const which = isBinary ? 'bytes arrive as they were sent' : 'order inside a stream';
      world.violate(which, `${app.name} read ${items.join()} of ${sent.join()}`);
    }
    if (over === undefined || texts.join() !== items.join()) {
      const which = isBinary ? 'bytes arrive as they were sent' : 'nothing lost to a resumed client';
      world.violate(which, `${app.name} read ${items.length} of ${texts.length} chunks`);
    }
  }
}
