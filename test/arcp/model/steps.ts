// What may happen: each step is a kind and a seed, from which everything about it is drawn, so that it means something in
// whatever world it finds and steps can be left out.

import type { ClientSession } from '../../../src/arcp/client/session.js';
import type { Filter } from '../../../src/arcp/wire/subscription.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import type { App, JobView } from './app.js';
import { Random } from './random.js';
import { someActs } from './tools.js';
import type { World } from './world.js';

const WEIGHTS = {
  invoke: 16,
  intent: 4,
  schedule: 2,
  answer: 9,
  cancel: 5,
  interrupt: 1,
  ping: 1,
  artifact: 3,
  subscribe: 4,
  unsubscribe: 1,
  attack: 6,
  pass: 9,
  move: 6,
  settle: 4,
  cut: 8,
  stall: 2,
  hurry: 2,
  close: 1,
  crash: 2,
  restart: 2,
} as const;

export type StepKind = keyof typeof WEIGHTS;

/** One thing that happens. */
export interface Step {
  readonly kind: StepKind;
  readonly seed: number;
}

const BAG = Object.entries(WEIGHTS).flatMap(([kind, weight]) => Array<StepKind>(weight).fill(kind as StepKind));

/** Draws a run of steps. */
export function someSteps(seed: number, count: number): readonly Step[] {
  const random = new Random(seed ^ 0x5eed);
  return Array.from({ length: count }, () => ({
    kind: random.pick(BAG) as StepKind,
    seed: random.int(0x7fff_ffff),
  }));
}

/** Takes a step, then lets a few messages move. */
export async function take(world: World, step: Step): Promise<void> {
  const random = new Random(step.seed);
  const app = random.pick(world.apps) as App;
  await STEPS[step.kind](world, app, random);
  // Often nothing has arrived yet when the next thing happens, sometimes all has.
  if (random.chance(0.3)) await world.network.settle(random);
  else await world.network.drift(random, random.int(12));
}

type Take = (world: World, app: App, random: Random) => void | Promise<void>;

const STEPS: { readonly [Kind in StepKind]: Take } = {
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
      world.track('cancel', view.handle.cancel({ reason: tag })).catch(ignore);
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
    const tag = `@${app.principal}:${world.random.int(0x7fff_ffff).toString(36)} later`;
    const payload = { tool: 'act', arguments: { tag, acts: someActs(random) } as unknown as JsonObject };
    const after = random.among([1, 30]);
    world.note(`${app.name} schedules ${tag} in ${after} s`);
    app.follow(session, session.schedule({ type: 'tool.invoke', payload }, { after }), tag, false);
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
    world.track(`answer of ${app.name}`, answering).catch(ignore);
  },

  cancel(world, app, random) {
    const view = random.pick(app.jobs.filter(({ outcome }) => outcome === undefined)) ?? random.pick(app.jobs);
    if (view === undefined) return;
    const deadlineMs = random.among([undefined, 100, 2_000]);
    world.note(`${app.name} cancels ${view.tag}`);
    world
      .track(`cancel of ${view.tag}`, view.handle.cancel({ reason: `@${app.principal} stop`, deadlineMs }))
      .catch(ignore);
  },

  interrupt(world, app, random) {
    const view = random.pick(app.jobs.filter(({ jobId, outcome }) => jobId !== undefined && outcome === undefined));
    if (view?.jobId === undefined || app.session === undefined) return;
    world.note(`${app.name} interrupts ${view.tag}`);
    const prompt = `@${app.principal} what now`;
    world.track('interrupt', app.session.interrupt(view.jobId as never, prompt)).catch(ignore);
  },

  ping(world, app) {
    if (app.session === undefined) return;
    world.note(`${app.name} pings`);
    world.track(`ping of ${app.name}`, app.session.ping()).catch(ignore);
  },

  artifact(world, app, random) {
    const { session } = app;
    if (session === undefined) return;
    const bytes = new TextEncoder().encode(`@${app.principal} bytes ${random.int(1_000)}`);
    world.note(`${app.name} puts an artifact and fetches it`);
    const turn = async (): Promise<void> => {
      const ref = await session.artifacts.put(bytes, { mediaType: 'text/plain' });
      const back = await session.artifacts.fetch(ref);
      if (new TextDecoder().decode(back.bytes) !== new TextDecoder().decode(bytes)) throw new Error('other bytes');
      if (random.chance(0.5)) await session.artifacts.release(ref.artifact_id);
    };
    world.track(`artifact of ${app.name}`, turn()).catch(ignore);
  },

  async subscribe(world, _app, random) {
    const app = random.pick(world.apps.filter(({ name }) => name.endsWith('observer'))) as App;
    const session = app.session ?? reopen(world, app);
    if (session === undefined || app.subscriptions.length > 8) return;
    const own = world.apps.filter(({ principal }) => principal === app.principal);
    const filter = someFilter(own, random);
    // Something that the observer, or another program of its principal, has been told.
    const known = random.pick(own)?.arrivals ?? [];
    const since = random.chance(0.5) ? random.pick(known)?.id : undefined;
    world.note(`${app.name} subscribes to ${JSON.stringify(filter)} since ${since}`);
    app.subscribe(session, filter, since).catch(ignore);
  },

  unsubscribe(world, app, random) {
    const view = random.pick(app.subscriptions.filter(({ end }) => end === undefined));
    if (view === undefined) return;
    world.note(`${app.name} unsubscribes ${view.id}`);
    world.track(`unsubscribe of ${app.name}`, view.subscription.close()).catch(ignore);
  },

  attack(world, app, random) {
    const { session } = app;
    const victims = world.apps.filter(({ principal }) => principal !== app.principal);
    const victim = random.pick(victims);
    if (session === undefined || victim?.session === undefined) return;
    attack(world, app, session, victim, random);
  },

  async pass(world, _app, random) {
    const ms = random.among([1, 100, 1_000, 5_000, 31_000, 61_000]);
    world.note(`${ms} ms pass`);
    // In one go the network has no part in it, as where a machine was asleep.
    if (ms <= 1_000 || random.chance(0.2)) world.clock.advance(ms);
    else await world.pass(ms, 1 + Math.floor(ms / 4), random);
  },

  async move(world, _app, random) {
    await world.network.drift(random, 20);
  },

  async settle(world, _app, random) {
    world.note('everything moves');
    await world.network.settle(random);
  },

  cut(world, app, random) {
    const side = random.among(['near', 'far'] as const);
    world.note(`${app.name}'s connection is cut at its ${side} end`);
    app.cable?.cut(side);
    if (random.chance(0.5)) world.clock.advance(200);
  },

  stall(world, app) {
    if (app.cable === undefined) return;
    app.cable.isStalled = !app.cable.isStalled;
    world.note(`${app.name}'s connection ${app.cable.isStalled ? 'stalls' : 'goes on'}`);
  },

  hurry(world, app) {
    world.note(`${app.name} connects now`);
    app.session?.reconnectNow();
  },

  close(world, app, random) {
    if (app.session === undefined) return;
    const jobs = random.among(['cancel', 'detach'] as const);
    world.note(`${app.name} closes, jobs: ${jobs}`);
    world.track(`close of ${app.name}`, app.session.close({ jobs }));
  },

  async crash(world, _app, random) {
    world.note('the runtime crashes');
    world.crash();
    await comeBack(world, random);
  },

  async restart(world, _app, random) {
    world.note('the runtime closes and starts again');
    world.isDown = true;
    const closing = world.trackRuntime('close of the runtime', world.runtime.close());
    let isClosed = false;
    void closing.then(() => {
      isClosed = true;
    });
    for (let i = 0; i < 50 && !isClosed; i++) {
      for (const cable of world.network.cables) cable.isStalled = false;
      await world.network.settle(random);
      if (!isClosed) world.clock.advance(1_000);
    }
    if (!isClosed) world.violate('no promise left hanging', 'the runtime never closes');
    world.stop();
    await comeBack(world, random);
  },
};

