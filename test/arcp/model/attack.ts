// Somebody goes for what belongs to another principal. Nothing of it may succeed.

import type { ClientSession } from '../../../src/arcp/client/session.js';
import type { App, JobView } from './app.js';
import { ELSEWHERE } from './equipment.js';
import type { Random } from './random.js';
import { ignore } from './step.js';
import type { World } from './world.js';

/** Tries one thing. */
export function attack(world: World, app: App, session: ClientSession, victim: App, random: Random): void {
  const theirs = victim.session as ClientSession;
  const view: JobView | undefined =
    random.pick(victim.jobs.filter(({ outcome }) => outcome === undefined)) ?? random.pick(victim.jobs);
  const jobId = view?.jobId as never;
  const message = random.pick(victim.arrivals)?.id as never;
  const mustFail = (what: string, promise: Promise<unknown>): void => {
    world.note(`${app.name} tries ${what} of ${victim.name}`);
    app.track(what, promise).then(() => world.leaked(`${app.name} may do ${what}`), ignore);
  };
  // What it could have is the first thing it would try.
  const artifact = random.pick([...idsOf(victim, 'art_')]);
  switch (artifact !== undefined && random.chance(0.2) ? 8 : random.int(14)) {
    case 0:
      return mustFail('subscribe to a session', app.subscribe(session, { session_id: [theirs.id] }, undefined));
    case 1:
      if (jobId !== undefined) mustFail('subscribe to a job', app.subscribe(session, { job_id: [jobId] }, undefined));
      return;
    case 2:
      if (message !== undefined) mustFail('subscribe since a message', app.subscribe(session, {}, message));
      return;
    case 3:
      if (view !== undefined)
        mustFail('subscribe to a trace', app.subscribe(session, { trace_id: [`trace of ${view.tag}`] }, undefined));
      return;
    case 4:
      if (jobId !== undefined) mustFail('cancel a job', refusal(session.cancel('job', jobId, { deadlineMs: 100 })));
      return;
    case 5:
      return mustFail('cancel a session', refusal(session.cancel('session', theirs.id, { deadlineMs: 100 })));
    case 6:
      if (jobId !== undefined) mustFail('interrupt a job', session.interrupt(jobId, `@${app.principal} stop`));
      return;
    case 7: {
      const prompt = random.pick(victim.prompts);
      if (prompt === undefined) return;
      const payload = {
        value: `@${app.principal} says so`,
        responded_by: 'nobody',
        responded_at: '2026-03-02T08:15:42Z',
      };
      const fields = { correlation_id: prompt.id, job_id: prompt.jobId };
      return mustFail('answer a prompt', session.request('human.input.response', payload, ['ack'], {}, fields));
    }
    case 8:
      if (artifact !== undefined) mustFail('fetch an artifact', session.artifacts.fetch(artifact as never));
      return;
    case 9: {
      const id = random.pick([...idsOf(victim, 'lease_')]) as never;
      if (id !== undefined) mustFail('refresh a lease', session.refreshLease(id, 1_000));
      return;
    }
    case 10: {
      if (jobId === undefined) return;
      const payload = { runtime: ELSEWHERE };
      return mustFail('hand off a job', session.request('agent.handoff', payload, ['ack'], {}, { job_id: jobId }));
    }
    case 11: {
      const fields = { job_id: jobId, stream_id: `str_of_${app.principal}` as never };
      if (jobId === undefined) return;
      return mustFail('open a stream to a job', session.request('stream.open', { kind: 'text' }, ['ack'], {}, fields));
    }
    case 12: {
      // Nobody answers it: that nothing of it arrives shows where the victim's streams are read.
      const stream = random.pick([...victim.writings.map(({ id }) => id), ...idsOf(victim, 'str_')]);
      if (stream === undefined) return;
      world.note(`${app.name} writes into ${stream} of ${victim.name}`);
      session.send('stream.chunk', { sequence: 0, data: `@${app.principal} was here` }, { stream_id: stream as never });
      return;
    }
    default: {
      // A token that is good, for a session that is somebody else's.
      world.note(`${app.name} opens ${victim.name}'s session`);
      const stolen = theirs.id;
      app.session?.close().catch(ignore);
      app.open({ sessionId: stolen }).then((opened) => {
        if (opened.id === stolen) world.leaked(`${app.name} resumes the session of ${victim.name}`);
      }, ignore);
    }
  }
}

/** Ids of a kind that a program was told. */
function idsOf(app: App, prefix: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { text } of app.arrivals)
    for (const [id] of text.matchAll(new RegExp(`${prefix}[0-9A-Z]{26}`, 'g'))) ids.add(id);
  return ids;
}

async function refusal(answer: Promise<{ readonly accepted: boolean }>): Promise<void> {
  if (!(await answer).accepted) throw new Error('refused');
}
