// The adapter itself: lines, and the ops that fixtures do not reach: issuing, sessions, and what only tests may do.

import { describe, expect, it } from 'vitest';
import { conformanceAdapter } from '../../../src/aitp/conformance/adapter.js';
import { asking, T } from './in-process.js';

const SEED = { A: '00'.repeat(32), B: Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0')).join('') };
const JTI = '0a17c0de-0000-4000-8000-000000000001';

describe('[16.67] lines', () => {
  const answer = async (line: string | Uint8Array) => {
    const text = await conformanceAdapter().handleLine(line);
    return text === undefined ? undefined : JSON.parse(text);
  };

  it.each(['', '   ', '\t\r'])('%j is blank, and not answered', async (line) => {
    expect(await answer(line)).toBeUndefined();
    expect(await answer(new TextEncoder().encode(line))).toBeUndefined();
  });

  it.each(['{', 'null', '[]', '{"op":"init"}', '{"id":1,"op":"init"}', '{"id":"a","id":"b","op":"init"}'])(
    '%j is malformed',
    async (line) => {
      expect(await answer(line)).toMatchObject({ id: 'unknown', ok: false, error_code: 'MALFORMED_REQUEST' });
    },
  );

  it('that are not UTF-8 are malformed', async () => {
    expect(await answer(new Uint8Array([0x22, 0xff, 0x22]))).toMatchObject({ error_code: 'MALFORMED_REQUEST' });
  });

  it.each([
    ['{"id":"a"}', 'INVALID_REQUEST'],
    ['{"id":"a","op":"init","params":[]}', 'INVALID_REQUEST'],
    ['{"id":"a","op":"no_such_op"}', 'OP_NOT_SUPPORTED'],
    ['{"id":"a","op":"toString"}', 'OP_NOT_SUPPORTED'],
    ['{"id":"a","op":"verify_tct","params":{}}', 'INVALID_REQUEST'],
    ['{"id":"a","op":"verify_tct","params":{"tct":"x","now":"1"}}', 'INVALID_REQUEST'],
    ['{"id":"a","op":"verify_tct","params":{"tct":"x"}}', 'TCT_SIGNATURE_INVALID'],
  ])('%s is %s', async (line, code) => {
    const { message, ...rest } = await answer(line);
    expect(message).toEqual(expect.any(String));
    expect(rest).toMatchObject({ id: 'a', ok: false, error_code: code });
  });

  it('init says what there is', async () => {
    const { result } = await answer('{"id":"init","op":"init","params":{"version":"1"}}');
    expect(result.implementation).toBe('ringline');
    expect(result.supported_features).toEqual(expect.arrayContaining(['pinned_key_identity', 'oidc_identity']));
    expect(result.supported_ops).toHaveLength(29);
  });

  it('shutdown is answered, and the last', async () => {
    const adapter = conformanceAdapter();
    expect(adapter.ended).toBe(false);
    expect(await adapter.handleLine('{"id":"x","op":"shutdown","params":{}}')).toBe('{"id":"x","ok":true}');
    expect(adapter.ended).toBe(true);
  });
});

describe('[13.2] primitives', () => {
  it('the canonical form, in both spellings', async () => {
    const ask = asking();
    expect(await ask('verify_jcs', { input: { b: 1, a: 'é' } })).toEqual({
      canonical_hex: Buffer.from('{"a":"é","b":1}').toString('hex'),
      canonical_utf8: '{"a":"é","b":1}',
    });
  });

  it('thumbprints of both kinds of key', async () => {
    const ask = asking();
    const of = async (key: string) => (await ask('compute_jwk_thumbprint', { public_key: key })).thumbprint;
    expect(await of('O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik')).toBe('9ZP03Nu8GrXPAUkbKNxHOKBzxPX83SShgFkRNK-f2lw');
    expect(await of('AweBDql0zqV3PmO4l_N-O-mgnnpf6blxpE0QZawqOpMR')).toBe(
      '6uuEaX_87uMh4VKEtSDkENgjC0g7Evt6vliSnD7XSDE',
    );
    expect(await ask('compute_jwk_thumbprint', { public_key: 'AAAA' })).toBe('INVALID_REQUEST');
  });
});

/** An adapter with two keys and a Manifest of each. */
async function pair(type: 'oidc' | 'pinned_key' = 'pinned_key') {
  const ask = asking();
  const party = async (seed: string) => {
    const { handle: keypair, aid, public_key } = await ask('generate_keypair', { seed });
    const issuer = type === 'oidc' ? { issuer: 'https://idp.example.com' } : {};
    const { manifest_envelope: manifest } = await ask('issue_manifest', {
      keypair,
      handshake_endpoint: 'https://a.example.com/aitp/',
      identity_hint: { type, subject: 'worker', ...issuer },
      accepted_trust_anchors: type === 'oidc' ? ['https://idp.example.com'] : [],
      offered_capabilities: ['calendar.read'],
    });
    return { keypair, aid, public_key, manifest };
  };
  return { ask, a: await party(SEED.A), b: await party(SEED.B) };
}

describe('[13.3] issuing', () => {
  it('keys stay behind handles', async () => {
    const { ask, a } = await pair();
    expect(a).toMatchObject({ keypair: 'kp-1', public_key: 'O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik' });
    expect(await ask('sign_envelope', { keypair: 'kp-9', message_type: 'error', payload: {} })).toBe('INVALID_REQUEST');
    expect(await ask('generate_keypair', { seed: 'zz' })).toBe('INVALID_REQUEST');
    const { aid } = await ask('generate_keypair', { suite: 'p256' });
    expect(aid).toMatch(/^aid:pubkey:p256:/);
  });

  it('a Manifest and an envelope that verify', async () => {
    const { ask, a } = await pair();
    expect(await ask('verify_manifest', { envelope: a.manifest })).toEqual({ verified: true });
    expect(await ask('verify_manifest', { manifest: a.manifest.manifest, now: T + 3_600 })).toBe('MANIFEST_EXPIRED');
    const message = { keypair: a.keypair, message_type: 'error', payload: { n: 1 } };
    const { envelope } = await ask('sign_envelope', message);
    expect(await ask('verify_envelope', { envelope })).toEqual({ verified: true });
    expect(await ask('verify_envelope', { envelope })).toBe('REPLAY_DETECTED');
  });

  it('[14.5] the published token, its voucher and a delegation of it', async () => {
    const { ask, a, b } = await pair();
    const { handle, aid: c } = await ask('generate_keypair', { seed: 'ff'.repeat(32) });
    const issued = await ask('issue_tct', {
      issuer_keypair: a.keypair,
      subject: b.aid,
      audience: b.aid,
      subject_public_key: b.public_key,
      grants: ['macp.mode.task.v1'],
      jti: '550e8400-e29b-41d4-a716-446655440000',
      issued_at: T,
    });
    expect(issued.tct_claims).toMatchObject({ iss: a.aid, sub: b.aid, exp: T + 3_600 });
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(issued.tct_token));
    expect(Buffer.from(digest).toString('hex')).toBe(
      '6d80abb413d34fd4546f48a638c9ff3a832e74a99df8db3eccafaeed387805d2',
    );
    const verifier = { verifier_aid: a.aid };
    const voucher = issued.grant_voucher;
    expect(await ask('verify_grant_voucher', { voucher, ...verifier })).toMatchObject({ verified: true });
    const delegating = { delegator_keypair: b.keypair, delegatee: c, scope: ['macp.mode.task.v1'] };
    const { delegation_token } = await ask('issue_delegation_token', { ...delegating, voucher });
    const verdict = { verified: true, grants: ['macp.mode.task.v1'] };
    expect(await ask('verify_delegation_token', { delegation_token, ...verifier })).toEqual(verdict);
    await ask('revoke_tct', { jti: issued.tct_claims.jti });
    expect(await ask('verify_delegation_token', { delegation_token, ...verifier })).toBe(
      'DELEGATION_SOURCE_TCT_REVOKED',
    );

    await ask('set_features', { features: ['experimental-multihop-delegation'] });
    await ask('set_clock', { now_unix_secs: T });
    const named = await ask('issue_delegation_token', { ...delegating, voucher, jti: JTI });
    const further = { delegator_keypair: handle, delegatee: a.aid, scope: ['macp.mode.task.v1'] };
    const last = await ask('issue_delegation_token', { ...further, prior_token: named.delegation_token });
    expect(await ask('verify_delegation_token', { ...last, ...verifier })).toEqual(verdict);
  });

  it('no token whose audience or key is not its subject', async () => {
    const { ask, a, b } = await pair();
    const wanted = { issuer_keypair: a.keypair, subject: b.aid, grants: ['x'] };
    expect(await ask('issue_tct', { ...wanted, audience: a.aid })).toBe('INVALID_REQUEST');
    expect(await ask('issue_tct', { ...wanted, subject_public_key: a.public_key })).toBe('INVALID_REQUEST');
    expect(await ask('issue_tct', { ...wanted, grants: [] })).toBe('POLICY_VIOLATION');
    expect(await ask('issue_tct', { ...wanted, without_voucher: true })).not.toHaveProperty('grant_voucher');
  });

  it('a bundle that verifies, and degrades', async () => {
    const { ask, a, b } = await pair();
    const { aid: c } = await ask('generate_keypair');
    const participants = [];
    for (const aid of [b.aid, c]) {
      const { tct_token: tct } = await ask('issue_tct', { issuer_keypair: a.keypair, subject: aid, grants: ['x'] });
      participants.push({ aid, tct });
    }
    const { session_bundle } = await ask('issue_session_bundle', { coordinator_keypair: a.keypair, participants });
    const outcome = { verified: true, outcome: 'clear', active_aids: [b.aid, c] };
    expect(await ask('verify_session_bundle', { session_bundle, self_aid: b.aid })).toEqual(outcome);
    const bare = session_bundle.session_bundle;
    expect(await ask('verify_session_bundle', { session_bundle: bare, self_aid: b.aid })).toBe(
      'SESSION_BUNDLE_INVALID',
    );
  });

  it('a challenge, its answer and the verdict, without a fixture', async () => {
    const { ask, a, b } = await pair();
    const { tct_token } = await ask('issue_tct', { issuer_keypair: a.keypair, subject: b.aid, grants: ['x'] });
    const { challenge } = await ask('issue_pop_challenge', { tct_token, issuer_keypair: a.keypair });
    const { response } = await ask('produce_pop_response', { challenge, holder_keypair: b.keypair });
    expect(await ask('verify_pop_response', { response, challenge, tct_token })).toEqual({ verified: true });
    expect(await ask('verify_pop_response', {})).toBe('REPLAY_DETECTED');
  });
});

