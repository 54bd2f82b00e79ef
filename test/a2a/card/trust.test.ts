import { exportJWK, exportSPKI, generateKeyPair } from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type AgentCard,
  type JkuOptions,
  jkuPolicy,
  type ScopedKeys,
  signAgentCard,
  type TrustRoot,
  verifyAgentCard,
} from '../../../src/a2a/card/index.js';
import type { A2aError } from '../../../src/a2a/errors.js';
import { type KeySource, keySet, oneKey } from '../../../src/documents/jwks.js';
import { remoteJwks } from '../../../src/documents/remote-jwks.js';
import { keyFromBytes, keyFromCryptoKey, keyFromJwk } from '../../../src/documents/verification-key.js';
import { VerifyError } from '../../../src/errors.js';
import type { FetchLike } from '../../../src/http/bounded-fetch.js';
import { createIdentity } from '../../../src/identity/seed-identity.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { codeOf, ec, ecNew, ed, edNew, jwks, plainCard, publicOf, withSignature } from './helpers.js';

const JKU = 'https://keys.example/agents/jwks.json';
const signed = await signAgentCard(plainCard, ed, { jku: JKU });
const verify = (keys: TrustRoot | readonly TrustRoot[], more = {}, card: AgentCard = signed) =>
  verifyAgentCard(card, { keys, ...more });
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it verified'),
    (error) => error as A2aError,
  );

/** A server of JWK Sets that counts. */
function keyServer(answer: () => Response | Promise<Response> = () => Response.json({ keys: [publicOf(ed)] })) {
  const asked: string[] = [];
  const fetch: FetchLike = async (url) => {
    asked.push(url);
    return answer();
  };
  return { asked, fetch };
}
const policyWith = (server: { fetch: FetchLike }, options: JkuOptions) =>
  jkuPolicy({ ...options, remote: { ...options.remote, fetch: server.fetch } });

describe('roots of trust', () => {
  it('are keys in any form that people have them in', async () => {
    const { d: _, ...jwk } = ed;
    const cryptoKey = await crypto.subtle.importKey('jwk', { kty: ed.kty, crv: ed.crv, x: ed.x }, 'Ed25519', true, [
      'verify',
    ]);
    const roots: (TrustRoot | readonly TrustRoot[])[] = [
      jwk,
      ed,
      jwks,
      [publicOf(ec), jwk],
      keyFromJwk(jwk),
      keyFromBytes('Ed25519', keyFromJwk(jwk).publicKey, 'ed-1'),
      await keyFromCryptoKey(cryptoKey, 'ed-1'),
      keySet([jwk]),
      oneKey({ ...jwk, kid: 'whatever' }),
      { keys: [jwk], notAfter: new Date(Date.now() + 60_000) },
      { keys: jwks, allowedOrigins: ['https://lock.example'] },
    ];
    for (const root of roots) expect(await verify(root)).toMatchObject({ kid: 'ed-1' });
  });

  it('without a kid answer to what follows from the key', async () => {
    const identity = await createIdentity();
    const key = keyFromJwk({ ...publicOf(ed), kid: undefined });
    const fragment = `${identity.did}#${identity.did.slice('did:key:'.length)}`;
    for (const kid of [identity.did, fragment]) {
      expect(await verify(identity.did, {}, await signAgentCard(plainCard, identity, { kid }))).toMatchObject({ kid });
    }
    for (const kid of ['key-1', `${identity.did}#key-1`, identity.did.slice(0, -1)]) {
      const card = await signAgentCard(plainCard, identity, { kid });
      expect(await codeOf(verify(identity.did, {}, card))).toBe('ERR_A2A_KEY_NOT_FOUND');
    }
    expect(await codeOf(verify(key))).toBe('ERR_A2A_KEY_NOT_FOUND');
    expect(await verify(oneKey(key))).toMatchObject({ kid: 'ed-1' });
    const { kid: _, ...nameless } = ed;
    await verify(key, {}, await signAgentCard(plainCard, nameless));
    await verify(key, {}, await signAgentCard(plainCard, nameless, { kid: key.did as string }));
    const cryptoKey = await crypto.subtle.importKey('jwk', { kty: ed.kty, crv: ed.crv, x: ed.x }, 'Ed25519', true, [
      'verify',
    ]);
    await verify(cryptoKey, {}, await signAgentCard(plainCard, nameless));
  });

  it('verify a header without a kid only when told', async () => {
    const { importJWK, FlattenedSign } = await import('jose');
    const { canonicalSigningPayload } = await import('../../../src/a2a/card/index.js');
    const jws = await new FlattenedSign(canonicalSigningPayload(plainCard).bytes)
      .setProtectedHeader({ alg: 'EdDSA' })
      .sign(await importJWK(ed as never, 'EdDSA'));
    const card = { ...plainCard, signatures: [{ protected: jws.protected as string, signature: jws.signature }] };
    expect(await codeOf(verify(publicOf(ed), {}, card))).toBe('ERR_A2A_INVALID_PROTECTED_HEADER');
    const result = await verify(jwks, { requireKid: false }, card);
    expect(result).not.toHaveProperty('kid');
    expect(result.key.kid).toBe('ed-1');
    expect(await codeOf(verify([], { requireKid: false }, card))).toBe('ERR_A2A_KEY_NOT_FOUND');
  });

  it('have to be such', async () => {
    for (const root of [7, null, {}, [null], { keys: 7 }, true]) {
      await expect(verify(root as never)).rejects.toThrow();
    }
    await expect(verify('https://keys.example/jwks.json')).rejects.toMatchObject({ code: 'ERR_IDENTITY_DID' });
  });
});

