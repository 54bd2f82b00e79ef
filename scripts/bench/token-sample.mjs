// A trust context token as an agent presents one, and the same token verified by us and by jose: the same questions of
// both (issuer, audience, type, time, signature), and the key imported in both before anything is measured.

import { importJWK, jwtVerify } from 'jose';
import { parseAid } from '../../dist/aitp/aid.js';
import { aitpSignerFromSeed } from '../../dist/aitp/signer.js';
import { issueTct, verifyTct } from '../../dist/aitp/tct.js';
import { keyToJwk } from '../../dist/documents/verification-key.js';

/** @param {'ed25519' | 'p256'} suite */
export async function tokenSample(suite) {
  const issuer = await aitpSignerFromSeed(new Uint8Array(32).fill(6), { suite });
  const holder = await aitpSignerFromSeed(new Uint8Array(32).fill(7), { suite });
  const now = () => Math.floor(Date.now() / 1000);
  const expiresAtSec = now() + 86_400;
  const { tct } = await issueTct(issuer, {
    subject: holder.aid,
    grants: ['calendar.read', 'calendar.write'],
    now,
    issuerManifest: { expiresAtSec },
    voucher: false,
  });
  const alg = issuer.alg;
  const key = await importJWK(keyToJwk(parseAid(issuer.aid).key), alg);
  const ours = {
    issuer: issuer.aid,
    audience: holder.aid,
    now,
    issuerManifest: { expiresAtSec },
    revocation: /** @type {const} */ ({ dangerouslyIgnoreRevocation: true }),
  };
  const theirs = { issuer: issuer.aid, audience: holder.aid, typ: 'aitp-tct+jwt', algorithms: [alg] };
  return {
    token: tct.token,
    ours: () => verifyTct(tct.token, ours),
    jose: () => jwtVerify(tct.token, key, theirs),
  };
}
