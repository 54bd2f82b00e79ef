// Every snippet of the README, run as it stands there, but for one word in `found`. Only what it takes for granted is added
// around it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/test/command.mjs';
import { bundle } from '../lib/bundle.mjs';
import { runScript } from '../lib/stage.mjs';
import { startWorker } from '../lib/workerd.mjs';
import { equal, ok } from '../suite/assert.mjs';
import { ask } from './pages.mjs';

/** @typedef {import('../lib/stage.mjs').Stage} Stage */
/** @typedef {import('../lib/runtimes.mjs').Runtime} Runtime */

/** @typedef {import('../lib/browsers.mjs').Chromium} Chromium */

/**
 * Runs a snippet. What it needs is there: `whatIsMissing` has been asked.
 *
 * @typedef {(stage: Stage, text: string, browser: Chromium) => Promise<void>} Run
 */

/** What each kind of snippet is run by; each is there exactly once. @type {Record<string, Run>} */
const KINDS = {
  'js node': firstMinute,
  'js module': pageWithBundler,
  'html page': pageWithout,
  'js node-host': nodeHost,
  'js worker': worker,
  'js deno': (stage, text) => server(stage, text, stage.deno),
  'js bun': (stage, text) => server(stage, text, stage.bun),
  'js port': ports,
  'js cards': cards,
  'js found': found,
  'js a2a': a2a,
  'js trust': trust,
  'js tct': tct,
  'js runtime': runtime,
  'js invoke': invoke,
  'js observe': observe,
  'js phone-work': phoneWork,
  'js contract': contract,
  'js errors': errors,
};

/** Commands for a shell are not ours to run here. */
const OTHER_FENCES = ['sh'];

const DID = /did:key:z6Mk\w+/;
const IDENTITIES = `import { createIdentity } from 'ringline';
const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
`;

/** @param {Stage} stage @param {Chromium | undefined} browser */
export async function readmeSnippets(stage, browser) {
  const { report } = stage;
  const snippets = fences(readFileSync(join(root, 'README.md'), 'utf8'));
  await report.test(`README: every snippet is of a kind that is run, all ${Object.keys(KINDS).length} of them`, () => {
    const kinds = snippets.map(({ kind }) => kind).filter((kind) => !OTHER_FENCES.includes(kind));
    equal(kinds.sort(), Object.keys(KINDS).sort());
  });
  for (const [kind, run] of Object.entries(KINDS)) {
    const text = snippets.find((snippet) => snippet.kind === kind)?.text;
    if (text === undefined) continue;
    const missing = whatIsMissing(kind, stage, browser);
    if (missing !== undefined) report.notRun(`README, ${kind}`, `there is no ${missing}`);
    else await report.test(`README, ${kind}`, () => run(stage, text, /** @type {Chromium} */ (browser)));
  }
}

/** @param {string} kind @param {Stage} stage @param {unknown} browser */
function whatIsMissing(kind, { deno, bun, workerd }, browser) {
  if (kind === 'js deno' && deno === undefined) return 'Deno';
  if (kind === 'js bun' && bun === undefined) return 'Bun';
  if (kind === 'js worker' && workerd === undefined) return 'workerd';
  return (kind === 'js module' || kind === 'html page') && browser === undefined ? 'Chromium' : undefined;
}

/** @param {string} markdown @returns {{ kind: string, text: string }[]} */
function fences(markdown) {
  return Array.from(markdown.matchAll(/^```([^\n]+)\n([\s\S]*?)^```$/gm), ([, kind = '', text = '']) => ({
    kind,
    text,
  }));
}

/** What a program printed until it ended well. @param {Stage} stage @param {Runtime} runtime @param {string} text */
async function output(stage, runtime, text) {
  const program = runScript(stage, runtime, file(stage, text));
  const timer = setTimeout(() => program.stop(), 30_000);
  const code = await program.ended;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`it ended with ${code}\n${program.lines.join('\n')}`);
  return program.lines;
}

let files = 0;
/** @param {Stage} stage @param {string} text */
function file({ project }, text) {
  return project.write(`readme-${files++}.mjs`, text);
}

