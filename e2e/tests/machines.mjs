// The machines of `demo/worker`, live: a Durable Object for each tenant, whose workerd is stopped and started under its
// clients, and which hibernates under them.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { equal, failure, ok } from '../suite/assert.mjs';

const TOKENS = { alice: 'a-token-of-alice-0001', bob: 'a-token-of-bob-00002' };
const SECRET = Object.entries(TOKENS)
  .map(([tenant, token]) => `${tenant}=${token}`)
  .join(' ');

const CAPABILITIES = {
  streaming: true,
  durable_jobs: true,
  checkpoints: true,
  human_input: true,
  artifacts: true,
  subscriptions: true,
  scheduled_jobs: true,
};

/** Types that a resume does not repeat. */
const UNREPEATED = ['session.accepted', 'ack', 'nack', 'pong'];

/** workerd takes an object that is idle out of memory after 10 s; ours is idle after one more. */
const HIBERNATED_MS = 12_500;

/** @typedef {(name: string, bindings: Record<string, string>, port?: number) => Promise<{ url: string, port: number, program: import('../lib/programs.mjs').Program }>} Boot */

/** @param {import('../lib/stage.mjs').Stage} stage @param {Boot} boot */
export async function machines({ report, project }, boot) {
  const module = (/** @type {string} */ file) =>
    import(pathToFileURL(join(project.folder, 'node_modules/ringline/dist', file)).href);
  const [{ connect }, { openWebSocket }] = await Promise.all([
    module('arcp/client/index.js'),
    module('transport/websocket.js'),
  ]);
  const bindings = { RINGLINE_ARCP_TOKENS: SECRET };
  let { url, port, program } = await boot('machines', bindings);
  const restart = async () => {
    await program.stop();
    ({ url, port, program } = await boot('machines', bindings, port));
  };

  /**
   * A session of a tenant, with a record of everything it was told, over all of its connections.
   *
   * @param {'alice' | 'bob'} tenant @param {object} [more]
   */
  const enter = async (tenant, more = {}, at = tenant) => {
    /** @type {any[]} */
    const told = [];
    /** @type {string[]} */
    const said = [];
    let dialled = 0;
    /** @type {any} */
    let transport;
    const session = await connect({
      dial: async (/** @type {any} */ { signal }) => {
        dialled++;
        const opened = await openWebSocket(`${url}arcp/${at}`, { signal });
        transport = opened;
        return recorded(opened, told, said);
      },
      auth: { scheme: 'bearer', token: TOKENS[tenant] },
      client: { kind: 'e2e', version: '1.0.0' },
      capabilities: CAPABILITIES,
      keepAliveMs: 0,
      reconnect: { initialDelayMs: 100, maxDelayMs: 300 },
      ...more,
    });
    return {
      session,
      told,
      said,
      get dialled() {
        return dialled;
      },
      cut: () => transport.abort(),
    };
  };

  /** Everything that was said in a session, by the log: as an observer of the same tenant gets it. */
  const logOf = async (/** @type {any} */ observer, /** @type {any} */ { session, told }) => {
    const subscription = await observer.subscribe({ session_id: [session.id] }, { since: told[0].id });
    const events = [];
    subscription.backfillComplete.then(() => subscription.close());
    for await (const event of subscription) events.push(event);
    return events;
  };

  const since = async (/** @type {any} */ session) => (await session.invoke('since').result).value;

  await report.test(
    'machines: stopped and started under a job, an artifact and a schedule, nothing is lost or repeated',
    async () => {
      const alice = await enter('alice');
      const { session, told } = alice;
      const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
      const ref = await session.artifacts.put(bytes, { mediaType: 'application/octet-stream' });
      const command = { type: 'tool.invoke', payload: { tool: 'echo', arguments: 'in its time' } };
      const acceptedMs = Date.now();
      const scheduled = session.schedule(command, { after: 5 });
      await scheduled.id;
      const job = session.invoke('count', { n: 60, ms: 40 });
      /** @type {string[]} */
      const counted = [];
      for await (const event of job.events) {
        if (event.type !== 'job.progress') continue;
        counted.push(event.payload.message);
        if (counted.length === 15 || counted.length === 40) await restart();
      }
      equal((await job.result).value, { counted: 60 });
      equal(
        counted,
        Array.from({ length: 60 }, (_, i) => `${i + 1} of 60`),
      );
      equal((await scheduled.result).value, 'in its time');
      ok(Date.now() - acceptedMs >= 5_000, 'the schedule ran early');
      equal((await session.artifacts.fetch(ref)).bytes, bytes);
      ok(alice.dialled >= 3, `it dialled ${alice.dialled} times`);
      const observer = await enter('alice');
      const ids = told.map(({ id }) => id);
      equal(new Set(ids).size, ids.length, 'messages told:');
      // What the log has of the session beside what the client said is what it should have been told, in this order.
      const own = new Set(alice.said);
      const logged = (await logOf(observer.session, alice)).filter(({ id }) => !own.has(id));
      const repeated = (/** @type {any[]} */ messages) =>
        messages.filter(({ type }) => !UNREPEATED.includes(type)).map(({ type, id }) => `${type} ${id}`);
      equal(repeated(told), repeated(logged));
      await Promise.all([session.close(), observer.session.close()]);
    },
  );

  await report.test('machines: a schedule comes due while nobody is there and workerd was started anew', async () => {
    const alice = await enter('alice', { reconnect: false });
    const { session, told } = alice;
    const command = { type: 'tool.invoke', payload: { tool: 'echo', arguments: 'alone' } };
    const dueMs = Date.now() + 4_000;
    const job = session.schedule(command, { after: 4 });
    const jobId = await job.id;
    // It lies down, and sets its alarm at what is due.
    await sleep(1_500);
    const { id } = session;
    const afterMessageId = told.at(-1).id;
    alice.cut();
    await session.closed;
    await restart();
    await sleep(dueMs - Date.now() + 2_000);
    const backMs = Date.now();
    const again = await enter('alice', { resume: { sessionId: id, afterMessageId } });
    equal(again.session.id, id);
    equal((await again.session.follow(jobId).result).value, 'alone');
    const ended = again.told.find(({ type }) => type === 'job.completed');
    const endedMs = Date.parse(ended.timestamp);
    ok(endedMs >= dueMs - 100 && endedMs < backMs, `due ${dueMs}, ended ${endedMs}, back ${backMs}`);
    await again.session.close();
  });

  await report.test('machines: one hibernates under its client and an observer, who notice nothing', async () => {
    const [alice, observer] = await Promise.all([enter('alice'), enter('alice')]);
    const observed = await observer.session.subscribe({ types: ['job.completed'], session_id: [alice.session.id] });
    const command = { type: 'tool.invoke', payload: { tool: 'since', arguments: null } };
    const first = await since(alice.session);
    const scheduled = alice.session.schedule(command, { after: 16 });
    await scheduled.id;
    await sleep(HIBERNATED_MS);
    const second = await since(alice.session);
    ok(second > first, 'it did not hibernate');
    // It may hibernate again before: whoever says nothing hears of it all the same.
    ok((await scheduled.result).value >= second);
    await sleep(HIBERNATED_MS);
    const third = await since(alice.session);
    ok(third > second, 'it did not hibernate again');
    equal([alice.dialled, observer.dialled], [1, 1]);
    const values = [];
    for await (const { payload } of observed) if (values.push(payload.value) === 4) break;
    equal([values[0], values[1], values[3]], [first, second, third]);
    const ids = alice.told.map(({ id }) => id);
    equal(new Set(ids).size, ids.length);
    equal(alice.session.isConnected, true);
    await Promise.all([alice.session.close(), observer.session.close()]);
  });

  await report.test('machines: one with a job that waits for a human stays awake', async () => {
    const { session } = await enter('alice');
    const first = await since(session);
    const job = session.invoke('ask', { prompt: 'well?' });
    await job.id;
    await sleep(HIBERNATED_MS);
    for await (const prompt of job.prompts) {
      await prompt.answer('yes');
      break;
    }
    equal((await job.result).value, { answer: 'yes' });
    equal(await since(session), first);
    await session.close();
  });

  await report.test(
    'machines: R1, R2: another tenant sees nothing of a session, an artifact or the machine',
    async () => {
      const alice = await enter('alice');
      const ref = await alice.session.artifacts.put(Uint8Array.of(1, 2, 3), { mediaType: 'text/plain' });
      equal((await failure(() => enter('bob', {}, 'alice'))).code, 'ERR_ARCP_UNAUTHENTICATED');
      const bob = await enter('bob', { resume: { sessionId: alice.session.id } });
      ok(bob.session.id !== alice.session.id, 'bob has the session of alice');
      const listen = () => bob.session.subscribe({ session_id: [alice.session.id] });
      equal((await failure(listen)).code, 'ERR_ARCP_PERMISSION_DENIED');
      equal((await failure(() => bob.session.artifacts.fetch(ref))).code, 'ERR_ARCP_NOT_FOUND');
      const mine = await bob.session.invoke('since').result;
      ok(mine.value !== (await since(alice.session)), 'they share an object');
      for (const path of ['arcp/nobody', 'arcp/', 'arcp/alice/more']) {
        equal((await failure(() => openWebSocket(`${url}${path}`))).code, 'ERR_CHANNEL_REFUSED');
      }
      await Promise.all([alice.session.close(), bob.session.close()]);
    },
  );
  await program.stop();

  await report.test('machines: without a secret strangers come in over loopback, each on their own', async () => {
    const open = await boot('machines-open', {});
    const stranger = await connect({
      dial: (/** @type {any} */ { signal }) => openWebSocket(`${open.url}arcp/`, { signal }),
      auth: { scheme: 'none' },
      client: { kind: 'e2e', version: '1.0.0' },
      capabilities: { ...CAPABILITIES, anonymous: true },
    });
    const job = stranger.invoke('think', { steps: 2 });
    const thoughts = [];
    for await (const stream of job.streams) for await (const { data } of stream) thoughts.push(data);
    equal((await job.result).value, { steps: 2 });
    equal(thoughts.length, 3);
    const { ref } = await stranger.invoke('artifact', { size: 1_000 }).result;
    equal((await stranger.artifacts.fetch(ref)).bytes.length, 1_000);
    await stranger.close();
    await open.program.stop();
    const broken = await boot('machines-broken', { RINGLINE_ARCP_TOKENS: 'alice=short' });
    equal((await failure(() => openWebSocket(`${broken.url}arcp/alice`))).code, 'ERR_CHANNEL_REFUSED');
    await broken.program.stop();
  });
}

/**
 * A transport that writes down what comes, and the ids of what goes.
 *
 * @param {any} transport @param {any[]} told @param {string[]} said
 */
function recorded(transport, told, said) {
  return {
    send(/** @type {string} */ message) {
      said.push(JSON.parse(message).id);
      transport.send(message);
    },
    get bufferedBytes() {
      return transport.bufferedBytes;
    },
    drained: (/** @type {any} */ options) => transport.drained(options),
    receive: (/** @type {(message: any) => void} */ listener) =>
      transport.receive((/** @type {any} */ message) => {
        told.push(JSON.parse(message));
        listener(message);
      }),
    close: (/** @type {number} */ code, /** @type {string} */ reason) => transport.close(code, reason),
    abort: () => transport.abort(),
    closed: transport.closed,
  };
}
