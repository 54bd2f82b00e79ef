// Ways for a handshake to end badly, each with its one code: who is not believed, messages that are none, grants that may not
// be given or had to be.

import { identityOf, mintJwt } from './aitp-agents.mjs';
import { ED_PINNED, makeSession, NOW, P256_OIDC, refusedAs, shake } from './aitp-session.mjs';
import { equal, failure } from './assert.mjs';

/** @param {any} library */
export function refusalCases(library) {
  return [
    { name: 'AITP: who is not believed is turned away, each with one code', run: () => turnedAway(library) },
    { name: 'AITP: a message again, late, forged, or out of turn', run: () => badMessages(library) },
    { name: 'AITP: what may not be granted, and what had to be', run: () => badGrants(library) },
  ];
}

async function turnedAway(library) {
  const { aitp } = library;
  const helloTo = async (a, b) => {
    const { initiator, responder, published } = await makeSession(library, a, b);
    const hello = await initiator.buildHello(published, ['tide.read']);
    return () => responder.processHello(hello);
  };
  const from = (more) => ({ ...P256_OIDC, options: more });
  const minted = (change) =>
    from({ mintJwt: async (request) => mintJwt(library, { ...request, subject: 'anna', nowSec: NOW, ...change }) });
  const none = { pinnedKeys: aitp.pinnedKeys([]) };
  const byAnotherName = { ...ED_PINNED, name: 'mallory', manifest: { identity: identityOf('anna', 'ed25519') } };
  const knowingAnna = { ...ED_PINNED, believes: [{ name: 'anna', suite: 'ed25519' }] };
  const refusals = [
    ['a key that is not pinned', 'IDENTITY_FAILED', ED_PINNED, { ...ED_PINNED, options: none }],
    ['the subject of another', 'IDENTITY_FAILED', byAnotherName, knowingAnna],
    ["the provider's word about another", 'IDENTITY_FAILED', minted({ subject: 'mallory' }), ED_PINNED],
    ["the provider's word for another verifier", 'IDENTITY_FAILED', minted({ audience: 'aid:pubkey:x' }), ED_PINNED],
    ["the provider's word about another key", 'IDENTITY_FAILED', minted({ jkt: 'x'.repeat(43) }), ED_PINNED],
    ["the provider's word of yesterday", 'IDENTITY_FAILED', minted({ nowSec: NOW - 86_400 }), ED_PINNED],
    [
      'keys of the provider nobody has',
      'KEY_RESOLUTION_FAILED',
      P256_OIDC,
      { ...ED_PINNED, options: { issuerKeys: undefined } },
    ],
    [
      'a provider nobody trusts',
      'INCOMPATIBLE_TRUST_ANCHORS',
      P256_OIDC,
      { ...ED_PINNED, options: { trustAnchors: [] } },
    ],
  ];
  for (const [what, code, a, b] of refusals) await refusedAs(library, code, await helloTo(a, b), `${what}:`);
  // What a Manifest does not accept is not even tried.
  const picky = (manifest) => ({ ...ED_PINNED, manifest });
  const given = [
    ['INCOMPATIBLE_IDENTITY_TYPE', P256_OIDC, picky({ acceptedIdentityTypes: ['pinned_key'] })],
    ['INCOMPATIBLE_IDENTITY_TYPE', P256_OIDC, picky({ acceptedSuites: ['ed25519'] })],
    ['INCOMPATIBLE_TRUST_ANCHORS', P256_OIDC, picky({ acceptedTrustAnchors: ['https://idp.example.com/'] })],
  ];
  for (const [code, a, b] of given) await refusedAs(library, code, () => helloTo(a, b));
}

async function badMessages(library) {
  const { aitp } = library;
  const clock = { sec: NOW };
  const session = await makeSession(library, ED_PINNED, ED_PINNED, clock);
  const { anna, bert, initiator, responder, published } = session;
  const refused = (code, action, message) => refusedAs(library, code, action, message);

  await failure(() => initiator.processHelloAck('{}'));
  equal(initiator.state, 'failed', 'an answer before the question');

  const second = new aitp.HandshakeInitiator(anna);
  const hello = await second.buildHello(published, ['tide.read']);
  clock.sec = NOW + 301;
  await refused('TIMESTAMP_EXPIRED', () => responder.processHello(hello), 'late:');
  clock.sec = NOW;
  const forged = hello.replace('tide.read', 'tide.reap');
  await refused('INVALID_SIGNATURE', () => responder.processHello(forged), 'changed:');
  const changed = (members) => JSON.stringify({ ...JSON.parse(hello), ...members });
  await refused('UNKNOWN_VERSION', () => responder.processHello(changed({ version: 'aitp/0.1' })));
  await refused('UNKNOWN_FIELD', () => responder.processHello(changed({ x: 1 })));
  await refused('INVALID_ENVELOPE', () => responder.processHello(hello.replace('{', '{"version":"aitp/0.2",')));
  equal(responder.state, 'idle', 'nobody proved anything yet');
  const { ackJson } = await responder.processHello(hello);
  const other = new aitp.HandshakeResponder(bert);
  await refused('REPLAY_DETECTED', () => other.processHello(hello), 'again:');

  const commit = await second.processHelloAck(ackJson);
  const answer = await responder.processCommit(commit);
  await refused('REPLAY_DETECTED', () => second.processHelloAck(ackJson));
  await second.complete(answer.ackJson);
  equal([second.state, responder.state], ['done', 'done']);

  // What the peer says about itself ends it, signed by the peer and by nobody else.
  const third = new aitp.HandshakeInitiator(anna);
  await third.buildHello(published, ['tide.read']);
  const now = () => clock.sec;
  const byAnna = await aitp.buildRefusal('POLICY_VIOLATION', { signer: anna.signer, now });
  await refused('INVALID_ENVELOPE', () => third.processHelloAck(byAnna), 'of a stranger:');
  equal(third.state, 'awaiting-hello-ack');
  const byBert = await aitp.buildRefusal('POLICY_VIOLATION', { signer: bert.signer, now });
  const error = await failure(() => third.processHelloAck(byBert));
  equal([error.code, error.peerCode, third.state], ['ERR_AITP_PEER', 'POLICY_VIOLATION', 'failed']);
}

async function badGrants(library) {
  const requiring = { ...ED_PINNED, manifest: { requiredPeerCapabilities: ['tide.read', 'tide.write'] } };
  const stingy = { ...ED_PINNED, options: { grantPolicy: () => ['tide.read'] } };
  for (const [code, a, b, requested] of [
    ['POLICY_VIOLATION', ED_PINNED, ED_PINNED, ['tide.rule']],
    ['POLICY_VIOLATION', ED_PINNED, { ...ED_PINNED, options: { grantPolicy: () => [] } }, ['tide.read']],
    ['INSUFFICIENT_GRANTS', stingy, requiring, ['tide.read']],
  ]) {
    const session = await makeSession(library, a, b);
    await refusedAs(library, code, () => shake(session, requested));
  }
  // More is never granted than is offered, whatever policy says.
  const generous = { ...ED_PINNED, options: { grantPolicy: () => ['tide.read', 'tide.rule'] } };
  const { ours } = await shake(await makeSession(library, ED_PINNED, generous), ['tide.read', 'tide.rule']);
  equal(ours.claims.grants, ['tide.read']);
}
