// What is made of any content is read as that content: every builder against its verifier.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { issueDelegation, verifyDelegation } from '../../src/aitp/delegation.js';
import { buildEnvelope, encodeEnvelope } from '../../src/aitp/envelope.js';
import { verifyEnvelope } from '../../src/aitp/envelope-verify.js';
import { buildInvocation, verifyInvocation } from '../../src/aitp/invocation.js';
import { encodeManifest, verifyManifest } from '../../src/aitp/manifest.js';
import { buildManifest } from '../../src/aitp/manifest-build.js';
import { extendDelegation, verifyDelegationMultihop } from '../../src/aitp/multihop.js';
import { ownRevocations } from '../../src/aitp/revocation.js';
import { buildSnapshot, verifySnapshot } from '../../src/aitp/revocation-snapshot.js';
import { verifySessionBundle } from '../../src/aitp/session-bundle.js';
import { buildSessionBundle } from '../../src/aitp/session-bundle-shape.js';
import { issueTct, verifyTct } from '../../src/aitp/tct.js';
import { verifyVoucher, verifyVoucherMirror } from '../../src/aitp/voucher.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import { type KeyName, signerOf, T } from './support.js';

const RUNS = process.env.RINGLINE_LONG === '1' ? 2_000 : 100;
const now = () => T;
const revocation = ownRevocations(new Set());
const issuerManifest = { dangerouslyIgnoreIssuerManifest: true } as const;
const pop = { dangerouslySkipPop: true } as const;
const replay = { dangerouslyAllowReplay: true } as const;

const keys = { A: await signerOf('A'), B: await signerOf('B'), C: await signerOf('C'), P: await signerOf('P') };
const names: readonly KeyName[] = ['A', 'B', 'C', 'P'];
/** Three different agents. */
const trio = fc.shuffledSubarray([...names], { minLength: 3, maxLength: 3 }).map((drawn) => {
  const [one, two, three] = drawn as [KeyName, KeyName, KeyName];
  return [keys[one as 'A'], keys[two as 'A'], keys[three as 'A']] as const;
});

/** Any text without whitespace: capabilities are opaque. */
const capability = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .filter((text) => /^\S+$/.test(text) && !/\p{Surrogate}/u.test(text));
const grants = fc.uniqueArray(capability, { minLength: 1, maxLength: 8 });
const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((value) => !/\p{Surrogate}/u.test(value));
/** Any JSON whose numbers are safe integers. */
const json = fc.letrec<{ value: JsonObject[string]; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.maxSafeInteger().map((integer) => integer + 0),
    fc.boolean(),
    fc.constant(null),
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.oneof(text, fc.constant('__proto__')), tie('value'), { maxKeys: 4, noNullPrototype: true }),
})).object;
const ttlSec = fc.integer({ min: 1, max: 100_000 });

