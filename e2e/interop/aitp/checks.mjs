// What is tried with a peer of AITP in another language: everything each side mints is verified by the other, and
// everything that was tampered with is refused by both. Nothing of it is checked by whoever made it.

import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import {
  AitpAgent,
  aidJkt,
  issuerKeys,
  ownRevocations,
  pinnedKeys,
  snapshotRevocation,
  verifyDelegation,
  verifyManifest,
  verifySnapshot,
} from '../../../dist/aitp/index.js';
import { PeerRefusal } from './peer-process.mjs';

/** @typedef {ReturnType<typeof import('./peer-process.mjs').askingOf>} Ask */

// With a path: some implementations write an address anew, and would end a bare host in a slash.
const ISSUER = 'https://idp.example.com/agents';
const OFFERS = ['calendar.read', 'calendar.write'];
const GRANT = 'calendar.read';
const now = () => Math.floor(Date.now() / 1000);

/** Identity provider of both sides. */
async function provider() {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'interop', alg: 'EdDSA', use: 'sig' };
  const mint = async (/** @type {{ nonce: string, audience: string, jkt: string, subject: string }} */ asked) =>
    new SignJWT({ nonce: asked.nonce, cnf: { jkt: asked.jkt } })
      .setProtectedHeader({ alg: 'EdDSA', kid: jwk.kid, typ: 'JWT' })
      .setIssuer(ISSUER)
      .setSubject(asked.subject)
      .setAudience(asked.audience)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey);
  return { jwk, mint };
}

/** The combinations: a pinned key is an Ed25519 key, so that P-256 proves itself with a provider's token. */
export const PAIRS = /** @type {const} */ ([
  { ours: 'ed25519', theirs: 'ed25519', identity: 'pinned_key' },
  { ours: 'ed25519', theirs: 'ed25519', identity: 'oidc' },
  { ours: 'ed25519', theirs: 'p256', identity: 'oidc' },
  { ours: 'p256', theirs: 'ed25519', identity: 'oidc' },
  { ours: 'p256', theirs: 'p256', identity: 'oidc' },
]);

const seedOf = (/** @type {number} */ byte) => new Uint8Array(32).fill(byte);
const INVALID = 'ERR_AITP_INVALID_SIGNATURE';
const NOT_ASKED = /** @type {const} */ ({ revocation: { dangerouslyIgnoreRevocation: true } });

/**
 * Runs a handshake in one role, and everything that can be done with what it leaves.
 *
 * @param {Ask} ask
 * @param {typeof PAIRS[number]} pair
 * @param {'we call it' | 'it calls us'} role
 * @returns {Promise<Map<string, boolean>>}
 */
