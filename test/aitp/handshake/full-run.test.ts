import { decodeJwt } from 'jose';
import { expect, it } from 'vitest';
import { HandshakeResponder } from '../../../src/aitp/handshake/responder.js';
import { verifyTct } from '../../../src/aitp/tct.js';
import { verifyVoucherMirror } from '../../../src/aitp/voucher.js';
import { makeSession, OFFERED, type PartyOptions, REQUESTED, runTo, type Session } from '../parties.js';

const RUNS: readonly [string, Partial<PartyOptions>, Partial<PartyOptions>][] = [
  ['Ed25519 pinned, Ed25519 pinned', {}, {}],
  ['Ed25519 oidc, P-256 oidc', { identity: 'oidc' }, { identity: 'oidc', suite: 'p256' }],
  ['P-256 oidc, Ed25519 oidc', { identity: 'oidc', suite: 'p256' }, { identity: 'oidc' }],
  ['P-256 oidc, P-256 oidc', { identity: 'oidc', suite: 'p256' }, { identity: 'oidc', suite: 'p256' }],
  ['Ed25519 pinned, Ed25519 oidc', {}, { identity: 'oidc' }],
  ['P-256 oidc, Ed25519 pinned', { identity: 'oidc', suite: 'p256' }, {}],
];

it.each(RUNS)('[16.52] both sides hold a token and a voucher of the other: %s', async (_name, a, b) => {
  const session = await makeSession({ a, b });
  const commit = await runTo(session, 'commit');
  const { ackJson, completed: theirs } = await session.responder.processCommit(commit);
  const ours = await session.initiator.complete(ackJson);

  expect([session.initiator.state, session.responder.state]).toEqual(['done', 'done']);
  expect(ours.claims.grants).toEqual(REQUESTED);
  expect(theirs.claims.grants).toEqual(OFFERED);
  expect([ours.claims.issuer, ours.claims.subject]).toEqual([session.b.signer.aid, session.a.signer.aid]);
  expect([theirs.claims.issuer, theirs.claims.subject]).toEqual([session.a.signer.aid, session.b.signer.aid]);
  expect(ours.issued).toMatchObject({ jti: theirs.claims.jti, grants: theirs.claims.grants });
  expect(theirs.issued).toMatchObject({ jti: ours.claims.jti, grants: ours.claims.grants });
  expect(ours.peer).toMatchObject({
    aid: session.b.signer.aid,
    subject: 'agent-2',
    identityType: b.identity ?? 'pinned_key',
  });
  expect(theirs.peer).toMatchObject({
    aid: session.a.signer.aid,
    subject: 'agent-1',
    identityType: a.identity ?? 'pinned_key',
  });
  await verifyVoucherMirror(ours.grantVoucher, ours.claims);
  await verifyVoucherMirror(theirs.grantVoucher, theirs.claims);
  await verifiesAlone(ours.tct, session);
});

async function verifiesAlone(token: string, { a, b, clock }: Session): Promise<void> {
  await verifyTct(token, {
    issuer: b.signer.aid,
    audience: a.signer.aid,
    now: () => clock.sec,
    issuerManifest: b.manifest,
    revocation: { dangerouslyIgnoreRevocation: true },
  });
}

it('grants nothing that can be delegated where vouchers are not wanted', async () => {
  const session = await makeSession({ a: { options: { withoutVoucher: true } } });
  const commit = await runTo(session, 'commit');
  const theirs = await session.responder.processCommit(commit);
  expect(theirs.completed.grantVoucher).toBeUndefined();
  expect((await session.initiator.complete(theirs.ackJson)).grantVoucher).toBeDefined();
});

it('issues no token that outlives the Manifest of its issuer', async () => {
  const session = await makeSession({ b: { manifest: { ttlSec: 100 } } });
  const { ackJson } = await session.responder.processCommit(await runTo(session, 'commit'));
  const { claims } = await session.initiator.complete(ackJson);
  expect(claims.expiresAtSec).toBe(session.b.manifest.expiresAtSec);
});

it('issues a token that a peer whose clock is behind does not take for one from the future', async () => {
  const session = await makeSession();
  const real = session.a.options.now;
  // The clock of the responder alone is 200 s behind.
  const responder = new HandshakeResponder({ ...session.b.options, now: () => real() - 200 });
  const hello = await session.initiator.buildHello(session.b.manifestJson, REQUESTED);
  const commit = await session.initiator.processHelloAck((await responder.processHello(hello)).ackJson);
  const { ackJson, completed } = await responder.processCommit(commit);
  expect(completed.claims.issuedAtSec).toBe(real() - 200);
  await session.initiator.complete(ackJson);
});

it('narrows what is granted by the policy for that identity and by the limit of a pinned key', async () => {
  const session = await makeSession({
    a: { options: { grantPolicy: (peer, grants) => (peer.subject === 'agent-2' ? [...grants.slice(1), 'root'] : []) } },
  });
  const { completed } = await session.responder.processCommit(await runTo(session, 'commit'));
  expect(completed.claims.grants).toEqual(['calendar.write', 'mail.send']);
});

it('writes the members of each message and no others', async () => {
  const session = await makeSession();
  const hello = await session.initiator.buildHello(session.b.manifestJson, REQUESTED);
  const { ackJson: ack } = await session.responder.processHello(hello);
  const commit = await session.initiator.processHelloAck(ack);
  const { ackJson } = await session.responder.processCommit(commit);
  const members = (text: string) => Object.keys(JSON.parse(text).payload).sort();
  expect(members(hello)).toEqual(['identity', 'manifest', 'pop_nonce', 'requested_grants']);
  expect(members(ack)).toEqual(['identity', 'manifest', 'pop_nonce', 'pop_nonce_echo', 'requested_grants']);
  expect(members(commit)).toEqual(['grant_voucher', 'pop_nonce_echo', 'pop_signature', 'tct']);
  expect(members(ackJson)).toEqual(['grant_voucher', 'pop_nonce_echo', 'pop_signature', 'tct']);
  expect(Object.keys(JSON.parse(hello)).sort()).toEqual([
    'message_id',
    'message_type',
    'payload',
    'sender',
    'signature',
    'timestamp',
    'version',
  ]);
  expect(JSON.parse(ack).payload.pop_nonce_echo).toBe(JSON.parse(hello).payload.pop_nonce);
  expect(decodeJwt(JSON.parse(commit).payload.tct)).toMatchObject({
    iss: session.a.signer.aid,
    aud: session.b.signer.aid,
  });
});
