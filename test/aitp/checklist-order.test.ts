// The order of the checks of verifiers whose own tests break one thing at a time, or leave steps out of their tables.

import { createHash, generateKeyPairSync } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { aidJkt, parseAid } from '../../src/aitp/aid.js';
import { answerPopChallenge, verifyPopResponse } from '../../src/aitp/downstream-pop.js';
import { buildEnvelope, encodeEnvelope } from '../../src/aitp/envelope.js';
import {
  checkIdentityHint,
  makePinnedProof,
  readIdentityDescriptor,
  verifyPinnedProof,
} from '../../src/aitp/identity-proof.js';
import { authorizeInvocation, INVOCATION_TYPE, verifyInvocation } from '../../src/aitp/invocation.js';
import { verifyDelegationMultihop } from '../../src/aitp/multihop.js';
import { verifyOidcProof } from '../../src/aitp/oidc.js';
import { pinnedKeys } from '../../src/aitp/pinned-keys.js';
import { signPop } from '../../src/aitp/pop.js';
import { renewTct } from '../../src/aitp/renewal.js';
import { memoryReplayStore, type ReplayStore } from '../../src/aitp/replay-store.js';
import { ownRevocations } from '../../src/aitp/revocation.js';
import { verifySessionBundle } from '../../src/aitp/session-bundle.js';
import { aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { verifyTct } from '../../src/aitp/tct.js';
import { canonicalize } from '../../src/codec/jcs.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import { checksInOrder, type Step } from './checklist-steps.js';
import { outcome, withBadSignature } from './support.js';
import {
  DELEGATION,
  delegationClaims,
  forge,
  GRANT,
  JTI,
  KEYS,
  NOW,
  now,
  signBytes,
  TCT,
  type TestKey,
  tamper,
  tctClaims,
  uuid,
  voucherClaims,
} from './tokens-oracle.js';

const { A, B, C, D, attacker } = KEYS;
const noManifest = { dangerouslyIgnoreIssuerManifest: true } as const;
const nothingRevoked = ownRevocations(new Set());
const NONCE = 'AAECAwQFBgcICQoLDA0ODw';
const OTHER_NONCE = 'AQAAAAAAAAAAAAAAAAAAAA';
const ID = '770e8400-e29b-41d4-a716-446655441006';
const signerOf = ({ seed }: TestKey) => aitpSignerFromSeed(seed);

/** Breaks of an envelope, in the order of its checks. */
const ENVELOPE = [
  ['text', 'INVALID_ENVELOPE'],
  ['version', 'UNKNOWN_VERSION'],
  ['kind of message', 'INVALID_ENVELOPE'],
  ['member of the envelope', 'UNKNOWN_FIELD'],
  ['replay', 'REPLAY_DETECTED'],
  ['time', 'TIMESTAMP_EXPIRED'],
  ['signature', 'INVALID_SIGNATURE'],
] as const satisfies readonly Step<string>[];
type EnvelopeBreak = (typeof ENVELOPE)[number][0];

/** An envelope with things broken. */
async function envelope(
  broken: ReadonlySet<string>,
  messageType: string,
  payload: JsonObject,
  sender: TestKey,
): Promise<string> {
  const timestampSec = broken.has('time') ? NOW - 301 : NOW;
  const content = { messageType, payload, timestampSec, messageId: ID };
  let text = encodeEnvelope(await buildEnvelope<string>(content, await signerOf(sender)));
  const set = (members: object) => {
    text = JSON.stringify({ ...JSON.parse(text), ...members });
  };
  if (broken.has('version')) set({ version: 'aitp/0.1' });
  if (broken.has('kind of message')) set({ message_type: 'mutual_hello' });
  if (broken.has('member of the envelope')) set({ more: 1 });
  if (broken.has('signature')) text = withBadSignature(text);
  return broken.has('text') ? text.replace('{', '{"payload":{},') : text;
}

/** A memory that has seen what is broken so, and nothing else. */
function memory(seen: (key: string) => boolean): ReplayStore {
  const kept = new Set<string>();
  return {
    has: async (key) => seen(key) || kept.has(key),
    async addIfAbsent(key) {
      const absent = !seen(key) && !kept.has(key);
      kept.add(key);
      return absent;
    },
  };
}

/** Breaks of a token, in the order of section 5.2. */
const TOKEN = [
  ['header', 'TCT_SIGNATURE_INVALID'],
  ['typ', 'TOKEN_TYP_MISMATCH'],
  ['claim', 'UNKNOWN_FIELD'],
  ['alg', 'TOKEN_ALG_MISMATCH'],
  ['token signature', 'TCT_SIGNATURE_INVALID'],
  ['ver', 'UNKNOWN_VERSION'],
  ['grants', 'TCT_SIGNATURE_INVALID'],
  ['audience', 'AUDIENCE_MISMATCH'],
  ['expiry', 'TCT_EXPIRED'],
  ['confirmation', 'TCT_SIGNATURE_INVALID'],
  ['end of the Manifest', 'TCT_EXPIRES_AFTER_MANIFEST'],
  ['revocation', 'TCT_REVOKED'],
] as const satisfies readonly Step<string>[];

/** A token of A for B with things broken. */
function token(broken: ReadonlySet<string>, grants: readonly string[]): string {
  const header = {
    alg: broken.has('alg') ? 'none' : 'EdDSA',
    typ: broken.has('typ') ? GRANT : TCT,
    ...(broken.has('header') ? { kid: 'x' } : {}),
  };
  const claims = {
    grants: broken.has('grants') ? [] : grants,
    ...(broken.has('claim') ? { more: 1 } : {}),
    ...(broken.has('ver') ? { ver: 'aitp/9' } : {}),
    ...(broken.has('audience') ? { aud: C.aid } : {}),
    ...(broken.has('expiry') ? { exp: NOW } : {}),
    ...(broken.has('confirmation') ? { cnf: { jkt: A.jkt } } : {}),
    // A token of the eighth renewal.
    ...(broken.has('age') ? { ext: { 'dev.ringline.renewal': { count: 8, since: NOW } } } : {}),
  };
  const made = forge(A, TCT, tctClaims(A, B, claims), { header });
  return broken.has('token signature') ? tamper(made) : made;
}

function tokenOptions(broken: ReadonlySet<string>) {
  return {
    now,
    issuerManifest: broken.has('end of the Manifest') ? { expiresAtSec: NOW - 1 } : noManifest,
    revocation: ownRevocations(new Set(broken.has('revocation') ? [JTI] : [])),
  };
}

{
  const STEPS = [
    ...ENVELOPE,
    ['payload', 'POP_RESPONSE_INVALID'],
    ['member of the payload', 'UNKNOWN_FIELD'],
    ['sender', 'POP_RESPONSE_INVALID'],
    ['token meant', 'POP_RESPONSE_INVALID'],
    ['echo', 'POP_RESPONSE_INVALID'],
    ['proof', 'POP_RESPONSE_INVALID'],
    ['key bound to', 'POP_RESPONSE_INVALID'],
    ['lateness', 'POP_RESPONSE_INVALID'],
    ['answered before', 'POP_RESPONSE_INVALID'],
  ] as const satisfies readonly Step<string>[];
  type Broken = ReadonlySet<(typeof STEPS)[number][0]>;

  async function response(broken: Broken): Promise<string> {
    const payload: JsonObject = {
      tct_jti: broken.has('token meant') ? uuid(9) : JTI,
      nonce_echo: broken.has('echo') ? OTHER_NONCE : NONCE,
      ...(broken.has('payload')
        ? {}
        : { pop_signature: await signPop(broken.has('proof') ? OTHER_NONCE : NONCE, await signerOf(B)) }),
      ...(broken.has('member of the payload') ? { more: 1 } : {}),
    };
    return envelope(broken, 'pop_response', payload, broken.has('sender') ? C : B);
  }

  checksInOrder('[16.35] the answer to a challenge, as its verifier looks at it', STEPS, async (broken) => {
    const text = await response(broken);
    const challenge = {
      jti: JTI,
      subject: parseAid(B.aid).aid,
      jkt: broken.has('key bound to') ? C.jkt : B.jkt,
      nonce: NONCE,
      freshUntilSec: broken.has('lateness') ? NOW - 1 : NOW,
    };
    const replay = memory(
      (key) =>
        (broken.has('replay') && key.includes(ID)) || (broken.has('answered before') && key.startsWith(`pop ${JTI} `)),
    );
    return outcome(() => verifyPopResponse(text, { challenge, replay, now }));
  });

  it('[16.35] an answer that is refused, whatever for, does not use its challenge up', async () => {
    for (const [name] of STEPS.slice(0, -1)) {
      const replay = memoryReplayStore({ now });
      const challenge = { jti: JTI, subject: parseAid(B.aid).aid, jkt: B.jkt, nonce: NONCE, freshUntilSec: NOW };
      const options = { challenge, replay, now };
      const bound = name === 'key bound to' ? { ...challenge, jkt: C.jkt } : challenge;
      const late = name === 'lateness' ? { ...bound, freshUntilSec: NOW - 1 } : bound;
      const broken = await response(new Set([name]));
      if (name !== 'replay')
        expect(await outcome(() => verifyPopResponse(broken, { ...options, challenge: late }))).not.toBe('accepted');
      const honest = await response(new Set());
      expect([name, await outcome(() => verifyPopResponse(honest, options))]).toEqual([name, 'accepted']);
    }
  });
}

{
  const STEPS = [
    ...ENVELOPE.map(([name, code]) => [name, name === 'time' ? 'POP_CHALLENGE_INVALID' : code] as const),
    ['payload', 'POP_CHALLENGE_INVALID'],
    ['member of the payload', 'UNKNOWN_FIELD'],
    ['sender', 'POP_CHALLENGE_INVALID'],
    ['token meant', 'POP_CHALLENGE_INVALID'],
    ['holder', 'POP_CHALLENGE_INVALID'],
  ] as const satisfies readonly Step<string>[];
  type Name = EnvelopeBreak | 'payload' | 'member of the payload' | 'sender' | 'token meant' | 'holder';

  checksInOrder<Name>('[16.35] a challenge, as the holder looks at it', STEPS, async (broken) => {
    const payload: JsonObject = {
      tct_jti: broken.has('token meant') ? uuid(9) : JTI,
      nonce: broken.has('payload') ? 'short' : NONCE,
      ...(broken.has('member of the payload') ? { more: 1 } : {}),
    };
    const text = await envelope(broken, 'pop_challenge', payload, broken.has('sender') ? C : A);
    const replay = memory((key) => broken.has('replay') && key.includes(ID));
    const tct = { jti: JTI, subject: parseAid(B.aid).aid };
    const holder = await signerOf(broken.has('holder') ? C : B);
    return outcome(() => answerPopChallenge(text, holder, { verifier: A.aid, tct, replay, now }));
  });
}

{
  const STEPS = [
    ...ENVELOPE,
    ['payload', 'INVALID_ENVELOPE'],
    ['member of the payload', 'UNKNOWN_FIELD'],
    ...TOKEN,
    ['token meant', 'INVALID_ENVELOPE'],
    ['capability', 'POLICY_VIOLATION'],
    ['proof', 'POP_RESPONSE_INVALID'],
  ] as const satisfies readonly Step<string>[];

  checksInOrder('an invocation under a token', STEPS, async (broken) => {
    const payload: JsonObject = {
      tct_jti: broken.has('token meant') ? uuid(9) : JTI,
      ...(broken.has('payload') ? {} : { capability: 'read' }),
      ...(broken.has('member of the payload') ? { more: 1 } : {}),
    };
    const text = await envelope(broken, INVOCATION_TYPE, payload, B);
    const replay = memory((key) => broken.has('replay') && key.includes(ID));
    const options = { ...tokenOptions(broken), issuer: A.aid, replay };
    const granted = broken.has('capability') ? ['write'] : ['read'];
    return outcome(async () => {
      const invocation = await verifyInvocation(text, { ...options, token: token(broken, granted) });
      authorizeInvocation(invocation, { popRequiredGrants: broken.has('proof') ? ['read'] : [] });
    });
  });

  it('an invocation whose token does not hold is not remembered', async () => {
    const replay = memoryReplayStore({ now });
    const text = await envelope(new Set(), INVOCATION_TYPE, { tct_jti: JTI, capability: 'read' }, B);
    const verify = (made: string) =>
      outcome(() => verifyInvocation(text, { ...tokenOptions(new Set()), issuer: A.aid, replay, token: made }));
    for (const [name, code] of TOKEN.slice(0, -2)) {
      expect([name, await verify(token(new Set([name]), ['read']))]).toEqual([name, code]);
    }
    expect(await verify(token(new Set(), ['read']))).toBe('accepted');
    expect(await verify(token(new Set(), ['read']))).toBe('REPLAY_DETECTED');
  });
}

{
  const STEPS = [
    ['header', 'DELEGATION_INVALID_SIGNATURE'],
    ['typ', 'TOKEN_TYP_MISMATCH'],
    ['hops', 'DELEGATION_HOP_LIMIT_EXCEEDED'],
    ['chain hash', 'DELEGATION_CHAIN_HASH_MISMATCH'],
    ['typ of the first', 'TOKEN_TYP_MISMATCH'],
    ['alg of the first', 'TOKEN_ALG_MISMATCH'],
    ['signature of the first', 'DELEGATION_INVALID_SIGNATURE'],
    ['claim of the first', 'UNKNOWN_FIELD'],
    ['version of the first', 'UNKNOWN_VERSION'],
    ['audience of the first', 'DELEGATION_AUDIENCE_MISMATCH'],
    ['expiry of the first', 'DELEGATION_EXPIRED'],
    ['confirmation of the first', 'DELEGATION_INVALID_SIGNATURE'],
    ['alg of the last', 'TOKEN_ALG_MISMATCH'],
    ['signature of the last', 'DELEGATION_INVALID_SIGNATURE'],
    ['claim of the last', 'UNKNOWN_FIELD'],
    ['audience of the last', 'DELEGATION_AUDIENCE_MISMATCH'],
    ['expiry of the last', 'DELEGATION_EXPIRED'],
    ['confirmation of the last', 'DELEGATION_INVALID_SIGNATURE'],
    ['identifiers', 'DELEGATION_INVALID_VOUCHER'],
    ['typ of the voucher', 'TOKEN_TYP_MISMATCH'],
    ['issuer of the voucher', 'DELEGATION_INVALID_VOUCHER'],
    ['subject of the voucher', 'DELEGATION_INVALID_VOUCHER'],
    ['expiry of the voucher', 'DELEGATION_EXPIRED'],
    ['scope of the first', 'DELEGATION_SCOPE_EXCEEDED'],
    ['continuity', 'DELEGATION_INVALID_VOUCHER'],
    ['lifetime of the last', 'DELEGATION_EXPIRED'],
    ['scope of the last', 'DELEGATION_SCOPE_EXCEEDED'],
    ['revocation of the source', 'DELEGATION_SOURCE_TCT_REVOKED'],
    ['revocation of a hop', 'DELEGATION_SOURCE_TCT_REVOKED'],
    ['proof', 'DELEGATION_POP_FAILED'],
  ] as const satisfies readonly Step<string>[];
  type Broken = ReadonlySet<(typeof STEPS)[number][0]>;
  const when = <T extends object>(broken: boolean, members: T): Partial<T> => (broken ? members : {});
  const hashOf = (chain: readonly string[]) => {
    const sha = (text: string) => createHash('sha256').update(text).digest('base64url');
    return sha(JSON.stringify(chain.map(sha)));
  };

  function chain(broken: Broken): string {
    const granting = broken.has('issuer of the voucher') ? D : A;
    const voucher = forge(
      granting,
      broken.has('typ of the voucher') ? TCT : GRANT,
      voucherClaims(granting, broken.has('subject of the voucher') ? D : B, {
        exp: broken.has('expiry of the voucher') ? NOW : NOW + 5_000,
      }),
    );
    const first = forge(
      B,
      DELEGATION,
      delegationClaims(B, C, A, {
        voucher,
        jti: uuid(2),
        exp: broken.has('expiry of the first') ? NOW : NOW + 1_000,
        ...when(broken.has('claim of the first'), { more: 1 }),
        ...when(broken.has('version of the first'), { ver: 'aitp/9' }),
        ...when(broken.has('audience of the first'), { aud: D.aid }),
        ...when(broken.has('confirmation of the first'), { cnf: { jkt: D.jkt } }),
        ...when(broken.has('scope of the first'), { scope: ['read_data', 'all'] }),
      }),
      {
        header: {
          alg: broken.has('alg of the first') ? 'ES256' : 'EdDSA',
          typ: broken.has('typ of the first') ? TCT : DELEGATION,
        },
      },
    );
    const before = [broken.has('signature of the first') ? tamper(first) : first];
    const from = broken.has('continuity') ? attacker : C;
    const lifetime = broken.has('lifetime of the last') ? NOW + 1_001 : NOW + 900;
    const last = forge(
      from,
      DELEGATION,
      delegationClaims(from, D, A, {
        jti: broken.has('identifiers') ? uuid(2) : uuid(3),
        chain: before,
        chain_hash: hashOf(broken.has('chain hash') ? [] : before),
        exp: broken.has('expiry of the last') ? NOW : lifetime,
        ...when(broken.has('claim of the last'), { more: 1 }),
        ...when(broken.has('audience of the last'), { aud: B.aid }),
        ...when(broken.has('confirmation of the last'), { cnf: { jkt: B.jkt } }),
        ...when(broken.has('scope of the last'), { scope: ['write_data'] }),
      }),
      {
        header: {
          alg: broken.has('alg of the last') ? 'ES256' : 'EdDSA',
          typ: broken.has('typ') ? TCT : DELEGATION,
          ...when(broken.has('header'), { kid: 'x' }),
        },
      },
    );
    return broken.has('signature of the last') ? tamper(last) : last;
  }

  checksInOrder(
    '[16.45] a delegation of three hops',
    STEPS,
    (broken) =>
      outcome(() =>
        verifyDelegationMultihop(chain(broken), {
          verifier: A.aid,
          now,
          maxDelegationHops: broken.has('hops') ? 2 : 3,
          revocation: ownRevocations(new Set(broken.has('revocation of the source') ? [uuid(1)] : [])),
          hopRevocation: ownRevocations(new Set(broken.has('revocation of a hop') ? [uuid(2)] : [])),
          pop: broken.has('proof') ? { nonce: 'x', signature: 'x' } : { dangerouslySkipPop: true },
        }),
      ),
    { never: [['expiry of the last', 'lifetime of the last', 'what has expired does not live too long']] },
  );
}

{
  const STEPS = [
    ['text', 'SESSION_BUNDLE_INVALID'],
    ['signature beside', 'SESSION_BUNDLE_INVALID'],
    ['shape', 'SESSION_BUNDLE_INVALID'],
    ['member', 'UNKNOWN_FIELD'],
    ['version', 'BUNDLE_VERSION_MISMATCH'],
    ['expiry', 'BUNDLE_EXPIRED'],
    ['window', 'BUNDLE_EXPIRY_WINDOW_INVARIANT'],
    ['participants', 'BUNDLE_EMPTY_PARTICIPANTS'],
    ['key', 'KEY_RESOLUTION_FAILED'],
    ['signature', 'BUNDLE_INVALID_SIGNATURE'],
    ['issuer of a token', 'BUNDLE_COORDINATOR_ISSUER_MISMATCH'],
    ['audience of a token', 'BUNDLE_AUDIENCE_MISMATCH'],
    ['token', 'BUNDLE_PARTICIPANT_TCT_INVALID'],
    ['membership', 'BUNDLE_NOT_MEMBER'],
  ] as const satisfies readonly Step<string>[];

  checksInOrder(
    '[16.66] a session bundle',
    STEPS,
    async (broken) => {
      const issuer = broken.has('issuer of a token') ? D : A;
      const made = forge(issuer, TCT, tctClaims(issuer, broken.has('audience of a token') ? C : B));
      const expires = broken.has('window') ? NOW + 3_000 : NOW + 3_600;
      const body: JsonObject = {
        version: broken.has('version') ? 'aitp/0.1' : 'aitp/0.2',
        ...(broken.has('shape') ? {} : { session_id: '650e8400-e29b-41d4-a716-446655440000' }),
        coordinator: A.aid,
        issued_at: NOW,
        expires_at: broken.has('expiry') ? NOW : expires,
        participants: broken.has('participants')
          ? []
          : [{ aid: B.aid, tct: broken.has('token') ? tamper(made) : made }],
        ...(broken.has('member') ? { more: 1 } : {}),
      };
      const digest = createHash('sha256').update(canonicalize(body)).digest();
      const signature = Buffer.from(signBytes(broken.has('signature') ? attacker : A, digest)).toString('base64url');
      const beside = broken.has('signature beside') ? { signature } : {};
      const text = canonicalize({ session_bundle: { ...body, signature }, ...beside });
      return outcome(() =>
        verifySessionBundle(broken.has('text') ? `${text},` : text, {
          verifier: broken.has('membership') ? D.aid : B.aid,
          now,
          revocation: nothingRevoked,
          findManifest: async (aid) => (broken.has('key') ? undefined : { aid, expiresAtSec: NOW + 9_000 }),
        }),
      );
    },
    { never: [['window', 'participants', 'without tokens there is no first of them to end with']] },
  );
}

{
  const STEPS = [
    ['shape', 'INVALID_ENVELOPE'],
    ['member', 'UNKNOWN_FIELD'],
    ['own Manifest', 'MANIFEST_EXPIRED'],
    ...TOKEN.filter(([name]) => name !== 'end of the Manifest'),
    ['proof', 'POP_VERIFICATION_FAILED'],
    ['nonce seen before', 'REPLAY_DETECTED'],
    ['age', 'POLICY_VIOLATION'],
    ['policy', 'POLICY_VIOLATION'],
  ] as readonly Step<string>[];

  checksInOrder('[16.36] a request for renewal', STEPS, async (broken) => {
    const signature = await signPop(broken.has('proof') ? OTHER_NONCE : NONCE, await signerOf(B));
    const request = {
      current_tct: token(broken, ['read']),
      ...(broken.has('shape') ? {} : { pop_nonce: NONCE }),
      pop_signature: signature,
      ...(broken.has('member') ? { more: 1 } : {}),
    };
    const { revocation } = tokenOptions(broken);
    return outcome(async () =>
      renewTct(JSON.stringify(request), await signerOf(A), {
        now,
        ownManifest: { expiresAtSec: broken.has('own Manifest') ? NOW : NOW + 3_600 },
        revocation,
        replay: memory(() => broken.has('nonce seen before')),
        policy: () => (broken.has('policy') ? [] : ['read']),
      }),
    );
  });
}

describe('an identity', () => {
  const SUBJECT = 'worker';
  const { identifier: publicKey } = parseAid(C.aid);
  const context = {
    sender: parseAid(C.aid).aid,
    receiver: parseAid(A.aid).aid,
    messageId: ID,
    timestampSec: NOW,
    popNonce: NONCE,
  };

  const PINNED = [
    ['descriptor', 'IDENTITY_FAILED'],
    ['member of the descriptor', 'UNKNOWN_FIELD'],
    ['hint', 'IDENTITY_FAILED'],
    ['suite', 'IDENTITY_FAILED'],
    ['key of the sender', 'IDENTITY_FAILED'],
    ['pin', 'IDENTITY_FAILED'],
    ['form of the proof', 'IDENTITY_FAILED'],
    ['receiver', 'IDENTITY_FAILED'],
  ] as const satisfies readonly Step<string>[];

  checksInOrder('by a pinned key', PINNED, async (broken) => {
    const proof = await makePinnedProof(context, await signerOf(C));
    const key = broken.has('key of the sender') ? parseAid(B.aid).identifier : publicKey;
    const wire = {
      type: 'pinned_key',
      subject: SUBJECT,
      proof: broken.has('form of the proof') ? `${proof}=` : proof,
      ...(broken.has('descriptor') ? {} : { public_key: key }),
      ...(broken.has('member of the descriptor') ? { more: 1 } : {}),
    };
    return outcome(async () => {
      const descriptor = readIdentityDescriptor(wire);
      const { proof: _, ...hint } = descriptor;
      checkIdentityHint(descriptor, broken.has('hint') ? { ...hint, subject: 'manager' } : hint);
      const pins = broken.has('pin') ? [] : [{ subject: SUBJECT, publicKey: key }];
      const sender = broken.has('suite') ? parseAid(KEYS.P.aid).aid : context.sender;
      const receiver = broken.has('receiver') ? parseAid(D.aid).aid : context.receiver;
      await verifyPinnedProof(descriptor, { ...context, sender, receiver }, pinnedKeys(pins));
    });
  });

  it('by a pinned key: the list is asked only about a key that is the of the sender', async () => {
    const find = vi.fn(async () => undefined);
    const descriptor = {
      type: 'pinned_key',
      subject: SUBJECT,
      proof: 'x',
      publicKey: parseAid(B.aid).identifier,
    } as const;
    expect(await outcome(() => verifyPinnedProof(descriptor, context, { find }))).toBe('IDENTITY_FAILED');
    expect(find).not.toHaveBeenCalled();
    expect(await outcome(() => verifyPinnedProof({ ...descriptor, publicKey }, context, { find }))).toBe(
      'IDENTITY_FAILED',
    );
    expect(find).toHaveBeenCalledTimes(1);
  });

  const ISSUER = 'https://idp.example.com';
  const { privateKey, publicKey: idpKey } = generateKeyPairSync('ed25519');
  const OIDC = [
    ['descriptor', 'IDENTITY_FAILED'],
    ['member of the descriptor', 'UNKNOWN_FIELD'],
    ['hint', 'IDENTITY_FAILED'],
    ['anchor', 'INCOMPATIBLE_TRUST_ANCHORS'],
    ['form', 'IDENTITY_FAILED'],
    ['alg', 'IDENTITY_FAILED'],
    ['iss', 'IDENTITY_FAILED'],
    ['sub', 'IDENTITY_FAILED'],
    ['aud', 'IDENTITY_FAILED'],
    ['nonce', 'IDENTITY_FAILED'],
    ['exp', 'IDENTITY_FAILED'],
    ['iat', 'IDENTITY_FAILED'],
    ['cnf', 'IDENTITY_FAILED'],
    ['keys', 'KEY_RESOLUTION_FAILED'],
    ['kid', 'IDENTITY_FAILED'],
    ['signature', 'IDENTITY_FAILED'],
  ] as const satisfies readonly Step<string>[];
  type Broken = ReadonlySet<(typeof OIDC)[number][0]>;

  async function oidc(broken: Broken) {
    const claims = {
      iss: broken.has('iss') ? `${ISSUER}/` : ISSUER,
      sub: broken.has('sub') ? 'manager' : SUBJECT,
      aud: broken.has('aud') ? D.aid : A.aid,
      nonce: broken.has('nonce') ? OTHER_NONCE : NONCE,
      exp: broken.has('exp') ? NOW : NOW + 60,
      iat: broken.has('iat') ? NOW - 301 : NOW,
      cnf: { jkt: await aidJkt(broken.has('cnf') ? D.aid : C.aid) },
    };
    const signed = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', kid: broken.has('kid') ? 'nobody' : 'k' })
      .sign(privateKey);
    let proof = broken.has('signature') ? tamper(signed) : signed;
    if (broken.has('alg')) proof = proof.replace(/^[^.]+/, Buffer.from('{"alg":"HS256"}').toString('base64url'));
    if (broken.has('form')) proof = `${proof}.AAAA`;
    const wire = {
      type: 'oidc',
      subject: SUBJECT,
      issuer: ISSUER,
      proof,
      ...(broken.has('descriptor') ? { public_key: publicKey } : {}),
      ...(broken.has('member of the descriptor') ? { more: 1 } : {}),
    };
    const jwk = { ...(await exportJWK(idpKey)), kid: 'k' };
    const find = vi.fn(async () => (broken.has('keys') ? undefined : [jwk]));
    const verdict = await outcome(async () => {
      const { proof: read, ...claim } = readIdentityDescriptor(wire);
      const hint = broken.has('hint') ? { ...claim, issuer: `${ISSUER}/` } : claim;
      checkIdentityHint({ ...claim, proof: read }, hint);
      const { sender, receiver: audience, popNonce: nonce } = context;
      const expected = { issuer: ISSUER, subject: SUBJECT, audience, nonce, sender };
      const trustAnchors = broken.has('anchor') ? [] : [ISSUER];
      await verifyOidcProof(read, expected, { trustAnchors, issuerKeys: { find }, now: NOW });
    });
    return { verdict, looked: find.mock.calls.length };
  }

  checksInOrder('[16.61] by the token of a provider', OIDC, async (broken) => {
    const { verdict, looked } = await oidc(broken);
    // Whatever is wrong before the keys makes nobody look for them.
    const early = OIDC.slice(0, 13).some(([name]) => broken.has(name));
    expect(looked).toBe(early ? 0 : 1);
    return verdict;
  });
});

it('the breaks of a token, by which the tables above stand, are in the order of its checks', async () => {
  const verify = (broken: ReadonlySet<string>) =>
    outcome(() => verifyTct(token(broken, ['read']), { ...tokenOptions(broken), issuer: A.aid, audience: B.aid }));
  expect(await verify(new Set())).toBe('accepted');
  for (const [at, [name, code]] of TOKEN.entries()) {
    for (const [later] of TOKEN.slice(at)) expect([later, await verify(new Set([name, later]))]).toEqual([later, code]);
  }
});
