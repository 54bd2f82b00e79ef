import { describe, expect, it } from 'vitest';
import { signJcs } from '../../src/aitp/jcs-profile.js';
import {
  assertRevocationDecision,
  judgeRevocation,
  ownRevocations,
  type RevocationPolicy,
  snapshotMemory,
  snapshotRevocation,
} from '../../src/aitp/revocation.js';
import { buildSnapshot, isUsable, verifySnapshot } from '../../src/aitp/revocation-snapshot.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import primitives from '../../vectors/aitp/primitives.json' with { type: 'json' };
import signed from '../../vectors/aitp/signed.json' with { type: 'json' };
import { type Break, breaksInOrder } from './checklist-steps.js';
import { mutations, outcome, publishList, signerOf, T, withBadSignature } from './support.js';

const A = primitives.keys.A.aid;
const JTI = '550e8400-e29b-41d4-a716-446655440111';
const LISTED = '550e8400-e29b-41d4-a716-446655440099';
const listOf = (more: JsonObject = {}): JsonObject => ({
  version: 'aitp/0.2',
  issuer: A,
  published_at: T,
  expires_at: T + 3600,
  entries: [{ jti: LISTED, revoked_at: T - 100 }],
  ...more,
});
const verify = (input: string | Uint8Array, options = {}) => outcome(() => verifySnapshot(input, options));
const verdict = async (more: JsonObject, without: string[] = []) =>
  verify(
    await publishList(
      Object.fromEntries(Object.entries(listOf(more)).filter(([name]) => !without.includes(name))),
      await signerOf('A'),
    ),
  );
const snapshotAt = async (more: JsonObject = {}) =>
  verifySnapshot(await publishList(listOf(more), await signerOf('A')));
const query = (more: object = {}) => ({ issuer: A, jti: JTI, grants: ['read', 'write'], nowSec: T, ...more });

describe('form and signature', () => {
  it('[16.46] an empty list, signed, is a statement', async () => {
    const snapshot = await snapshotAt({ entries: [] });
    expect(judgeRevocation(snapshot, query())).toEqual({ grants: ['read', 'write'], basis: 'list' });
  });

  it('[16.47] no signature, the bare inner object, a third member', async () => {
    const text = await publishList(listOf(), await signerOf('A'));
    const { signature, ...rest } = JSON.parse(text);
    expect(await verify(JSON.stringify(rest))).toBe('REVOCATION_SNAPSHOT_INVALID');
    expect(await verify(JSON.stringify({ ...rest.revocation_list, signature }))).toBe('REVOCATION_SNAPSHOT_INVALID');
    expect(await verify(JSON.stringify({ ...rest, signature, more: 1 }))).toBe('UNKNOWN_FIELD');
    expect(await verify(JSON.stringify({ ...rest, more: 1 }))).toBe('REVOCATION_SNAPSHOT_INVALID');
  });

  it('[16.48] a signature over the wrapped object, but for old data by option', async () => {
    const text = JSON.stringify(signed.wrappedSnapshot);
    expect(await verify(text)).toBe('REVOCATION_SNAPSHOT_SIGNATURE_INVALID');
    expect(await verify(text, { acceptWrappedSigningInput: true })).toBe('accepted');
    expect(await verify(JSON.stringify(signed.snapshot), { acceptWrappedSigningInput: true })).toBe('accepted');
    expect(await verify(withBadSignature(text), { acceptWrappedSigningInput: true })).toBe(
      'REVOCATION_SNAPSHOT_SIGNATURE_INVALID',
    );
  });

  it.each<[string, JsonObject]>([
    ['another version', { version: 'aitp/0.1' }],
    ['an issuer that is no AID', { issuer: 'A' }],
    ['entries that are no list', { entries: {} }],
    ['an entry without a time', { entries: [{ jti: LISTED }] }],
    ['a jti in capitals', { entries: [{ jti: LISTED.toUpperCase(), revoked_at: 1 }] }],
    ['a reason that is no text', { entries: [{ jti: LISTED, revoked_at: 1, reason: 1 }] }],
    ['a time before 1970', { published_at: -1 }],
    ['an expiry of 0', { expires_at: 0 }],
    ['extensions that are no object', { extensions: 'x' }],
  ])('malformed: %s', async (_, members) => {
    expect(await verdict(members)).toBe('REVOCATION_SNAPSHOT_INVALID');
    expect(await verdict({ ...members, more: 1 })).toBe('REVOCATION_SNAPSHOT_INVALID');
  });

  it.each(['version', 'issuer', 'published_at', 'expires_at', 'entries'])('malformed: without %s', async (name) => {
    expect(await verdict({}, [name])).toBe('REVOCATION_SNAPSHOT_INVALID');
  });

  it('unknown members are told apart, and extensions are ignored', async () => {
    expect(await verdict({ list_owner: 'x' })).toBe('UNKNOWN_FIELD');
    expect(await verdict({ entries: [{ jti: LISTED, revoked_at: 1, by: 'x' }] })).toBe('UNKNOWN_FIELD');
    expect(await verdict({ extensions: { 'com.example.a': { b: 1 } } })).toBe('accepted');
  });

  it.each(['', '{}', '[]', 'null', '{"revocation_list":{},"revocation_list":{}}'])('no snapshot: %j', async (text) => {
    expect(await verify(text)).toBe('REVOCATION_SNAPSHOT_INVALID');
  });

  it('one of ours verifies, and lists what it was given, in order', async () => {
    for (const name of ['A', 'P'] as const) {
      const signer = await signerOf(name);
      const entries = [
        { jti: LISTED, revokedAtSec: T, reason: 'lost' },
        { jti: JTI, revokedAtSec: T - 1 },
      ];
      const text = await buildSnapshot({ publishedAtSec: T, expiresAtSec: T + 60, entries }, signer);
      expect(await verifySnapshot(text)).toMatchObject({ issuer: signer.aid, entries });
    }
  });

  it('misuse is refused before anything is signed', async () => {
    const a = await signerOf('A');
    const build = (more: object) => buildSnapshot({ publishedAtSec: T, expiresAtSec: T + 1, entries: [], ...more }, a);
    await expect(build({ expiresAtSec: T })).rejects.toThrow(RangeError);
    await expect(build({ publishedAtSec: 0.5 })).rejects.toThrow(RangeError);
    await expect(build({ entries: [{ jti: 'x', revokedAtSec: 1 }] })).rejects.toThrow(TypeError);
  });
});

