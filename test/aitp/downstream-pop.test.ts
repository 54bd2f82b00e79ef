import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  answerPopChallenge,
  type IssuedPopChallenge,
  issuePopChallenge,
  type PopProof,
  type VerifyPopResponseOptions,
  verifyPopResponse,
} from '../../src/aitp/downstream-pop.js';
import { buildEnvelope, encodeEnvelope } from '../../src/aitp/envelope.js';
import {
  authorizeInvocation,
  authorizePresented,
  buildInvocation,
  INVOCATION_TYPE,
  needsProof,
  type VerifyInvocationOptions,
  verifyInvocation,
} from '../../src/aitp/invocation.js';
import { signPop } from '../../src/aitp/pop.js';
import { memoryReplayStore, type ReplayStore } from '../../src/aitp/replay-store.js';
import { ownRevocations } from '../../src/aitp/revocation.js';
import { type AitpSigner, aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { issueTct, type Tct } from '../../src/aitp/tct.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import type { Verified } from '../../src/documents/verified.js';
import { KEYS, NOW, tamper, uuid } from './tokens-oracle.js';

const { A, B, C } = KEYS;
const MARKED = 'macp.mode.task.v1#pop_required';
const issuerManifest = { dangerouslyIgnoreIssuerManifest: true } as const;

let [a, b, c]: AitpSigner[] = [];
let tct: Verified<Tct>;
let at = NOW;
let replay: ReplayStore;
const now = () => at;

beforeAll(async () => {
  [a, b, c] = await Promise.all([A, B, C].map(({ seed }) => aitpSignerFromSeed(seed)));
});
beforeEach(async () => {
  at = NOW;
  replay = memoryReplayStore({ now });
  ({ tct } = await issueTct(a as AitpSigner, { subject: B.aid, grants: ['read_data', MARKED], now, issuerManifest }));
});

const challenge = (options = {}) => issuePopChallenge(a as AitpSigner, tct, { now, ...options });
const answer = (message: string, signer = b as AitpSigner, overrides: object = {}) =>
  answerPopChallenge(message, signer, {
    now,
    replay: { dangerouslyAllowReplay: true },
    verifier: A.aid,
    tct,
    ...overrides,
  });
const check = (
  message: string | undefined,
  issued: IssuedPopChallenge,
  overrides: Partial<VerifyPopResponseOptions> = {},
) => verifyPopResponse(message, { challenge: issued.challenge, replay, now, ...overrides });
const wire = (wireCode: string) => ({ code: `ERR_AITP_${wireCode}`, wireCode });

/** An answer with one thing otherwise. */
async function forged(issued: IssuedPopChallenge, payload: object, signer = b as AitpSigner): Promise<string> {
  const { jti, nonce } = issued.challenge;
  const honest = { tct_jti: jti, nonce_echo: nonce, pop_signature: await signPop(nonce, b as AitpSigner) };
  const content = { messageType: 'pop_response', payload: { ...honest, ...payload }, timestampSec: at } as const;
  return encodeEnvelope(await buildEnvelope(content, signer));
}

async function prove(): Promise<Verified<PopProof>> {
  const issued = await challenge();
  return check(await answer(issued.message), issued);
}

describe('proof of possession', () => {
  it('a holder proves its key', async () => {
    expect(await prove()).toEqual({ jti: tct.jti, subject: B.aid, provedAtSec: NOW });
  });

  it('[16.35] a challenge counts once, whoever repeats the answer', async () => {
    const issued = await challenge();
    const [one, two] = [await answer(issued.message), await answer(issued.message)];
    await check(one, issued);
    await expect(check(two, issued)).rejects.toMatchObject(wire('POP_RESPONSE_INVALID'));
    await expect(check(one, issued)).rejects.toMatchObject(wire('REPLAY_DETECTED'));
  });

  it('two answers at once: one of them counts', async () => {
    const issued = await challenge();
    const answers = [await answer(issued.message), await answer(issued.message)];
    const settled = await Promise.allSettled(answers.map((message) => check(message, issued)));
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('[16.35] a changed echo, another key, another token, no answer at all', async () => {
    const issued = await challenge();
    const refused = async (message: string | undefined, code = 'POP_RESPONSE_INVALID') =>
      expect(check(message, issued)).rejects.toMatchObject(wire(code));
    await refused(await forged(issued, { nonce_echo: 'AAAAAAAAAAAAAAAAAAAAAA' }));
    await refused(await forged(issued, { tct_jti: uuid(9) }));
    await refused(await forged(issued, { pop_signature: await signPop(issued.challenge.nonce, c as AitpSigner) }));
    await refused(await forged(issued, { pop_signature: await signPop('AAAAAAAAAAAAAAAAAAAAAA', b as AitpSigner) }));
    await refused(await forged(issued, { pop_signature: 7 }));
    await refused(await forged(issued, {}, c));
    await refused(undefined);
    await refused(await forged(issued, { more: 1 }), 'UNKNOWN_FIELD');
    await refused(issued.message, 'INVALID_ENVELOPE');
    await refused('{', 'INVALID_ENVELOPE');
    // None of this used the challenge up.
    await check(await answer(issued.message), issued);
  });

  it('a challenge bound to another key than that of the subject', async () => {
    const issued = await challenge();
    const other = { ...issued.challenge, jkt: C.jkt };
    const message = await answer(issued.message);
    await expect(check(message, issued, { challenge: other })).rejects.toMatchObject(wire('POP_RESPONSE_INVALID'));
  });

  it('[16.35] the last second counts, the next does not', async () => {
    for (const [late, fine] of [
      [300, true],
      [301, false],
    ] as const) {
      at = NOW;
      const issued = await challenge();
      at = NOW + 200;
      const message = await answer(issued.message);
      at = NOW + late;
      const verdict = check(message, issued);
      if (fine) await verdict;
      else await expect(verdict).rejects.toMatchObject(wire('POP_RESPONSE_INVALID'));
    }
  });

  it('[16.35] a holder answers for its own token, and only the one it was presented to', async () => {
    const { message } = await challenge();
    const refused = (verdict: Promise<string>, code = 'POP_CHALLENGE_INVALID') =>
      expect(verdict).rejects.toMatchObject(wire(code));
    await refused(answer(message, b, { tct: { ...tct, jti: uuid(9) } }));
    await refused(answer(message, c));
    await refused(answer(message, b, { verifier: C.aid }));
    const content = { messageType: 'pop_challenge', timestampSec: at } as const;
    const write = async (payload: object) =>
      encodeEnvelope(await buildEnvelope({ ...content, payload: payload as never }, a as AitpSigner));
    await refused(answer(await write({ tct_jti: tct.jti, nonce: 'short' })));
    await refused(answer(await write({ tct_jti: tct.jti })));
    at = NOW + 301;
    await refused(answer(message));
  });
});

describe('invocation', () => {
  const verify = (input: string, overrides: Partial<VerifyInvocationOptions> = {}) =>
    verifyInvocation(input, {
      token: tct.token,
      issuer: A.aid,
      now,
      replay,
      issuerManifest,
      revocation: { dangerouslyIgnoreRevocation: true },
      ...overrides,
    });
  const invoke = (capability = 'read_data', signer = b as AitpSigner, more: object = {}) =>
    buildInvocation(signer, { tct, capability, now, ...more });

  it('the holder uses what it was granted', async () => {
    const invocation = await verify(await invoke('read_data', b, { arguments: { path: '/x' } }));
    expect(invocation).toMatchObject({ sender: B.aid, capability: 'read_data', arguments: { path: '/x' }, tct });
    expect(authorizeInvocation(invocation)).toEqual({ holder: B.aid, capability: 'read_data', tct });
  });

  it('a token that was taken is of no use without its key', async () => {
    await expect(verify(await invoke('read_data', c))).rejects.toMatchObject(wire('AUDIENCE_MISMATCH'));
  });

  it('each other defect has its own code', async () => {
    const refused = async (input: string, code: string, overrides: Partial<VerifyInvocationOptions> = {}) =>
      expect(verify(input, overrides)).rejects.toMatchObject(wire(code));
    await refused(await invoke(), 'TCT_SIGNATURE_INVALID', { token: tamper(tct.token) });
    await refused(await invoke(), 'TCT_REVOKED', { revocation: ownRevocations(new Set([tct.jti])) });
    await refused(await invoke('read_data', b, { tct: { jti: uuid(9) } }), 'INVALID_ENVELOPE');
    await refused((await invoke()).replace('read_data', 'read_dat0'), 'INVALID_SIGNATURE');
    const again = await invoke();
    await verify(again);
    await refused(again, 'REPLAY_DETECTED');
    const content = { messageType: 'pop_response', payload: {}, timestampSec: at } as const;
    await refused(encodeEnvelope(await buildEnvelope(content, b as AitpSigner)), 'INVALID_ENVELOPE');
    const saying = async (payload: JsonObject) => {
      const message = { messageType: INVOCATION_TYPE, timestampSec: at, payload };
      return encodeEnvelope(await buildEnvelope(message, b as AitpSigner));
    };
    await refused(await saying({ tct_jti: tct.jti, capability: 'x', y: 1 }), 'UNKNOWN_FIELD');
    await refused(await saying({ tct_jti: tct.jti, capability: 'read data' }), 'INVALID_ENVELOPE');
  });

  it('strangers do not fill the memory of identifiers, nor use one up', async () => {
    replay = memoryReplayStore({ now, maxEntries: 2 });
    for (let i = 0; i < 4; i++) {
      await expect(verify(await invoke('read_data', c))).rejects.toMatchObject(wire('AUDIENCE_MISMATCH'));
      const issued = await challenge();
      await expect(check(await forged(issued, {}, c), issued)).rejects.toMatchObject(wire('POP_RESPONSE_INVALID'));
    }
    await verify(await invoke());
    const again = await invoke();
    const both = await Promise.allSettled([verify(again), verify(again)]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('what is not granted is a violation of policy, also by a near miss', async () => {
    for (const name of ['write_data', 'READ_DATA', 'read_data.more', 'read', 'macp.mode.task.v1']) {
      const invocation = await verify(await invoke(name));
      expect(() => authorizeInvocation(invocation), name).toThrow(expect.objectContaining(wire('POLICY_VIOLATION')));
    }
  });

  it('[16.35] a marked grant is not authorised without a proof, nor with one of another token', async () => {
    const policy = { popRequiredGrants: [MARKED] };
    const invocation = await verify(await invoke(MARKED));
    expect(needsProof(MARKED, policy)).toBe(true);
    const refused = expect.objectContaining(wire('POP_RESPONSE_INVALID'));
    expect(() => authorizeInvocation(invocation, policy)).toThrow(refused);
    const proof = await prove();
    expect(authorizeInvocation(invocation, { ...policy, proof })).toMatchObject({ capability: MARKED });
    const other = { ...proof, jti: uuid(9) } as Verified<PopProof>;
    expect(() => authorizeInvocation(invocation, { ...policy, proof: other })).toThrow(refused);
    expect(authorizeInvocation(await verify(await invoke()), policy)).toMatchObject({ capability: 'read_data' });
  });

  it('a bare token needs a proof, or the words that whoever has it may use it', async () => {
    const refused = expect.objectContaining(wire('POP_RESPONSE_INVALID'));
    expect(() => authorizePresented(tct, 'read_data', {})).toThrow(refused);
    expect(authorizePresented(tct, 'read_data', { dangerouslyAcceptBearer: true })).toMatchObject({ holder: B.aid });
    expect(authorizePresented(tct, 'read_data', { proof: await prove() })).toMatchObject({ holder: B.aid });
    const marked = { popRequiredGrants: [MARKED], dangerouslyAcceptBearer: true } as const;
    expect(() => authorizePresented(tct, MARKED, marked)).toThrow(refused);
    expect(() => authorizePresented(tct, 'write_data', { dangerouslyAcceptBearer: true })).toThrow(
      expect.objectContaining(wire('POLICY_VIOLATION')),
    );
  });
});

it('a memory of identifiers that never answers does not outlive the signal of an invocation', async () => {
  const message = await buildInvocation(b as AitpSigner, { tct, capability: 'read_data', now });
  const controller = new AbortController();
  const reason = new Error('enough');
  const hangs = () => {
    controller.abort(reason);
    return new Promise<never>(() => {});
  };
  const decided = {
    token: tct.token,
    issuer: A.aid,
    now,
    issuerManifest,
    revocation: ownRevocations(new Set()),
    signal: controller.signal,
  };
  const slow = { has: hangs, addIfAbsent: hangs };
  await expect(verifyInvocation(message, { ...decided, replay: slow })).rejects.toBe(reason);
  const later = new AbortController();
  const full = {
    has: async () => false,
    addIfAbsent: () => {
      later.abort(reason);
      return new Promise<never>(() => {});
    },
  };
  const again = verifyInvocation(message, { ...decided, replay: full, signal: later.signal });
  await expect(again).rejects.toBe(reason);
});

it('the token an invocation came with is the one that counts, whoever changes the options meanwhile', async () => {
  const wide = await issueTct(a as AitpSigner, { subject: B.aid, grants: ['everything'], now, issuerManifest });
  const message = await buildInvocation(b as AitpSigner, { tct, capability: 'read_data', now });
  const changing = {
    token: tct.token,
    issuer: A.aid,
    now,
    issuerManifest,
    replay,
    revocation: ownRevocations(new Set()),
  };
  const verdict = verifyInvocation(message, changing);
  changing.token = wide.tct.token;
  expect((await verdict).tct.jti).toBe(tct.jti);
});

it('one challenge answered twice at once is answered once', async () => {
  const issued = await challenge();
  const answers = await Promise.all(Array.from({ length: 8 }, () => answer(issued.message)));
  const settled = await Promise.allSettled(answers.map((message) => check(message, issued)));
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});