describe('read as it was made', () => {
  it('a TCT and its voucher', async () => {
    await fc.assert(
      fc.asyncProperty(trio, grants, ttlSec, fc.option(json, { nil: undefined }), async ([a, b], all, ttl, ext) => {
        const more = ext === undefined ? {} : { extensions: ext };
        const content = { subject: b.aid, grants: all, now, issuerManifest, ttlSec: ttl, ...more };
        const { tct, voucher } = await issueTct(a, content);
        const decided = { issuer: a.aid, audience: b.aid, now, issuerManifest, revocation };
        expect(await verifyTct(tct.token, decided)).toEqual(tct);
        expect(tct).toMatchObject({ grants: all, expiresAtSec: T + ttl });
        if (ext !== undefined) expect(JSON.stringify(tct.extensions)).toBe(JSON.stringify(ext));
        const mirrored = await verifyVoucherMirror(voucher, tct);
        expect(await verifyVoucher(voucher, { verifier: a.aid, now })).toEqual(mirrored);
      }),
      { numRuns: RUNS },
    );
  });

  it('a delegation of one hop and of several', async () => {
    await fc.assert(
      fc.asyncProperty(trio, grants, fc.nat(), ttlSec, async ([a, b, c], all, some, ttl) => {
        const { voucher = '' } = await issueTct(a, { subject: b.aid, grants: all, now, issuerManifest });
        const scope = all.slice(some % all.length);
        const hop = { voucher, delegatee: c.aid, scope, now, ttlSec: ttl };
        const decided = { verifier: a.aid, now, revocation, pop };
        const one = await verifyDelegation(await issueDelegation(b, hop), decided);
        const end = Math.min(T + ttl, T + 3_600);
        expect(one).toMatchObject({ grants: scope, delegator: b.aid, delegatee: c.aid, expiresAtSec: end, hops: 2 });
        const jti = '550e8400-e29b-41d4-a716-446655440077';
        const prior = await issueDelegation(b, { ...hop, jti });
        const last = scope.slice(-1);
        const further = await extendDelegation(c, { prior, delegatee: a.aid, scope: last, now, ttlSec: 100_000 });
        const two = await verifyDelegationMultihop(further, { ...decided, hopRevocation: revocation });
        expect(two).toMatchObject({ grants: last, delegator: c.aid, delegatee: a.aid, expiresAtSec: end, hops: 3 });
      }),
      { numRuns: RUNS },
    );
  });

  it('an envelope and an invocation', async () => {
    await fc.assert(
      fc.asyncProperty(trio, json, capability, async ([a, b], payload, named) => {
        const content = { messageType: 'error', payload, timestampSec: T } as const;
        const envelope = await buildEnvelope(content, a);
        const read = await verifyEnvelope(encodeEnvelope(envelope), { now, replay });
        expect(JSON.stringify(read.payload)).toBe(JSON.stringify(sorted(payload)));
        expect(read).toMatchObject({ sender: a.aid, messageId: envelope.messageId });
        const { tct } = await issueTct(a, { subject: b.aid, grants: [named], now, issuerManifest });
        const message = await buildInvocation(b, { tct, capability: named, arguments: payload, now });
        const decided = { issuer: a.aid, now, issuerManifest, revocation, replay, token: tct.token };
        const invocation = await verifyInvocation(message, decided);
        expect(invocation).toMatchObject({ sender: b.aid, capability: named });
        expect(JSON.stringify(invocation.arguments)).toBe(JSON.stringify(sorted(payload)));
      }),
      { numRuns: RUNS },
    );
  });

  it('a Manifest, a revocation list and a session bundle', async () => {
    await fc.assert(
      fc.asyncProperty(trio, grants, json, fc.array(text), async ([a, b, c], all, extensions, reasons) => {
        const manifest = await buildManifest(
          {
            now,
            identity: { type: 'pinned_key', subject: 'agent' },
            handshakeEndpoint: 'https://agents.example.com/',
            offeredCapabilities: all,
            extensions,
          },
          a,
        );
        expect(await verifyManifest(encodeManifest(manifest), { now })).toEqual(manifest);
        expect(manifest.offeredCapabilities).toEqual(all);
        const entries = reasons.map((reason, i) => ({ jti: idOf(i), revokedAtSec: i, reason }));
        const list = await buildSnapshot({ publishedAtSec: T, expiresAtSec: T + 1, entries }, a);
        expect((await verifySnapshot(list)).entries).toEqual(entries);
        const tcts = await Promise.all(
          [b, c].map(async ({ aid }) => (await issueTct(a, { subject: aid, grants: all, now, issuerManifest })).tct),
        );
        const bundle = await verifySessionBundle(await buildSessionBundle(a, { tcts, now, extensions }), {
          verifier: b.aid,
          now,
          revocation,
        });
        expect(bundle.members.map(({ tct }) => tct)).toEqual(tcts);
      }),
      { numRuns: RUNS },
    );
  });
});

const idOf = (i: number) => `550e8400-e29b-41d4-a716-${String(i).padStart(12, '0')}`;

/** Members in canonical order, which is how an envelope brings them; -0 is 0. */
function sorted(value: JsonObject[string]): JsonObject[string] {
  if (typeof value === 'number') return value + 0;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const members = Object.entries(value).sort(([one], [two]) => (one < two ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}