it.each(['A', 'P'] as const)('a snapshot of %s with any one byte changed is refused', async (name) => {
  const signer = await signerOf(name);
  const entries = [{ jti: LISTED, revokedAtSec: T, reason: 'lost' }];
  const text = await buildSnapshot({ publishedAtSec: T, expiresAtSec: T + 60, entries }, signer);
  expect(await verify(text)).toBe('accepted');
  for (const { at, bytes } of mutations(text)) expect([at, await verify(bytes)]).not.toEqual([at, 'accepted']);
});

describe('use', () => {
  it('ends with its age, its expiry, and belongs to its issuer', async () => {
    const snapshot = await snapshotAt();
    expect(isUsable(snapshot, A, T + 300)).toBe(true);
    expect(isUsable(snapshot, A, T + 301)).toBe(false);
    expect(isUsable(snapshot, A, T + 3599, 86_400)).toBe(true);
    expect(isUsable(snapshot, A, T + 3600, 86_400)).toBe(false);
    expect(isUsable(snapshot, primitives.keys.B.aid, T)).toBe(false);
    expect(isUsable(snapshot, A, T - 300)).toBe(true);
    expect(isUsable(snapshot, A, T - 301)).toBe(false);
  });

  const judge = async (policy: RevocationPolicy, more: object = {}, have = true) =>
    outcome(async () => judgeRevocation(have ? await snapshotAt() : undefined, query(more), policy));

  it('[16.49] stale by age under the three modes', async () => {
    const stale = { nowSec: T + 301 };
    expect(await judge({}, stale)).toBe('TCT_REVOKED');
    expect(await judge({ failMode: 'fail_closed' }, stale)).toBe('TCT_REVOKED');
    expect(await judge({ failMode: 'soft_fail' }, stale)).toBe('TCT_REVOKED');
    expect(await judge({ failMode: 'soft_fail', safeSubset: ['other'] }, stale)).toBe('POLICY_VIOLATION');
    expect(await judge({ failMode: 'soft_fail', safeSubset: [] }, stale)).toBe('POLICY_VIOLATION');
    const soft = { failMode: 'soft_fail', safeSubset: ['write', 'other'] } as const;
    expect(judgeRevocation(await snapshotAt(), query(stale), soft)).toEqual({ grants: ['write'], basis: 'soft_fail' });
    const told: string[] = [];
    const open = { failMode: 'fail_open', onFailOpen: ({ jti }: { jti: string }) => void told.push(jti) } as const;
    expect(judgeRevocation(await snapshotAt(), query(stale), open)).toEqual({
      grants: ['read', 'write'],
      basis: 'fail_open',
    });
    expect(told).toEqual([JTI]);
    expect(await judge({ maxStalenessSec: 301 }, stale)).toBe('accepted');
  });

  it('what is listed is revoked in every mode, and what is not is fine in every mode', async () => {
    for (const failMode of ['fail_closed', 'soft_fail', 'fail_open'] as const) {
      expect(await judge({ failMode }, { jti: LISTED })).toBe('TCT_REVOKED');
      expect(await judge({ failMode })).toBe('accepted');
    }
  });

  it('nothing at all is never an empty list', async () => {
    expect(await judge({}, {}, false)).toBe('TCT_REVOKED');
    expect(await judge({ failMode: 'fail_open' }, {}, false)).toBe('accepted');
  });

  it('a list of one own tells what it holds at the time of the question', async () => {
    const revoked = new Set<string>();
    const check = ownRevocations(revoked);
    expect(await outcome(() => check.check(query()))).toBe('accepted');
    revoked.add(JTI);
    expect(await outcome(() => check.check(query()))).toBe('TCT_REVOKED');
  });

  it('no decision is a mistake of the caller', () => {
    for (const value of [undefined, null, {}, { dangerouslyIgnoreRevocation: false }]) {
      expect(() => assertRevocationDecision(value)).toThrow(TypeError);
    }
    assertRevocationDecision({ dangerouslyIgnoreRevocation: true });
    assertRevocationDecision(ownRevocations(new Set()));
  });
});

