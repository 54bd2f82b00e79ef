// `demo/worker` as it would be deployed: its entry bundled against the installed package, its own compatibility date, its
// secret as a binding, in the runtime it is made for.

import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { assemblePage } from '../../demo/lib/assemble.mjs';
import { servePage } from '../../demo/lib/page-server.mjs';
import { tellRemoteTrust } from '../../demo/lib/trust-story.mjs';
import { findChromium } from '../../scripts/find-browser.mjs';
import { root } from '../../scripts/test/command.mjs';
import { openChromium } from '../lib/browsers.mjs';
import { bundle } from '../lib/bundle.mjs';
import { startWorker } from '../lib/workerd.mjs';
import { equal, failure, ok } from '../suite/assert.mjs';
import { machines } from './machines.mjs';

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

  const durableObjects = Object.fromEntries(
    config.durable_objects.bindings.map((/** @type {any} */ binding) => [binding.name, binding.class_name]),
  );

  /** Boots it with what stands in the place of its secret; one of a name used before finds what that had stored. */
  const boot = async (/** @type {string} */ name, /** @type {Record<string, string>} */ bindings, at = 0) => {
    const chunks = await bundle({ worker: join(folder, config.main) }, { conditions: ['workerd', 'worker'] });
    const options = { bindings, durableObjects, compatibilityDate: config.compatibility_date, port: at };
    const { port, program } = await startWorker(workerd, project.folder, { name, chunks, ...options });
    return { url: `ws://127.0.0.1:${port}/`, origin: `http://127.0.0.1:${port}/`, port, program };
  };

  await report.test('demo/worker: its wrangler.jsonc asks for nothing of Node', () => {
    ok(/^\d{4}-\d\d-\d\d$/.test(config.compatibility_date), config.compatibility_date);
    equal(config.compatibility_flags ?? [], []);
    ok(!JSON.stringify(config).includes(SEED_HEX) && config.vars === undefined, 'a secret in the file');
    const made = config.migrations.flatMap((/** @type {any} */ step) => step.new_sqlite_classes);
    equal(made, Object.values(durableObjects));
  });
  await report.test(`demo/worker: boots in workerd as of ${config.compatibility_date}, and answers calls`, async () => {
    const { url, origin, program } = await boot('demo-hex', { RINGLINE_SEED: SEED_HEX });
    const page = await (await fetch(origin)).text();
    ok(page.includes(DID) && page.includes(url), page);
    await call(stage, url);
    await program.stop();
  });
  await trust(stage, boot);
  await machines(stage, boot);
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

/** @typedef {{ url: string, origin: string, port: number, program: import('../lib/programs.mjs').Program }} Booted */

/**
 * The same agent, asked for trust: over HTTP, inside a phone session, and from a tab.
 *
 * @param {import('../lib/stage.mjs').Stage} stage
 * @param {(name: string, bindings: Record<string, string>, port?: number) => Promise<Booted>} boot
 */