/** @type {Run} */
async function firstMinute(stage, text) {
  for (const runtime of [stage.node, stage.deno, stage.bun]) {
    if (runtime === undefined) continue;
    const printed = (await output(stage, runtime, text)).join('').replace(/['",\s]/g, '');
    equal(printed, '{hello:Alice}12', runtime.name);
  }
}

/** @type {Run} */
async function pageWithBundler(stage, text, browser) {
  const { callees, web } = stage;
  const [{ agentUrl = '', did = '' } = {}] = callees;
  const surroundings = `const [url, did] = ${JSON.stringify([agentUrl, did])};\n`;
  const answer = '\nglobalThis.harness.run({ readme: async () => [reply, identity.did, session.peer.did] });\n';
  for (const { fileName, code } of await bundle({ 'readme-module': file(stage, surroundings + text + answer) })) {
    web.files.set(`/${fileName}`, code);
  }
  web.files.set('/readme-module.html', (web.files.get('/page.html') ?? '').replace('/page.mjs', '/readme-module.mjs'));
  const tab = await browser.newTab();
  const [reply, ours, theirs] = await ask(stage, tab, 'readme', undefined, '/readme-module.html');
  equal([reply, theirs], [{ text: 'hello' }, did]);
  ok(DID.test(ours), ours);
  await tab.close();
}

/** @type {Run} */
async function pageWithout({ project, web }, text, browser) {
  const [, address = ''] = /src="(https:[^"]+)"/.exec(text) ?? [];
  const { name, version } = project.manifest;
  const [, path = ''] = address.split(`/${name}@${version}/`);
  // What the network would bring is what is in the package.
  const body = readFileSync(join(project.folder, 'node_modules', name, path), 'utf8');
  await browser.context.route(address, (route) => route.fulfill({ contentType: 'text/javascript', body }));
  // Pages as simple as this one have no policy.
  web.files.set('/readme-page.html', text);
  web.unguarded.add('/readme-page.html');
  const tab = await browser.newTab();
  await tab.go(`${web.origin}/readme-page.html`);
  for (let tries = 0; tries < 200 && tab.said.length === 0; tries++) await new Promise((go) => setTimeout(go, 50));
  ok(DID.test(tab.said[0] ?? ''), `it said: ${tab.said}`);
  await tab.close();
}

/** @type {Run} */
async function nodeHost(stage, text) {
  const program = runScript(stage, stage.node, file(stage, text));
  const [url = '', did = ''] = await program.line((line) => /^(ws:\S+) (did:key:\S+)$/.exec(line)?.slice(1));
  await echo(stage, url, did);
  await program.stop();
}

/**
 * Deno's and Bun's, which print their port and their DID.
 *
 * @param {Stage} stage @param {string} text @param {Runtime | undefined} runtime
 */
async function server(stage, text, runtime) {
  const program = runScript(stage, /** @type {Runtime} */ (runtime), file(stage, text));
  const [port = '', did = ''] = await program.line((line) => /^(\d+) (did:key:\S+)$/.exec(line)?.slice(1));
  await echo(stage, `ws://127.0.0.1:${port}/`, did);
  await program.stop();
}

/** @type {Run} */
async function worker(stage, text) {
  const { library, project, workerd } = stage;
  const chunks = await bundle({ worker: file(stage, text) }, { conditions: ['workerd', 'worker'] });
  const seed = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
  const bindings = { RINGLINE_SEED: Buffer.from(seed).toString('hex') };
  const { port, program } = await startWorker(/** @type {Runtime} */ (workerd), project.folder, {
    name: 'readme',
    chunks,
    bindings,
  });
  const { did } = await library.front.identityFromSeed(seed);
  for (let times = 0; times < 2; times++) await echo(stage, `ws://127.0.0.1:${port}/`, did);
  await program.stop();
}

/** @type {Run} */
async function ports(stage, text) {
  const after = "\nconsole.log(await session.call('echo', 'over a port'));\nawait session.close();\n";
  equal(await output(stage, stage.node, IDENTITIES + text + after), ['over a port']);
}

/** @type {Run} */
async function cards(stage, text) {
  for (const runtime of [stage.node, stage.deno, stage.bun]) {
    if (runtime === undefined) continue;
    equal(await output(stage, runtime, text), ['Lighthouse spec'], runtime.name);
  }
}

const CARD = `{
  name: 'Lighthouse', description: 'Tells ships where they are.', version: '1.0.0',
  capabilities: { streaming: true }, defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'],
  skills: [{ id: 'where', name: 'Where am I', description: 'A position.', tags: ['position'] }],
`;

