// What hostile servers and signers try on a verifier, one test for each attack; and what must not be signed.

import { describe, expect, it, vi } from 'vitest';
import {
  type AgentCard,
  type CanonicalProfile,
  jkuPolicy,
  lintForSigning,
  parseAgentCard,
  protectedHeader,
  type SignatureVerifier,
  sdk,
  selectInterface,
  signAgentCard,
  spec,
  type TrustRoot,
  verificationInput,
  verifyAgentCard,
  verifySignatures,
} from '../../../src/a2a/card/index.js';
import { A2aError } from '../../../src/a2a/errors.js';
import { phoneInterface } from '../../../src/a2a/phone/phone-interface.js';
import type { JsonObject, JsonValue } from '../../../src/codec/json-value.js';
import { type KeySource, keySet } from '../../../src/documents/jwks.js';
import { signCompact } from '../../../src/documents/sign.js';
import { signerFromJwk } from '../../../src/documents/signer.js';
import { jwkThumbprint } from '../../../src/documents/thumbprint.js';
import { keyFromJwk, type VerificationKey } from '../../../src/documents/verification-key.js';
import type { FetchLike } from '../../../src/http/bounded-fetch.js';
import { identityFromSeed } from '../../../src/identity/seed-identity.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import {
  codeOf,
  codeOfCall,
  ec,
  ed,
  edNew,
  jwks,
  plainCard,
  publicOf,
  signatureOver,
  withSignature,
} from './helpers.js';

