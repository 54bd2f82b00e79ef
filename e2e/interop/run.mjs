// `npm run interop`: live calls, in both roles, with the published ports of the protocol in other languages. What this
// machine cannot have is listed as not run, with the reason. Needs cargo or pip, and the package registries they use.

import { nodeHost } from '../../dist/host/node.js';
import { connect, createIdentity, serve, webSocket } from '../../dist/index.js';
import { PAIRS, tryPeer } from './aitp/checks.mjs';
import { askingOf } from './aitp/peer-process.mjs';
import { partsOf } from './arcp/checks.mjs';
import { aitpPortsToTry, arcpPortsToTry, portsToTry } from './ports.mjs';
import { linesOf, withProcess } from './process.mjs';

const CALLEE_CHECKS = ['unary', 'stream', 'cancel', 'error', 'impostor callee'];

/** Our client against a port's server. @param {string} url @param {string} did */
async function callPort(url, did) {
  const identity = await createIdentity();
  const session = await connect({ identity, transport: webSocket(url), remoteDid: did });
  const results = new Map();
  const value = { a: { b: true }, é: [1, 2.5, null, '\u{1f600}'] };
  results.set('unary', JSON.stringify(await session.call('echo', value)) === JSON.stringify(value));

  let next = 0;
  for await (const n of session.stream('count', { to: 10_000 })) if (n === next) next++;
  results.set('stream', next === 10_000);

  let taken = 0;
  for await (const _ of session.stream('count', { to: 1_000_000_000 })) if (++taken === 20) break;
  results.set('cancel', (await session.call('echo', 'alive')) === 'alive');

  const codes = [];
  for (const method of ['fail', 'no-such-method']) {
    await session.call(method, {}).catch((error) => codes.push(error.wireCode));
  }
  results.set('error', codes.join() === '-32000,-32601');
  await session.close();

  const other = await createIdentity();
  const refusal = await connect({ identity, transport: webSocket(url), remoteDid: other.did }).then(
    () => 'answered',
    (error) => error.code,
  );
  results.set('impostor callee', ['ERR_CHANNEL_REFUSED', 'ERR_CHANNEL_IMPOSTOR'].includes(refusal));
  return results;
}

/** A port's client against our server. @param {import('./ports.mjs').Port} port */
async function answerPort(port) {
  const identity = await createIdentity();
  const handled = new Set();
  const agent = serve({
    identity,
    onSession: (session) => handled.add(session.peer.did),
    handlers: {
      echo: (params) => params,
      async *count({ to }) {
        for (let n = 0; n < to; n++) yield n;
      },
    },
  });
  const host = await nodeHost(agent, { port: 0 });
  const results = new Map();
  try {
    await withProcess([...port.command, 'call', host.url, identity.did], async (child) => {
      for await (const line of linesOf(child.stdout)) {
        const { check, passed } = JSON.parse(line);
        results.set(check, passed);
      }
    });
    // One caller was authentic; the one in another's name never became a session.
    results.set('one session', handled.size === 1);
  } finally {
    await host.close();
    await agent.close();
  }
  return results;
}

let failed = 0;
let passed = 0;
let notRun = 0;

/** @param {string} name @param {() => Promise<Map<string, boolean>>} run @param {readonly string[]} [wanted] */
async function tell(name, run, wanted = []) {
  const results = await run().catch((error) => new Map([[`failed: ${error.message}`, false]]));
  for (const check of wanted) if (!results.has(check)) results.set(check, false);
  for (const ok of results.values()) ok ? passed++ : failed++;
  const cells = [...results].map(([check, ok]) => `${ok ? 'ok' : 'FAILED'} ${check}`);
  console.log(`${name}: ${cells.join(', ')}`);
}

/** @param {import('./ports.mjs').MissingPort} port */
function skip(port) {
  notRun++;
  console.log(`${port.name}: not run: ${port.missing}`);
}

for await (const port of portsToTry()) {
  if (port.missing !== undefined) {
    skip(port);
    continue;
  }
  const callIt = () =>
    withProcess([...port.command, 'serve'], async (child) => {
      const { value } = await linesOf(child.stdout).next();
      const { url, did } = JSON.parse(value);
      return callPort(url, did);
    });
  await tell(`${port.name}, we call it`, callIt, CALLEE_CHECKS);
  await tell(`${port.name}, it calls us`, () => answerPort(port));
}

for await (const port of aitpPortsToTry()) {
  if (port.missing !== undefined) {
    skip(port);
    continue;
  }
  for (const pair of PAIRS) {
    if (port.pairs !== undefined && (pair.ours !== port.pairs || pair.theirs !== port.pairs)) continue;
    for (const role of /** @type {const} */ (['we call it', 'it calls us'])) {
      const name = `${port.name}, ${role}, our ${pair.ours} and its ${pair.theirs} by ${pair.identity}`;
      await tell(name, () => withProcess(port.command, (child) => tryPeer(askingOf(child), pair, role)));
    }
  }
}

for await (const port of arcpPortsToTry()) {
  if (port.missing !== undefined) {
    skip(port);
    continue;
  }
  for (const { name, run, wanted } of partsOf(port.command)) await tell(`${port.name}, ${name}`, run, wanted);
}

console.log(`${passed} passed, ${failed} failed, ${notRun} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