/** Another runtime over the same log, after a while. */
async function comeBack(world: World, random: Random): Promise<void> {
  world.clock.advance(1 + random.int(3_000));
  if (random.chance(0.5)) await world.network.settle(random);
  world.start();
  const recovery = world.trackRuntime('recovery', world.runtime.recover());
  // Who comes early waits.
  if (random.chance(0.5)) await recovery;
}

/** A program whose session is over begins another one; it is there by the next step, or the one after. */
function reopen(world: World, app: App): undefined {
  world.note(`${app.name} connects`);
  app.open().catch(ignore);
  return undefined;
}

function someFilter(own: readonly App[], random: Random): Filter {
  const filter: { -readonly [Name in keyof Filter]: Filter[Name] } = {};
  if (random.chance(0.3))
    filter.types = random.among([
      ['job.progress', 'job.completed', 'job.failed', 'job.cancelled'],
      ['stream.chunk'],
      ['tool.invoke', 'cancel'],
    ]);
  if (random.chance(0.2)) filter.min_priority = random.among(['normal', 'high']);
  if (random.chance(0.2)) {
    const jobs = own.flatMap(({ jobs }) => jobs.flatMap(({ jobId }) => (jobId === undefined ? [] : [jobId as never])));
    if (jobs.length > 0) filter.job_id = jobs.slice(-3);
  }
  if (random.chance(0.15)) {
    const id = random.pick(own)?.session?.id;
    if (id !== undefined) filter.session_id = [id];
  }
  return filter;
}

/** Somebody goes for what belongs to another principal. Nothing of it may succeed. */
function attack(world: World, app: App, session: ClientSession, victim: App, random: Random): void {
  const theirs = victim.session as ClientSession;
  const view: JobView | undefined =
    random.pick(victim.jobs.filter(({ outcome }) => outcome === undefined)) ?? random.pick(victim.jobs);
  const jobId = view?.jobId as never;
  const message = random.pick(victim.arrivals)?.id as never;
  const mustFail = (what: string, promise: Promise<unknown>): void => {
    world.note(`${app.name} tries ${what} of ${victim.name}`);
    world.track(what, promise).then(() => world.leaked(`${app.name} may do ${what}`), ignore);
  };
  switch (random.int(11)) {
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
    case 8: {
      const id = random.pick([...idsOf(victim, 'art_')]) as never;
      if (id !== undefined) mustFail('fetch an artifact', session.artifacts.fetch(id));
      return;
    }
    case 9: {
      const id = random.pick([...idsOf(victim, 'lease_')]) as never;
      if (id !== undefined) mustFail('refresh a lease', session.refreshLease(id, 1_000));
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

function ignore(): void {}
