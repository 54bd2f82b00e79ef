// One cell of the table of handshakes: an agent that calls, against one that answers over HTTP. The same code in every
// runtime that calls.

import { BACKENDS, SUITES, signerOf } from '../suite/aitp-agents.mjs';
import { refusedAs } from '../suite/aitp-session.mjs';
import { equal, failure, ok } from '../suite/assert.mjs';
import { verdictOf } from '../suite/verdict.mjs';
import { makeAgent, nameOf, OFFERED, STRANGER } from './aitp-agent.mjs';

/** What is done with each agent, in this order: what one leaves, the next one uses. */
const CHECKS = { handshake, call, delegation, revocation, stranger };

/** The suites of who calls and who answers, by whether the two programs use one engine. */
const PAIRS = {
  same: [
    ['ed25519', 'ed25519'],
    ['p256', 'p256'],
  ],
  other: [
    ['ed25519', 'p256'],
    ['p256', 'ed25519'],
  ],
};

/** An agent to call. @typedef {{ runtime: string, backend: string, urls: Record<string, string> }} Target */

/** Verdicts of one cell: both programs of one runtime call both programs of another. */
export const HANDSHAKE_CHECKS = BACKENDS.length ** 2 * PAIRS.same.length * Object.keys(CHECKS).length;

/**
 * Shakes hands with both agents of a program, and does everything that the tokens are for.
 *
 * @param {any} library @param {{ runtime: string, backend: string }} own @param {Target} target
 */
export async function checkAitp(library, own, target) {
  const verdicts = [];
  for (const [ownSuite, suite] of PAIRS[own.backend === target.backend ? 'same' : 'other']) {
    const context = await prepare(library, own, ownSuite, target, suite);
    for (const [what, check] of Object.entries(CHECKS)) {
      const name = `${what}, ${own.backend} ${ownSuite} to ${target.backend} ${suite}`;
      verdicts.push({ name, ...(await verdictOf(() => check(library, context))) });
    }
  }
  return verdicts;
}

/** The agents of this program that call, each made once. @type {Map<string, Promise<any>>} */
const callers = new Map();

/** Where the agents that are called publish their lists, by AID. @type {Map<string, string>} */
const lists = new Map();

/** Our agent of a name, which looks up every token it is granted in the list of whoever granted it. */
function callerOf(library, name, suite) {
  const locate = (issuer) => lists.get(issuer);
  const revocation = library.aitpHttp.httpRevocation({ locate, allowHttpLoopback: true });
  const agent = callers.get(name) ?? makeAgent(library, { name, suite, revocation });
  callers.set(name, agent);
  return agent;
}

async function prepare(library, own, ownSuite, { runtime, backend, urls }, suite) {
  const name = nameOf(runtime, backend, suite);
  const { aid } = await signerOf(library, name, suite);
  const origin = urls[suite];
  const list = `${origin}${library.aitpHttp.REVOCATION_LIST_PATH}`;
  lists.set(aid, list);
  return {
    name,
    aid,
    origin,
    list,
    agent: await callerOf(library, `${nameOf(own.runtime, own.backend, ownSuite)} calls`, ownSuite),
    third: await signerOf(library, `third of ${name}`, SUITES.find((other) => other !== suite) ?? ''),
  };
}

function shake({ aitpHttp }, agent, { origin, aid }) {
  const options = { requestedGrants: OFFERED, expectedAid: aid, allowHttpLoopback: true };
  return aitpHttp.handshakeOverHttp(agent, origin, options);
}

/** Uses a capability under a token. @param {Record<string, string>} [headers] In place of an invocation made for it. */
async function use({ aitpHttp }, { origin }, signer, tct, capability = 'tide.read', headers = undefined) {
  const request = { url: `${origin}/use/${capability}`, method: 'POST', body: '{"at":"Bergen"}' };
  const signed = headers ?? (await aitpHttp.invocationHeaders(signer, { ...request, tct, capability }));
  const { url, method, body } = request;
  const response = await fetch(url, { method, body, headers: { 'content-type': 'application/json', ...signed } });
  const text = await response.text();
  return { status: response.status, headers: response.headers, answer: text === '' ? undefined : JSON.parse(text) };
}

/** Demands that a use is refused with a code. */
async function refusedUse(library, context, code, signer, tct, capability, headers) {
  const { status, answer } = await use(library, context, signer, tct, capability, headers);
  equal([status, answer.error.code], [403, code]);
}

async function handshake(library, context) {
  const { agent, aid, name } = context;
  const result = await shake(library, agent, context);
  equal([result.peer.aid, result.peer.subject, result.claims.grants], [aid, name, OFFERED]);
  equal([result.claims.issuer, result.claims.subject, result.issued.grants], [aid, agent.aid, OFFERED]);
  context.result = result;
}

