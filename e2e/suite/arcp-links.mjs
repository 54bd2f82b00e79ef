// ARCP over what every runtime has: a MessagePort, lines of two streams of bytes, and a phone session, whose peer is the
// principal.

import { CAPABILITIES, CLIENT, firstOf, makeBench, nextOf, withBench } from './arcp-bench.mjs';
import { pattern } from './arcp-tools.mjs';
import { equal, ok, refuses } from './assert.mjs';

/** @param {any} library */
export function linkCases(library) {
  return [
    { name: 'ARCP: a session over a MessagePort', run: () => overPort(library) },
    { name: 'ARCP: a session over lines of two streams of bytes', run: () => overLines(library) },
    { name: 'ARCP: a session inside a phone session, whose peer is its principal', run: () => overPhone(library) },
  ];
}

/** What every link has to carry: events, a question, megabytes both ways, a cut and what follows. */
async function useAll(session, { size, cut }) {
  const job = session.invoke('ask', {});
  const question = await nextOf(job.prompts);
  await question.answer(3);
  equal((await job.result).value, { answer: 3 });
  const bytes = new Uint8Array(size).fill(7);
  const ref = await session.artifacts.put(bytes, { mediaType: 'application/octet-stream' });
  const { bytes: back } = await session.artifacts.fetch(ref);
  ok(back.length === size && back.every((byte) => byte === 7), 'other bytes');
  equal(
    (await session.artifacts.fetch((await session.invoke('artifact', { size: 999 }).result).ref)).bytes,
    pattern(999),
  );
  if (cut === undefined) return;
  const counting = session.invoke('count', { n: 30, gapMs: 1 });
  await firstOf(counting.events, ({ payload }) => payload.message === 'step 3');
  cut();
  const steps = [];
  for await (const { type, payload } of counting.events) if (type === 'job.progress') steps.push(payload.message);
  equal(
    steps,
    Array.from({ length: 27 }, (_, i) => `step ${i + 4}`),
  );
}

function overPort(library) {
  return withBench(library, async ({ connect, runtime }) => {
    const { portTransport } = library.transport;
    const near = [];
    const session = await connect({
      async dial() {
        const { port1, port2 } = new MessageChannel();
        void runtime.accept(portTransport(port2));
        near.push(portTransport(port1));
        return near.at(-1);
      },
    });
    await useAll(session, { size: 1_500_001, cut: () => near.at(-1).abort() });
    equal(near.length, 2);
  });
}

function overLines(library) {
  return withBench(library, async ({ connect, runtime }) => {
    const { ndjson } = library.transport;
    const [up, down] = [new TransformStream(), new TransformStream()];
    void runtime.accept(ndjson({ readable: up.readable, writable: down.writable }));
    const near = ndjson({ readable: down.readable, writable: up.writable });
    const session = await connect({ dial: async () => near, reconnect: false });
    await useAll(session, { size: 1_500_001 });
  });
}

async function overPhone(library) {
  const { front, arcpPhone, arcp } = library;
  const [alice, bob] = await Promise.all([front.createIdentity(), front.createIdentity()]);
  const bench = makeBench(library);
  const [near, far] = front.memoryPair();
  const { handlers } = arcpPhone.arcpPhone({ runtime: bench.runtime });
  front.serve({ identity: bob, transport: far, handlers });
  const ours = arcpPhone.arcpPhone();
  const phone = await front.connect({ identity: alice, transport: near, remoteDid: bob.did, handlers: ours.handlers });
  const links = [];
  const session = await arcp.connect({
    async dial() {
      links.push(ours.open(phone));
      return links.at(-1);
    },
    auth: { scheme: 'none' },
    client: CLIENT,
    capabilities: CAPABILITIES,
    reconnect: { initialDelayMs: 1 },
  });
  equal((await session.invoke('who').result).value, alice.did);
  await useAll(session, { size: 200_001, cut: () => links.at(-1).abort() });
  await refuses(async () => ours.open(phone), 'ERR_CHANNEL_REFUSED', 'a second one:');
  await session.close();
  equal((await phone.close()).clean, true);
  await bench.end();
  equal(bench.faults, []);
}
