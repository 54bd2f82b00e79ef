// One cell of the table of tokens: what an agent signs in one runtime, verified in another, with its claims compared, and
// refused when it was damaged.

import { BACKENDS, ISSUER, identityOf, SUITES, signerOf } from '../suite/aitp-agents.mjs';
import { damaged } from '../suite/aitp-minted.mjs';
import { refusedAs } from '../suite/aitp-session.mjs';
import { equal } from '../suite/assert.mjs';
import { verdictOf } from '../suite/verdict.mjs';

/** What is minted. */
const KINDS = { manifest, tct, voucher, delegation, snapshot };

/** Verdicts of one cell: each kind in each suite, minted and verified with each backend. */
export const TOKEN_CHECKS = Object.keys(KINDS).length * SUITES.length * BACKENDS.length ** 2;

const GRANTS = ['tide.read', 'tide.write'];
const NONCE = 'E1P1xitRfiKsGDoeyKCI0w';
const REVOKED = '550e8400-e29b-41d4-a716-446655440000';

/**
 * Signs one of everything, in both suites.
 *
 * @param {any} library @param {{ runtime: string, backend: string }} who
 */
export async function mint(library, { runtime, backend }) {
  const { aitp } = library;
  const now = aitp.systemClockSec;
  const minted = [];
  for (const suite of SUITES) {
    const name = `${runtime}/${backend}/${suite}`;
    const [issuer, holder, third] = await Promise.all(
      ['issuer', 'holder', 'third'].map((role) => signerOf(library, `${role} of ${name}`, suite)),
    );
    const content = {
      now,
      displayName: name,
      identity: identityOf(name, suite, 'oidc'),
      handshakeEndpoint: 'https://agents.example/aitp/',
      offeredCapabilities: GRANTS,
    };
    const issuerManifest = await aitp.buildManifest(content, issuer);
    const granted = await aitp.issueTct(issuer, { subject: holder.aid, grants: GRANTS, now, issuerManifest });
    const scope = ['tide.read'];
    const delegated = { voucher: granted.voucher, delegatee: third.aid, scope, now };
    const atSec = now();
    const list = {
      publishedAtSec: atSec,
      expiresAtSec: atSec + 3_600,
      entries: [{ jti: REVOKED, revokedAtSec: atSec, reason: name }],
    };
    minted.push({
      name,
      suite,
      backend,
      issuer: issuer.aid,
      holder: holder.aid,
      third: third.aid,
      jti: granted.tct.jti,
      proof: await aitp.signPop(NONCE, third),
      manifest: aitp.encodeManifest(issuerManifest),
      tct: granted.tct.token,
      voucher: granted.voucher,
      delegation: await aitp.issueDelegation(holder, delegated),
      snapshot: await aitp.buildSnapshot(list, issuer),
    });
  }
  return minted;
}

/**
 * Verifies what was minted elsewhere.
 *
 * @param {any} library @param {any[]} minted @param {string} backend What verifies here.
 */
export async function verifyMinted(library, minted, backend) {
  const verdicts = [];
  for (const one of minted) {
    for (const [kind, check] of Object.entries(KINDS)) {
      const name = `${kind}, ${one.suite}, minted with ${one.backend}, verified with ${backend}`;
      verdicts.push({ name, ...(await verdictOf(() => check(library, one))) });
    }
  }
  return verdicts;
}

/** Accepts the text as it is, and refuses it damaged, under one code. */
async function judge(library, text, code, verify) {
  const verified = await verify(text);
  await refusedAs(library, code, () => verify(damaged(text)));
  return verified;
}

const nowOf = ({ aitp }) => ({ now: aitp.systemClockSec });

async function manifest(library, one) {
  const options = { ...nowOf(library), expectedAid: one.issuer };
  const read = await judge(library, one.manifest, 'MANIFEST_SIGNATURE_INVALID', (text) =>
    library.aitp.verifyManifest(text, options),
  );
  equal([read.aid, read.displayName, read.identityHint.issuer], [one.issuer, one.name, ISSUER]);
  equal(read.offeredCapabilities, GRANTS);
}

async function tct(library, one) {
  const { aitp } = library;
  const options = {
    ...nowOf(library),
    issuer: one.issuer,
    audience: one.holder,
    issuerManifest: await aitp.verifyManifest(one.manifest, nowOf(library)),
    revocation: aitp.snapshotRevocation(async () => one.snapshot),
  };
  const read = await judge(library, one.tct, 'TCT_SIGNATURE_INVALID', (text) => aitp.verifyTct(text, options));
  equal([read.jti, read.issuer, read.subject, read.grants], [one.jti, one.issuer, one.holder, GRANTS]);
  await refusedAs(library, 'AUDIENCE_MISMATCH', () => aitp.verifyTct(one.tct, { ...options, audience: one.third }));
}

async function voucher(library, one) {
  const options = { ...nowOf(library), verifier: one.issuer };
  const read = await judge(library, one.voucher, 'DELEGATION_INVALID_VOUCHER', (text) =>
    library.aitp.verifyVoucher(text, options),
  );
  equal([read.issuer, read.subject, read.sourceJti, read.grants], [one.issuer, one.holder, one.jti, GRANTS]);
}

async function delegation(library, one) {
  const { aitp } = library;
  const options = {
    ...nowOf(library),
    verifier: one.issuer,
    revocation: aitp.snapshotRevocation(async () => one.snapshot),
    pop: { nonce: NONCE, signature: one.proof },
  };
  const read = await judge(library, one.delegation, 'DELEGATION_INVALID_SIGNATURE', (text) =>
    aitp.verifyDelegation(text, options),
  );
  equal([read.delegator, read.delegatee, read.issuedBy], [one.holder, one.third, one.issuer]);
  equal([read.grants, read.sourceJti], [['tide.read'], one.jti]);
}

async function snapshot(library, one) {
  const { aitp } = library;
  const read = await judge(library, one.snapshot, 'REVOCATION_SNAPSHOT_SIGNATURE_INVALID', (text) =>
    aitp.verifySnapshot(text),
  );
  equal([read.issuer, read.entries[0].reason, read.revokedJtis.has(REVOKED)], [one.issuer, one.name, true]);
  const query = { issuer: one.issuer, jti: REVOKED, grants: GRANTS, nowSec: aitp.systemClockSec() };
  const check = aitp.snapshotRevocation(async () => one.snapshot);
  await refusedAs(library, 'TCT_REVOKED', () => check.check(query));
  equal((await check.check({ ...query, jti: one.jti })).basis, 'list');
}
