// Work over ARCP: a job with progress, a question and a choice, an artifact, a cancel, an observer who comes late, and a
// connection that is cut in the middle.

import { setTimeout as delay } from 'node:timers/promises';
import {
  artifactService,
  bearerTokens,
  connect,
  createRuntime,
  promptService,
  resultRef,
  subscriptionService,
} from 'ringline/arcp';
import { memoryTransports } from 'ringline/transport/memory';

const runtime = createRuntime({
  authenticators: [bearerTokens({ 'a-long-secret': 'ada' })],
  services: [promptService(), artifactService(), subscriptionService()],
  tools: [
    {
      name: 'report',
      async handler(_args, job) {
        job.progress(25, 'read the ledger');
        const year = await job.requestInput({ prompt: 'Which year?', schema: { type: 'integer' } });
        const options = ['text', 'markdown'].map((id) => ({ id, label: id }));
        const format = await job.requestChoice({ prompt: 'Which format?', options });
        job.progress(75, 'wrote it down');
        const bytes = new TextEncoder().encode(`Nothing happened in ${year}.`);
        return resultRef(await job.artifact(bytes, { mediaType: `text/${format === 'text' ? 'plain' : format}` }));
      },
    },
    { name: 'sleep', handler: (ms, { signal }) => delay(ms, null, { signal }) },
    {
      name: 'count',
      async handler(n, { progress }) {
        for (let i = 1; i <= n; i++) {
          progress((i * 100) / n, `${i}`);
          await delay(5);
        }
        return n;
      },
    },
  ],
});

// A page would dial `openWebSocket('wss://runtime.example')` of `ringline/transport/websocket` here.
let link;
const open = () =>
  connect({
    dial: async () => {
      const [near, far] = memoryTransports();
      link = near;
      void runtime.accept(far);
      return near;
    },
    auth: { scheme: 'bearer', token: 'a-long-secret' },
    client: { kind: 'example', version: '1.0.0' },
    capabilities: { human_input: true, artifacts: true, subscriptions: true },
    reconnect: { initialDelayMs: 20 },
  });
const session = await open();

// Progress, a question, a choice, an artifact.
const report = session.invoke('report');
void answer(report.prompts);
let started;
for await (const event of report.events) {
  if (event.type === 'job.accepted') started = event.id;
  if (event.type === 'job.progress') console.log(`${event.payload.percent} %: ${event.payload.message}`);
}
const { bytes, ref } = await session.artifacts.fetch((await report.result).ref);
console.log(`${ref.media_type}, ${ref.size} bytes: ${new TextDecoder().decode(bytes)}`);

async function answer(prompts) {
  for await (const prompt of prompts) {
    console.log(`${prompt.agent} asks: ${prompt.text}`);
    if (prompt.kind === 'input') await prompt.answer(2026);
    else await prompt.choose(prompt.options[0].id);
  }
}

// A job that is not needed any more.
const sleeping = session.invoke('sleep', 3_600_000);
await sleeping.cancel({ reason: 'changed my mind' });
console.log(await sleeping.result.catch(({ code, message }) => `${code}: ${message}`));

// An observer, who comes late and hears it all: a session of its own, of the same principal.
const mine = link;
const watching = await open();
const watched = await watching.subscribe({ types: ['job.completed', 'job.cancelled'] }, { since: started });
const seen = [];
const observer = (async () => {
  for await (const { type } of watched) if (seen.push(type) === 3) break;
})();
await watched.backfillComplete;

// The connection is cut: the session comes back, and what was missed is told.
const counting = session.invoke('count', 40);
const heard = [];
for await (const event of counting.events) {
  if (event.type !== 'job.progress') continue;
  heard.push(event.payload.message);
  if (heard.length === 10) mine.abort();
}
console.log(
  `cut after 10: ${new Set(heard).size} of ${(await counting.result).value} numbers, ${heard.length - new Set(heard).size} twice`,
);

await observer;
await Promise.all([session.close(), watching.close()]);
await runtime.close();
console.log(`the observer saw ${seen.join(', ')}`);