/** The domain has no more of a network than an agent on loopback whose card it serves. @type {Run} */
async function found(stage, text) {
  // A card may not have this machine dialled, so this agent, which cannot be anywhere else, needs leave: the one word of a
  // snippet that is not run as it stands.
  const call = 'phoneTarget(verified)';
  equal(text.split(call).length, 2, `README: one ${call}`);
  const snippet = text.replace(call, 'phoneTarget(verified, { allowLoopback: true })');
  const before = `import { serve } from 'ringline';
import { phoneInterface, serveAgentCard, signAgentCard } from 'ringline/a2a';
import { nodeHost } from 'ringline/host/node';
const bob = await (await import('ringline')).createIdentity();
const { did } = bob;
const agent = serve({ identity: bob, handlers: { echo: (params) => params } });
const host = await nodeHost(agent);
const signed = await signAgentCard(${CARD} supportedInterfaces: [phoneInterface({ url: host.url, did })] }, bob);
const atDomain = serveAgentCard(signed);
globalThis.fetch = async (url, init) => {
  if (!String(url).startsWith('https://agent.example/')) throw new Error('another domain was asked: ' + url);
  return (await atDomain(new Request(url, init))) ?? new Response('', { status: 404 });
};
`;
  const after = '\nawait session.close();\nawait agent.close();\nawait host.close();\n';
  equal(await output(stage, stage.node, before + snippet + after), ['Lighthouse']);
}

/** @type {Run} */
async function a2a(stage, text) {
  const before = `const card = ${CARD}
  supportedInterfaces: [{ url: 'https://agent.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
};
`;
  const after = '\nawait agent.close();\n';
  for (const runtime of [stage.node, stage.deno, stage.bun]) {
    if (runtime === undefined) continue;
    const due = ['TASK_STATE_COMPLETED You said: hello'];
    equal(await output(stage, runtime, before + text + after), due, runtime.name);
  }
}

