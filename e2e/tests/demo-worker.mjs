// `demo/worker` as it would be deployed: its entry bundled against the installed package, its own compatibility date, its
// secret as a binding, in the runtime it is made for.

import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/test/command.mjs';
import { bundle } from '../lib/bundle.mjs';
import { startWorker } from '../lib/workerd.mjs';
import { equal, failure, ok } from '../suite/assert.mjs';

const SEED_HEX = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const SEED_BASE64URL = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const DID = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';

/** @param {import('../lib/stage.mjs').Stage} stage */
export async function demoWorker(stage) {
  const { report, workerd, project } = stage;
  if (workerd === undefined) return report.notRun('demo/worker', 'there is no workerd');
  const folder = join(project.folder, 'demo-worker');
  cpSync(join(root, 'demo/worker'), folder, { recursive: true });
  const config = parseJsonc(readFileSync(join(folder, 'wrangler.jsonc'), 'utf8'));

  /** Boots it with what stands in the place of its secret. */
  const boot = async (/** @type {string} */ name, /** @type {Record<string, string>} */ bindings) => {
    const chunks = await bundle({ worker: join(folder, config.main) }, { conditions: ['workerd', 'worker'] });
    const worker = { name, chunks, bindings, compatibilityDate: config.compatibility_date };
    const { port, program } = await startWorker(workerd, project.folder, worker);
    return { url: `ws://127.0.0.1:${port}/`, origin: `http://127.0.0.1:${port}/`, program };
  };

  await report.test('demo/worker: its wrangler.jsonc asks for nothing of Node', () => {
    ok(/^\d{4}-\d\d-\d\d$/.test(config.compatibility_date), config.compatibility_date);
    equal(config.compatibility_flags ?? [], []);
    ok(!JSON.stringify(config).includes(SEED_HEX) && config.vars === undefined, 'a secret in the file');
  });
  await report.test(`demo/worker: boots in workerd as of ${config.compatibility_date}, and answers calls`, async () => {
    const { url, origin, program } = await boot('demo-hex', { RINGLINE_SEED: SEED_HEX });
    const page = await (await fetch(origin)).text();
    ok(page.includes(DID) && page.includes(url), page);
    await call(stage, url);
    await program.stop();
  });
  await report.test('demo/worker: the same agent with its seed in base64url', async () => {
    const { origin, program } = await boot('demo-base64url', { RINGLINE_SEED: SEED_BASE64URL });
    ok((await (await fetch(origin)).text()).includes(DID));
    await program.stop();
  });
  await report.test('demo/worker: without a usable secret it says what to do, and takes no calls', async () => {
    for (const bindings of [{}, { RINGLINE_SEED: 'short' }]) {
      const { url, origin, program } = await boot('demo-none', bindings);
      const response = await fetch(origin);
      equal(response.status, 500);
      ok((await response.text()).includes('RINGLINE_SEED'));
      equal((await failure(() => call(stage, url))).code, 'ERR_CHANNEL_REFUSED');
      await program.stop();
    }
  });
}

/** @param {import('../lib/stage.mjs').Stage} stage @param {string} url */
async function call({ library }, url) {
  const { connect, createIdentity, webSocket } = library.front;
  const identity = await createIdentity();
  const session = await connect({ identity, transport: webSocket(url), remoteDid: DID });
  equal(await session.call('echo', { hello: 'world' }), { hello: 'world' });
  let next = 1;
  for await (const n of session.stream('count', { n: 1_000 })) equal(n, next++);
  equal(next, 1_001);
  const sizes = [];
  for await (const chunk of session.stream('blob', { size: 1_000, n: 5 })) sizes.push(chunk.length);
  equal(sizes, [1_000, 1_000, 1_000, 1_000, 1_000]);
  const wrong = await failure(() => session.stream('count', { n: -1 }).next());
  equal(wrong.code, 'ERR_RPC_INVALID_PARAMS');
  equal((await session.close()).clean, true);
}

/** JSON with comments and trailing commas, as wrangler takes it. @param {string} text @returns {any} */
function parseJsonc(text) {
  const tokens = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|,(?=\s*(?:\/\/[^\n]*\s*)*[}\]])/g;
  return JSON.parse(text.replace(tokens, (token) => (token.startsWith('"') ? token : '')));
}
