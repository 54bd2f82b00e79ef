// Tokens by themselves: what grants, what delegates, what revokes. Each is minted and verified by either backend, and each
// check of a verifier is broken alone, for the code that is its own.

import signed from '../../vectors/aitp/signed.json' with { type: 'json' };
import { BACKENDS, SUITES, signerOf, verifyWith } from './aitp-agents.mjs';
import { damaged, makeTokens, reissue } from './aitp-minted.mjs';
import { NOW, refusedAs } from './aitp-session.mjs';
import { equal, ok } from './assert.mjs';

const now = () => NOW;
const NO_LIST = { dangerouslyIgnoreRevocation: true };

/** @param {any} library */
export function tokenCases(library) {
  const each = SUITES.flatMap((suite) => BACKENDS.map((backend) => ({ suite, backend })));
  return [
    { name: 'AITP: the signed artifacts of the vectors hold, for both backends', run: () => knownArtifacts(library) },
    ...each.flatMap(({ suite, backend }) => [
      {
        name: `AITP over ${backend}, ${suite}: each broken check of a token has its code`,
        run: async () => brokenTokens(library, await makeTokens(library, suite, backend)),
      },
      {
        name: `AITP over ${backend}, ${suite}: each broken check of a delegation has its code`,
        run: async () => brokenDelegations(library, await makeTokens(library, suite, backend)),
      },
      {
        name: `AITP over ${backend}, ${suite}: revocation lists, what they say and what happens without one`,
        run: async () => revocation(library, await makeTokens(library, suite, backend)),
      },
    ]),
  ];
}

async function knownArtifacts(library) {
  const { aitp } = library;
  const { manifest, snapshot, tokens, claims } = signed;
  const at = claims.tct.iat;
  const then = () => at;
  verifyWith(library, [manifest.manifest.aid, snapshot.revocation_list.issuer, claims.tct.iss, claims.tct.sub]);
  equal((await aitp.verifyManifest(JSON.stringify(manifest), { now: then })).aid, manifest.manifest.aid);
  equal((await aitp.verifySnapshot(JSON.stringify(snapshot))).entries.length, 1);
  await refusedAs(library, 'REVOCATION_SNAPSHOT_SIGNATURE_INVALID', () =>
    aitp.verifySnapshot(JSON.stringify(signed.wrappedSnapshot)),
  );
  const options = {
    issuer: { dangerouslyAcceptAnyIssuer: true },
    audience: { dangerouslyAcceptAnyHolder: true },
    now: then,
    issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
    revocation: NO_LIST,
  };
  verifyWith(library, [claims.tctP256.iss]);
  for (const name of ['tct', 'tctP256']) equal((await aitp.verifyTct(tokens[name], options)).jti, claims[name].jti);
  await refusedAs(library, 'TCT_SIGNATURE_INVALID', () => aitp.verifyTct(tokens.tctP256HighS, options), 'high S:');
  ok(signed.envelopeP256.envelope.signature.startsWith('p256.'));
  for (const { envelope } of [signed.envelope, signed.envelopeP256]) {
    verifyWith(library, [envelope.sender.agent_id]);
    const verify = (value, decision) =>
      aitp.verifyEnvelope(JSON.stringify(value), { now: () => envelope.timestamp, replay: decision });
    const replay = aitp.memoryReplayStore({ now: () => envelope.timestamp });
    equal((await verify(envelope, replay)).messageId, envelope.message_id);
    await refusedAs(library, 'REPLAY_DETECTED', () => verify(envelope, replay));
    const fresh = aitp.memoryReplayStore({ now: () => envelope.timestamp });
    const later = { ...envelope, timestamp: envelope.timestamp + 1 };
    await refusedAs(library, 'INVALID_SIGNATURE', () => verify(later, fresh));
  }
}

