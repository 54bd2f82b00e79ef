import { describe, expect, it } from 'vitest';
import { AitpAgent, type AitpAgentOptions } from '../../src/aitp/agent.js';
import { aidFromDid } from '../../src/aitp/aid.js';
import { verifyManifest } from '../../src/aitp/manifest.js';
import { pinnedKeys } from '../../src/aitp/pinned-keys.js';
import { ownRevocations } from '../../src/aitp/revocation.js';
import { verifySnapshot } from '../../src/aitp/revocation-snapshot.js';
import { createIdentity } from '../../src/identity/seed-identity.js';
import { codeOf, ISSUER, mint, NOW, providerKeys } from './parties.js';

const clock = { sec: NOW };
const NO_LIST = { revocation: { dangerouslyIgnoreRevocation: true } } as const;

function agentOf(seed: number, options: Partial<AitpAgentOptions> = {}): Promise<AitpAgent> {
  return AitpAgent.fromSeed(new Uint8Array(32).fill(seed), { ...NO_LIST, now: () => clock.sec, ...options });
}

const pin = (agent: AitpAgent, subject: string) => ({ subject, publicKey: agent.aid.slice('aid:pubkey:'.length) });

const manifestOf = (name: string) => ({
  displayName: name,
  handshakeEndpoint: `https://${name}.example.com/aitp/handshake/`,
  offeredCapabilities: ['read', 'write'],
});

/** Two agents that pinned each other and shook hands: `b` granted `a` what it asked for. */
async function befriended(requested: readonly string[] = ['read']) {
  const [a, b] = [await agentOf(1), await agentOf(2)];
  await a.buildManifest(manifestOf('anna'));
  const published = await b.buildManifest(manifestOf('bert'));
  const session = a.newSession({ pinnedKeys: pinnedKeys([pin(b, 'bert')]) });
  const responder = b.newResponder({ pinnedKeys: pinnedKeys([pin(a, 'anna')]) });
  const hello = await session.buildHello(published, requested);
  const commit = await session.processHelloAck((await responder.processHello(hello)).ackJson);
  const { ackJson } = await responder.processCommit(commit);
  return { a, b, result: await session.complete(ackJson) };
}

describe('an agent', () => {
  it('has a Manifest by its display name unless told otherwise', async () => {
    const a = await agentOf(1);
    const manifest = await verifyManifest(await a.buildManifest(manifestOf('anna')), { now: () => clock.sec });
    expect(manifest.identityHint).toMatchObject({ type: 'pinned_key', subject: 'anna' });
    expect(manifest.expiresAtSec).toBe(NOW + 3_600);
    expect(a.manifest?.aid).toBe(a.aid);
  });

  it('of P-256 has to say who it is at a provider', async () => {
    const options = { ...NO_LIST, now: () => clock.sec, suite: 'p256' } as const;
    const agent = await AitpAgent.generate(options);
    expect(agent.aid).toMatch(/^aid:pubkey:p256:/);
    await expect(agent.buildManifest(manifestOf('paul'))).rejects.toThrow(TypeError);
    const identity = { type: 'oidc', subject: 'paul', issuer: ISSUER } as const;
    const published = await agent.buildManifest({ ...manifestOf('paul'), identity });
    expect((await verifyManifest(published, { now: () => clock.sec })).acceptedTrustAnchors).toEqual([ISSUER]);
    expect(() => agent.newSession()).toThrow(TypeError);
  });

  it('of an identity of this package is the same key', async () => {
    const identity = await createIdentity();
    const agent = AitpAgent.fromIdentity(identity, NO_LIST);
    expect(agent.aid).toBe(aidFromDid(identity.did));
  });

  it('begins nothing without a Manifest', async () => {
    const agent = await agentOf(1);
    expect(() => agent.newSession()).toThrow(TypeError);
    expect(() => agent.newResponder()).toThrow(TypeError);
    expect(agent.manifest).toBeUndefined();
  });

  it('talks to an agent that a provider vouches for', async () => {
    const common = { issuerKeys: await providerKeys() };
    const mintJwt: AitpAgentOptions['mintJwt'] = ({ nonce, audience, jkt }) =>
      mint({ sub: 'paul', aud: audience, nonce, cnf: { jkt } }, clock);
    const suite = { suite: 'p256', now: () => clock.sec, ...NO_LIST, ...common, mintJwt } as const;
    const [a, b] = [await AitpAgent.generate(suite), await AitpAgent.generate(suite)];
    const identity = { type: 'oidc', subject: 'paul', issuer: ISSUER } as const;
    await a.buildManifest({ ...manifestOf('a'), identity });
    const published = await b.buildManifest({ ...manifestOf('b'), identity });
    const [session, responder] = [a.newSession(), b.newResponder()];
    const { ackJson } = await responder.processHello(await session.buildHello(published, ['read']));
    const answer = await responder.processCommit(await session.processHelloAck(ackJson));
    expect((await session.complete(answer.ackJson)).claims.grants).toEqual(['read']);
  });
});

it('a policy of the agent is not lost by an option that is there and has no value', async () => {
  const bare = await agentOf(2);
  const a = await agentOf(1, { pinnedKeys: pinnedKeys([pin(bare, 'bert')]) });
  const grantPolicy = () => [];
  const b = await agentOf(2, { pinnedKeys: pinnedKeys([pin(a, 'anna')]), grantPolicy });
  await a.buildManifest(manifestOf('anna'));
  const session = a.newSession({ pinnedKeys: undefined });
  const published = await b.buildManifest(manifestOf('bert'));
  const answering = b.newResponder({ grantPolicy: undefined });
  const { ackJson } = await answering.processHello(await session.buildHello(published, ['read']));
  const commit = await session.processHelloAck(ackJson);
  expect(await codeOf(answering.processCommit(commit))).toBe('POLICY_VIOLATION');
});

