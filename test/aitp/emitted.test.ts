// What is made here is read here: every builder refuses content that a reader with the default limits would refuse.

import { beforeAll, describe, expect, it } from 'vitest';
import { buildEnvelope, encodeEnvelope, parseEnvelope } from '../../src/aitp/envelope.js';
import { buildInvocation } from '../../src/aitp/invocation.js';
import { signJws } from '../../src/aitp/jws-profile.js';
import { buildManifest } from '../../src/aitp/manifest-build.js';
import { buildSnapshot } from '../../src/aitp/revocation-snapshot.js';
import { buildSessionBundle } from '../../src/aitp/session-bundle-shape.js';
import type { AitpSigner } from '../../src/aitp/signer.js';
import { issueTct, verifyTct } from '../../src/aitp/tct.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import { signerOf, T } from './support.js';

const now = () => T;
const issuerManifest = { dangerouslyIgnoreIssuerManifest: true } as const;
const JTI = '550e8400-e29b-41d4-a716-446655440000';

let a: AitpSigner;
let b: AitpSigner;
beforeAll(async () => {
  [a, b] = [await signerOf('A'), await signerOf('B')];
});

const long = (letters: number): JsonObject => ({ 'com.example/x': 'x'.repeat(letters) });

describe('longer than a reader takes', () => {
  it('an envelope, to the byte', async () => {
    const make = async (letters: number) =>
      encodeEnvelope(await buildEnvelope({ messageType: 'error', payload: long(letters), timestampSec: T }, a));
    const room = 65_536 - (await make(0)).length;
    expect(parseEnvelope(await make(room)).sender).toBe(a.aid);
    await expect(make(room + 1)).rejects.toBeInstanceOf(RangeError);
    // Letters of two bytes count twice.
    const wide = { messageType: 'error', payload: { x: '\u00e9'.repeat(40_000) }, timestampSec: T } as const;
    const envelope = await buildEnvelope(wide, a);
    expect(() => encodeEnvelope(envelope)).toThrow(RangeError);
  });

  it('a token', async () => {
    const issue = (letters: number) =>
      issueTct(a, { subject: b.aid, grants: ['x'], now, issuerManifest, extensions: long(letters) });
    const decided = { issuer: a.aid, audience: b.aid, now, issuerManifest } as const;
    const { tct } = await issue(48_000);
    const revocation = { dangerouslyIgnoreRevocation: true } as const;
    expect(await verifyTct(tct.token, { ...decided, revocation })).toEqual(tct);
    await expect(issue(50_000)).rejects.toBeInstanceOf(RangeError);
    await expect(signJws({ iss: a.aid, ext: long(50_000) }, 'aitp-tct+jwt', a)).rejects.toBeInstanceOf(RangeError);
  });

  it('a Manifest', async () => {
    const build = (letters: number) =>
      buildManifest(
        {
          now,
          identity: { type: 'pinned_key', subject: 'a' },
          handshakeEndpoint: 'https://a.example.com/',
          offeredCapabilities: [],
          extensions: long(letters),
        },
        a,
      );
    expect((await build(64_000)).aid).toBe(a.aid);
    await expect(build(66_000)).rejects.toBeInstanceOf(RangeError);
  });

  it('a session bundle', async () => {
    const tcts = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const content = { subject: b.aid, grants: ['x'], now, issuerManifest, extensions: long(47_000) };
        return (await issueTct(a, content)).tct;
      }),
    );
    expect(await buildSessionBundle(a, { tcts: tcts.slice(0, 6), now })).toContain(b.aid);
    await expect(buildSessionBundle(a, { tcts, now })).rejects.toBeInstanceOf(RangeError);
  });
});

describe('of a kind no reader takes', () => {
  const envelope = (more: object) =>
    buildEnvelope({ messageType: 'error', payload: {}, timestampSec: T, ...more } as never, a);

  it.each<[string, unknown, new () => Error]>([
    ['extensions with a fraction', { extensions: { x: 0.5 } }, RangeError],
    ['extensions that are a list', { extensions: [] }, TypeError],
    ['a payload that is a list', { payload: [] }, TypeError],
    ['a payload that is none', { payload: null }, TypeError],
    ['a payload with an integer nobody can hold', { payload: { x: 2 ** 53 } }, RangeError],
  ])('an envelope: %s', async (_, more, kind) => {
    await expect(envelope(more as object)).rejects.toBeInstanceOf(kind);
  });

  it.each<[string, unknown]>([
    ['a capability with a space', { capability: 'a b' }],
    ['a capability without content', { capability: '' }],
    ['arguments that are a list', { arguments: [1] }],
  ])('an invocation: %s', async (_, more) => {
    const options = { tct: { jti: JTI }, capability: 'x', now, ...(more as object) };
    await expect(buildInvocation(a, options)).rejects.toBeInstanceOf(TypeError);
  });

  it('extensions of a token or a bundle that are a list', async () => {
    const content = { subject: b.aid, grants: ['x'], now, issuerManifest };
    await expect(issueTct(a, { ...content, extensions: [] as never })).rejects.toBeInstanceOf(TypeError);
    const { tct } = await issueTct(a, content);
    const bundle = buildSessionBundle(a, { tcts: [tct], now, extensions: [] as never });
    await expect(bundle).rejects.toBeInstanceOf(TypeError);
  });

  it('a reason of a revocation that is no text', async () => {
    const entries = [{ jti: JTI, revokedAtSec: T, reason: 7 as never }];
    await expect(buildSnapshot({ publishedAtSec: T, expiresAtSec: T + 1, entries }, a)).rejects.toBeInstanceOf(
      TypeError,
    );
  });
});
