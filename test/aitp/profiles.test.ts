import { describe, expect, it } from 'vitest';
import { parseSigned } from '../../src/aitp/closed.js';
import { verifyEnvelope } from '../../src/aitp/envelope-verify.js';
import { canonicalBytes, signHashed, signJcs, verifyHashed, verifyJcs } from '../../src/aitp/jcs-profile.js';
import { checkJwsSignature, parseJws, signJws, verifyJws } from '../../src/aitp/jws-profile.js';
import { normalizeLowS } from '../../src/aitp/low-s.js';
import { verifyManifest } from '../../src/aitp/manifest.js';
import {
  aitpSigner,
  aitpSignerFromCryptoKeys,
  aitpSignerFromIdentity,
  generateAitpSigner,
} from '../../src/aitp/signer.js';
import { decodeBase64url, encodeBase64url } from '../../src/codec/base64url.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import { isP256Signature } from '../../src/curves/field-p256.js';
import { createIdentity } from '../../src/identity/seed-identity.js';
import signed from '../../vectors/aitp/signed.json' with { type: 'json' };
import { unhex } from '../support/hex.js';
import { holdsUnder, manifestOf, outcome, publish, signerOf, T } from './support.js';

const now = () => T;
const replay = { dangerouslyAllowReplay: true } as const;
const encode = (text: string) => encodeBase64url(new TextEncoder().encode(text));
const TCT = { typ: 'aitp-tct+jwt', code: 'TCT_SIGNATURE_INVALID' } as const;
const claimNames = Object.keys(signed.claims.tct);
const [header, payload, signature] = signed.tokens.tct.split('.') as [string, string, string];

describe('[16.4] canonical form', () => {
  const canonical = (text: string) =>
    new TextDecoder().decode(canonicalBytes(parseSigned(text, 'INVALID_ENVELOPE', 10_000) as JsonObject));

  it.each([
    ['surrogate pairs before what is above them', '{"\\ufb03":1,"\\ud834\\udd1e":2}', '{"\u{1d11e}":2,"\ufb03":1}'],
    ['-0, 1.0 and 1e2', '{"a":-0,"b":1.0,"c":1e2}', '{"a":0,"b":1,"c":100}'],
    ['slashes and controls', '{"a":"\\/\\u0000\\u001F\\t"}', '{"a":"/\\u0000\\u001f\\t"}'],
    ['empty containers, which are not absent', '{"b":{},"a":[],"c":""}', '{"a":[],"b":{},"c":""}'],
  ])('%s', (_, text, form) => {
    expect(canonical(text)).toBe(form);
  });

  it.each(['{"a":1.5}', '{"a":[{"b":1e21}]}', '{"a":9007199254740992}', '{"a":1e400}'])(
    'a number that is no safe integer is refused: %s',
    async (text) => {
      expect(await outcome(() => parseSigned(text, 'INVALID_ENVELOPE', 100))).toBe('INVALID_ENVELOPE');
    },
  );

  it('an object of ours with such a number is never signed', async () => {
    await expect(signJcs({ a: 0.5 }, await signerOf('A'))).rejects.toThrow(RangeError);
    expect(
      await outcome(() =>
        verifyJcs({ a: 0.5 }, 'A'.repeat(86), signed.envelope.envelope.sender.agent_id, 'INVALID_SIGNATURE'),
      ),
    ).toBe('INVALID_SIGNATURE');
  });
});