describe('a source of snapshots', () => {
  const published = async (more: JsonObject = {}) => publishList(listOf(more), await signerOf('A'));
  const open = { policy: { failMode: 'fail_open' } } as const;
  const ask = (load: Parameters<typeof snapshotRevocation>[0], options = {}, more: object = {}) =>
    outcome(() => snapshotRevocation(load, options).check(query(more)));

  it('a failed fetch is as good as nothing, in each mode', async () => {
    const fail = async () => {
      throw new Error('down');
    };
    expect(await ask(fail)).toBe('TCT_REVOKED');
    expect(await ask(fail, open)).toBe('accepted');
    expect(await ask(async () => undefined)).toBe('TCT_REVOKED');
  });

  it('[16.50] a snapshot that was had and is no good is an error, whatever the mode', async () => {
    const bad = withBadSignature(await published());
    expect(await ask(async () => bad, open)).toBe('REVOCATION_SNAPSHOT_SIGNATURE_INVALID');
    expect(await ask(async () => '{}', open)).toBe('REVOCATION_SNAPSHOT_INVALID');
    const extra = await published({ more: 1 });
    expect(await ask(async () => extra, open)).toBe('UNKNOWN_FIELD');
  });

  it('one of another issuer is as good as nothing', async () => {
    const b = await signerOf('B');
    const text = await publishList(listOf({ issuer: b.aid, entries: [] }), b);
    expect(await ask(async () => text)).toBe('TCT_REVOKED');
    expect(await ask(async () => text, open)).toBe('accepted');
  });

  it('[16.51] an older one than is remembered is ignored', async () => {
    let current = await published({ published_at: T - 10, entries: [{ jti: JTI, revoked_at: T }] });
    const check = snapshotRevocation(async () => current, { cacheSec: 0 });
    expect(await outcome(() => check.check(query()))).toBe('TCT_REVOKED');
    current = await published({ published_at: T - 20, entries: [] });
    expect(await outcome(() => check.check(query()))).toBe('TCT_REVOKED');
    current = await published({ published_at: T, entries: [] });
    expect(await outcome(() => check.check(query()))).toBe('accepted');
  });

  it('is asked again after a minute, and does without while it is usable', async () => {
    let loads = 0;
    let up = true;
    const text = await published();
    const check = snapshotRevocation(async () => {
      loads++;
      if (!up) throw new Error('down');
      return text;
    });
    const at = (nowSec: number) => outcome(() => check.check(query({ nowSec })));
    expect([await at(T), await at(T + 59), loads]).toEqual(['accepted', 'accepted', 1]);
    up = false;
    expect([await at(T + 60), loads]).toEqual(['accepted', 2]);
    expect(await at(T + 301)).toBe('TCT_REVOKED');
  });

  it('one from the future does not keep honest ones out', async () => {
    const memory = snapshotMemory(10);
    const future = await snapshotAt({ published_at: T + 1000, expires_at: T + 9000 });
    expect(memory.offer(future, T)).toBeUndefined();
    const honest = await snapshotAt();
    expect(memory.offer(honest, T)).toBe(honest);
    expect(memory.offer(await snapshotAt({ published_at: T - 1 }), T)).toBe(honest);
  });

  it('of two lists of one second the one with more in it stands, in whichever order they come', async () => {
    const one = { jti: JTI, revoked_at: T };
    for (const order of [
      [[one], []],
      [[], [one]],
    ]) {
      const memory = snapshotMemory(10);
      for (const entries of order) memory.offer(await snapshotAt({ entries }), T);
      expect(memory.get(A)?.revokedJtis.has(JTI)).toBe(true);
    }
  });

  it('a source that never answers does not outlive the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const check = snapshotRevocation(() => {
      controller.abort(reason);
      return new Promise<never>(() => {});
    });
    await expect(check.check(query({ signal: controller.signal }))).rejects.toBe(reason);
  });

  it('an issuer that revoked thousands is read by whoever allows for the length', async () => {
    const entries = Array.from({ length: 12_000 }, (_, i) => ({
      jti: `550e8400-e29b-41d4-a716-${String(i).padStart(12, '0')}`,
      revoked_at: T,
    }));
    const text = await publishList(listOf({ entries }), await signerOf('A'));
    expect(await outcome(() => verifySnapshot(text))).toBe('REVOCATION_SNAPSHOT_INVALID');
    expect((await verifySnapshot(text, { maxBytes: 2_000_000 })).revokedJtis.size).toBe(12_000);
    const content = {
      publishedAtSec: T,
      expiresAtSec: T + 60,
      entries: entries.map(({ jti }) => ({ jti, revokedAtSec: T })),
    };
    // What no reader takes is not published in the belief that it is.
    await expect(buildSnapshot(content, await signerOf('A'))).rejects.toBeInstanceOf(RangeError);
    const published = await buildSnapshot({ ...content, maxBytes: 2_000_000 }, await signerOf('A'));
    expect((await verifySnapshot(published, { maxBytes: 2_000_000 })).entries).toHaveLength(12_000);
  });

  it('a memory of snapshots is bounded', async () => {
    const memory = snapshotMemory(1);
    const b = await signerOf('B');
    memory.offer(await snapshotAt(), T);
    memory.offer(await verifySnapshot(await publishList(listOf({ issuer: b.aid }), b)), T);
    expect(memory.get(A)).toBeUndefined();
    expect(memory.get(b.aid)).toBeDefined();
  });

  it('the signal ends the wait with its own reason', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const check = snapshotRevocation(async () => undefined);
    await expect(check.check(query({ signal }))).rejects.toBe(reason);
  });
});

