// The client of another implementation against our runtime.

import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ArcpError } from '../../../dist/arcp/errors.js';
import {
  artifactService,
  bearerTokens,
  createRuntime,
  noAuthentication,
  permissionService,
  promptService,
  streamService,
  subscriptionService,
} from '../../../dist/arcp/runtime/index.js';
import { arcpNodeHost } from '../../../dist/host/node.js';
import { codeOf, TOKEN } from './common.mjs';
import { runClient } from './peer-process.mjs';

/** @typedef {import('./common.mjs').Results} Results */

/** Some of the checks, so that a run that ends early is seen. */
export const CLIENT_CHECKS = ['good token', 'echo', 'cancel', 'everything', 'alive', 'raw envelopes'];

/**
 * Its client against our runtime.
 *
 * @param {readonly string[]} command
 * @param {string[]} sent Gets every message of ours.
 * @returns {Promise<Results>}
 */
export async function answerClient(command, sent) {
  const principals = new Set();
  const runtime = createRuntime({
    tools: TOOLS,
    authenticators: [bearerTokens({ [TOKEN]: 'alice' }), noAuthentication()],
    services: [promptService(), permissionService(), streamService(), artifactService(), subscriptionService()],
    extensions: { 'arcpx.b.v1': () => {}, 'arcpx.a.v1': () => {} },
    capabilities: { heartbeat_interval_seconds: 1 },
  });
  runtime.bus.subscribe(({ principal, direction, text }) => {
    principals.add(principal.replace(/^anonymous:.*/, 'anonymous'));
    if (direction === 'out') sent.push(text);
  });
  const host = await arcpNodeHost(runtime);
  try {
    const results = await runClient(command, host.url);
    results.set('principals', isDeepStrictEqual([...principals].sort(), ['alice', 'anonymous']));
    return results;
  } finally {
    await runtime.close();
    await host.close();
  }
}

/** @type {import('../../../dist/arcp/runtime/index.js').Tool[]} */
const TOOLS = [
  { name: 'echo', handler: (args) => args },
  { name: 'null', handler: () => null },
  {
    name: 'sleep',
    handler: (args, { signal }) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, args.ms, args);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      }),
  },
  {
    name: 'fail',
    handler(args) {
      throw new ArcpError(args.code, 'it was asked to fail', { details: { retry_after_seconds: 3 } });
    },
  },
  {
    name: 'throw',
    handler() {
      throw new Error('not for others');
    },
  },
  { name: 'ask', handler: (_, context) => context.requestInput({ prompt: 'how many?', schema: { type: 'integer' } }) },
  {
    name: 'choose',
    handler: (_, context) => context.requestChoice({ prompt: 'which?', options: [{ id: 'a', label: 'A' }] }),
  },
  { name: 'everything', handler: sayEverything },
];

const LINE = { level: /** @type {const} */ ('info'), message: 'a line' };

/** @type {import('../../../dist/arcp/runtime/index.js').Tool['handler']} */
async function sayEverything(_, context) {
  context.progress(0, 'begun');
  context.progress(33.3);
  context.log('warn', 'hot \ud800', { celsius: 90 });
  context.metric('tokens.used', 1432, 'tokens', { kind: 'input' });
  context.metric('cost.usd', 0.000_001, 'usd');
  context.span({ name: 'work', spanId: 's1', startMs: Date.now() - 5, endMs: Date.now(), attributes: { ok: true } });
  context.event('job.state', { state: 'running' });
  // Not negotiated: withheld, and its decoder does not know what it would say.
  await codeOf((async () => context.checkpoint({ at: 1 }))());
  const data = { text: 'chunk', event: { n: 1 }, log: LINE, metric: { name: 'bytes.in', value: 5, unit: 'bytes' } };
  for (const [kind, chunk] of Object.entries(data)) {
    const stream = context.stream(/** @type {any} */ (kind));
    await stream.write(chunk);
    await stream.close();
  }
  context.stream('text').fail(new ArcpError('ABORTED', 'it was asked to fail'));
  await context.thought('which side first?');
  await context.thought('not for others', { redacted: true, summary: 'weighed' });
  await context.artifact(new TextEncoder().encode('hi'), { mediaType: 'text/plain' });
  // Two heartbeats.
  await delay(2_200);
  return 'said';
}
