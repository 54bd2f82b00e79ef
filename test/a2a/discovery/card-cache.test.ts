import { beforeAll, describe, expect, it } from 'vitest';
import type { AgentCard } from '../../../src/a2a/card/agent-card.js';
import { spec } from '../../../src/a2a/card/profiles.js';
import { signAgentCard } from '../../../src/a2a/card/sign.js';
import { type CardCacheOptions, cardCache } from '../../../src/a2a/discovery/card-cache.js';
import { type FetchAgentCardOptions, fetchAgentCard } from '../../../src/a2a/discovery/fetch-card.js';
import { encodeUtf8 } from '../../../src/bytes/utf8.js';
import { signDetached } from '../../../src/documents/sign.js';
import { signerFromIdentity } from '../../../src/documents/signer.js';
import { identityFromSeed } from '../../../src/identity/seed-identity.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import type { Asked } from '../../http/helpers.js';
import { CARD, cardResponse, errorOf, web } from './helpers.js';

const ROOT = 'https://agent.example/.well-known/agent-card.json';
const MINUTE_MS = 60_000;

/** An agent behind one address whose answers a test can change, and a cache in front of it. */
function agent(headers: HeadersInit, options: CardCacheOptions = {}) {
  const clock = fakeClock();
  const cache = cardCache({ clock, now: () => 1_000_000 + clock.now(), ...options });
  const state = {
    headers,
    card: CARD as unknown,
    answer: undefined as ((asked: Asked) => Response) | undefined,
  };
  const { fetch, asked } = web({
    [ROOT]: (request) => state.answer?.(request) ?? cardResponse(state.card, state.headers),
  });
  const get = (more: FetchAgentCardOptions = {}) => fetchAgentCard('agent.example', { fetch, cache, clock, ...more });
  return { clock, cache, state, asked, get };
}

const notModified = (headers: HeadersInit = {}) => new Response(null, { status: 304, headers });

describe('[7.50] how long a card is used', () => {
  it.each<[string, Record<string, string>, number]>([
    ['max-age', { 'cache-control': 'max-age=600' }, 600_000],
    ['five minutes where nothing is said', {}, 300_000],
    ['a day at most', { 'cache-control': 'max-age=31536000' }, 86_400_000],
    ['Expires after Date', { date: 'Thu, 01 Jan 1970 00:16:40 GMT', expires: 'Thu, 01 Jan 1970 00:17:40 GMT' }, 60_000],
    ['Age is taken off', { 'cache-control': 'max-age=600', age: '540' }, 60_000],
  ])('%s', async (_, headers, lifetimeMs) => {
    const { get, clock, asked } = agent(headers);
    expect((await get()).fromCache).toBe(false);
    clock.advance(lifetimeMs - 1);
    expect(await get()).toEqual({ card: CARD, text: JSON.stringify(CARD), url: ROOT, tried: [], fromCache: true });
    clock.advance(1);
    expect((await get()).fromCache).toBe(false);
    expect(asked).toHaveLength(2);
  });

  it.each<[string, Record<string, string>]>([
    ['no-store', { 'cache-control': 'no-store, max-age=600' }],
    ['no-store, with a validator', { 'cache-control': 'no-store', etag: '"a"' }],
    ['Vary: *', { 'cache-control': 'max-age=600', vary: '*' }],
    ['no lifetime and no validator', { 'cache-control': 'no-cache' }],
    ['max-age=0 and no validator', { 'cache-control': 'max-age=0' }],
  ])('is not kept: %s', async (_, headers) => {
    const { get, cache, asked } = agent(headers);
    await get();
    expect(cache.size).toBe(0);
    await get();
    expect(asked[1]?.headers.has('if-none-match')).toBe(false);
  });

  it('a card that may not be kept any more is forgotten', async () => {
    const { get, cache, clock, state } = agent({ 'cache-control': 'max-age=1' });
    await get();
    clock.advance(1_000);
    state.headers = { 'cache-control': 'no-store' };
    await get();
    expect(cache.size).toBe(0);
  });

  it('the defaults can be set', async () => {
    const { get, clock, asked } = agent({}, { defaultLifetimeMs: 10, maxLifetimeMs: 20 });
    await get();
    clock.advance(9);
    await get();
    clock.advance(1);
    await get();
    expect(asked).toHaveLength(2);
  });
});