describe('[16.5] a member twice, three levels down', () => {
  const twice = '{"b":{"c":1,"c":1}}';

  it('in a Manifest', async () => {
    const a = await signerOf('A');
    const text = await publish(await manifestOf(a, { extensions: { a: 'HERE' } }), a);
    expect(await outcome(() => verifyManifest(text, { now }))).toBe('accepted');
    expect(await outcome(() => verifyManifest(text.replace('"HERE"', twice), { now }))).toBe('MANIFEST_INVALID');
  });

  it('in an envelope', async () => {
    const text = JSON.stringify(signed.envelope.envelope).replace('{"hello":true}', `{"a":${twice}}`);
    expect(await outcome(() => verifyEnvelope(text, { now, replay }))).toBe('INVALID_ENVELOPE');
  });

  it('in claims', async () => {
    const claims = JSON.stringify(signed.claims.tct).replace('}}', `},"ext":{"a":${twice}}}`);
    const token = `${header}.${encode(claims)}.${signature}`;
    expect(await outcome(() => parseJws(token, TCT))).toBe('TCT_SIGNATURE_INVALID');
  });
});

describe('[16.8] Ed25519 is strict', () => {
  const message = new TextEncoder().encode('message');

  it('S + L is refused', async () => {
    const a = await signerOf('A');
    const good = await a.sign(message);
    expect(await holdsUnder(a.aid, message, good)).toBe(true);
    const L = 2n ** 252n + 27742317777372353535851937790883648493n;
    const bad = new Uint8Array(good);
    let s = 0n;
    for (let i = 63; i >= 32; i--) s = (s << 8n) | BigInt(bad[i] as number);
    s += L;
    for (let i = 32; i < 64; i++, s >>= 8n) bad[i] = Number(s & 0xffn);
    expect(await holdsUnder(a.aid, message, bad)).toBe(false);
    const text = encodeBase64url(bad);
    expect(await outcome(() => verifyHashed(message, text, a.aid, 'INVALID_SIGNATURE'))).toBe('INVALID_SIGNATURE');
  });

  it.each([
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    '0100000000000000000000000000000000000000000000000000000000000080',
  ])('R of small order is refused: %s', async (r) => {
    const a = await signerOf('A');
    const forged = new Uint8Array(64);
    forged.set(unhex(r));
    expect(await holdsUnder(a.aid, message, forged)).toBe(false);
  });
});

describe('[16.9] P-256 is low in S', () => {
  it('a high-S token is refused', async () => {
    const options = { ...TCT, claimNames };
    expect(await outcome(() => verifyJws(signed.tokens.tctP256, options))).toBe('accepted');
    expect(await outcome(() => verifyJws(signed.tokens.tctP256HighS, options))).toBe('TCT_SIGNATURE_INVALID');
  });

  it('1,000 signatures of ours are low', async () => {
    const p = await signerOf('P');
    for (let i = 0; i < 1_000; i++) {
      expect(isP256Signature(await p.sign(Uint8Array.of(i, i >> 8)), true)).toBe(true);
    }
  });

  it('a high signature becomes its low twin, a low one stays, and what is none stays as well', async () => {
    const high = decodeBase64url(signed.tokens.tctP256HighS.split('.')[2] as string);
    const low = decodeBase64url(signed.tokens.tctP256.split('.')[2] as string);
    expect(normalizeLowS(high)).toEqual(low);
    expect(normalizeLowS(low)).toEqual(low);
    expect(normalizeLowS(new Uint8Array(64))).toEqual(new Uint8Array(64));
    expect(normalizeLowS(new Uint8Array(3))).toEqual(new Uint8Array(3));
  });

  it('a signer that makes high ones is set right', async () => {
    const p = await signerOf('P');
    const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const high = aitpSigner({
      curve: 'P-256',
      publicKey: p.publicKey,
      async sign(message) {
        const made = new Uint8Array(await p.sign(message));
        let s = N - BigInt(`0x${Buffer.from(made.subarray(32)).toString('hex')}`);
        for (let i = 63; i >= 32; i--, s >>= 8n) made[i] = Number(s & 0xffn);
        return made;
      },
    });
    expect(isP256Signature(await high.sign(Uint8Array.of(1)), true)).toBe(true);
  });
});