async function trust({ report, project }, boot) {
  const module = (/** @type {string} */ file) =>
    import(pathToFileURL(join(project.folder, 'node_modules/ringline/dist', file)).href);
  const [front, aitp, http, phone] = await Promise.all([
    module('index.js'),
    module('aitp/index.js'),
    module('aitp/http/index.js'),
    module('aitp/phone/index.js'),
  ]);
  const { url, origin, port, program } = await boot('demo-trust', { RINGLINE_SEED: SEED_HEX });

  /** An agent of this process that believes the Worker's key, and no other. */
  const meet = async () => {
    const identity = await front.createIdentity();
    const publicKey = aitp.aidFromDid(DID).slice('aid:pubkey:'.length);
    const agent = aitp.AitpAgent.fromIdentity(identity, {
      pinnedKeys: aitp.pinnedKeys([{ subject: 'Agent on Workers', publicKey }]),
      revocation: { dangerouslyIgnoreRevocation: true },
    });
    await agent.buildManifest({
      displayName: 'A guest',
      handshakeEndpoint: 'https://nowhere.invalid/',
      offeredCapabilities: ['guest.greet'],
    });
    return { identity, agent };
  };
  const dial = (/** @type {any} */ identity) =>
    front.connect({ identity, transport: front.webSocket(url), remoteDid: DID });
  const loopback = { allowHttpLoopback: true, session: { allowHttpLoopback: true } };
  const shake = (/** @type {any} */ agent) =>
    http.handshakeOverHttp(agent, origin, { requestedGrants: ['guestbook.read', 'guestbook.sign'], ...loopback });

  await report.test('demo/worker: its Manifest names its own key, and is signed with it', async () => {
    const manifest = await http.fetchManifest(origin, { now: aitp.systemClockSec, allowHttpLoopback: true });
    equal(aitp.didFromAid(manifest.aid), DID);
    equal(manifest.offeredCapabilities, ['guestbook.sign', 'guestbook.read']);
    equal(manifest.handshakeEndpoint, new URL('/aitp/', origin).href);
  });

  await report.test('demo/worker: four messages over HTTP, then a request under the token, good once', async () => {
    const { agent } = await meet();
    const { claims, issued } = await shake(agent);
    equal([claims.grants, issued.grants], [['guestbook.read', 'guestbook.sign'], ['guest.greet']]);
    const address = `${origin}guestbook`;
    const request = { tct: claims, capability: 'guestbook.read', url: address };
    const headers = await http.invocationHeaders(agent.signer, request);
    const answer = await fetch(address, { headers });
    equal([answer.status, (await answer.json()).reader], [200, agent.aid]);
    const again = await fetch(address, { headers });
    equal([again.status, (await again.json()).error.code], [403, 'REPLAY_DETECTED']);
    equal((await fetch(address)).status, 401);
    const { agent: thief } = await meet();
    const stolen = await http.invocationHeaders({ ...agent.signer, sign: thief.signer.sign }, request);
    equal((await (await fetch(address, { headers: stolen })).json()).error.code, 'INVALID_SIGNATURE');
  });

  await report.test(
    'demo/worker: four messages in a phone session, a guarded method, and a token taken back',
    async () => {
      const { identity, agent } = await meet();
      const session = await dial(identity);
      const sign = () => session.call('guestbook.sign', { name: 'a guest' });
      const refusal = async () => {
        const { code, message } = await failure(sign);
        return [code, message];
      };
      equal(await refusal(), ['ERR_RPC_DENIED', 'POLICY_VIOLATION']);
      const manifest = await http.fetchManifest(origin, { now: aitp.systemClockSec, allowHttpLoopback: true });
      const requestedGrants = ['guestbook.sign'];
      const { tct } = await phone.handshakeOverPhone(session, agent, manifest, {
        requestedGrants,
        session: { allowHttpLoopback: true },
      });
      equal(await refusal(), ['ERR_RPC_DENIED', 'POLICY_VIOLATION']);
      await phone.presentTct(session, tct);
      ok((await sign()).said.includes('a guest'));
      // The token is its holder's: over another line, under another key, it is worth nothing.
      const { identity: other } = await meet();
      const otherSession = await dial(other);
      equal((await failure(() => phone.presentTct(otherSession, tct))).peerCode, 'AUDIENCE_MISMATCH');
      await otherSession.close();
      await session.call('guestbook.leave');
      equal(await refusal(), ['ERR_RPC_DENIED', 'TCT_REVOKED']);
      equal((await session.close()).clean, true);
      const list = await (await fetch(new URL(http.REVOCATION_LIST_PATH, origin))).text();
      const { revokedJtis } = await aitp.verifySnapshot(list);
      equal(revokedJtis.size, 1);
    },
  );

  await report.test('demo/worker: an agent that believes another key gets no token of it', async () => {
    const { agent } = await meet();
    const stranger = await meet();
    const pins = aitp.pinnedKeys([
      { subject: 'Agent on Workers', publicKey: stranger.agent.aid.slice('aid:pubkey:'.length) },
    ]);
    const attempt = http.handshakeOverHttp(agent, origin, {
      requestedGrants: ['guestbook.read'],
      allowHttpLoopback: true,
      session: { allowHttpLoopback: true, pinnedKeys: pins },
    });
    equal((await failure(() => attempt)).wireCode, 'IDENTITY_FAILED');
  });

  await trustFromTab(report, project, url);

  await report.test(
    'demo/worker: what was seen before it was started anew is refused after, and nothing else',
    async () => {
      const { agent } = await meet();
      const { claims } = await shake(agent);
      const address = `${origin}guestbook`;
      const request = { tct: claims, capability: 'guestbook.read', url: address };
      const headers = await http.invocationHeaders(agent.signer, request);
      const unused = await http.invocationHeaders(agent.signer, request);
      const session = agent.newSession(loopback.session);
      const published = await (await fetch(new URL(http.MANIFEST_PATH, origin))).text();
      const hello = await session.buildHello(published, ['guestbook.read']);
      const say = () =>
        fetch(`${origin}aitp/hello`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: hello });
      equal([(await fetch(address, { headers })).status, (await say()).status], [200, 200]);
      await program.stop();
      const anew = await boot('demo-trust', { RINGLINE_SEED: SEED_HEX }, port);
      equal(anew.origin, origin);
      const again = await fetch(address, { headers });
      equal([again.status, (await again.json()).error.code], [403, 'REPLAY_DETECTED']);
      equal((await (await say()).json()).error.code, 'REPLAY_DETECTED');
      equal((await fetch(address, { headers: unused })).status, 200);
      await anew.program.stop();
    },
  );
  await program.stop();
}

/**
 * The page of the demo with the Worker for its agent: a tab's key and a Worker's shake hands, and the person in front of it
 * presses the buttons.
 *
 * @param {import('../lib/report.mjs').Report} report @param {import('../lib/project.mjs').Project} project
 * @param {string} url
 */
async function trustFromTab(report, project, url) {
  const name = 'demo/worker: a tab shakes hands with it, calls under the token, and is refused once it is taken back';
  const path = await findChromium({ log: (line) => report.line(line) });
  if (path === undefined) return report.notRun(name, 'there is no Chromium');
  const assets = await assemblePage();
  const directory = { agent: { url, did: DID }, impostor: { url }, version: 'test' };
  assets.set('/directory.json', { type: 'application/json', body: JSON.stringify(directory) });
  const server = await servePage(assets, { port: 0, fallback: true });
  const browser = await openChromium(path, join(project.folder, 'demo-worker'));
  await report.test(name, async () => {
    const page = await browser.context.newPage();
    /** @type {string[]} */
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(server.url);
    await page.locator('[data-do="next"]').click();
    await page.locator('[data-slot="identity"]').waitFor();
    /** @type {any} */
    const terminal = { step: (/** @type {string} */ _step, /** @type {() => Promise<string>} */ action) => action() };
    await tellRemoteTrust({ page, terminal });
    const token = page.locator('[data-slot="trust-remote-token"] .token');
    equal(await token.locator('.token-grants li').allInnerTexts(), ['guestbook.sign', 'guestbook.read']);
    equal(await token.getAttribute('data-taken-back'), '');
    equal(complaints, []);
    equal(await page.locator('[data-slot="violations"]').innerText(), '0');
  });
  await browser.close();
  await server.close();
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