const failureOf = async (promise: Promise<unknown>): Promise<A2aError> => {
  const error = await promise.then(
    () => expect.fail('it verified'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(A2aError);
  return error as A2aError;
};
const scheme = (more = {}) => ({ httpAuthSecurityScheme: { scheme: 'Bearer', ...more } });
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('J7: one of two signers needed adds what the other never signed', async () => {
  const honest: AgentCard = {
    ...plainCard,
    securitySchemes: { bearer: scheme() },
    securityRequirements: [{ schemes: { bearer: { list: ['read'] } } }],
  };
  // The official SDKs see neither the empty scheme nor the requirement without scopes.
  const open = { schemes: { open: { list: [] } } };
  const evil = {
    ...honest,
    securitySchemes: { ...honest.securitySchemes, open: { mtlsSecurityScheme: {}, x1: 1, x2: 2, x3: 3, x4: 4 } },
    securityRequirements: [open, ...(honest.securityRequirements ?? [])],
  };
  const card = {
    ...evil,
    signatures: [await signatureOver(evil, ed), await signatureOver(honest, ec, { profile: sdk })],
  };

  it.each(['all', { kids: ['ed-1', 'ec-1'] }] as const)('in the noise of unknown members, with %j', async (accept) => {
    const result = await verifyAgentCard(card, { keys: jwks, accept });
    expect(result).toMatchObject({ kid: 'ec-1', profile: 'sdk' });
    expect(result.card.securityRequirements).toEqual(honest.securityRequirements);
    expect(result.card.securitySchemes).toEqual(honest.securitySchemes);
    expect(result.uncovered).toEqual(['/securityRequirements/0', '/securitySchemes/open']);
    const refused = await failureOf(verifyAgentCard(card, { keys: jwks, accept, uncovered: 'reject' }));
    expect(refused).toMatchObject({ code: 'ERR_A2A_UNCOVERED_CONTENT', uncovered: result.uncovered });
  });

  it('in a text that says more in one place and less in another', async () => {
    const named = (name: string, change: JsonObject): CanonicalProfile => ({
      name,
      canonicalize: ({ signatures: _, ...rest }) => spec.canonicalize({ ...rest, ...change }),
    });
    const verifyAs = (...profiles: CanonicalProfile[]) => {
      const two = { ...plainCard, signatures: [0, 1].map(() => card.signatures[0]) };
      let asked = 0;
      // The first signature holds over the first text, the second over the second.
      const verifier: SignatureVerifier = ({ profile }) => {
        const holds = profile === profiles[asked === 0 ? 0 : 1]?.name;
        if (holds) asked++;
        return holds;
      };
      return verifySignatures(two, ['EdDSA'], verifier, { profiles, accept: 'all' });
    };
    const [named1, named2] = [named('one', { name: 'One' }), named('two', { description: 'Two' })];
    expect(await codeOf(verifyAs(named1, named2))).toBe('ERR_A2A_UNCOVERED_CONTENT');
    const added = named('added', { documentationUrl: 'https://evil.example' });
    expect(await verifyAs(added, spec)).toMatchObject({ profile: 'spec', card: plainCard });
    expect(await verifyAs(spec, added)).toMatchObject({ profile: 'spec', card: plainCard });
  });

  it('and honest signers of different forms still agree on the one that says least', async () => {
    const params = { a: [null, 1, '', [2, {}], {}], b: null };
    const sparse = {
      ...plainCard,
      iconUrl: '',
      xOwn: 1,
      capabilities: { streaming: true, extensions: [{ uri: 'u', params }] },
      skills: [{ id: 's', name: '', description: 'd', tags: ['', 'a', '', 'b', ''] }],
      securityRequirements: [{}, ...(honest.securityRequirements ?? [])],
    };
    const both = [await signatureOver(sparse, ed), await signatureOver(sparse, ec, { profile: sdk })];
    for (const signatures of [both, both.toReversed()]) {
      const result = await verifyAgentCard({ ...sparse, signatures }, { keys: jwks, accept: 'all' });
      expect(result).toMatchObject({ profile: 'sdk', kid: 'ec-1' });
      const alone = await verifyAgentCard({ ...sparse, signatures: [both[1]] }, { keys: jwks });
      expect(result.uncovered).toEqual(alone.uncovered);
    }
  });
});

describe('memory and time', () => {
  it.each([
    ['escaped quotes', '\\"'],
    ['quotes', '"'],
    ['minus signs', '-'],
    ['digits', '1.'],
  ])('a large number before 160 KB of %s takes no time', (_, filler) => {
    const started = performance.now();
    for (const number of ['12345678901234567890', '100000000000000000000']) {
      const text = `{"a":${number},${filler.repeat(80_000)}`;
      expect(codeOfCall(() => parseAgentCard(text))).toBe('ERR_A2A_INVALID_CARD');
    }
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  /** A card whose parts have long names and much inside that nobody signed. */
  async function amplified(extra: (i: number) => string, count = 3_000, name = 'n'.repeat(20_000)) {
    const signed = await withSignature({ ...plainCard, securitySchemes: { [name]: scheme() } }, ed);
    const inner = signed.securitySchemes?.[name]?.httpAuthSecurityScheme as unknown as Record<string, number>;
    for (let i = 0; i < count; i++) inner[extra(i)] = 0;
    return signed;
  }
  const charactersOf = (pointers: readonly string[]) => pointers.reduce((sum, { length }) => sum + length, 0);

  it('many unsigned members below a long name are summed up, not listed', async () => {
    const card = await amplified((i) => `x${i}`);
    const { uncovered } = await verifyAgentCard(card, { keys: jwks });
    expect(uncovered).toEqual([`/securitySchemes/${'n'.repeat(253)}.../httpAuthSecurityScheme`]);
    const found = lintForSigning(card as never);
    expect(found.length).toBeLessThan(300);
    expect(found[0]).toEqual({ code: 'unknown_member', pointer: `${uncovered[0]}/x0` });
    expect(found.at(-1)).toEqual({ code: 'more', pointer: '' });
  });

  it('unsigned members at the top are summed up as the whole card', async () => {
    const few = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`x${i}`, 0]));
    const signed = await withSignature(plainCard, ed);
    const { uncovered } = await verifyAgentCard({ ...signed, ...few }, { keys: jwks });
    expect(uncovered).toHaveLength(1_000);
    const many = { ...signed, ...few, y: 0 };
    expect((await verifyAgentCard(many, { keys: jwks })).uncovered).toEqual(['']);
    expect(lintForSigning({ ...signed, ...few } as never)).toHaveLength(1_000);
    const found = lintForSigning(many as never);
    expect([found.length, found.at(-1)]).toEqual([1_001, { code: 'more', pointer: '' }]);
  });

  it('what is listed stays within its bounds for any shape of a card', async () => {
    const deep = (levels: number): JsonObject => ({ a: 1, ['b'.repeat(300)]: levels === 0 ? 2 : deep(levels - 1) });
    const wide = { ...(await amplified((i) => `${i}-${'y'.repeat(400)}`, 400, 'short')) };
    const shapes = [
      { ...wide, xDeep: deep(100) },
      { ...wide, ...Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${i}${'z'.repeat(500)}`, deep(3)])) },
      { ...plainCard, capabilities: { extensions: Array(40).fill({ uri: '', params: deep(90) }) } },
    ];
    const none: CanonicalProfile = { name: 'none', canonicalize: () => '{}' };
    for (const shape of shapes) {
      const signatures = (await withSignature(plainCard, ed)).signatures;
      const { uncovered } = await verifySignatures({ ...shape, signatures }, ['EdDSA'], () => true, {
        profiles: [none],
      });
      const pointers = lintForSigning(shape as never).map(({ pointer }) => pointer);
      for (const list of [uncovered, pointers]) {
        expect(list.length).toBeGreaterThan(0);
        expect(list.length).toBeLessThanOrEqual(1_001);
        expect(charactersOf(list)).toBeLessThanOrEqual(65_536);
      }
    }
  });

  it('what is summed up is as known as what is inside it', async () => {
    const junk = await amplified((i) => `x${i}`, 2_000, 'tls');
    await verifyAgentCard(junk, { keys: jwks, uncovered: 'reject' });
    // Last of all, after the sum was made: a member that clients act on.
    const scheme = junk.securitySchemes?.tls?.httpAuthSecurityScheme as unknown as Record<string, string>;
    scheme.xLast = '';
    const bearer = { ...junk, securitySchemes: { tls: { httpAuthSecurityScheme: { ...scheme, bearerFormat: 'x' } } } };
    const blind: CanonicalProfile = {
      name: 'blind',
      canonicalize: ({ securitySchemes: _, ...card }) =>
        spec.canonicalize({ ...card, securitySchemes: { tls: { httpAuthSecurityScheme: { scheme: 'Bearer' } } } }),
    };
    const verification = verifySignatures(bearer, ['EdDSA'], () => true, { profiles: [blind], uncovered: 'reject' });
    expect(await failureOf(verification)).toMatchObject({
      code: 'ERR_A2A_UNCOVERED_CONTENT',
      uncovered: ['/securitySchemes/tls/httpAuthSecurityScheme'],
    });
  });

  it('lists inside lists are compared in one go', async () => {
    let params: JsonValue = [...Array<JsonValue>(60_000).fill(''), 'x'];
    for (let i = 0; i < 100; i++) params = [params, ''];
    const card: AgentCard = { ...plainCard, capabilities: { extensions: [{ uri: 'u', params: { params } }] } };
    const signed = await withSignature(card, ed, { profile: sdk });
    const started = performance.now();
    await verifyAgentCard(signed, { keys: jwks });
    lintForSigning(signed);
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  /** A key whose checks take their time on the thread, as they do where there is no WebCrypto. */
  function slowKey(kid = 'ed-1') {
    let turns = 0;
    let running = true;
    const tick = () => {
      turns++;
      if (running) setImmediate(tick);
    };
    setImmediate(tick);
    const turnsAtCheck: number[] = [];
    const key: VerificationKey = {
      ...keyFromJwk({ ...publicOf(edNew), kid }),
      verify: async () => {
        turnsAtCheck.push(turns);
        return false;
      },
    };
    return { key, turnsAtCheck, stop: () => (running = false) };
  }

  it('many signatures under slow keys leave the event loop its turns, and end', async () => {
    const slow = slowKey();
    const [entry] = (await withSignature(plainCard, ed)).signatures;
    const card = { ...plainCard, description: '', iconUrl: '', xOwn: 1, signatures: Array(16).fill(entry) };
    const keys = [slow.key, slow.key, slow.key, slow.key];
    const failure = await failureOf(verifyAgentCard(card, { keys }));
    expect(failure).toMatchObject({ code: 'ERR_A2A_VERIFICATION_FAILED', untriedSignatures: expect.any(Number) });
    expect(slow.turnsAtCheck).toHaveLength(100);
    const turnsBetween = slow.turnsAtCheck.slice(1).map((at, i) => at - (slow.turnsAtCheck[i] as number));
    expect(turnsBetween.every((turns) => turns > 0)).toBe(true);
    slow.turnsAtCheck.length = 0;
    const few = await failureOf(verifyAgentCard(card, { keys, maxChecks: 5 }));
    expect([slow.turnsAtCheck.length, few.attempts?.length, few.untriedSignatures]).toEqual([5, 1, 15]);
    slow.stop();
    const verifier = vi.fn(() => false);
    await failureOf(verifySignatures(card, ['EdDSA'], verifier, { maxChecks: 7 }));
    expect(verifier).toHaveBeenCalledTimes(7);
  });

  it('a signature that holds within the budget counts', async () => {
    const slow = slowKey();
    slow.stop();
    const signed = await withSignature(plainCard, ed);
    await verifyAgentCard(signed, { keys: [slow.key, publicOf(ed)], maxChecks: 2 });
    expect(await codeOf(verifyAgentCard(signed, { keys: [slow.key, publicOf(ed)], maxChecks: 1 }))).toBe(
      'ERR_A2A_VERIFICATION_FAILED',
    );
    for (const maxChecks of [0, 10_001, 1.5]) {
      await expect(verifyAgentCard(signed, { keys: jwks, maxChecks })).rejects.toThrow(RangeError);
    }
  });
});

describe('J6: signatures that point to ever more keys', () => {
  const [PREFIX, signer] = ['https://keys.example/agents/', ed];
  const pointing = async (count: number) => ({
    ...plainCard,
    signatures: await Promise.all(
      Array.from({ length: count }, (_, i) => signatureOver(plainCard, signer, { kid: 'k', jku: `${PREFIX}${i}` })),
    ),
  });
  const silent: FetchLike = (_, { signal }) =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  const until = async (condition: () => boolean) => {
    for (let i = 0; i < 1_000 && !condition(); i++) await turn();
  };

  it('are followed to four addresses', async () => {
    const asked: string[] = [];
    const fetch: FetchLike = async (url) => {
      asked.push(url);
      return Response.json({ keys: [] });
    };
    const jku = jkuPolicy({ allow: [PREFIX], remote: { fetch } });
    const card = await pointing(16);
    const failure = await failureOf(verifyAgentCard(card, { keys: [], jku }));
    expect(asked).toEqual([0, 1, 2, 3].map((i) => `${PREFIX}${i}`));
    expect(failure.attempts?.map(({ code }) => code)).toEqual([
      ...Array(4).fill('ERR_A2A_KEY_NOT_FOUND'),
      ...Array(12).fill('ERR_A2A_JKU_NOT_ALLOWED'),
    ]);
    // One address counts once.
    const [first] = card.signatures;
    const same = { ...plainCard, signatures: [...Array(8).fill(first), ...(await pointing(1)).signatures] };
    const again = await failureOf(verifyAgentCard(same, { keys: [], jku }));
    expect(again.attempts?.every(({ code }) => code === 'ERR_A2A_KEY_NOT_FOUND')).toBe(true);
  });

  it('have one time for all of them, also where they never answer', async () => {
    const clock = fakeClock();
    const jku = jkuPolicy({ allow: [PREFIX], remote: { fetch: silent, clock: fakeClock() } });
    const verification = failureOf(verifyAgentCard(await pointing(3), { keys: [], jku, clock, keysTimeoutMs: 700 }));
    await until(() => clock.pendingTimers > 0);
    clock.advance(699);
    await turn();
    expect(clock.pendingTimers).toBe(1);
    clock.advance(1);
    // The others begin when the time is up: what is not at hand by the next turn does not count.
    for (let i = 0; i < 2; i++) {
      await until(() => clock.pendingTimers > 0);
      clock.advance(0);
    }
    const failure = await verification;
    expect(failure.attempts?.map(({ code }) => code)).toEqual(Array(3).fill('ERR_A2A_KEY_RETRIEVAL_FAILED'));
    expect(clock.pendingTimers).toBe(0);
  });

  it('do not keep keys that are at hand from being found, once the time is up', async () => {
    const clock = fakeClock();
    const down: KeySource = { find: () => new Promise(() => {}) };
    const signed = await withSignature(plainCard, ed);
    const verification = verifyAgentCard(signed, { keys: [down, keySet([publicOf(ed)])], clock });
    await until(() => clock.pendingTimers > 0);
    clock.advance(5_000);
    expect((await verification).kid).toBe('ed-1');
    expect(clock.pendingTimers).toBe(0);
  });

  it('are told when nobody waits any longer, and a policy that never opens is waited for no longer', async () => {
    const clock = fakeClock();
    let seen: AbortSignal | undefined;
    const source: KeySource = {
      find: (_, context) => {
        seen = context?.signal;
        return new Promise(() => {});
      },
    };
    const jku = jkuPolicy({ allow: [PREFIX], open: () => new Promise(() => {}) });
    const verification = codeOf(verifyAgentCard(await pointing(1), { keys: source, jku, clock }));
    await until(() => clock.pendingTimers > 0);
    expect(seen?.aborted).toBe(false);
    clock.advance(5_000);
    expect(seen?.aborted).toBe(true);
    await until(() => clock.pendingTimers > 0);
    clock.advance(0);
    expect(await verification).toBe('ERR_A2A_KEY_RETRIEVAL_FAILED');
    const reason = new Error('enough');
    const controller = new AbortController();
    const aborted = verifyAgentCard(await pointing(1), { keys: source, jku, clock, signal: controller.signal });
    await until(() => clock.pendingTimers > 0);
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    expect([seen?.reason, clock.pendingTimers]).toEqual([reason, 0]);
  });

  it('wait for a time in range', async () => {
    for (const keysTimeoutMs of [0, 600_001]) {
      await expect(verifyAgentCard(await pointing(1), { keys: [], keysTimeoutMs })).rejects.toThrow(RangeError);
    }
  });

  it.each([
    'https://keys.example/agents/..;/x',
    'https://keys.example/agents/a;b/x',
    'https://keys.example/agents/..%3b/x',
    'https://keys.example/agents/%252e%252e/x',
    'https://keys.example/agents/%252E%252E%252Fx',
    'https://keys.example/agents/%25252e/x',
  ])('do not get out of a prefix by what a server behind a proxy reads as one: %s', async (url) => {
    const open = vi.fn();
    const card = await withSignature(plainCard, ed, { jku: url });
    const verification = verifyAgentCard(card, { keys: [], jku: jkuPolicy({ allow: [PREFIX], open }) });
    expect(await codeOf(verification)).toBe('ERR_A2A_JKU_NOT_ALLOWED');
    expect(open).not.toHaveBeenCalled();
    // Whoever lists the very address means it.
    const listed = jkuPolicy({ allow: [url], open: () => keySet([publicOf(ed)]) });
    await verifyAgentCard(card, { keys: [], jku: listed });
  });
});

describe('one key under two names', async () => {
  const named = (jwk: typeof ed, kid: string) => ({ ...publicOf(jwk), kid });
  const signed = async (...signers: [key: typeof ed, kid: string][]) => ({
    ...plainCard,
    signatures: await Promise.all(signers.map(([key, kid]) => signatureOver(plainCard, key, { kid }))),
  });
  const accept = { kids: ['a', 'b'] };

  it('does not stand for two signers, whoever publishes it', async () => {
    const card = await signed([ed, 'a'], [ed, 'b']);
    const ofA = keySet([named(ed, 'a'), named(ed, 'b')]);
    const ofB = keySet([named(ec, 'b')]);
    const failure = await failureOf(verifyAgentCard(card, { keys: [ofA, ofB], accept }));
    expect(failure.code).toBe('ERR_A2A_VERIFICATION_FAILED');
    expect(failure.attempts?.map(({ verified }) => verified)).toEqual([true, true]);
    const keys = [named(ed, 'a'), named(ec, 'b')];
    await verifyAgentCard(await signed([ed, 'a'], [ec, 'b']), { keys, accept });
  });

  it('does not by the names that follow from the key', async () => {
    const { kid: _, d: __, ...nameless } = ed;
    const { did } = keyFromJwk(nameless);
    const kids = [did as string, await jwkThumbprint(nameless)] as const;
    const card = await signed([ed, kids[0]], [ed, kids[1]]);
    await verifyAgentCard(card, { keys: nameless, accept: 'all' });
    expect(await codeOf(verifyAgentCard(card, { keys: nameless, accept: { kids } }))).toBe(
      'ERR_A2A_VERIFICATION_FAILED',
    );
  });

  it('leaves a name to its other key, in any order of the signatures', async () => {
    // `a` is a name of both keys, `b` of the first alone.
    const keys = [named(ed, 'a'), named(edNew, 'a'), named(ed, 'b')];
    const signers: [typeof ed, string][] = [
      [ed, 'a'],
      [edNew, 'a'],
      [ed, 'b'],
    ];
    for (const order of [signers, signers.toReversed()]) {
      const result = await verifyAgentCard(await signed(...order), { keys, accept });
      expect(result.card).toEqual(plainCard);
    }
    expect(await codeOf(verifyAgentCard(await signed([ed, 'a'], [ed, 'b']), { keys, accept }))).toBe(
      'ERR_A2A_VERIFICATION_FAILED',
    );
    await verifyAgentCard(await signed([ed, 'a']), { keys, accept: { kids: ['a', 'a'] } });
  });
});

describe('a signature made for something else', () => {
  const claims = {
    aud: 'https://bank.example',
    sub: 'user',
    supportedInterfaces: [{ protocolBinding: 'JSONRPC', protocolVersion: '1.0', url: 'https://evil.example/' }],
  };

  it('is not one of a card: a token, packed as one', async () => {
    for (const typ of ['aitp-tct+jwt', 'at+jwt', 'dpop+jwt', 'jwt', 'JWT ', 'JOSE+JSON', '']) {
      const token = await signCompact(new TextEncoder().encode(spec.canonicalize(claims)), await signerFromJwk(ed), {
        typ,
      });
      const [segment, , signature] = token.split('.') as [string, string, string];
      const card = { ...claims, signatures: [{ protected: segment, signature }] };
      expect(await codeOf(verifyAgentCard(card, { keys: jwks }))).toBe('ERR_A2A_INVALID_PROTECTED_HEADER');
      expect(await codeOf(verifySignatures(card, ['EdDSA'], () => true))).toBe('ERR_A2A_INVALID_PROTECTED_HEADER');
      expect(codeOfCall(() => verificationInput(card))).toBe('ERR_A2A_INVALID_PROTECTED_HEADER');
      // Who names it means it.
      expect((await verifyAgentCard(card, { keys: jwks, typ })).attempts[0]).toMatchObject({ typ });
      expect(protectedHeader({ protected: segment, signature }, { typ }).typ).toBe(typ);
    }
  });

  it('but what signers of cards write is taken', async () => {
    for (const typ of ['JOSE', 'jose', 'Jose', 'JWT', null]) {
      await verifyAgentCard(await withSignature(plainCard, ed, { typ }), { keys: jwks });
    }
  });
});

describe('texts of a peer in messages', () => {
  const ESC = '\u001b]0;owned\u0007\u001b[2J\u202e\u200b\u{e0041}';
  const errorOf = (call: () => unknown): A2aError => {
    try {
      call();
    } catch (error) {
      return error as A2aError;
    }
    return expect.fail('nothing thrown');
  };
  // Escaped, a character takes six.
  const isFit = (text: string | undefined) =>
    text !== undefined && text.length < 1_400 && !/[\p{Cc}\u2028\u202e]/u.test(text);

  it.each([
    ['control characters', ESC],
    ['900 KB', 'x'.repeat(900_000)],
    ['900 KB to escape', '\u202e'.repeat(300_000)],
  ])('hold no %s', async (_, text) => {
    const faults = [
      errorOf(() => parseAgentCard(JSON.stringify({ ...plainCard, securitySchemes: { [text]: 5 } }))),
      errorOf(() => parseAgentCard(JSON.stringify({ ...plainCard, skills: [{ id: 's' }], security: { [text]: 5 } }))),
      await failureOf(
        verifyAgentCard({ ...plainCard, signatures: [{}], securitySchemes: { [text]: 5 } }, { keys: jwks }),
      ),
      await failureOf(signAgentCard({ ...plainCard, [text]: 5 } as never, ed)),
    ];
    for (const { message, pointer } of faults) expect([isFit(message), isFit(pointer)]).toEqual([true, true]);
    const strange = { url: 'https://lock.example', protocolBinding: text, protocolVersion: '9' };
    expect(
      isFit(errorOf(() => selectInterface({ ...plainCard, supportedInterfaces: [strange, strange] })).message),
    ).toBe(true);
    const moved = { ...plainCard, supportedInterfaces: [{ ...strange, url: `https://evil.example/${text}` }] };
    const keys = { keys: jwks, allowedOrigins: ['https://lock.example'] };
    const find = vi.fn();
    const outside = verifyAgentCard(await withSignature(moved, ed), {
      keys: [{ ...keys }, { ...keys, keys: { find } }],
    });
    const { attempts } = await failureOf(outside);
    expect(attempts?.[0]).toMatchObject({ code: 'ERR_A2A_ORIGIN_NOT_ALLOWED' });
  });

  it('of origins are fit to print', async () => {
    const { outsideOf } = await import('../../../src/a2a/card/origins.js');
    for (const text of [ESC, 'x'.repeat(900_000)]) {
      const interfaces = [{ url: `https://evil.example/${text}`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }];
      expect(isFit(outsideOf(['https://lock.example'], { interfaces }))).toBe(true);
    }
  });
});

describe('a scope that is not one', () => {
  const verify = async (keys: unknown) =>
    verifyAgentCard(await withSignature(plainCard, ed), { keys: keys as TrustRoot });
  const set = { keys: [publicOf(ed)] };

  it.each([
    ['allowedOrigin', { ...set, allowedOrigin: ['https://other.example'] }],
    ['notafter', { ...set, notafter: new Date(0) }],
    ['origins', { ...set, allowedOrigins: ['https://lock.example'], origins: [] }],
    ['expires', { keys: { ...set, expires: new Date(0) }, notBefore: new Date(0) }],
  ])('is refused for its member %s', async (name, keys) => {
    await expect(verify(keys)).rejects.toThrow(TypeError);
    await expect(verify(keys)).rejects.toThrow(name);
  });

  it.each([
    ['null', null],
    ['a text', '2000-01-01'],
    ['a number', 0],
    ['an invalid date', new Date('2020-13-45')],
    ['something with a time of its own', { getTime: (): string => '0' }],
  ])('is refused for a date that is %s', async (_, date) => {
    for (const name of ['notBefore', 'notAfter']) {
      await expect(verify({ ...set, [name]: date })).rejects.toThrow(TypeError);
      await expect(verify({ ...set, [name]: date })).rejects.toThrow(name);
    }
  });

  it.each([[null], ['https://lock.example'], [{}], [[null]], [['lock.example']]])(
    'is refused for the origins %j',
    async (allowedOrigins) => {
      await expect(verify({ ...set, allowedOrigins })).rejects.toThrow(TypeError);
    },
  );

  it('takes nothing away from the scope around it', async () => {
    const outer = { allowedOrigins: ['https://other.example'] };
    const later = { notAfter: new Date('2999-01-01') };
    expect(await codeOf(verify({ ...outer, keys: { ...set, ...later } }))).toBe('ERR_A2A_ORIGIN_NOT_ALLOWED');
    expect(await codeOf(verify({ ...later, keys: [{ ...outer, keys: [set] }] }))).toBe('ERR_A2A_ORIGIN_NOT_ALLOWED');
    const past = { notAfter: new Date('2000-01-01') };
    const here = { allowedOrigins: ['https://lock.example'] };
    expect(await codeOf(verify({ ...past, keys: [{ ...here, keys: set }] }))).toBe('ERR_A2A_KEY_UNUSABLE');
  });
});

describe('addresses that must not be signed', async () => {
  const identity = await identityFromSeed(new Uint8Array(32).fill(7));
  const entry = (url: string, protocolBinding = 'JSONRPC') => ({ url, protocolBinding, protocolVersion: '1.0' });
  const sign = async (...interfaces: AgentCard['supportedInterfaces']) => {
    try {
      await signAgentCard({ ...plainCard, supportedInterfaces: interfaces }, ed);
      return 'signed';
    } catch (error) {
      const { code, pointer } = error as A2aError;
      return [code, pointer];
    }
  };

  it.each([
    '/a2a',
    'a2a',
    '//evil.example/a2a',
    '',
    'lock.example',
    'lock.example:443',
    'javascript:alert(1)',
    'JavaScript://lock.example/%0aalert(1)',
    'data:application/json,{}',
    'file:///etc/passwd',
    'ftp://lock.example/',
    'blob:https://lock.example/1',
    'http://lock.example/',
    'ws://lock.example/',
    'wss://lock.example/',
    'http://127.0.0.1.evil.example/',
    'http://localhost.evil.example/',
    'http://10.0.0.1/',
    'https://lock.example@evil.example/',
    'https://user:pass@lock.example/',
    'https:lock.example',
    'https://',
  ])('%j', async (url) => {
    expect(await sign(entry('https://lock.example/rpc'), entry(url))).toEqual([
      'ERR_A2A_INVALID_CARD',
      '/supportedInterfaces/1/url',
    ]);
    expect(await sign(entry(url, 'https://bindings.example/own'))).toEqual([
      'ERR_A2A_INVALID_CARD',
      '/supportedInterfaces/0/url',
    ]);
  });

  it.each(['javascript:alert(1)', '/a2a', 'ws://lock.example/', 'data:,x', ''])('%j, of gRPC', async (url) => {
    expect(await sign(entry(url, 'GRPC'))).toEqual(['ERR_A2A_INVALID_CARD', '/supportedInterfaces/0/url']);
  });

  it.each(['https://lock.example/', 'javascript:alert(1)', '/phone', 'ftp://lock.example/'])(
    '%j, of a phone',
    async (url) => {
      const expected = url.startsWith('https:') ? 'signed' : ['ERR_A2A_INVALID_CARD', '/supportedInterfaces/0/url'];
      expect(await sign(entry(url, 'urn:ringline:agent-phone:1'))).toEqual(expected);
    },
  );

  it.each<[url: string, binding?: string]>([
    ['https://lock.example'],
    ['https://lock.example:8443/a?b=c#d'],
    ['HTTPS://lock.example/'],
    ['http://127.0.0.1:8080/'],
    ['http://localhost/'],
    ['http://agent.localhost:1/'],
    ['ws://[::1]:1/'],
    ['wss://127.8.9.1/'],
    ['grpc.lock.example:443', 'GRPC'],
    ['10.0.0.1:50051', 'grpc'],
    ['[2001:db8::1]:443', 'grpc'],
    ['grpc.lock.example', 'grpc'],
    ['https://grpc.lock.example', 'gRPC'],
  ])('but %s %s may', async (url, binding) => {
    expect(await sign(entry(url, binding))).toBe('signed');
  });

  it('but those of phones may', async () => {
    for (const url of ['wss://lock.example/phone', 'ws://lock.example/phone']) {
      expect(await sign(phoneInterface({ url, did: identity.did }))).toBe('signed');
    }
  });
});