describe('[7.50] asking whether a card still holds', () => {
  it('[7.51] by ETag, with max-age=0; 304 keeps the body and renews the lifetime', async () => {
    const { get, clock, state, asked } = agent({ 'cache-control': 'max-age=60', etag: 'W/"v1"' });
    await get();
    clock.advance(MINUTE_MS);
    state.answer = () => notModified({ 'cache-control': 'max-age=120' });
    expect(await get()).toEqual({ card: CARD, text: JSON.stringify(CARD), url: ROOT, tried: [ROOT], fromCache: true });
    expect(Object.fromEntries(asked[1]?.headers ?? [])).toEqual({
      accept: 'application/json',
      'a2a-version': '1.0',
      'cache-control': 'max-age=0',
      'if-none-match': 'W/"v1"',
    });
    clock.advance(119_999);
    expect((await get()).tried).toEqual([]);
    clock.advance(1);
    await get();
    // The tag is kept although the 304 did not repeat it.
    expect(asked[2]?.headers.get('if-none-match')).toBe('W/"v1"');
  });

  it('a 304 that says nothing renews the lifetime stated before', async () => {
    const { get, clock, state } = agent({ 'cache-control': 'max-age=60', age: '30', etag: '"v1"' });
    await get();
    clock.advance(30_000);
    state.answer = () => notModified();
    await get();
    clock.advance(59_999);
    expect((await get()).tried).toEqual([]);
  });

  it('by Last-Modified where there is no ETag', async () => {
    const lastModified = 'Thu, 01 Jan 1970 00:00:00 GMT';
    const { get, clock, state, asked } = agent({ 'cache-control': 'max-age=60', 'last-modified': lastModified });
    await get();
    clock.advance(MINUTE_MS);
    state.answer = () => notModified();
    expect((await get()).fromCache).toBe(true);
    expect(asked[1]?.headers.get('if-modified-since')).toBe(lastModified);
  });

  it('each time with no-cache', async () => {
    const { get, asked, state } = agent({ 'cache-control': 'no-cache', etag: '"v1"' });
    await get();
    state.answer = () => notModified();
    expect((await get()).fromCache).toBe(true);
    expect((await get()).fromCache).toBe(true);
    expect(asked).toHaveLength(3);
  });

  it('a new card takes the place of the old one', async () => {
    const { get, clock, state } = agent({ 'cache-control': 'max-age=60', etag: '"v1"' });
    await get();
    clock.advance(MINUTE_MS);
    state.card = { ...CARD, version: '2.0.0' };
    expect(await get()).toMatchObject({ card: { version: '2.0.0' }, fromCache: false });
    expect(await get()).toMatchObject({ card: { version: '2.0.0' }, fromCache: true });
  });

  it('a server that fails does not bring a stale card back', async () => {
    const { get, clock, state } = agent({ 'cache-control': 'max-age=60', etag: '"v1"' });
    await get();
    clock.advance(MINUTE_MS);
    state.answer = () => new Response(null, { status: 503 });
    expect((await errorOf(get())).code).toBe('ERR_A2A_CARD_FETCH_FAILED');
    state.answer = () => notModified();
    expect((await get()).fromCache).toBe(true);
  });

  it('a card that is gone is forgotten', async () => {
    const { get, clock, state, cache } = agent({ 'cache-control': 'max-age=60', etag: '"v1"' });
    await get();
    clock.advance(MINUTE_MS);
    state.answer = () => new Response(null, { status: 410 });
    expect((await errorOf(get())).code).toBe('ERR_A2A_CARD_NOT_FOUND');
    expect(cache.size).toBe(0);
  });

  it('a 304 nobody asked for is no answer', async () => {
    const { get, state } = agent({});
    state.answer = () => notModified();
    expect((await errorOf(get())).cause).toMatchObject({ code: 'ERR_HTTP_STATUS', status: 304 });
  });

  it('a 304 from somewhere else does not hold for the card: it is fetched anew', async () => {
    const clock = fakeClock();
    const cache = cardCache({ clock });
    let elsewhere = false;
    const { fetch, asked, urls } = web({
      [ROOT]: () =>
        elsewhere
          ? new Response(null, { status: 302, headers: { location: 'https://evil.example/' } })
          : cardResponse(CARD, { etag: '"v1"' }),
      'https://evil.example/': ({ headers }) =>
        headers.has('if-none-match') ? notModified() : cardResponse({ ...CARD, name: 'Evil' }),
    });
    const get = () => fetchAgentCard('agent.example', { fetch, cache, clock });
    await get();
    elsewhere = true;
    clock.advance(300_000);
    expect(await get()).toMatchObject({ card: { name: 'Evil' }, url: 'https://evil.example/', fromCache: false });
    expect(urls()).toEqual([ROOT, ROOT, 'https://evil.example/', ROOT, 'https://evil.example/']);
    expect(asked[4]?.headers.has('if-none-match')).toBe(false);
  });
});