export async function tryPeer(ask, pair, role) {
  /** @type {Map<string, boolean>} */
  const results = new Map();
  const { jwk, mint } = await provider();
  const oidc = pair.identity === 'oidc';
  const jwks = oidc ? { [ISSUER]: [jwk] } : null;
  const { aid: theirs } = await ask('agent_of', { seed: '02'.repeat(32), suite: pair.theirs });
  const us = await AitpAgent.fromSeed(seedOf(1), {
    ...NOT_ASKED,
    suite: pair.ours,
    ...(oidc
      ? { issuerKeys: issuerKeys({ [ISSUER]: [jwk] }), mintJwt: (asked) => mint({ ...asked, subject: 'us' }) }
      : { pinnedKeys: pinnedKeys([{ subject: 'peer', publicKey: theirs.slice('aid:pubkey:'.length) }]) }),
  });
  const theirMint = async (/** @type {string} */ nonce) =>
    mint({ nonce, audience: us.aid, jkt: await aidJkt(theirs), subject: 'peer' });

  // Manifests, each verified by the other side.
  const ourManifest = await us.buildManifest({
    displayName: 'us',
    handshakeEndpoint: 'https://us.example/aitp/handshake/',
    offeredCapabilities: OFFERS,
    ...(oidc ? { identity: { type: 'oidc', subject: 'us', issuer: ISSUER } } : {}),
  });
  const { manifest: theirManifest } = await ask('manifest', {
    name: 'peer',
    offers: OFFERS,
    issuer: oidc ? ISSUER : null,
  });
  const issuerManifest = await verifyManifest(theirManifest, { now });
  await ask('verify_manifest', { manifest: ourManifest });
  results.set('manifest', issuerManifest.aid === theirs);
  results.set(
    'manifest changed',
    (await codeOf(verifyManifest(changed(theirManifest), { now }))) === 'ERR_AITP_MANIFEST_SIGNATURE_INVALID' &&
      (await saidOf(ask('verify_manifest', { manifest: changed(ourManifest) }))).includes('signature'),
  );

  // The handshake. What ends badly throws here, with the code or the words of whoever refused.
  const grants = [GRANT];
  const trust = { peer: us.aid, jwks };
  let held;
  /** @type {{ tct: string, voucher: string }} */
  let granted;
  if (role === 'we call it') {
    const begun = async () => {
      const session = us.newSession();
      const hello = await session.buildHello(theirManifest, grants);
      const { message } = await ask('answer_hello', { message: hello, grants, ...trust }, theirMint);
      return { session, ack: message };
    };
    const spoilt = await begun();
    results.set('hello_ack changed', (await codeOf(spoilt.session.processHelloAck(resigned(spoilt.ack)))) === INVALID);
    const commit = tampered(await spoilt.session.processHelloAck(spoilt.ack));
    results.set('commit changed', (await saidOf(ask('answer_commit', { message: commit }))) !== '');
    const { session, ack } = await begun();
    const last = await ask('answer_commit', { message: await session.processHelloAck(ack) });
    held = await session.complete(last.message);
    granted = last;
  } else {
    const begun = async () => (await ask('hello', { manifest: ourManifest, grants, ...trust }, theirMint)).message;
    const spoilt = us.newResponder();
    const hello = await begun();
    results.set('hello changed', (await codeOf(spoilt.processHello(resigned(hello)))) === INVALID);
    const ack = tampered((await spoilt.processHello(hello)).ackJson);
    results.set('hello_ack changed', (await saidOf(ask('hello_ack', { message: ack }))) !== '');
    const responder = us.newResponder();
    const { ackJson } = await responder.processHello(await begun());
    const commit = await ask('hello_ack', { message: ackJson });
    const answer = await responder.processCommit(commit.message);
    held = answer.completed;
    granted = await ask('commit_ack', { message: answer.ackJson });
  }
  results.set('handshake', held.claims.grants.includes(GRANT) && held.peer.aid === theirs);

  // Tokens: theirs verified by us, ours by them; changed and revoked ones refused.
  const verified = (/** @type {string} */ token, revocation = NOT_ASKED.revocation) =>
    us.verifyTct(token, GRANT, { issuer: theirs, issuerManifest, revocation });
  const presented = { grant: GRANT, audience: theirs, manifest: ourManifest, revoked: [] };
  results.set('our verdict on their token', (await verified(held.tct)).grants.includes(GRANT));
  const theirVerdict = await ask('verify_tct', { token: granted.tct, ...presented });
  results.set('their verdict on our token', theirVerdict.grants.includes(GRANT));
  results.set(
    'token changed',
    (await codeOf(verified(flipped(held.tct)))) === 'ERR_AITP_TCT_SIGNATURE_INVALID' &&
      /signature/i.test(await saidOf(ask('verify_tct', { token: flipped(granted.tct), ...presented }))),
  );

  // Delegation: the holder of a voucher delegates, whoever granted verifies.
  const third = await AitpAgent.fromSeed(seedOf(3), { ...NOT_ASKED, suite: pair.ours });
  const ours = await us.buildDelegation(held.grantVoucher, third.aid, grants);
  const redeemed = { manifest: ourManifest, revoked: [] };
  results.set(
    'their verdict on our delegation',
    (await ask('verify_delegation', { token: ours, ...redeemed })).grants.includes(GRANT),
  );
  const { token: foreign } = await ask('delegate', { voucher: granted.voucher, delegatee: third.aid, scope: grants });
  const judged = (/** @type {string} */ token, revocation = NOT_ASKED.revocation) =>
    verifyDelegation(token, { verifier: us.aid, now, revocation, pop: { dangerouslySkipPop: true } });
  const delegation = await judged(foreign);
  results.set(
    'our verdict on their delegation',
    delegation.grants.includes(GRANT) && delegation.delegatee === third.aid,
  );
  results.set(
    'delegation changed',
    (await codeOf(judged(flipped(foreign)))) === 'ERR_AITP_DELEGATION_INVALID_SIGNATURE' &&
      /signature/i.test(await saidOf(ask('verify_delegation', { token: flipped(ours), ...redeemed }))),
  );

  // Revocation: the list of each verified by the other, and what stands on it refused.
  const { list } = await ask('revocation_list', { jtis: [held.claims.jti] });
  const snapshot = await verifySnapshot(list);
  results.set('their revocation list', snapshot.issuer === theirs && snapshot.revokedJtis.has(held.claims.jti));
  const ourList = await us.signRevocationList([{ jti: held.issued.jti }]);
  await ask('verify_revocation_list', { list: ourList, issuer: us.aid });
  results.set(
    'list changed',
    (await codeOf(verifySnapshot(changed(list)))) === 'ERR_AITP_REVOCATION_SNAPSHOT_SIGNATURE_INVALID' &&
      (await saidOf(ask('verify_revocation_list', { list: changed(ourList), issuer: us.aid }))).includes('signature'),
  );
  const revoked = [held.issued.jti];
  results.set(
    'token revoked',
    (await codeOf(
      verified(
        held.tct,
        snapshotRevocation(async () => list),
      ),
    )) === 'ERR_AITP_TCT_REVOKED' &&
      /revoked/i.test(await saidOf(ask('verify_tct', { token: granted.tct, ...presented, revoked }))),
  );
  results.set(
    'source of a delegation revoked',
    (await codeOf(judged(foreign, ownRevocations(new Set(revoked))))) === 'ERR_AITP_DELEGATION_SOURCE_TCT_REVOKED' &&
      /revoked/i.test(await saidOf(ask('verify_delegation', { token: ours, ...redeemed, revoked: [held.claims.jti] }))),
  );
  return results;
}