describe('[13.4] a handshake', () => {
  it.each(['pinned_key', 'oidc'] as const)('of two sessions in one adapter, %s', async (type) => {
    const { ask, a, b } = await pair(type);
    const started = await ask('start_handshake', {
      role: 'initiator',
      keypair: a.keypair,
      manifest: a.manifest,
      requested_grants: ['calendar.read'],
      peer_manifest: b.manifest,
    });
    const waiting = await ask('start_handshake', {
      role: 'responder',
      keypair: b.keypair,
      manifest: b.manifest.manifest,
    });
    expect(waiting).toEqual({ session_id: 'sess-2', awaiting: 'MUTUAL_HELLO' });
    const [initiator, responder] = [started.session_id, waiting.session_id];
    const send = (session_id: string, envelope: object) =>
      ask('process_handshake_message', { session_id, envelope } as never);
    const ack = await send(responder, started.envelope);
    expect(ack).toMatchObject({ completed: false, next_envelope: { message_type: 'mutual_hello_ack' } });
    const commit = await send(initiator, ack.next_envelope);
    const last = await send(responder, commit.next_envelope);
    expect(last).toMatchObject({ completed: true, held_tct: { tct_claims: { iss: a.aid, sub: b.aid } } });
    const done = await send(initiator, last.next_envelope);
    expect(done).toMatchObject({
      completed: true,
      held_tct: { tct_claims: { iss: b.aid, grants: ['calendar.read'] } },
    });
    expect(await ask('dump_session', { session_id: initiator })).toMatchObject({ exists: true, kind: 'initiator' });
    expect(await send(responder, commit.next_envelope)).toBe('INVALID_ENVELOPE');
    const { tct_token, grant_voucher } = done.held_tct;
    expect(await ask('verify_tct', { tct_token, issuer: b.aid, self_aid: a.aid })).toMatchObject({ verified: true });
    expect(await ask('verify_grant_voucher', { voucher: grant_voucher, self_aid: b.aid })).toMatchObject({
      verified: true,
    });
  });
});