describe('who shares a card', () => {
  it('every address that means the same one', async () => {
    const cache = cardCache({ clock: fakeClock() });
    const { fetch, asked } = web({ [ROOT]: () => cardResponse() });
    for (const address of ['agent.example', 'https://agent.example/', 'HTTPS://AGENT.EXAMPLE:443/#x', ROOT]) {
      await fetchAgentCard(address, { fetch, cache });
    }
    expect(asked).toHaveLength(1);
  });

  it('not another version, nor other rules about hosts', async () => {
    const { get, cache, asked } = agent({});
    await get();
    await get({ sendVersionHeader: false });
    await get({ headers: { 'a2a-version': '0.3' } });
    await get({ allowPrivateHosts: true });
    await get({ maxRedirects: 0 });
    expect([cache.size, asked.length]).toEqual([5, 5]);
  });

  it.each<[string, FetchAgentCardOptions]>([
    ['credentials', { headers: { authorization: 'Bearer a' } }],
    ['a header of its own', { headers: { 'x-api-key': 'a' } }],
    ['cookies', { credentials: 'include' }],
  ])('nobody, when it was asked for with %s and without a partition', async (_, options) => {
    const { get, cache } = agent({});
    await get(options);
    expect(cache.size).toBe(0);
    await get({ ...options, partition: 'alice' });
    expect(cache.size).toBe(1);
  });

  it('nobody of another partition', async () => {
    const { get, state } = agent({});
    state.card = { ...CARD, name: 'For Alice' };
    await get({ partition: 'alice', headers: { authorization: 'Bearer a' } });
    state.card = { ...CARD, name: 'For all' };
    expect((await get()).card.name).toBe('For all');
    expect((await get({ partition: 'bob' })).card.name).toBe('For all');
    expect((await get({ partition: 'alice' })).card.name).toBe('For Alice');
  });

  it('not a request that differs in a header the answer varies by', async () => {
    const { get, asked } = agent({ vary: 'Accept-Language, A2A-Version' });
    await get({ headers: { 'accept-language': 'de' } });
    await get({ headers: { 'accept-language': 'de' } });
    expect(asked).toHaveLength(1);
    await get({ headers: { 'accept-language': 'fr' } });
    await get({ headers: { 'accept-language': 'fr' } });
    expect(asked).toHaveLength(2);
  });

  it('a path keeps its own card, also when that was found at the root', async () => {
    const { fetch, urls } = web({ [ROOT]: () => cardResponse() });
    const cache = cardCache({ clock: fakeClock() });
    await fetchAgentCard('agent.example', { fetch, cache });
    await fetchAgentCard('https://agent.example/agents/a', { fetch, cache });
    await fetchAgentCard('https://agent.example/agents/a', { fetch, cache });
    expect(urls()).toEqual([ROOT, 'https://agent.example/agents/a/.well-known/agent-card.json', ROOT]);
    expect(cache.size).toBe(2);
  });
});

describe('room', () => {
  it('is bounded: the card unused longest goes', async () => {
    const cache = cardCache({ maxEntries: 2, clock: fakeClock() });
    const { fetch, urls } = web(
      Object.fromEntries(['a', 'b', 'c'].map((name) => [`https://${name}.example/card.json`, () => cardResponse()])),
    );
    const get = (name: string) => fetchAgentCard(`https://${name}.example/card.json`, { fetch, cache });
    await get('a');
    await get('b');
    await get('a');
    await get('c');
    expect(cache.size).toBe(2);
    expect((await get('a')).fromCache).toBe(true);
    expect((await get('b')).fromCache).toBe(false);
    expect(urls()).toHaveLength(4);
  });

  it('can be cleared', async () => {
    const { get, cache } = agent({});
    await get();
    cache.clear();
    expect([cache.size, (await get()).fromCache]).toEqual([0, false]);
  });

  it.each([{ maxEntries: 0 }, { defaultLifetimeMs: -1 }, { maxLifetimeMs: 1e15 }])('has limits: %j', (options) => {
    expect(() => cardCache(options)).toThrow(RangeError);
  });
});