describe('[16.10] the text of a signature names its suite, or means Ed25519', () => {
  const preimage = Uint8Array.of(1, 2, 3);
  const check = async (change: (text: string) => unknown, name: 'A' | 'P' = 'A') => {
    const signer = await signerOf(name);
    const text = change(await signHashed(preimage, signer));
    return outcome(() => verifyHashed(preimage, text, signer.aid, 'INVALID_SIGNATURE'));
  };

  it('is untagged for Ed25519 and tagged for P-256, and both tagged forms are taken', async () => {
    expect(await check((text) => text)).toBe('accepted');
    expect(await check((text) => `ed25519.${text}`)).toBe('accepted');
    expect(await check((text) => text, 'P')).toBe('accepted');
  });

  it.each<[string, (text: string) => unknown]>([
    ['p256 of an Ed25519 signer', (text) => `p256.${text}`],
    ['an unknown tag', (text) => `ed448.${text}`],
    ['a tag in capitals', (text) => `ED25519.${text}`],
    ['a tag twice', (text) => `ed25519.ed25519.${text}`],
    ['a character less', (text) => text.slice(1)],
    ['a character more', (text) => `${text}A`],
    ['padding', (text) => `${text}==`],
    ['unused bits that are not zero', (text) => `${text.slice(0, -1)}B`],
    ['nothing', () => ''],
    ['no text', () => 7],
  ])('refused: %s', async (_, change) => {
    expect(await check(change)).toBe('INVALID_SIGNATURE');
  });

  it('an untagged signature of a P-256 signer is refused', async () => {
    expect(await check((text) => text.slice(5), 'P')).toBe('INVALID_SIGNATURE');
    expect(await check((text) => `ed25519.${text.slice(5)}`, 'P')).toBe('INVALID_SIGNATURE');
  });
});