describe('[7.39] the order', () => {
  it('puts a pinned key before every source, and asks no network where it has the name', async () => {
    const server = keyServer();
    const jku = policyWith(server, { allow: [JKU] });
    const find = vi.fn();
    await verify([{ find }, publicOf(ed)], { jku });
    // The pinned key of that name is another one: no source may take its place.
    const impostor = { ...publicOf(edNew), kid: 'ed-1' };
    expect(await codeOf(verify([impostor, { find }], { jku }))).toBe('ERR_A2A_VERIFICATION_FAILED');
    // Nor where the pinned key cannot be used.
    const unusable = { ...publicOf(ec), kid: 'ed-1' };
    expect(await codeOf(verify([unusable, { find }], { jku }))).toBe('ERR_A2A_KEY_UNUSABLE');
    expect(find).not.toHaveBeenCalled();
    expect(server.asked).toEqual([]);
  });

  it('[7.39] is not found under another name, without network', async () => {
    const server = keyServer();
    vi.stubGlobal('fetch', server.fetch);
    try {
      expect(await codeOf(verify([publicOf(edNew), publicOf(ec)]))).toBe('ERR_A2A_KEY_NOT_FOUND');
    } finally {
      vi.unstubAllGlobals();
    }
    expect(server.asked).toEqual([]);
  });

  it('asks sources one after another, and what the header names last', async () => {
    const order: string[] = [];
    const source = (name: string, answer: () => Promise<never>): KeySource => ({
      find: async () => {
        order.push(name);
        return answer();
      },
    });
    const missing = async () => {
      throw new VerifyError('ERR_VERIFY_KEY_NOT_FOUND', 'not here');
    };
    const jku = jkuPolicy({
      allow: [JKU],
      open: (url) => {
        order.push(url);
        return keySet([publicOf(ed)]);
      },
    });
    await verify([source('a', missing), source('b', missing)], { jku });
    expect(order).toEqual(['a', 'b', JKU]);
    order.length = 0;
    await verify([source('a', missing), keySet([publicOf(ed)]), source('c', missing)], { jku });
    expect(order).toEqual(['a']);
  });

  it('[7.45] tries two keys of one name', async () => {
    const twin = { ...publicOf(edNew), kid: 'ed-1' };
    await verify([twin, publicOf(ed)]);
    await verify({ keys: [twin, publicOf(ed)] });
    await verify(keySet([twin, publicOf(ed)]));
    const failure = await failureOf(verify([twin, twin, twin, twin, publicOf(ed)]));
    // Bounded: the fifth is not tried.
    expect(failure.code).toBe('ERR_A2A_VERIFICATION_FAILED');
  });

  it('goes on after a source that fails, and reports it when nothing else helps', async () => {
    const cause = new Error('the key server is down');
    const down: KeySource = { find: () => Promise.reject(cause) };
    const up = keySet([publicOf(ed)]);
    await verify([down, up]);
    const failure = await failureOf(verify([down, keySet([publicOf(ec)])]));
    expect(failure.code).toBe('ERR_A2A_KEY_RETRIEVAL_FAILED');
    expect(failure.attempts?.[0]).toMatchObject({ code: 'ERR_A2A_KEY_RETRIEVAL_FAILED', cause: { cause } });
    const throws: KeySource = {
      find() {
        throw cause;
      },
    };
    expect(await codeOf(verify(throws))).toBe('ERR_A2A_KEY_RETRIEVAL_FAILED');
    for (const nothing of [undefined, {}, 'key']) {
      expect(await codeOf(verify({ find: async () => nothing as never }))).toBe('ERR_A2A_KEY_RETRIEVAL_FAILED');
    }
    expect(await codeOf(verify({ find: async () => [] }))).toBe('ERR_A2A_KEY_NOT_FOUND');
  });

  it('does not take the word of a source for what a key is', async () => {
    const lying: KeySource = { find: async () => [keyFromJwk({ ...publicOf(ec), kid: 'ed-1' })] };
    expect(await codeOf(verify(lying))).toBe('ERR_A2A_KEY_UNUSABLE');
  });
});

