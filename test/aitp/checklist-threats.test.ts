// The threats to AITP, one by one, end to end: T1 to T6. T7 is in phone/aitp-phone.test.ts.

import { describe, expect, it, vi } from 'vitest';
import { parseAid } from '../../src/aitp/aid.js';
import { issueDelegation, verifyDelegation } from '../../src/aitp/delegation.js';
import { buildEnvelope, encodeEnvelope } from '../../src/aitp/envelope.js';
import { verifyEnvelope } from '../../src/aitp/envelope-verify.js';
import { httpRevocation } from '../../src/aitp/http/fetch-revocation-list.js';
import { requireTct } from '../../src/aitp/http/require-tct.js';
import { verifyManifest } from '../../src/aitp/manifest.js';
import { buildManifest } from '../../src/aitp/manifest-build.js';
import { verifyDelegationMultihop } from '../../src/aitp/multihop.js';
import { memoryReplayStore } from '../../src/aitp/replay-store.js';
import { ownRevocations, type RevocationDecision } from '../../src/aitp/revocation.js';
import { buildSnapshot, verifySnapshot } from '../../src/aitp/revocation-snapshot.js';
import { aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { verifyTct } from '../../src/aitp/tct.js';
import { verifyVoucher } from '../../src/aitp/voucher.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { makeWorld, ORIGIN, refusalOf, serving, shake, wireTo } from './http/agents.js';
import { codeOf } from './parties.js';
import { manifestOf, outcome, publish, signerOf, T, withBadSignature } from './support.js';
import {
  DELEGATION,
  delegationClaims,
  forge,
  GRANT,
  JTI,
  KEYS,
  NOW,
  now,
  TCT,
  tctClaims,
  uuid,
  voucherClaims,
} from './tokens-oracle.js';

const { A, B, C, D, P } = KEYS;
const noManifest = { dangerouslyIgnoreIssuerManifest: true } as const;
const noRevocation = { dangerouslyIgnoreRevocation: true } as const;
const replay = { dangerouslyAllowReplay: true } as const;
const pop = { dangerouslySkipPop: true } as const;
const nothingRevoked = ownRevocations(new Set());

const tct = (token: unknown, more: { revocation?: RevocationDecision; now?: () => number; issuer?: string } = {}) =>
  outcome(() =>
    verifyTct(token, {
      issuer: A.aid,
      audience: B.aid,
      now,
      issuerManifest: noManifest,
      revocation: noRevocation,
      ...more,
    }),
  );
const delegation = (token: unknown) =>
  outcome(() => verifyDelegation(token, { verifier: A.aid, now, revocation: nothingRevoked, pop }));
const voucher = (token: unknown) => outcome(() => verifyVoucher(token, { verifier: A.aid, now }));

describe('[T1] another version, profile, type or algorithm', () => {
  it.each(['aitp/0.1', 'aitp/0.3', 'aitp/0.20', 'AITP/0.2', ' aitp/0.2', ''])('version %j is refused', async (ver) => {
    expect(await tct(forge(A, TCT, tctClaims(A, B, { ver })))).toBe('UNKNOWN_VERSION');
    expect(await voucher(forge(A, GRANT, voucherClaims(A, B, { ver })))).toBe('UNKNOWN_VERSION');
    const own = forge(A, GRANT, voucherClaims(A, B));
    expect(await delegation(forge(B, DELEGATION, delegationClaims(B, C, A, { voucher: own, ver })))).toBe(
      'UNKNOWN_VERSION',
    );
    const a = await signerOf('A');
    expect(
      await outcome(async () => verifyManifest(await publish(await manifestOf(a, { version: ver }), a), { now })),
    ).toBe('MANIFEST_VERSION_UNKNOWN');
    const content = { messageType: 'error', timestampSec: T, payload: {} } as const;
    const envelope = JSON.parse(encodeEnvelope(await buildEnvelope(content, a)));
    expect(await outcome(() => verifyEnvelope(JSON.stringify({ ...envelope, version: ver }), { now, replay }))).toBe(
      'UNKNOWN_VERSION',
    );
  });

  it('objects of 0.1, which were signed as JSON, are no tokens', async () => {
    const old = { tct: { version: 'aitp/0.1', jti: JTI, issuer: A.aid, subject: B.aid, audience: B.aid } };
    for (const input of [old, JSON.stringify(old), old.tct]) expect(await tct(input)).toBe('TCT_SIGNATURE_INVALID');
    const delegated = { delegation: { delegator: B.aid, delegatee: C.aid, grant_proof: {} } };
    for (const input of [delegated, JSON.stringify(delegated)]) {
      expect(await delegation(input)).toBe('DELEGATION_INVALID_SIGNATURE');
    }
  });

  it('each kind of token stands for no other, though one key signed them all', async () => {
    const own = forge(A, GRANT, voucherClaims(A, B));
    const tokens = {
      tct: forge(A, TCT, tctClaims(A, B)),
      voucher: own,
      delegation: forge(A, DELEGATION, delegationClaims(A, C, A, { voucher: own })),
    };
    for (const [kind, token] of Object.entries(tokens)) {
      expect(await tct(token), kind).toBe(kind === 'tct' ? 'accepted' : 'TOKEN_TYP_MISMATCH');
      expect(await voucher(token), kind).toBe(kind === 'voucher' ? 'accepted' : 'TOKEN_TYP_MISMATCH');
      expect(await delegation(token), kind).toBe(
        kind === 'delegation' ? 'DELEGATION_INVALID_VOUCHER' : 'TOKEN_TYP_MISMATCH',
      );
    }
  });

  it('the algorithm is that of the key of the issuer, whatever the header says', async () => {
    for (const [key, alg] of [
      [A, 'ES256'],
      [P, 'EdDSA'],
      [A, 'none'],
      [A, 'HS256'],
    ] as const) {
      const header = { alg, typ: TCT };
      expect(await tct(forge(key, TCT, tctClaims(key, B), { header }), { issuer: key.aid })).toBe('TOKEN_ALG_MISMATCH');
    }
  });
});

describe('[T3] a token in other hands', () => {
  it('aud, sub and cnf swapped, one by one and together', async () => {
    const swaps = {
      aud: [{ aud: C.aid }, 'AUDIENCE_MISMATCH'],
      sub: [{ sub: C.aid }, 'AUDIENCE_MISMATCH'],
      cnf: [{ cnf: { jkt: C.jkt } }, 'TCT_SIGNATURE_INVALID'],
      'aud and sub': [{ aud: C.aid, sub: C.aid }, 'AUDIENCE_MISMATCH'],
      'sub and cnf': [{ sub: C.aid, cnf: { jkt: C.jkt } }, 'AUDIENCE_MISMATCH'],
      'all of it': [{ aud: C.aid, sub: C.aid, cnf: { jkt: C.jkt } }, 'AUDIENCE_MISMATCH'],
    } as const;
    expect(await tct(forge(A, TCT, tctClaims(A, B)))).toBe('accepted');
    for (const [what, [claims, code]] of Object.entries(swaps)) {
      expect([what, await tct(forge(A, TCT, tctClaims(A, B, claims)))]).toEqual([what, code]);
    }
  });

  it('a token that is presented is worth nothing without a proof by its holder', async () => {
    const world = await makeWorld();
    const { claims } = await shake(world, wireTo(serving(world)));
    const gate = requireTct({ agent: world.bert, revocation: nothingRevoked, now: () => world.clock.sec });
    const { response } = await gate(new Request(`${ORIGIN}/x`, { headers: { 'x-aitp-tct': claims.token } }), 'read');
    expect([response?.status, await refusalOf(response)]).toEqual([401, 'POP_RESPONSE_INVALID']);
  });
});

describe('[T4] more than was granted', () => {
  const own = forge(A, GRANT, voucherClaims(A, B));

  it('wider, longer, or over more hops than one', async () => {
    const of = (claims: object, by = B) =>
      forge(by, DELEGATION, delegationClaims(by, C, A, { voucher: own, ...claims }));
    expect(await delegation(of({}))).toBe('accepted');
    for (const scope of [['read_data', 'delete_data'], ['READ_DATA'], ['read_data*'], ['*'], ['read']]) {
      expect(await delegation(of({ scope }))).toBe('DELEGATION_SCOPE_EXCEEDED');
    }
    expect(await delegation(of({ exp: NOW + 3_600 }))).toBe('accepted');
    expect(await delegation(of({ exp: NOW + 3_601 }))).toBe('DELEGATION_EXPIRED');
    expect(await delegation(of({}, D))).toBe('DELEGATION_INVALID_VOUCHER');
    expect(await delegation(of({ chain: [of({})] }))).toBe('DELEGATION_MULTIHOP_NOT_SUPPORTED');
  });

  it('a delegatee cannot pass on what was passed on to it, as a delegation or as a voucher', async () => {
    const received = forge(B, DELEGATION, delegationClaims(B, C, A, { voucher: own }));
    for (const carried of [own, received]) {
      const verdict = await delegation(forge(C, DELEGATION, delegationClaims(C, D, A, { voucher: carried })));
      expect(verdict).toBe(carried === own ? 'DELEGATION_INVALID_VOUCHER' : 'TOKEN_TYP_MISMATCH');
    }
    const multihop = { verifier: A.aid, now, revocation: nothingRevoked, hopRevocation: nothingRevoked, pop };
    const unnamed = forge(
      C,
      DELEGATION,
      delegationClaims(C, D, A, { chain: [received], chain_hash: 'x', jti: uuid(3) }),
    );
    expect(await outcome(() => verifyDelegationMultihop(unnamed, multihop))).toBe('DELEGATION_CHAIN_HASH_MISMATCH');
  });

  it('the voucher travels as it came, and counts in no other spelling', async () => {
    const b = await aitpSignerFromSeed(B.seed);
    // Signed over a payload with a blank, which our own encoder would never write.
    const odd = forge(A, GRANT, ` ${JSON.stringify(voucherClaims(A, B))}`);
    const token = await issueDelegation(b, { voucher: odd, delegatee: C.aid, scope: ['read_data'], now });
    const claims = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
    expect(claims.voucher).toBe(odd);
    expect(await delegation(token)).toBe('accepted');
    const [head, body = '', signature] = odd.split('.');
    const tidy = Buffer.from(Buffer.from(body, 'base64url').toString().trim()).toString('base64url');
    const spelled = delegationClaims(B, C, A, { voucher: `${head}.${tidy}.${signature}` });
    expect(await delegation(forge(B, DELEGATION, spelled))).toBe('DELEGATION_INVALID_VOUCHER');
  });
});

describe('[T5] a revocation that is kept from us', () => {
  const URL_OF_LIST = 'https://a.example/revoked';
  const token = forge(A, TCT, tctClaims(A, B));
  const list = async (publishedAtSec = NOW, jtis: readonly string[] = [], by = A) =>
    buildSnapshot(
      {
        publishedAtSec,
        expiresAtSec: NOW + 3_600,
        entries: jtis.map((jti) => ({ jti, revokedAtSec: publishedAtSec })),
      },
      await aitpSignerFromSeed(by.seed),
    );
  type Answer = () => Response | Promise<Response>;
  const through = (answer: Answer, policy = {}) =>
    tct(token, { revocation: httpRevocation({ locate: () => URL_OF_LIST, fetch: async () => answer(), policy }) });

  it('is never taken for a list of nothing: 500, 404, a redirect, an empty answer, another agent, an old list', async () => {
    const [fresh, listed, stale, foreign, ahead] = [
      await list(),
      await list(NOW, [JTI]),
      await list(NOW - 301),
      await list(NOW, [], D),
      await list(NOW + 301),
    ];
    expect(await through(() => new Response(fresh))).toBe('accepted');
    expect(await through(() => new Response(listed))).toBe('TCT_REVOKED');
    const absent: Record<string, Answer> = {
      500: () => new Response(fresh, { status: 500 }),
      404: () => new Response(null, { status: 404 }),
      redirect: () => new Response(null, { status: 302, headers: { location: URL_OF_LIST } }),
      down: () => Promise.reject(new Error('down')),
      stale: () => new Response(stale),
      'of another agent': () => new Response(foreign),
      'from the future': () => new Response(ahead),
    };
    for (const [what, answer] of Object.entries(absent)) {
      expect([what, await through(answer)]).toEqual([what, 'TCT_REVOKED']);
      expect([what, await through(answer, { failMode: 'fail_open' })]).toEqual([what, 'accepted']);
    }
    const broken: Record<string, [string, Answer]> = {
      'signed by nobody': ['REVOCATION_SNAPSHOT_SIGNATURE_INVALID', () => new Response(withBadSignature(fresh))],
      'bare entries': ['REVOCATION_SNAPSHOT_INVALID', () => new Response('{"entries":[]}')],
      'an empty body': ['REVOCATION_SNAPSHOT_INVALID', () => new Response('')],
    };
    for (const [what, [code, answer]] of Object.entries(broken)) {
      for (const failMode of ['fail_closed', 'fail_open']) {
        expect([what, await through(answer, { failMode })]).toEqual([what, code]);
      }
    }
  });

  it('a server that never answers is one that cannot be reached, after five seconds', async () => {
    const clock = fakeClock();
    const fetch = vi.fn(
      (_url: string, { signal }: RequestInit) =>
        new Promise<Response>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    );
    const verdict = tct(token, { revocation: httpRevocation({ locate: () => URL_OF_LIST, fetch, clock }) });
    while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(5_000);
    expect(await verdict).toBe('TCT_REVOKED');
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it('whoever says nothing about revocation has no verdict', async () => {
    const decided = { issuer: A.aid, audience: B.aid, now, issuerManifest: noManifest };
    // @ts-expect-error: no word about revocation
    await expect(verifyTct(token, decided)).rejects.toThrow(TypeError);
    // @ts-expect-error: the same in a delegation
    await expect(verifyDelegation(token, { verifier: A.aid, now, pop })).rejects.toThrow(TypeError);
  });
});

describe('[T6] clocks that differ', () => {
  it.each([
    [-301, 'TIMESTAMP_EXPIRED'],
    [-300, 'accepted'],
    [-299, 'accepted'],
    [299, 'accepted'],
    [300, 'accepted'],
    [301, 'TIMESTAMP_EXPIRED'],
  ])('a message %i s off: %s', async (off, code) => {
    const content = { messageType: 'error', timestampSec: T + off, payload: {} } as const;
    const text = encodeEnvelope(await buildEnvelope(content, await signerOf('A')));
    const store = memoryReplayStore({ now });
    expect(await outcome(() => verifyEnvelope(text, { now, replay: store }))).toBe(code);
  });

  it('what ends, ends at its second: no tolerance widens it', async () => {
    const at = (sec: number) => ({ now: () => NOW + sec });
    const token = forge(A, TCT, tctClaims(A, B, { exp: NOW + 10 }));
    expect([await tct(token, at(9)), await tct(token, at(10))]).toEqual(['accepted', 'TCT_EXPIRED']);
    expect(await tct(token, at(-1))).toBe('TCT_EXPIRED');
    const own = forge(A, GRANT, voucherClaims(A, B, { exp: NOW + 10 }));
    const read = (sec: number) => outcome(() => verifyVoucher(own, { verifier: A.aid, ...at(sec) }));
    expect([await read(9), await read(10)]).toEqual(['accepted', 'DELEGATION_EXPIRED']);
    const passed = forge(B, DELEGATION, delegationClaims(B, C, A, { voucher: own, exp: NOW + 10 }));
    const judge = (sec: number) =>
      outcome(() => verifyDelegation(passed, { verifier: A.aid, revocation: nothingRevoked, pop, ...at(sec) }));
    expect([await judge(9), await judge(10)]).toEqual(['accepted', 'DELEGATION_EXPIRED']);
    const a = await signerOf('A');
    const text = await publish(await manifestOf(a, { expires_at: NOW + 10 }), a);
    const manifest = (sec: number) => outcome(() => verifyManifest(text, at(sec)));
    expect([await manifest(9), await manifest(10)]).toEqual(['accepted', 'MANIFEST_EXPIRED']);
  });

  it('a clock that tells milliseconds, or nothing, is refused before it decides anything', async () => {
    for (const clock of [() => NOW + 0.5, () => Number.NaN, () => -1, () => Number.POSITIVE_INFINITY]) {
      await expect(
        verifyTct('x', {
          issuer: A.aid,
          audience: B.aid,
          now: clock,
          issuerManifest: noManifest,
          revocation: noRevocation,
        }),
      ).rejects.toThrow(RangeError);
    }
  });
});

it('[J11] nothing of a Manifest or a list leads anywhere by itself', async () => {
  const a = await signerOf('A');
  const manifest = await buildManifest(
    {
      now,
      identity: { type: 'pinned_key', subject: 'a' },
      handshakeEndpoint: 'https://a.example/aitp/',
      offeredCapabilities: ['x'],
      addresses: { revocationListUri: 'https://169.254.169.254/latest' },
    },
    a,
  );
  const fetch = vi.fn(async () => new Response('{}'));
  const check = httpRevocation({ locate: () => manifest, fetch });
  const query = { issuer: parseAid(a.aid).aid, jti: JTI, grants: ['x'], nowSec: NOW };
  expect(await codeOf(check.check(query))).toBe('TCT_REVOKED');
  expect(fetch).not.toHaveBeenCalled();
  expect(
    (await verifySnapshot(await buildSnapshot({ publishedAtSec: NOW, expiresAtSec: NOW + 1, entries: [] }, a))).entries,
  ).toEqual([]);
});