describe('compact tokens', () => {
  const parse = (token: unknown) => outcome(() => parseJws(token, TCT));
  const withHeader = (text: string) => `${encode(text)}.${payload}.${signature}`;

  it.each<[string, unknown]>([
    ['two segments', `${header}.${payload}`],
    ['four segments', `${signed.tokens.tct}.AAAA`],
    ['an empty segment', `${header}..${signature}`],
    ['an empty signature', `${header}.${payload}.`],
    ['a padded segment', `${header}=.${payload}.${signature}`],
    ['a segment of another alphabet', `${header}.${payload}.${signature.slice(1)}+`],
    ['kid', withHeader('{"alg":"EdDSA","typ":"aitp-tct+jwt","kid":"1"}')],
    ['crit', withHeader('{"alg":"EdDSA","typ":"aitp-tct+jwt","crit":["b64"]}')],
    ['no typ', withHeader('{"alg":"EdDSA"}')],
    ['alg twice', withHeader('{"alg":"EdDSA","alg":"EdDSA","typ":"aitp-tct+jwt"}')],
    ['an alg that is no text', withHeader('{"alg":1,"typ":"aitp-tct+jwt"}')],
    ['a header that is no object', withHeader('["EdDSA"]')],
    ['claims that are no object', `${header}.${encode('[]')}.${signature}`],
    ['claims with a fraction', `${header}.${encode('{"exp":1.5}')}.${signature}`],
    ['too many characters', `${header}.${'A'.repeat(70_000)}.${signature}`],
    ['no text', null],
  ])('malformed: %s', async (_, token) => {
    expect(await parse(token)).toBe('TCT_SIGNATURE_INVALID');
  });

  it('another typ, or the same in another case, is another type', async () => {
    expect(await parse(signed.tokens.voucher)).toBe('TOKEN_TYP_MISMATCH');
    expect(await parse(withHeader('{"alg":"EdDSA","typ":"AITP-TCT+JWT"}'))).toBe('TOKEN_TYP_MISMATCH');
  });

  it.each(['none', 'None', 'HS256', 'ES256', 'Ed25519', 'eddsa'])('alg %s is not that of the issuer', async (alg) => {
    const token = withHeader(JSON.stringify({ alg, typ: 'aitp-tct+jwt' }));
    expect(await outcome(() => verifyJws(token, { ...TCT, claimNames }))).toBe('TOKEN_ALG_MISMATCH');
  });

  it('header members in the other order, and claims in any, are fine when they are signed so', async () => {
    const a = await signerOf('A');
    const covered = `${encode('{"typ":"aitp-tct+jwt", "alg":"EdDSA"}')}.${encode(` ${JSON.stringify(signed.claims.tct)}`)}`;
    const token = `${covered}.${encodeBase64url(await a.sign(new TextEncoder().encode(covered)))}`;
    expect(await outcome(() => verifyJws(token, { ...TCT, claimNames, issuer: a.aid }))).toBe('accepted');
  });

  it('a token of somebody else, with a signature of theirs, is not one of the issuer', async () => {
    const [a, b] = [await signerOf('A'), await signerOf('B')];
    const theirs = await signJws({ ...signed.claims.tct, iss: b.aid }, 'aitp-tct+jwt', b);
    expect(await outcome(() => verifyJws(theirs, { ...TCT, claimNames, issuer: a.aid }))).toBe('TCT_SIGNATURE_INVALID');
    expect(await outcome(() => verifyJws(theirs, { ...TCT, claimNames }))).toBe('accepted');
    await expect(signJws(signed.claims.tct, 'aitp-tct+jwt', b)).rejects.toThrow(TypeError);
    const jws = parseJws(theirs, TCT);
    expect(await outcome(() => checkJwsSignature(jws, 'nobody', 'TCT_SIGNATURE_INVALID'))).toBe(
      'TCT_SIGNATURE_INVALID',
    );
  });

  it('an unknown claim is found before or after the signature, as the kind of token has it', async () => {
    const a = await signerOf('A');
    const token = await signJws({ ...signed.claims.tct, extra: 1 }, 'aitp-tct+jwt', a);
    const flipped = `${token.slice(0, -4)}${token.at(-4) === 'A' ? 'B' : 'A'}${token.slice(-3)}`;
    const verify = (text: string, claimsFirst: boolean) =>
      outcome(() => verifyJws(text, { ...TCT, claimNames, claimsFirst }));
    expect(await verify(token, true)).toBe('UNKNOWN_FIELD');
    expect(await verify(token, false)).toBe('UNKNOWN_FIELD');
    expect(await verify(flipped, true)).toBe('UNKNOWN_FIELD');
    expect(await verify(flipped, false)).toBe('TCT_SIGNATURE_INVALID');
  });

  it('[16.13] another version is looked at after the signature', async () => {
    const a = await signerOf('A');
    const token = await signJws({ ...signed.claims.tct, ver: 'aitp/0.1' }, 'aitp-tct+jwt', a);
    expect(await outcome(() => verifyJws(token, { ...TCT, claimNames }))).toBe('UNKNOWN_VERSION');
  });
});

describe('signers', () => {
  it('come from an identity, from CryptoKeys, or fresh', async () => {
    const identity = await createIdentity();
    const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
      'verify',
    ]);
    const signers = [
      aitpSignerFromIdentity(identity, { tagged: true }),
      await aitpSignerFromCryptoKeys(privateKey, publicKey),
      await generateAitpSigner(),
      await generateAitpSigner({ suite: 'p256' }),
    ];
    expect(signers.map(({ alg }) => alg)).toEqual(['EdDSA', 'ES256', 'EdDSA', 'ES256']);
    expect(signers[0]?.aid).toMatch(/^aid:pubkey:ed25519:/);
    for (const signer of signers) {
      const body = { hello: true };
      await verifyJcs(body, await signJcs(body, signer), signer.aid, 'INVALID_SIGNATURE');
    }
  });

  it('a signer without the key it names signs nothing', async () => {
    const [a, b] = [await signerOf('A'), await signerOf('B')];
    const impostor = aitpSigner({ curve: 'Ed25519', publicKey: a.publicKey, sign: (message) => b.sign(message) });
    expect(await outcome(() => signJcs({}, impostor))).toBe('ERR_IDENTITY_MISMATCH');
  });
});