it('tells its clock to whatever works for it, and no secret to whoever looks', async () => {
  const agent = await agentOf(1);
  expect(agent.now()).toBe(clock.sec);
  const secret = new Uint8Array(32).fill(1);
  const shown = JSON.stringify(agent, (_name, value) => (value instanceof Uint8Array ? [...value].join() : value));
  expect(shown).not.toContain([...secret].join());
  expect(Object.keys(agent.signer).sort()).toEqual(['aid', 'alg', 'publicKey', 'sign', 'suite']);
});

describe('a token', () => {
  it('is verified by whoever granted it, and says who holds it', async () => {
    const { a, b, result } = await befriended();
    const options = { expectedAudience: a.aid, revocation: ownRevocations(new Set()) };
    const verdict = await b.verifyTct(result.tct, 'read', options);
    expect(verdict).toMatchObject({ peerAid: a.aid, grants: ['read'], jti: result.claims.jti, expiresAt: NOW + 3_600 });
    expect(await codeOf(b.verifyTct(result.tct, 'write', options))).toBe('POLICY_VIOLATION');
    const revoked = { ...options, revocation: ownRevocations(new Set([result.claims.jti])) };
    expect(await codeOf(b.verifyTct(result.tct, 'read', revoked))).toBe('TCT_REVOKED');
    const stranger = { ...options, expectedAudience: (await agentOf(9)).aid };
    expect(await codeOf(b.verifyTct(result.tct, 'read', stranger))).toBe('AUDIENCE_MISMATCH');
  });

  it('is verified by its holder only when told by whom it has to be', async () => {
    const { a, b, result } = await befriended();
    const issuerManifest = { expiresAtSec: NOW + 3_600 };
    const verdict = await a.verifyTct(result.tct, 'read', { ...NO_LIST, issuer: b.aid, issuerManifest });
    expect(verdict.peerAid).toBe(b.aid);
    await expect(a.verifyTct(result.tct, 'read', { ...NO_LIST, issuerManifest })).rejects.toThrow(TypeError);
    await expect(a.verifyTct(result.tct, 'read', { ...NO_LIST, issuer: b.aid })).rejects.toThrow(TypeError);
  });

  it('can be delegated, and the delegation redeemed where it was granted', async () => {
    const { a, b, result } = await befriended(['read', 'write']);
    const c = await agentOf(3);
    const delegation = await a.buildDelegation(result.grantVoucher as string, c.aid, ['read'], { ttlSec: 600 });
    const options = { revocation: ownRevocations(new Set()), pop: { dangerouslySkipPop: true } } as const;
    const verified = await b.verifyDelegation(delegation, options);
    const { tct } = await b.issueTctForDelegatee(verified);
    expect(tct).toMatchObject({ subject: c.aid, grants: ['read'], expiresAtSec: NOW + 600 });
    expect(await codeOf(c.verifyDelegation(delegation, options))).toBe('DELEGATION_AUDIENCE_MISMATCH');
  });

  it('is renewed by whoever granted it', async () => {
    const { a, b, result } = await befriended();
    const request = await a.buildRenewalRequest(result.claims);
    const revocation = ownRevocations(new Set());
    const findManifest = async () => a.manifest;
    const renewed = await b.processRenewalRequest(request, { revocation, findManifest });
    expect(renewed.tct).toMatchObject({ subject: a.aid, grants: ['read'] });
    expect(renewed.tct.jti).not.toBe(result.claims.jti);
    expect(await codeOf(b.processRenewalRequest(request, { revocation, findManifest }))).toBe('REPLAY_DETECTED');
  });

  it('is renewed by nobody who was not told where the Manifest of its holder is', async () => {
    const { a, b, result } = await befriended();
    const request = await a.buildRenewalRequest(result.claims);
    const revocation = ownRevocations(new Set());
    await expect(b.processRenewalRequest(request, { revocation } as never)).rejects.toThrow(TypeError);
    const waived = { revocation, findManifest: { dangerouslyIgnoreManifest: true } } as const;
    expect((await b.processRenewalRequest(request, waived)).tct.subject).toBe(a.aid);
  });
});

it('signs the list of what it takes back, an empty one too', async () => {
  const agent = await agentOf(1);
  const jti = '550e8400-e29b-41d4-a716-446655440000';
  const list = await verifySnapshot(await agent.signRevocationList([{ jti, reason: 'lost' }], { ttlSec: 60 }));
  expect(list).toMatchObject({ issuer: agent.aid, publishedAtSec: NOW, expiresAtSec: NOW + 60 });
  expect(list.entries).toEqual([{ jti, revokedAtSec: NOW, reason: 'lost' }]);
  expect((await verifySnapshot(await agent.signRevocationList([]))).entries).toEqual([]);
});

it('says why an exchange ended with a registered code and nothing else', async () => {
  const agent = await agentOf(1);
  const { payload, message_type: type } = JSON.parse(await agent.buildError('KEY_RESOLUTION_FAILED'));
  expect(type).toBe('error');
  expect(payload).toEqual({ code: 'KEY_RESOLUTION_FAILED', reason: 'the exchange was refused', retryable: true });
});
