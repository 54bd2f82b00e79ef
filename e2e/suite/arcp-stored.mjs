// A runtime that keeps its log and its artifacts in IndexedDB, as one in a page does: a session over it, the network cut,
// and the page loaded anew.

import { all, CAPABILITIES, CLIENT, codeOf, firstOf, servicesOf, tapped } from './arcp-bench.mjs';
import { pattern, toolsOf } from './arcp-tools.mjs';
import { equal, ok } from './assert.mjs';

/** @param {any} library */
export function storedArcpCases(library) {
  return [
    { name: 'ARCP over IndexedDB: cut and resumed, nothing is lost or repeated', run: () => cut(library) },
    { name: 'ARCP over IndexedDB: after a reload the session and its jobs are there', run: () => reloaded(library) },
  ];
}

function pageOf({ arcp, arcpIndexedDb, transport, ...library }, name) {
  const log = arcpIndexedDb.indexedDbLog(name);
  const artifacts = arcpIndexedDb.indexedDbArtifacts(name);
  const faults = [];
  const runtime = arcp.createRuntime({
    tools: toolsOf({ arcp }),
    authenticators: [arcp.bearerTokens({ 'token-of-anna': 'anna' })],
    services: servicesOf({ arcp, ...library }).services,
    log,
    artifacts,
    onFault: (error, where) => faults.push(`${where}: ${error}`),
  });
  return {
    runtime,
    log,
    dial() {
      const [near, far] = transport.memoryTransports();
      void runtime.accept(far);
      return near;
    },
    async end() {
      await runtime.close();
      await log.close();
      await artifacts.close?.();
      equal(faults, [], 'faults of the runtime:');
    },
  };
}

const connect = ({ arcp }, dial) =>
  arcp.connect({
    dial,
    auth: { scheme: 'bearer', token: 'token-of-anna' },
    client: CLIENT,
    capabilities: CAPABILITIES,
    reconnect: { initialDelayMs: 1, maxDelayMs: 10 },
  });

async function cut(library) {
  const page = pageOf(library, `arcp-${crypto.randomUUID()}`);
  let dials = 0;
  const session = await connect(library, async () =>
    dials++ < 4 ? tapped(page.dial(), { cutAfter: 4 + dials }) : page.dial(),
  );
  const jobs = [1, 2, 3].map(() => session.invoke('count', { n: 5 }));
  for (const job of jobs) {
    const [events, jobId] = await Promise.all([all(job.events), job.id]);
    const said = await page.log.read({ after: 0, limit: 100, jobIds: [jobId], direction: 'out' });
    equal(
      events.map(({ id }) => id),
      said.map(({ id }) => id),
    );
    equal(events.length, 8);
  }
  ok(dials > 2, `${dials} connections`);
  const ref = await session.artifacts.put(pattern(100_000), { mediaType: 'a/b' });
  equal((await session.artifacts.fetch(ref)).bytes, pattern(100_000));
  await session.close();
  await page.end();
}

async function reloaded(library) {
  const name = `arcp-${crypto.randomUUID()}`;
  let page = pageOf(library, name);
  let gate = Promise.resolve();
  const session = await connect(library, async () => {
    await gate;
    return page.dial();
  });
  const [stages, asking] = [session.invoke('stages'), session.invoke('wait')];
  await firstOf(stages.events, ({ type }) => type === 'job.progress');
  await asking.id;
  const ref = await session.artifacts.put(pattern(5), { mediaType: 'a/b' });
  let open = () => {};
  gate = new Promise((resolve) => {
    open = resolve;
  });
  const { id } = session;
  await page.end();
  page = pageOf(library, name);
  await page.runtime.recover();
  open();
  equal((await stages.result).value, { stage: 2 });
  equal(await codeOf(asking), 'UNAVAILABLE');
  equal(session.id, id);
  equal((await session.artifacts.fetch(ref)).bytes, pattern(5));
  await session.close();
  await page.end();
}
