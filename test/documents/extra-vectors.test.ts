// Further vectors from a folder outside the repository, where there is one: RINGLINE_SHARED_VECTORS, or the default below.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../../src/bytes/utf8.js';
import { decodeBase64url, encodeBase64url } from '../../src/codec/base64url.js';
import { canonicalize } from '../../src/codec/jcs.js';
import type { DetachedSignature, JwkSet, KeySource, PublicJwk } from '../../src/documents/index.js';
import { unhex } from '../support/hex.js';
import { type Documents, enterRuntime, leaveRuntime, RUNTIMES } from './rooms.js';

const folder =
  process.env.RINGLINE_SHARED_VECTORS ?? fileURLToPath(new URL('../../../shared/vectors', import.meta.url));

/** Whether the files are all there; says so in a line where they are not. */
function has(...names: string[]): boolean {
  const missing = names.find((name) => !existsSync(join(folder, name)));
  if (missing !== undefined) console.log(`not run: extra vectors ${missing} (no such file in ${folder})`);
  return missing === undefined;
}

const read = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;

interface SignedCase {
  readonly id: string;
  readonly card: { readonly signatures: readonly DetachedSignature[] };
  readonly canonical: readonly { readonly profiles: readonly string[]; readonly text: string }[];
  readonly signatureChecks: readonly {
    readonly kid: string;
    readonly alg: string;
    readonly verifiesUnder: readonly string[];
  }[];
}

interface RejectedCase {
  readonly id: string;
  readonly expect: string;
  readonly card?: { readonly signatures?: readonly DetachedSignature[] };
}

/** Names of that file for what this room decides. */
const CODES: Readonly<Record<string, string>> = {
  verification_failed: 'ERR_VERIFY_SIGNATURE',
  invalid_signature_encoding: 'ERR_VERIFY_SIGNATURE_ENCODING',
  invalid_protected_encoding: 'ERR_VERIFY_HEADER_ENCODING',
  invalid_protected_header: 'ERR_VERIFY_HEADER',
  unsupported_critical_header: 'ERR_VERIFY_CRITICAL',
  unsupported_algorithm: 'ERR_VERIFY_ALGORITHM',
  key_unusable: 'ERR_VERIFY_KEY_UNUSABLE',
};

const SETS = ['jwks', 'pem-map', 'signed-cards', 'rejected-cards', 'keys'].map((name) => `a2a/${name}.json`);

describe.runIf(has(...SETS)).each(RUNTIMES)('signatures over canonical texts, with %s', (runtime) => {
  let documents: Documents;
  let keys: KeySource;

  beforeAll(async () => {
    documents = await enterRuntime(runtime);
    keys = documents.keySet(read<{ body: JwkSet }>('a2a/jwks.json').body);
  });
  afterAll(leaveRuntime);

  it('hold under the texts they were made over, and under no other', async () => {
    let checked = 0;
    for (const { id, card, canonical, signatureChecks } of read<SignedCase[]>('a2a/signed-cards.json')) {
      for (const [i, { kid, alg, verifiesUnder }] of signatureChecks.entries()) {
        for (const { profiles, text } of canonical) {
          const verdict = documents.verifyDetached(card.signatures[i]!, encodeUtf8(text), { keys });
          const why = `${id}, signature ${i}, ${profiles}`;
          if (profiles.some((profile) => verifiesUnder.includes(profile))) {
            expect((await verdict).header, why).toMatchObject({ kid, alg });
          } else {
            await expect(verdict, why).rejects.toMatchObject({ code: 'ERR_VERIFY_SIGNATURE' });
          }
          checked++;
        }
      }
    }
    expect(checked).toBeGreaterThan(20);
  });

  it('are refused for the reason given', async () => {
    let checked = 0;
    for (const { id, expect: reason, card } of read<RejectedCase[]>('a2a/rejected-cards.json')) {
      const code = CODES[reason];
      const { signatures = [], ...unsigned } = card ?? {};
      if (code === undefined || signatures.length !== 1) continue;
      const verdict = documents.verifyDetached(signatures[0]!, encodeUtf8(canonicalize(unsigned)), { keys });
      await expect(verdict, id).rejects.toMatchObject({ name: 'VerifyError', code });
      checked++;
    }
    expect(checked).toBeGreaterThan(20);
  });

  it('can be made by every key, and a map of PEM has the same keys', async () => {
    const { keys: pairs } = read<{ keys: { kid: string; publicJwk: PublicJwk; privateJwk: unknown }[] }>(
      'a2a/keys.json',
    );
    const pem = read<{ body: Record<string, string> }>('a2a/pem-map.json').body;
    for (const { kid, publicJwk, privateJwk } of pairs) {
      const signer = await documents.signerFromJwk(privateJwk);
      const token = await documents.signCompact(encodeUtf8('x'), signer);
      expect((await documents.verifyCompact(token, { keys })).key.kid).toBe(kid);
      expect(documents.keyFromPem(pem[kid]).publicKey).toEqual(documents.keyFromJwk(publicJwk).publicKey);
    }
  });
});

interface Keypair {
  readonly id: string;
  readonly seed_hex?: string;
  readonly pubkey_b64url: string;
}

const AITP = 'aitp/known-answer';
const TOKEN = `${AITP}/signed-examples/tct/kat-keypair-001-issues-002.json`;

describe.runIf(has(`${AITP}/keypairs.json`, `${AITP}/jwk-thumbprints.json`, TOKEN)).each(RUNTIMES)(
  'known answers of another family, with %s',
  (runtime) => {
    let documents: Documents;
    let pairs: Map<string, Keypair>;

    beforeAll(async () => {
      documents = await enterRuntime(runtime);
      pairs = new Map(read<{ vectors: Keypair[] }>(`${AITP}/keypairs.json`).vectors.map((pair) => [pair.id, pair]));
    });
    afterAll(leaveRuntime);

    it('thumbprints', async () => {
      const { vectors } = read<{ vectors: { keypair_ref: string; jwk_canonical: string; jkt: string }[] }>(
        `${AITP}/jwk-thumbprints.json`,
      );
      for (const { keypair_ref, jwk_canonical, jkt } of vectors) {
        expect(await documents.jwkThumbprint(JSON.parse(jwk_canonical)), keypair_ref).toBe(jkt);
        const bytes = decodeBase64url(pairs.get(keypair_ref)!.pubkey_b64url);
        const key = documents.keyFromBytes(bytes.length === 33 ? 'P-256' : 'Ed25519', bytes);
        expect(await documents.jwkThumbprint(documents.keyToJwk(key)), keypair_ref).toBe(jkt);
      }
    });

    it('a token', async () => {
      const { tct_token: token, _kat_input: input } = read<{
        tct_token: string;
        _kat_input: { issuer_seed_id: string; typ: string };
      }>(TOKEN);
      const { seed_hex, pubkey_b64url: x } = pairs.get(input.issuer_seed_id)!;
      const jwk = { kty: 'OKP', crv: 'Ed25519', x };
      const options = { keys: documents.oneKey(jwk), requireKid: false, typ: input.typ };
      const { payload } = await documents.verifyCompact(token, options);
      expect(JSON.parse(decodeUtf8(payload))).toMatchObject({ ver: 'aitp/0.2' });
      if (runtime !== 'noble alone') return;
      const signer = await documents.signerFromJwk({ ...jwk, d: encodeBase64url(unhex(seed_hex!)) });
      expect(await documents.signCompact(payload, signer, { typ: input.typ })).toBe(token);
    });
  },
);