describe('[7.52] verified cards', () => {
  let keys: string;
  let signed: AgentCard;
  let signedByOther: AgentCard;
  let otherKeys: string;

  beforeAll(async () => {
    const [identity, other] = await Promise.all([1, 2].map((byte) => identityFromSeed(new Uint8Array(32).fill(byte))));
    keys = identity!.did;
    otherKeys = other!.did;
    signed = await signAgentCard(CARD, identity!);
    signedByOther = await signAgentCard(CARD, other!);
  });

  it('come back as what was signed, with who signed it, also out of the cache', async () => {
    const { get, state, asked } = agent({});
    state.card = { ...signed, xEvil: true };
    for (const fromCache of [false, true]) {
      const result = await get({ verify: { keys } });
      expect(result).toMatchObject({ fromCache, url: ROOT });
      expect(result.card).toEqual(CARD);
      expect(result.verified?.key.did).toBe(keys);
      expect(result.verified?.uncovered).toEqual(['/xEvil']);
    }
    expect(asked).toHaveLength(1);
  });

  it('a tampered card is refused and not kept', async () => {
    const { get, state, cache } = agent({});
    state.card = { ...signed, description: 'tampered' };
    const error = await errorOf(get({ verify: { keys } }));
    expect([error.code, cache.size]).toEqual(['ERR_A2A_VERIFICATION_FAILED', 0]);
  });

  it('an unsigned card is refused and not kept', async () => {
    const { get, cache } = agent({});
    expect((await errorOf(get({ verify: { keys } }))).code).toBe('ERR_A2A_MISSING_SIGNATURES');
    expect(cache.size).toBe(0);
  });

  it('a tampered card that somebody else had kept is not taken: it is asked for again', async () => {
    const { get, state, asked } = agent({});
    state.card = { ...signed, description: 'tampered' };
    expect((await get()).card.description).toBe('tampered');
    state.card = signed;
    expect(await get({ verify: { keys } })).toMatchObject({ card: CARD, fromCache: false });
    expect(asked).toHaveLength(2);
    // From now on everybody has the good one.
    expect((await get()).card.description).toBe(CARD.description);
  });

  it('a tampered card that its server insists on fails, and is forgotten', async () => {
    const { get, state, cache } = agent({ etag: '"v1"' });
    state.card = { ...signed, description: 'tampered' };
    await get();
    // It is asked without a condition, which a 304 would be no answer to.
    state.answer = ({ headers }) => (headers.has('if-none-match') ? notModified() : cardResponse(state.card));
    expect((await errorOf(get({ verify: { keys } }))).code).toBe('ERR_A2A_VERIFICATION_FAILED');
    expect(cache.size).toBe(0);
  });

  it('a kept card says nothing under other keys', async () => {
    const { get, state } = agent({});
    state.card = signed;
    await get({ verify: { keys } });
    expect((await errorOf(get({ verify: { keys: otherKeys } }))).code).toBe('ERR_A2A_KEY_NOT_FOUND');
  });

  it('a kept card does not outlive the trust in its key', async () => {
    const { get, state, clock } = agent({});
    state.card = signed;
    const verify = { keys: { keys, notAfter: new Date(100_000) }, now: () => clock.now() };
    await get({ verify });
    clock.advance(100_000);
    expect((await get({ verify })).fromCache).toBe(true);
    clock.advance(1);
    expect((await errorOf(get({ verify }))).code).toBe('ERR_A2A_KEY_UNUSABLE');
  });

  it('a card signed anew takes the place of one under a key that is trusted no more', async () => {
    const { get, state } = agent({});
    state.card = signed;
    await get({ verify: { keys } });
    state.card = signedByOther;
    expect(await get({ verify: { keys: otherKeys } })).toMatchObject({ card: CARD, fromCache: false });
  });

  it('[J10] a card replayed at another address is refused where its key counts at its own only', async () => {
    const { fetch } = web({
      [ROOT]: () => cardResponse(signed),
      'https://evil.example/.well-known/agent-card.json': () => cardResponse(signed),
      'https://agent.example/moved.json': () =>
        new Response(null, { status: 302, headers: { location: 'https://evil.example/.well-known/agent-card.json' } }),
    });
    const verify = { keys: { keys, allowedOrigins: ['https://agent.example'] } };
    expect((await fetchAgentCard('agent.example', { fetch, verify })).verified.key.did).toBe(keys);
    for (const address of ['evil.example', 'https://agent.example/moved.json']) {
      expect((await errorOf(fetchAgentCard(address, { fetch, verify }))).code).toBe('ERR_A2A_ORIGIN_NOT_ALLOWED');
    }
  });

  it('a relative address is left out beside what was signed, which stays as it is', async () => {
    const identity = await identityFromSeed(new Uint8Array(32).fill(1));
    const relative = { ...CARD, supportedInterfaces: [{ ...CARD.supportedInterfaces[0]!, url: '/rpc' }] };
    const { get, state } = agent({});
    // By a signer that does not look: ours refuses such an address.
    const payload = encodeUtf8(spec.canonicalize(relative as never));
    state.card = {
      ...relative,
      signatures: [await signDetached(payload, signerFromIdentity(identity), { typ: 'JOSE' })],
    };
    const { card, verified } = await get({ verify: { keys } });
    expect(card.supportedInterfaces).toEqual([]);
    expect(verified?.card.supportedInterfaces[0]?.url).toBe('/rpc');
    expect([card, card.supportedInterfaces].every(Object.isFrozen)).toBe(true);
  });

  it('the signal ends verification too', async () => {
    const { get, state } = agent({});
    state.card = signed;
    const controller = new AbortController();
    const find = () => {
      controller.abort('left');
      return new Promise<never>(() => {});
    };
    await expect(get({ verify: { keys: { find } }, signal: controller.signal })).rejects.toBe('left');
  });
});