describe('[13.5] what only tests may do', () => {
  it('the clock, and what begins anew when it does not go on', async () => {
    const ask = asking();
    expect(await ask('set_clock', { now_unix_secs: 5_000 })).toEqual({ now_unix_secs: 5_000 });
    expect(await ask('set_clock', {})).toBe('INVALID_REQUEST');
    const see = () => ask('verify_envelope', { message_id: JTI });
    expect([await see(), await see()]).toEqual([{ verified: true, message_id: JTI }, 'REPLAY_DETECTED']);
    await ask('set_clock', { now_unix_secs: 5_100 });
    expect(await see()).toBe('REPLAY_DETECTED');
    await ask('set_clock', { now_unix_secs: 5_100 });
    expect(await see()).toMatchObject({ verified: true });
  });

  it('features, of which unknown ones stay off', async () => {
    const ask = asking();
    const features = ['experimental-session-bundle', 'nonsense'];
    expect(await ask('set_features', { features })).toEqual({ enabled: ['experimental-session-bundle'] });
    expect(await ask('set_features', { features: [] })).toEqual({ enabled: [] });
  });

  it('sessions that are not there, and counters', async () => {
    const ask = asking();
    expect(await ask('dump_session', { session_id: 'sess-9' })).toEqual({
      session_id: 'sess-9',
      exists: false,
      kind: null,
    });
    await ask('inject_revocation', { jti: JTI });
    expect(await ask('dump_session')).toEqual({ keypairs: 0, sessions: 0, revoked: 1 });
  });
});