async function call(library, context) {
  const { aitp, aitpHttp } = library;
  const { agent, aid, origin, result } = context;
  const { signer } = agent;
  const tct = result.claims;
  const { status, answer } = await use(library, context, signer, tct);
  equal([status, answer.holder, answer.capability, answer.said], [200, agent.aid, 'tide.read', '{"at":"Bergen"}']);
  // The other side holds a token of ours.
  const verdict = await agent.verifyTct(answer.held, 'tide.write', {
    expectedAudience: aid,
    revocation: aitp.ownRevocations(new Set()),
  });
  equal([verdict.peerAid, verdict.jti], [aid, result.issued.jti]);
  const revoked = { expectedAudience: aid, revocation: aitp.ownRevocations(new Set([verdict.jti])) };
  await refusedAs(library, 'TCT_REVOKED', () => agent.verifyTct(answer.held, 'tide.write', revoked));

  equal((await use(library, context, signer, tct, 'tide.read', {})).status, 401, 'without a token:');
  await refusedUse(library, context, 'POLICY_VIOLATION', signer, tct, 'tide.rule');
  const url = `${origin}/use/tide.read`;
  const once = { tct, capability: 'tide.read', url, method: 'POST', body: '{"at":"Bergen"}' };
  const headers = await aitpHttp.invocationHeaders(signer, once);
  equal((await use(library, context, signer, tct, 'tide.read', headers)).status, 200);
  await refusedUse(library, context, 'REPLAY_DETECTED', signer, tct, 'tide.read', headers);
  const other = await aitpHttp.invocationHeaders(signer, { ...once, body: '{"at":"Oslo"}' });
  await refusedUse(library, context, 'INVALID_ENVELOPE', signer, tct, 'tide.read', other);
}

/** What a third agent gets for a delegation, or the code of the refusal. */
async function redeem(library, { origin }, delegation, signer) {
  const nonce = await (await fetch(`${origin}/nonce`, { method: 'POST' })).json();
  const signature = await library.aitp.signPop(nonce, signer);
  const body = JSON.stringify({ delegation, nonce, signature });
  const response = await fetch(`${origin}/redeem`, { method: 'POST', body });
  const answer = await response.json();
  return response.ok ? { token: answer } : { code: answer.error.code };
}

async function delegation(library, context) {
  const { aitp } = library;
  const { agent, aid, third, result } = context;
  await refusedAs(library, 'DELEGATION_SCOPE_EXCEEDED', () =>
    agent.buildDelegation(result.grantVoucher, third.aid, ['tide.rule']),
  );
  const made = await agent.buildDelegation(result.grantVoucher, third.aid, ['tide.read']);
  equal(await redeem(library, context, made, agent.signer), { code: 'DELEGATION_POP_FAILED' });
  const { token } = await redeem(library, context, made, third);
  const granted = await aitp.verifyTct(token, {
    issuer: aid,
    audience: third.aid,
    now: aitp.systemClockSec,
    issuerManifest: result.peer.manifest,
    revocation: { dangerouslyIgnoreRevocation: true },
  });
  equal(granted.grants, ['tide.read']);
  const { status, answer } = await use(library, context, third, granted);
  equal([status, answer.holder, answer.held], [200, third.aid, null]);
  await refusedUse(library, context, 'POLICY_VIOLATION', third, granted, 'tide.write');
  context.delegation = made;
}

async function revocation(library, context) {
  const { aitp, aitpHttp } = library;
  const { agent, aid, list, origin, third, result } = context;
  const { signer } = agent;
  const tct = result.claims;
  const url = `${origin}/handBack`;
  const headers = await aitpHttp.invocationHeaders(signer, { tct, capability: 'tide.read', url, method: 'POST' });
  const response = await fetch(url, { method: 'POST', headers });
  equal([response.status, await response.json()], [200, tct.jti]);
  // Seen by whoever granted it, on the next call, and on what rests on it.
  await refusedUse(library, context, 'TCT_REVOKED', signer, tct);
  equal(await redeem(library, context, context.delegation, third), { code: 'DELEGATION_SOURCE_TCT_REVOKED' });
  // And by everybody who reads the list.
  const fresh = (address, init) => fetch(address, { ...init, cache: 'no-store' });
  const uncached = isPage() ? { fetch: fresh } : {};
  const { body } = await aitpHttp.fetchRevocationList(list, { ...uncached, allowHttpLoopback: true });
  const snapshot = await aitp.verifySnapshot(body);
  equal([snapshot.issuer, snapshot.revokedJtis.has(tct.jti)], [aid, true]);
  const revocation = aitp.snapshotRevocation(async () => body);
  const options = { issuer: aid, issuerManifest: result.peer.manifest, revocation };
  await refusedAs(library, 'TCT_REVOKED', () => agent.verifyTct(result.tct, 'tide.read', options));
}

/** Only browsers keep answers for later. Not every other runtime knows the option. */
const isPage = () => typeof document === 'object';

/** Somebody with a key nobody knows. */
async function stranger(library, context) {
  const mallory = await callerOf(library, STRANGER, 'ed25519');
  const error = await failure(() => shake(library, mallory, context));
  ok(error instanceof library.aitp.AitpPeerError, String(error));
  equal([error.code, error.peerCode], ['ERR_AITP_PEER', 'IDENTITY_FAILED']);
}
