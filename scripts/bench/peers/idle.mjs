// What sessions weigh: prints the heap and the resident size before and after 1,000 idle ones, and the heap after 10,000
// and after 100,000 calls of one. Both sides of the calls live here; the idle ones' callers are another process's.
// A first wave of sessions comes and goes before: the room that the handshakes of many at once need for objects that
// soon die, a process takes once and keeps, however many sessions follow.
//   node --expose-gc idle.mjs

import { fork } from 'node:child_process';
import { nodeHost } from '../../../dist/host/node.js';
import { connect, createIdentity, memoryPair, serve, webSocket } from '../../../dist/index.js';

const SESSIONS = 1_000;

if (process.argv[2] === 'callers') {
  const [, , , url, did, sessions] = process.argv;
  const identity = await createIdentity();
  for (let n = 0; n < Number(sessions); n += 20) {
    const batch = Array.from({ length: 20 }, () => connect({ identity, transport: webSocket(url), remoteDid: did }));
    globalThis.held = [...(globalThis.held ?? []), ...(await Promise.all(batch))];
  }
  process.send('ready');
} else {
  const collected = async () => {
    for (let turn = 0; turn < 4; turn++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return process.memoryUsage();
  };
  const identity = await createIdentity();
  const agent = serve({ identity, handlers: { echo: (params) => params } });
  const host = await nodeHost(agent, { port: 0 });
  // The first session pays for buffers that all share.
  const first = await connect({
    identity: await createIdentity(),
    transport: webSocket(host.url),
    remoteDid: agent.did,
  });
  await first.call('echo', 1);
  const wave = async (sessions) => {
    const callers = fork(process.argv[1], ['callers', host.url, agent.did, String(sessions)]);
    await new Promise((resolve) => callers.once('message', resolve));
    return callers;
  };
  const start = await collected();
  (await wave(SESSIONS / 2)).kill('SIGKILL');
  while (agent.sessions.size > 1) await new Promise((resolve) => setTimeout(resolve, 20));
  const before = await collected();
  const callers = await wave(SESSIONS);
  const after = await collected();
  callers.kill('SIGKILL');
  await agent.close();
  await host.close();

  const [near, far] = memoryPair();
  const other = serve({ identity, transport: far, handlers: { echo: (params) => params } });
  const session = await connect({ identity: await createIdentity(), transport: near, remoteDid: other.did });
  const calls = async (count) => {
    for (let n = 0; n < count; n += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, i) => session.call('echo', { n: n + i })));
    }
    return (await collected()).heapUsed;
  };
  const at10k = await calls(10_000);
  const at100k = await calls(90_000);
  const bytes = (key) => (after[key] - before[key]) / SESSIONS;
  const wholeRss = (after.rss - start.rss) / SESSIONS;
  console.log(
    JSON.stringify({
      rssPerSession: bytes('rss'),
      wholeRssPerSession: wholeRss,
      heapPerSession: bytes('heapUsed') + bytes('external'),
      heapGrowth: at100k - at10k,
    }),
  );
  process.exit(0);
}
