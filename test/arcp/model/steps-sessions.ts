// What programs do about their sessions and what these carry beside jobs.

import type { Filter } from '../../../src/arcp/wire/subscription.js';
import { encodeBase64 } from '../../../src/codec/base64.js';
import type { App } from './app.js';
import { attack } from './attack.js';
import { bytesOf } from './bytes.js';
import type { Random } from './random.js';
import { ignore, reopen, type Take } from './step.js';

/** By kind. */
export const SESSION_STEPS = {
  write(world, app, random) {
    const { session } = app;
    if (session === undefined) return;
    const view = random.chance(0.6) ? random.pick(app.jobs.filter(({ outcome }) => outcome === undefined)) : undefined;
    const kind = random.among(['text', 'binary', 'binary'] as const);
    const [count, end] = [random.int(8), random.among(['close', 'close', 'close', 'fail', 'leave'] as const)];
    world.note(`${app.name} writes ${count} ${kind} to ${view?.tag ?? 'the runtime'}: ${end}`);
    app.track(`writing of ${app.name}`, app.write(session, view, kind, count, end)).catch(ignore);
  },

  ping(world, app) {
    if (app.session === undefined) return;
    world.note(`${app.name} pings`);
    app.track(`ping of ${app.name}`, app.session.ping()).catch(ignore);
  },

  artifact(world, app, random) {
    const { session } = app;
    if (session === undefined) return;
    const bytes = bytesOf(`@${app.principal} bytes`, random.int(1_000));
    world.note(`${app.name} puts an artifact and fetches it`);
    const turn = async (): Promise<void> => {
      const ref = await session.artifacts.put(bytes, { mediaType: 'text/plain' });
      const back = await session.artifacts.fetch(ref);
      if (encodeBase64(back.bytes) !== encodeBase64(bytes))
        world.violate('bytes arrive as they were sent', `${app.name} fetched other bytes than it put`);
      if (random.chance(0.3)) await session.artifacts.release(ref.artifact_id);
    };
    app.track(`artifact of ${app.name}`, turn()).catch(ignore);
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
    app.track(`unsubscribe of ${app.name}`, view.subscription.close()).catch(ignore);
  },

  attack(world, app, random) {
    const { session } = app;
    const victims = world.apps.filter(({ principal }) => principal !== app.principal);
    const victim = random.pick(victims);
    if (session === undefined || victim?.session === undefined) return;
    attack(world, app, session, victim, random);
  },

  reload(world, app) {
    world.note(`${app.name} is loaded anew`);
    app.reload();
  },

  hurry(world, app) {
    world.note(`${app.name} connects now`);
    app.session?.reconnectNow();
  },

  close(world, app, random) {
    if (app.session === undefined) return;
    const jobs = random.among(['cancel', 'detach'] as const);
    world.note(`${app.name} closes, jobs: ${jobs}`);
    app.track(`close of ${app.name}`, app.session.close({ jobs }));
  },
} satisfies Readonly<Record<string, Take>>;

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