/** @type {Run} */
async function trust(stage, text) {
  for (const runtime of [stage.node, stage.deno, stage.bun]) {
    if (runtime === undefined) continue;
    const [agenda = '', delegated = '', refused] = await output(stage, runtime, text);
    equal(agenda.replace(/['"\s]/g, ''), '[Mon:dentist]', runtime.name);
    ok(/^for carol to redeem at bob: \d{4}$/.test(delegated), delegated);
    equal(refused, 'TCT_REVOKED', runtime.name);
  }
}

/** The domain has no more of a network than a handler in the same program. @type {Run} */
async function tct(stage, text) {
  const before = `import { AitpAgent, pinnedKeys } from 'ringline/aitp';
import { httpRevocation } from 'ringline/aitp/http';
const revoked = new Set();
const locate = () => 'https://bob.example/.well-known/aitp-revocation-list';
async function moveIn(seed, name, pinned) {
  const options = { revocation: httpRevocation({ locate }), pinnedKeys: pinnedKeys(pinned) };
  const agent = await AitpAgent.fromSeed(new Uint8Array(32).fill(seed), options);
  const handshakeEndpoint = 'https://' + name + '.example/aitp/';
  await agent.buildManifest({ displayName: name, handshakeEndpoint, offeredCapabilities: ['agenda.read'] });
  return agent;
}
const pinOf = (agent, subject) => ({ subject, publicKey: agent.manifest.identityHint.publicKey });
const [a, b] = await Promise.all([moveIn(1, 'alice', []), moveIn(2, 'bob', [])]);
const alice = await moveIn(1, 'alice', [pinOf(b, 'bob')]);
// Bob takes alice's word for hers: she publishes no list here.
const own = { revocation: { dangerouslyIgnoreRevocation: true }, pinnedKeys: pinnedKeys([pinOf(a, 'alice')]) };
const bob = await AitpAgent.fromSeed(new Uint8Array(32).fill(2), own);
const handshakeEndpoint = 'https://bob.example/aitp/';
await bob.buildManifest({ displayName: 'bob', handshakeEndpoint, offeredCapabilities: ['agenda.read'] });
globalThis.fetch = (url, init) => {
  if (!String(url).startsWith('https://bob.example/')) throw new Error('another domain was asked: ' + url);
  return answer(new Request(url, init));
};
`;
  const after = `
const status = async (options) => (await fetch(url, options)).status;
console.log(await status({}), await status({ headers }));
revoked.add(tct.jti);
const again = await invocationHeaders(alice.signer, { tct, capability: 'agenda.read', url });
console.log((await (await fetch(url, { headers: again })).json()).error.code);
`;
  for (const runtime of [stage.node, stage.deno, stage.bun]) {
    if (runtime === undefined) continue;
    const lines = await output(stage, runtime, before + text + after);
    const printed = lines.join('').replace(/['",\s]/g, '');
    ok(/^\{agenda:\[Mon:dentist\]reader:aid:pubkey:[\w-]{43}\}401403TCT_REVOKED$/.test(printed), printed);
  }
}

/** The snippets about a client talk to the runtime of the snippet before them. @param {Stage} stage */
async function arcp(stage) {
  const snippets = fences(readFileSync(join(root, 'README.md'), 'utf8'));
  const textOf = (/** @type {string} */ kind) => snippets.find((snippet) => snippet.kind === kind)?.text ?? '';
  const program = runScript(stage, stage.node, file(stage, textOf('js runtime')));
  const [url = '', token = ''] = await program.line((line) => /^(ws:\S+) ([\da-f-]{36})$/.exec(line)?.slice(1));
  const client = `const [url, token] = ${JSON.stringify([url, token])};\n${textOf('js invoke')}`;
  return { url, token, client, stop: () => program.stop() };
}

/** Whoever has no token does not come in. @type {Run} */
async function runtime(stage) {
  const { url, stop } = await arcp(stage);
  const text = `import { connect } from 'ringline/arcp';
import { openWebSocket } from 'ringline/transport/websocket';
const open = (auth) => connect({
  dial: ({ signal }) => openWebSocket(${JSON.stringify(url)}, { signal }),
  auth,
  client: { kind: 'stranger', version: '1.0.0' },
});
for (const auth of [{ scheme: 'none' }, { scheme: 'bearer', token: 'undefined' }]) {
  await open(auth).catch(({ code }) => console.log(code));
}
`;
  equal(await output(stage, stage.node, text), ['ERR_ARCP_UNAUTHENTICATED', 'ERR_ARCP_UNAUTHENTICATED']);
  await stop();
}

/** @type {Run} */
async function invoke(stage) {
  const { client, stop } = await arcp(stage);
  for (const one of [stage.node, stage.deno, stage.bun]) {
    if (one === undefined) continue;
    const lines = await output(stage, one, `${client}\nawait session.close();\n`);
    equal(lines, ['10 looked it up', '90 wrote it down', 'Tides in 2026: high and low.'], one.name);
  }
  await stop();
}

/** Begins with the message that a client saw first. @type {Run} */
async function observe(stage, text) {
  const { client, stop } = await arcp(stage);
  const loop = 'for await (const { type, payload } of job.events) {';
  equal(client.split(loop).length, 2, `README: one ${loop}`);
  const remembered = client.replace(
    loop,
    `let since;\n${loop.replace('type, payload', 'type, payload, id')} since ??= id;`,
  );
  const after = '\nawait observer.close();\nawait session.close();\n';
  const lines = await output(stage, stage.node, remembered + text + after);
  equal(
    lines.slice(-3).map((line) => line.trim()),
    ['job.progress 10', 'job.progress 90', 'job.completed'],
  );
  await stop();
}

/** @type {Run} */
async function phoneWork(stage, text) {
  for (const one of [stage.node, stage.deno, stage.bun]) {
    if (one === undefined) continue;
    equal(await output(stage, one, text), ['true'], one.name);
  }
}

/** @type {Run} */
async function contract(stage, text) {
  // The comments at its end say how it is used: so it is.
  const [, there = ''] = /^\/\/ There:\s+(serve\(.*\))$/m.exec(text) ?? [];
  const [, here = ''] = /^\/\/ Here:\s+(for await .*) \.\.\.$/m.exec(text) ?? [];
  const before = `import { connect, memoryPair, serve } from 'ringline';
${IDENTITIES}const [near, transport] = memoryPair();
const identity = bob;
`;
  const after = `
${there};
const session = await connect({ identity: alice, transport: near, remoteDid: bob.did });
${here} console.log(line);
console.log((await session.use(songs).find({ title: 'Blue' })).join());
await session.use(songs).find({ title: 7 }).catch((error) => console.log(error.name));
await session.close();
`;
  const due = ['blue: la', 'blue: la la', 'Blue (live)', 'TypeError'];
  equal(await output(stage, stage.node, before + text + after), due);
}

/** @type {Run} */
async function errors(stage, text) {
  const before = `import { connect, memoryPair, serve } from 'ringline';
${IDENTITIES}const [near, transport] = memoryPair();
serve({ identity: bob, transport, handlers: {} });
const session = await connect({ identity: alice, transport: near, remoteDid: bob.did });
`;
  equal(await output(stage, stage.node, `${before}${text}\nawait session.close();\n`), [
    'it does not know how to greet',
  ]);
}

/** Calls a server from here. @param {Stage} stage @param {string} url @param {string} did */
async function echo({ library }, url, did) {
  const { connect, createIdentity, webSocket } = library.front;
  const session = await connect({ identity: await createIdentity(), transport: webSocket(url), remoteDid: did });
  equal(await session.call('echo', { text: 'hello' }), { text: 'hello' });
  equal((await session.close()).clean, true);
}