async function brokenTokens(library, { issuer, holder, third, manifest, tct, voucher }) {
  const { aitp } = library;
  const right = { issuer: issuer.aid, audience: holder.aid, now, issuerManifest: manifest, revocation: NO_LIST };
  const verify = (token, more) => aitp.verifyTct(token, { ...right, ...more });
  const again = (change) => reissue(library, tct.token, issuer, 'aitp-tct+jwt', change);
  const { token, jti, expiresAtSec } = tct;
  const by = (aid) => ({ issuer: aid, issuerManifest: { expiresAtSec } });
  equal((await verify(token)).jti, jti);
  equal((await verify(await again({}))).jti, jti);
  const refusals = [
    ['TCT_SIGNATURE_INVALID', token.split('.').slice(0, 2).join('.')],
    ['TOKEN_TYP_MISMATCH', voucher],
    ['UNKNOWN_FIELD', await again({ admin: true })],
    ['TOKEN_ALG_MISMATCH', token, by(await otherSuite(library, issuer))],
    ['TCT_SIGNATURE_INVALID', token, by(third.aid)],
    ['TCT_SIGNATURE_INVALID', damaged(token)],
    ['UNKNOWN_VERSION', await again({ ver: 'aitp/0.1' })],
    ['TCT_SIGNATURE_INVALID', await again({ grants: [] })],
    ['AUDIENCE_MISMATCH', token, { audience: third.aid }],
    ['AUDIENCE_MISMATCH', await again({ sub: third.aid })],
    ['TCT_EXPIRED', token, { now: () => expiresAtSec }],
    ['TCT_EXPIRED', await again({ iat: NOW + 1 })],
    ['TCT_SIGNATURE_INVALID', await again({ cnf: { jkt: await aitp.aidJkt(third.aid) } })],
    ['TCT_EXPIRES_AFTER_MANIFEST', token, { issuerManifest: { expiresAtSec: expiresAtSec - 1 } }],
    ['TCT_REVOKED', token, { revocation: aitp.ownRevocations(new Set([jti])) }],
  ];
  for (const [i, [code, text, more]] of refusals.entries()) {
    await refusedAs(library, code, () => verify(text, more), `refusal ${i}:`);
  }
}

/** AID of an agent with a key of the other kind. */
async function otherSuite(library, { suite }) {
  return (await signerOf(library, 'somebody else', SUITES.find((other) => other !== suite) ?? '')).aid;
}

async function brokenDelegations(library, { issuer, holder, third, manifest, tct, voucher, delegation, pop }) {
  const { aitp } = library;
  const right = { verifier: issuer.aid, now, revocation: aitp.ownRevocations(new Set()), pop };
  const verify = (token, more) => aitp.verifyDelegation(token, { ...right, ...more });
  const again = (change) => reissue(library, delegation, holder, 'aitp-delegation+jwt', change);
  const issue = (more) =>
    aitp.issueDelegation(holder, { voucher, delegatee: third.aid, scope: ['tide.read'], now, ...more });

  const verified = await verify(delegation);
  equal([verified.delegator, verified.delegatee, verified.grants], [holder.aid, third.aid, ['tide.read']]);
  const granted = await aitp.issueTctForDelegatee(issuer, verified, { now, issuerManifest: manifest });
  equal([granted.tct.subject, granted.tct.grants], [third.aid, ['tide.read']]);
  equal(granted.tct.expiresAtSec, verified.expiresAtSec);

  const foreign = await reissue(library, voucher, third, 'aitp-grant+jwt', {});
  const stolen = await reissue(library, voucher, issuer, 'aitp-grant+jwt', { sub: third.aid });
  const byHolder = { ...pop, signature: await aitp.signPop(pop.nonce, holder) };
  const refusals = [
    ['DELEGATION_MULTIHOP_NOT_SUPPORTED', await again({ chain: [] })],
    ['DELEGATION_INVALID_SIGNATURE', damaged(delegation)],
    ['TOKEN_TYP_MISMATCH', tct.token],
    ['UNKNOWN_FIELD', await again({ admin: true })],
    ['UNKNOWN_VERSION', await again({ ver: 'aitp/0.1' })],
    ['DELEGATION_AUDIENCE_MISMATCH', delegation, { verifier: third.aid }],
    ['DELEGATION_EXPIRED', delegation, { now: () => verified.expiresAtSec }],
    ['DELEGATION_INVALID_VOUCHER', await again({ voucher: damaged(voucher) })],
    ['DELEGATION_INVALID_VOUCHER', await again({ voucher: foreign })],
    ['DELEGATION_INVALID_VOUCHER', await again({ voucher: stolen })],
    ['DELEGATION_EXPIRED', await again({ exp: tct.expiresAtSec + 1 })],
    ['DELEGATION_SCOPE_EXCEEDED', await again({ scope: ['tide.read', 'tide.rule'] })],
    ['DELEGATION_SOURCE_TCT_REVOKED', delegation, { revocation: aitp.ownRevocations(new Set([tct.jti])) }],
    ['DELEGATION_INVALID_SIGNATURE', await again({ sub: holder.aid })],
    ['DELEGATION_INVALID_SIGNATURE', await again({ cnf: { jkt: await aitp.aidJkt(holder.aid) } })],
    ['DELEGATION_POP_FAILED', delegation, { pop: { ...pop, nonce: 'AAECAwQFBgcICQoLDA0ODw' } }],
    ['DELEGATION_POP_FAILED', delegation, { pop: byHolder }],
  ];
  for (const [i, [code, token, more]] of refusals.entries()) {
    await refusedAs(library, code, () => verify(token, more), `refusal ${i}:`);
  }
  await refusedAs(library, 'DELEGATION_SCOPE_EXCEEDED', () => issue({ scope: ['tide.rule'] }));
  await refusedAs(library, 'DELEGATION_INVALID_SIGNATURE', () => issue({ delegatee: holder.aid }));
  await refusedAs(library, 'DELEGATION_INVALID_VOUCHER', () => issue({ voucher: stolen }));
}

