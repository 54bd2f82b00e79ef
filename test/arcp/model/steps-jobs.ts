// What programs do about jobs.

import type { JsonObject } from '../../../src/codec/json-value.js';
import { someActs, someTask } from './acts.js';
import { ELSEWHERE, moveElsewhere } from './equipment.js';
import { Random } from './random.js';
import { ignore, reopen, type Take } from './step.js';
import type { Offer } from './world.js';

/** By kind. */
export const JOB_STEPS = {
  invoke(world, app, random) {
    const session = app.session ?? reopen(world, app);
    if (session === undefined) return;
    const tag = `@${app.principal}:${world.random.int(0x7fff_ffff).toString(36)}`;
    const tool = random.among(['act', 'act', 'act', 'again', 'echo', 'nobody']);
    const args = { tag, acts: someActs(random) };
    world.note(`${app.name} invokes ${tool} ${JSON.stringify(args)}`);
    const view = app.invoke(session, tool, args, {
      traceId: random.chance(0.3) ? `trace of ${tag}` : undefined,
      priority: random.among([undefined, undefined, 'low', 'high', 'critical']),
      retries: random.int(2),
    });
    if (random.chance(0.1)) {
      // The caller says so only afterwards: as an abort would.
      app.track('cancel', view.handle.cancel({ reason: tag })).catch(ignore);
    }
  },

  intent(world, app, random) {
    const session = app.session ?? reopen(world, app);
    if (session === undefined) return;
    const key = `key ${random.int(3)}`;
    // The same key means the same to whoever uses it honestly; to another principal it is another.
    const isOther = random.chance(0.2);
    const tag = `@${app.principal}:${key}${isOther ? ' otherwise' : ''}`;
    const args = { tag, acts: someActs(new Random(tag.length)) };
    world.note(`${app.name} invokes ${JSON.stringify(args)} as ${key}`);
    app.invoke(session, 'act', args, { idempotencyKey: key });
  },

  schedule(world, app, random) {
    const session = app.session ?? reopen(world, app);
    if (session === undefined) return;
    const name = `@${app.principal}:${world.random.int(0x7fff_ffff).toString(36)}`;
    const every = random.among(['FREQ=MINUTELY;COUNT=3', 'FREQ=MINUTELY']);
    const when = random.among([{ after: 1 }, { after: 30 }, { every }, { every }, { every }]);
    const tag = `${name} ${'every' in when ? 'again and again' : 'later'}`;
    const command = someCommand(tag, random);
    world.note(`${app.name} schedules ${tag}: ${JSON.stringify(when)} ${JSON.stringify(command)}`);
    const handle = session.schedule(command, when, { traceId: random.chance(0.3) ? `trace of ${tag}` : undefined });
    const view = app.follow(session, handle, tag, false);
    world.isScheduled = true;
    if (random.chance(0.15)) app.track('cancel', view.handle.cancel({ reason: tag })).catch(ignore);
  },

  workflow(world, app, random) {
    const session = app.session ?? reopen(world, app);
    if (session === undefined) return;
    const tag = `@${app.principal}:${world.random.int(0x7fff_ffff).toString(36)} flow`;
    const args = { tag, acts: someActs(random) };
    const name = random.among(['act', 'again']);
    world.note(`${app.name} starts the workflow ${name} ${JSON.stringify(args)}`);
    app.follow(session, session.startWorkflow(name, args as never), tag, false);
  },

  delegate(world, app, random) {
    const session = app.session ?? reopen(world, app);
    if (session === undefined) return;
    const tag = `@${app.principal}:${world.random.int(0x7fff_ffff).toString(36)} task`;
    const target = random.among(['worker', 'worker', 'worker', 'local']);
    const task = JSON.stringify({ tag, acts: someTask(random) });
    world.note(`${app.name} delegates ${task} to ${target}`);
    const traceId = random.chance(0.5) ? `trace of ${tag}` : undefined;
    const view = app.follow(session, session.delegate(target, task, undefined, { traceId }), tag, false);
    if (random.chance(0.2)) app.track('cancel', view.handle.cancel({ reason: tag })).catch(ignore);
  },

  handoff(world, app, random) {
    const { session } = app;
    if (session === undefined) return;
    const view = random.pick(app.jobs.filter(({ jobId, outcome }) => jobId !== undefined && outcome === undefined));
    const isWhole = view?.jobId === undefined;
    if (isWhole && random.chance(0.8)) return;
    world.note(`${app.name} hands off ${view?.tag ?? 'its session'}`);
    const fields = isWhole ? {} : { job_id: view.jobId as never };
    const payload = { runtime: ELSEWHERE, reason: `@${app.principal} moves` };
    app.track('handoff', session.request('agent.handoff', payload, ['ack'], {}, fields)).catch(ignore);
  },

  offer(world, app, random) {
    const { session } = app;
    const view = random.pick(app.jobs.filter(({ jobId, outcome }) => jobId !== undefined && outcome === undefined));
    const isWhole = view?.jobId === undefined;
    if (session === undefined || (isWhole && random.chance(0.8))) return;
    const { here, links, handoffs } = world;
    const { principal } = app;
    const offer: Offer = { jobId: view?.jobId, sessionId: session.id, isDone: false };
    world.note(`the runtime would hand off ${view?.tag ?? `the session of ${app.name}`}`);
    const moved = {
      session: { id: offer.sessionId, principal },
      job: isWhole ? undefined : { id: offer.jobId },
    } as never;
    const confirm = () => moveElsewhere(links, moved);
    const offering = handoffs.offer(session.id, { runtime: ELSEWHERE, jobId: offer.jobId, timeoutMs: 20_000, confirm });
    here.track('offer', offering).then(() => {
      offer.isDone = true;
      world.offers.push(offer);
    }, ignore);
  },

  answer(world, app, random) {
    const open = app.prompts.filter(({ isOpen }) => isOpen);
    const prompt = random.pick(open);
    if (prompt === undefined) return;
    const how = random.int(5);
    world.note(`${app.name} answers ${prompt.kind} ${prompt.text} (${how})`);
    const answering = ((): Promise<void> => {
      if (prompt.kind === 'permission') return how === 0 ? prompt.deny('no') : prompt.grant(how * 10);
      if (how === 0) return prompt.cancel('no');
      if (prompt.kind === 'choice') return prompt.choose(how === 1 ? 'zzz' : 'b');
      return prompt.answer(how === 1 ? 7 : `@${app.principal} says ${how}`);
    })();
    app.track(`answer of ${app.name}`, answering).catch(ignore);
  },

  cancel(world, app, random) {
    const view = random.pick(app.jobs.filter(({ outcome }) => outcome === undefined)) ?? random.pick(app.jobs);
    if (view === undefined) return;
    const deadlineMs = random.among([undefined, 100, 2_000]);
    world.note(`${app.name} cancels ${view.tag}`);
    app
      .track(`cancel of ${view.tag}`, view.handle.cancel({ reason: `@${app.principal} stop`, deadlineMs }))
      .catch(ignore);
  },

  interrupt(world, app, random) {
    const view = random.pick(app.jobs.filter(({ jobId, outcome }) => jobId !== undefined && outcome === undefined));
    if (view?.jobId === undefined || app.session === undefined) return;
    world.note(`${app.name} interrupts ${view.tag}`);
    const prompt = `@${app.principal} what now`;
    app.track('interrupt', app.session.interrupt(view.jobId as never, prompt)).catch(ignore);
  },
} satisfies Readonly<Record<string, Take>>;

/** A command for later. */
function someCommand(tag: string, random: Random): { readonly type: string; readonly payload: JsonObject } {
  // Runs of a rule wait for each other: one that hangs is the last.
  const acts = someActs(random).filter((act) => act.do !== 'hang' || random.chance(0.2));
  const args = { tag, acts } as unknown as JsonObject;
  switch (random.int(4)) {
    case 0:
      return { type: 'workflow.start', payload: { workflow: 'again', arguments: args } };
    case 1: {
      const task = JSON.stringify({ tag, acts: someTask(random) });
      return { type: 'agent.delegate', payload: { target: random.among(['worker', 'local']), task } };
    }
    default:
      return { type: 'tool.invoke', payload: { tool: 'act', arguments: args } };
  }
}