describe('order of the checks', () => {
  interface Case {
    members: Record<string, JsonObject[string] | undefined>;
    badSignature: boolean;
    nowSec: number;
    jti: string;
  }
  const steps: Break<Case>[] = [
    ['shape', 'REVOCATION_SNAPSHOT_INVALID', (c) => ({ members: { ...c.members, published_at: undefined } })],
    ['unknown member', 'UNKNOWN_FIELD', (c) => ({ members: { ...c.members, owner: 'x' } })],
    ['signature', 'REVOCATION_SNAPSHOT_SIGNATURE_INVALID', () => ({ badSignature: true })],
    // Stale: the soft mode answers, and not the list.
    ['use', 'POLICY_VIOLATION', () => ({ nowSec: T + 301 })],
    ['listing', 'TCT_REVOKED', () => ({ jti: LISTED })],
  ];
  breaksInOrder('a list of revoked tokens', steps, async (spoil) => {
    const state = spoil({ members: { ...listOf() }, badSignature: false, nowSec: T, jti: JTI });
    const body = Object.fromEntries(Object.entries(state.members).filter(([, value]) => value !== undefined));
    const text = await publishList(body as JsonObject, await signerOf('A'));
    const { badSignature, nowSec, jti } = state;
    const policy = { failMode: 'soft_fail', safeSubset: [] } as const;
    const check = snapshotRevocation(async () => (badSignature ? withBadSignature(text) : text), { policy });
    return outcome(() => check.check(query({ nowSec, jti })));
  });
});

it('the inner body is signed, not the wrapper', async () => {
  const { revocation_list: body, signature } = signed.snapshot;
  expect(await signJcs(body, await signerOf('A'))).toBe(signature);
  expect(await signJcs({ revocation_list: body }, await signerOf('A'))).toBe(signed.wrappedSnapshot.signature);
});