async function revocation(library, { issuer, holder, third, manifest, tct }) {
  const { aitp } = library;
  const listOf = (entries, signer = issuer, publishedAtSec = NOW) =>
    aitp.buildSnapshot({ publishedAtSec, expiresAtSec: publishedAtSec + 3_600, entries }, signer);
  const verify = (text, policy = {}) =>
    aitp.verifyTct(tct.token, {
      issuer: issuer.aid,
      audience: holder.aid,
      now,
      issuerManifest: manifest,
      revocation: aitp.snapshotRevocation(async () => text, { policy }),
    });
  const [empty, listed, foreign, old] = await Promise.all([
    listOf([]),
    listOf([{ jti: tct.jti, revokedAtSec: NOW, reason: 'lost' }]),
    listOf([], third),
    listOf([], issuer, NOW - 301),
  ]);
  equal((await verify(empty)).grants, tct.grants);
  await refusedAs(library, 'TCT_REVOKED', () => verify(listed), 'listed:');
  await refusedAs(
    library,
    'TCT_REVOKED',
    () => verify(listed, { failMode: 'fail_open' }),
    'listed, whatever the mode:',
  );
  for (const [what, text] of Object.entries({ none: undefined, 'of another': foreign, old })) {
    await refusedAs(library, 'TCT_REVOKED', () => verify(text), `${what}:`);
    equal((await verify(text, { failMode: 'fail_open' })).grants, tct.grants, what);
    const soft = { failMode: 'soft_fail', safeSubset: ['tide.read'] };
    equal((await verify(text, soft)).grants, ['tide.read'], what);
    await refusedAs(library, 'POLICY_VIOLATION', () => verify(text, { ...soft, safeSubset: ['tide.look'] }));
  }
  const open = { failMode: 'fail_open' };
  await refusedAs(library, 'REVOCATION_SNAPSHOT_SIGNATURE_INVALID', () => verify(damaged(empty), open));
  await refusedAs(library, 'REVOCATION_SNAPSHOT_INVALID', () => verify(empty.replace('aitp/0.2', 'aitp/0.1'), open));
  await refusedAs(library, 'UNKNOWN_FIELD', () => verify(empty.replace('{', '{"x":1,'), open));
}