describe('[7.44] keys that cannot be used', () => {
  it.each([
    ['for encryption', { use: 'enc' }],
    ['for signing only', { key_ops: ['sign'] }],
    ['for another algorithm', { alg: 'ES256' }],
    ['of another curve', { crv: 'X25519' }],
    ['of another kind', { kty: 'oct', k: 'AA' }],
    ['with a short coordinate', { x: ed.x.slice(0, -2) }],
    ['off the curve', { x: 'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ['of small order', { x: 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
  ])('are %s', async (_, change) => {
    const jwk = { ...publicOf(ed), ...change };
    expect(await codeOf(verify(jwk))).toBe('ERR_A2A_KEY_UNUSABLE');
    // One bad key in a set does not spoil another.
    await verify({ keys: [{ ...jwk, kid: 'bad' }, publicOf(ed)] });
  });

  it('are off the curve, of P-256', async () => {
    const card = await signAgentCard(plainCard, ec);
    for (const change of [{ y: ecNew.y }, { y: undefined }, { x: (ec.x as string).slice(1) }]) {
      expect(await codeOf(verify({ ...publicOf(ec), ...change } as never, {}, card))).toBe('ERR_A2A_KEY_UNUSABLE');
    }
  });

  it('may be meant for EdDSA by either name, and may bring a private part along', async () => {
    await verify({ ...publicOf(ed), alg: 'Ed25519' });
    expect((await verify(ed)).key.hadPrivate).toBe(true);
  });
});

describe('[7.46] keys of some origins', () => {
  const scoped = (more: Partial<ScopedKeys>): ScopedKeys => ({ keys: publicOf(ed), ...more });
  const at = (...urls: string[]): AgentCard => ({
    ...plainCard,
    supportedInterfaces: urls.map((url) => ({ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' })),
  });
  const check = async (card: AgentCard, allowedOrigins: string[], cardUrl?: string) =>
    codeOf(verify(scoped({ allowedOrigins }), cardUrl === undefined ? {} : { cardUrl }, await withSignature(card, ed)));

  it('count when every interface and the address of the card are there', async () => {
    const origins = ['https://a.example', 'https://b.example:8443/'];
    expect(await check(at('https://a.example/x', 'https://b.example:8443/y'), origins)).toBeUndefined();
    expect(await check(at('https://A.example:443/x'), origins, 'https://a.example/card.json')).toBeUndefined();
    const grpc = { url: 'grpc.elsewhere.example:443', protocolBinding: 'grpc', protocolVersion: '1.0' };
    const mixed = at('https://a.example/x');
    expect(
      await check({ ...mixed, supportedInterfaces: [...mixed.supportedInterfaces, grpc] }, origins),
    ).toBeUndefined();
  });

  it('do not count anywhere else', async () => {
    const origins = ['https://a.example'];
    for (const url of [
      'https://b.example/x',
      'http://a.example/x',
      'https://a.example:8443/x',
      'https://a.example.evil.example/x',
      'https://a.example@evil.example/x',
      'https://sub.a.example/x',
      'https://a.example./x',
      'a.example',
      'ftp://a.example/x',
      '',
    ]) {
      expect(await check(at('https://a.example/x', url), origins)).toBe('ERR_A2A_ORIGIN_NOT_ALLOWED');
      expect(await check(at('https://a.example/x'), origins, url)).toBe('ERR_A2A_ORIGIN_NOT_ALLOWED');
    }
    // A card that says nowhere where it belongs.
    const grpc = { url: 'a.example:443', protocolBinding: 'GRPC', protocolVersion: '1.0' };
    expect(await check({ ...plainCard, supportedInterfaces: [grpc] }, origins)).toBe('ERR_A2A_ORIGIN_NOT_ALLOWED');
    expect(await check(at('https://a.example/x'), [])).toBe('ERR_A2A_ORIGIN_NOT_ALLOWED');
  });

  it('of one name may be others at another', async () => {
    const roots = [
      scoped({ allowedOrigins: ['https://other.example'], keys: { ...publicOf(edNew), kid: 'ed-1' } }),
      scoped({ allowedOrigins: ['https://lock.example'] }),
    ];
    await verify(roots);
    expect(await codeOf(verify(roots.slice(0, 1)))).toBe('ERR_A2A_ORIGIN_NOT_ALLOWED');
    const find = vi.fn();
    const source = scoped({ allowedOrigins: ['https://other.example'], keys: { find } });
    expect(await codeOf(verify(source))).toBe('ERR_A2A_ORIGIN_NOT_ALLOWED');
    expect(find).not.toHaveBeenCalled();
    await verify([source, publicOf(ed)]);
  });

  it('J10: do not count for a card of 0.3 either', async () => {
    const old = { name: 'n', url: 'https://evil.example', preferredTransport: 'JSONRPC' };
    const { canonicalSigningPayload, raw } = await import('../../../src/a2a/card/index.js');
    const { importJWK, FlattenedSign } = await import('jose');
    const jws = await new FlattenedSign(canonicalSigningPayload(old, raw).bytes)
      .setProtectedHeader({ alg: 'EdDSA', kid: 'ed-1' })
      .sign(await importJWK(ed as never, 'EdDSA'));
    const card = {
      ...old,
      signatures: [{ protected: jws.protected, signature: jws.signature }],
    } as unknown as AgentCard;
    expect(await verify(publicOf(ed), {}, card)).toMatchObject({ card: old });
    expect(await codeOf(verify(scoped({ allowedOrigins: ['https://lock.example'] }), {}, card))).toBe(
      'ERR_A2A_ORIGIN_NOT_ALLOWED',
    );
  });

  it('stay in every scope they are in', async () => {
    const inner = scoped({ notAfter: new Date(Date.now() + 60_000) });
    const outer = { keys: inner, allowedOrigins: ['https://other.example'] };
    expect(await codeOf(verify(outer))).toBe('ERR_A2A_ORIGIN_NOT_ALLOWED');
    await verify({ ...outer, allowedOrigins: ['https://lock.example'] });
    const expired = scoped({ keys: inner, notAfter: new Date(0) });
    expect(await codeOf(verify({ keys: expired, allowedOrigins: ['https://lock.example'] }))).toBe(
      'ERR_A2A_KEY_UNUSABLE',
    );
  });

  it('count for a time', async () => {
    const [start, end] = [new Date('2026-03-01'), new Date('2026-04-01')];
    const window = scoped({ notBefore: start, notAfter: end });
    for (const [now, code] of [
      [start, undefined],
      [end, undefined],
      [new Date(+start - 1), 'ERR_A2A_KEY_UNUSABLE'],
      [new Date(+end + 1), 'ERR_A2A_KEY_UNUSABLE'],
    ] as const) {
      expect(await codeOf(verify(window, { now: () => +now }))).toBe(code);
    }
    // No time at all is not any time.
    expect(await codeOf(verify(window, { now: () => Number.NaN }))).toBe('ERR_A2A_KEY_UNUSABLE');
    for (const name of ['notBefore', 'notAfter']) {
      await expect(verify(scoped({ [name]: new Date('never') }))).rejects.toThrow(TypeError);
    }
  });
});

describe('J6: jku', () => {
  it('[7.40] is ignored unless a policy says otherwise', async () => {
    const server = keyServer();
    vi.stubGlobal('fetch', server.fetch);
    try {
      expect(await codeOf(verify([]))).toBe('ERR_A2A_KEY_NOT_FOUND');
      expect(await codeOf(verify([], { jku: policyWith(server, {}) }))).toBe('ERR_A2A_JKU_NOT_ALLOWED');
      expect(
        await codeOf(verify([], { jku: policyWith(server, { allow: ['https://keys.example/agents/other.json'] }) })),
      ).toBe('ERR_A2A_JKU_NOT_ALLOWED');
    } finally {
      vi.unstubAllGlobals();
    }
    expect(server.asked).toEqual([]);
  });

  it('is followed where that is allowed: by address, by prefix, or to where the card came from', async () => {
    for (const options of [
      { allow: [JKU] },
      { allow: ['https://keys.example/agents/'] },
      { allow: ['https://keys.example/'] },
    ]) {
      const server = keyServer();
      expect(await verify([], { jku: policyWith(server, options) })).toMatchObject({ kid: 'ed-1' });
      expect(server.asked).toEqual([JKU]);
    }
    const server = keyServer();
    const jku = policyWith(server, { sameOrigin: true });
    await verify([], { jku, cardUrl: 'https://keys.example/card.json' });
    for (const cardUrl of [undefined, 'https://lock.example/card.json', 'http://keys.example/card.json']) {
      expect(await codeOf(verify([], { jku, cardUrl }))).toBe('ERR_A2A_JKU_NOT_ALLOWED');
    }
  });

  it.each(['https://keys.example/agents/', 'https://keys.example/agents/a/b.json'])(
    '[7.42] reaches below a prefix: %s',
    async (url) => {
      const server = keyServer();
      await verify(
        [],
        { jku: policyWith(server, { allow: ['https://keys.example/agents/'] }) },
        await signAgentCard(plainCard, ed, { jku: url }),
      );
      expect(server.asked).toEqual([url]);
    },
  );

  it.each([
    'https://keys.example@evil.example/agents/jwks.json',
    'https://user@keys.example/agents/jwks.json',
    'https://user:pass@keys.example/agents/jwks.json',
    'https://keys.example/agents/../evil.json',
    'https://keys.example/agents/%2e%2e/evil.json',
    'https://keys.example/agents/..%2fevil.json',
    'https://keys.example/agents/..%5Cevil.json',
    'https://keys.example/agents\\..\\evil.json',
    'https://keys.example/agents/./jwks.json',
    'https://keys.example:443/agents/jwks.json',
    'https://keys.example:8443/agents/jwks.json',
    'https://KEYS.example/agents/jwks.json',
    'HTTPS://keys.example/agents/jwks.json',
    'https://keys.example./agents/jwks.json',
    'https://keys.example.evil.example/agents/jwks.json',
    'https://keys.examp1e/agents/jwks.json',
    'https://keys.ex\u0430mple/agents/jwks.json',
    'https://keys.example/Agents/jwks.json',
    'https://keys.example/agents',
    'https://keys.example/agents-evil/jwks.json',
    'https://keys.example/agents/jwks.json?next=https://evil.example',
    'https://keys.example/agents/jwks.json#x',
    'https://keys.example/agents/jwks.json ',
    '\thttps://keys.example/agents/jwks.json',
    'https:keys.example/agents/jwks.json',
    'https:///keys.example/agents/jwks.json',
    'http://keys.example/agents/jwks.json',
    '//keys.example/agents/jwks.json',
    '/agents/jwks.json',
    'data:application/json,{"keys":[]}',
    '',
  ])('[7.42] does not get past a prefix as %j', async (url) => {
    const server = keyServer();
    const card = await signAgentCard(plainCard, ed, { jku: url });
    const jku = policyWith(server, { allow: ['https://keys.example/agents/'] });
    expect(await codeOf(verify([], { jku }, card))).toBe('ERR_A2A_JKU_NOT_ALLOWED');
    expect(server.asked).toEqual([]);
  });

  it('allows only addresses that could be fetched as they are written', () => {
    for (const url of [
      'https://keys.example',
      'http://keys.example/',
      'keys.example/',
      'https://a@keys.example/',
      'https://keys.example/a/../',
      7,
    ]) {
      expect(() => jkuPolicy({ allow: [url as string] })).toThrow(TypeError);
    }
    jkuPolicy({ allow: ['http://127.0.0.1:8080/jwks.json'], remote: { allowHttpLoopback: true } });
  });

  it.each<[string, () => Response | Promise<Response>]>([
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://keys.example/other' } })],
    ['nothing there', () => new Response('no', { status: 404 })],
    ['too much', () => new Response(`{"keys":[],"x":"${'x'.repeat(70_000)}"}`)],
    ['no JSON', () => new Response('<html>')],
    ['no set', () => Response.json([])],
    ['no answer', () => Promise.reject(new TypeError('network'))],
  ])('[7.41] fails with the reason where there is %s', async (_, answer) => {
    const server = keyServer(answer);
    const failure = await failureOf(verify([], { jku: policyWith(server, { allow: [JKU] }) }));
    expect(failure.code).toBe('ERR_A2A_KEY_RETRIEVAL_FAILED');
    expect(failure.attempts?.[0]?.cause).toMatchObject({ code: 'ERR_VERIFY_KEY_RETRIEVAL', cause: expect.anything() });
    expect(server.asked).toEqual([JKU]);
  });

  it('[7.41] fails when it takes too long', async () => {
    const clock = fakeClock();
    const fetch: FetchLike = (_, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const jku = jkuPolicy({ allow: [JKU], remote: { fetch, clock, timeoutMs: 5_000 } });
    const verification = codeOf(verify([], { jku }));
    for (let i = 0; i < 50 && clock.pendingTimers === 0; i++) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(5_000);
    expect(await verification).toBe('ERR_A2A_KEY_RETRIEVAL_FAILED');
  });

  it('[7.43] remembers what it fetched, asks again for a new name after a pause, and shares one request', async () => {
    const clock = fakeClock();
    let keys = [publicOf(ed)];
    const server = keyServer(() => Response.json({ keys }));
    const jku = policyWith(server, { allow: [JKU], remote: { clock } });
    const rotated = await signAgentCard(plainCard, edNew, { jku: JKU });
    await Promise.all([verify([], { jku }), verify([], { jku }), verify([], { jku })]);
    await verify([], { jku });
    expect(server.asked).toHaveLength(1);
    keys = [publicOf(ed), publicOf(edNew)];
    // Too early to ask again: strangers choose the names.
    expect(await codeOf(verify([], { jku }, rotated))).toBe('ERR_A2A_KEY_NOT_FOUND');
    expect(server.asked).toHaveLength(1);
    clock.advance(30_000);
    await Promise.all([verify([], { jku }, rotated), verify([], { jku }, rotated)]);
    expect(server.asked).toHaveLength(2);
  });

  it('[7.43] does so for a set the caller configured as well', async () => {
    const server = keyServer();
    const source = remoteJwks(JKU, { fetch: server.fetch });
    await Promise.all([verify(source), verify(source)]);
    expect(server.asked).toHaveLength(1);
  });

  it('[7.47] reads a map of PEM texts only when told', async () => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    const pem = await exportSPKI(publicKey);
    const card = await signAgentCard(plainCard, { ...(await exportJWK(privateKey)), kid: 'pem' } as never, {
      jku: JKU,
    });
    const server = keyServer(() => Response.json({ pem, other: 'no PEM' }));
    expect(await codeOf(verify([], { jku: policyWith(server, { allow: [JKU] }) }, card))).toBe(
      'ERR_A2A_KEY_RETRIEVAL_FAILED',
    );
    const jku = policyWith(server, { allow: [JKU], remote: { allowPemMap: true } });
    expect(await verify([], { jku }, card)).toMatchObject({ kid: 'pem' });
  });

  it('keeps the sets of a bounded number of addresses', async () => {
    const server = keyServer();
    const policy = policyWith(server, { allow: ['https://keys.example/'] });
    for (let i = 0; i < 40; i++) {
      await verify([], { jku: policy }, await signAgentCard(plainCard, ed, { jku: `https://keys.example/${i}` }));
    }
    expect(policy.opened.size).toBe(32);
    expect(server.asked).toHaveLength(40);
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});