/** @param {Promise<unknown>} work @returns {Promise<string>} Code of our refusal; empty where there is none. */
const codeOf = (work) =>
  work.then(
    () => '',
    (error) => error.code ?? error.message,
  );

/** @param {Promise<unknown>} work @returns {Promise<string>} What the peer says to refuse; empty where it does not. */
const saidOf = (work) =>
  work.then(
    () => '',
    (error) => {
      if (error instanceof PeerRefusal) return error.message;
      throw error;
    },
  );

/** A compact token whose signature has one bit changed. @param {string} token */
function flipped(token) {
  const at = token.lastIndexOf('.') + 1;
  return token.slice(0, at) + flippedText(token.slice(at));
}

/** @param {string} signature 64 bytes, base64url */
function flippedText(signature) {
  const bytes = Buffer.from(signature, 'base64url');
  bytes[40] ^= 1;
  return bytes.toString('base64url');
}

/** A signed JSON text with the end of its life moved by a second. @param {string} text */
function changed(text) {
  return text.replace(/"expires_at":(\d+)/, (_, second) => `"expires_at":${Number(second) + 1}`);
}

/** A message whose signature has one bit changed. @param {string} text */
function resigned(text) {
  const envelope = JSON.parse(text);
  return JSON.stringify({
    ...envelope,
    signature: `${envelope.signature.slice(0, -86)}${flippedText(envelope.signature.slice(-86))}`,
  });
}

/**
 * A message whose nonce echo is another. Not every port looks at the signature of a message before its transport does,
 * but each has to look at this.
 *
 * @param {string} text
 */
function tampered(text) {
  const envelope = JSON.parse(text);
  return JSON.stringify({ ...envelope, payload: { ...envelope.payload, pop_nonce_echo: 'A'.repeat(22) } });
}
