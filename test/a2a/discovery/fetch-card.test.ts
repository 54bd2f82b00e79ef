import { describe, expect, it } from 'vitest';
import { cardCache } from '../../../src/a2a/discovery/card-cache.js';
import { type FetchAgentCardOptions, fetchAgentCard } from '../../../src/a2a/discovery/fetch-card.js';
import { HttpError } from '../../../src/errors.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { watchedBody } from '../../http/helpers.js';
import { loopbackServer } from '../../support/loopback-server.js';
import { CARD, cardResponse, errorOf, web } from './helpers.js';

const ROOT = 'https://agent.example/.well-known/agent-card.json';
const BELOW = 'https://agent.example/agents/a/.well-known/agent-card.json';

describe('fetching a card', () => {
  it('gives the card, its address, and what was asked', async () => {
    const { fetch, asked } = web({ [ROOT]: () => cardResponse() });
    expect(await fetchAgentCard('agent.example', { fetch })).toEqual({
      card: CARD,
      text: JSON.stringify(CARD),
      url: ROOT,
      tried: [ROOT],
      fromCache: false,
    });
    expect(Object.fromEntries(asked[0]?.headers ?? [])).toEqual({ accept: 'application/json', 'a2a-version': '1.0' });
    expect(asked[0]?.init).toMatchObject({ method: 'GET', credentials: 'omit', redirect: 'manual' });
  });

  it("leaves the version header out when told to, and the caller's own as it is", async () => {
    const { fetch, asked } = web({ [ROOT]: () => cardResponse() });
    await fetchAgentCard('agent.example', { fetch, sendVersionHeader: false });
    await fetchAgentCard('agent.example', { fetch, headers: { 'A2A-Version': '0.3', Accept: 'a/b', 'X-Key': 'k' } });
    expect(asked[0]?.headers.has('a2a-version')).toBe(false);
    expect(Object.fromEntries(asked[1]?.headers ?? [])).toEqual({ accept: 'a/b', 'a2a-version': '0.3', 'x-key': 'k' });
  });

  it.each([404, 405, 410])('[7.49] tries the next address after %i', async (status) => {
    const { fetch } = web({ [BELOW]: () => new Response('no', { status }), [ROOT]: () => cardResponse() });
    const { tried, url } = await fetchAgentCard('https://agent.example/agents/a', { fetch });
    expect([tried, url]).toEqual([[BELOW, ROOT], ROOT]);
  });

  it.each([204, 300, 400, 401, 403, 429, 500, 502, 503])('[7.49] does not, after %i', async (status) => {
    const { fetch, urls } = web({
      [BELOW]: () => new Response(null, { status }),
      [ROOT]: () => cardResponse(),
    });
    const error = await errorOf(fetchAgentCard('https://agent.example/agents/a', { fetch }));
    expect([error.code, error.urls, urls()]).toEqual(['ERR_A2A_CARD_FETCH_FAILED', [BELOW], [BELOW]]);
    expect(error.cause).toBeInstanceOf(HttpError);
    expect(error.cause).toMatchObject({ code: 'ERR_HTTP_STATUS', status });
  });

  it.each<[string, string, string]>([
    ['HTML by its type', 'text/html; charset=utf-8', JSON.stringify(CARD)],
    ['XHTML by its type', 'Application/XHTML+xml', JSON.stringify(CARD)],
    ['HTML by its content', 'application/json', '<!doctype html>'],
    ['nothing', 'application/json', ''],
    ['an array', 'application/json', '[]'],
    ['null', 'application/json', 'null'],
    ['a text', 'application/json', '"card"'],
    ['half a card', 'application/json', '{"name":'],
    ['a card and more', 'application/json', '{} {}'],
  ])('[7.49] takes %s for no card, and looks no further', async (_, type, body) => {
    const { fetch, urls } = web({
      [BELOW]: () => new Response(body, { headers: { 'content-type': type } }),
      [ROOT]: () => cardResponse(),
    });
    const error = await errorOf(fetchAgentCard('https://agent.example/agents/a', { fetch }));
    expect([error.code, error.urls, urls()]).toEqual(['ERR_A2A_CARD_NOT_JSON', [BELOW], [BELOW]]);
  });

  it('takes bytes that are no UTF-8 for no card', async () => {
    const { fetch } = web({ [ROOT]: () => new Response(new Uint8Array([0x7b, 0xff, 0x7d])) });
    expect((await errorOf(fetchAgentCard('agent.example', { fetch }))).code).toBe('ERR_A2A_CARD_NOT_JSON');
  });

  it('takes a card nested beyond any stack for none', async () => {
    const { fetch } = web({ [ROOT]: () => new Response(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`) });
    expect((await errorOf(fetchAgentCard('agent.example', { fetch }))).code).toMatch(/^ERR_A2A_/);
  });

  it.each(['application/a2a+json', 'text/plain', 'application/octet-stream', ''])(
    'does not mind the content type "%s"',
    async (type) => {
      const { fetch } = web({
        [ROOT]: () =>
          new Response(`\uFEFF${JSON.stringify(CARD)}`, { headers: type === '' ? {} : { 'content-type': type } }),
      });
      expect((await fetchAgentCard('agent.example', { fetch })).card).toEqual(CARD);
    },
  );

  it('says what was tried when there is no card', async () => {
    const { fetch } = web({});
    const error = await errorOf(fetchAgentCard('https://agent.example/agents/a', { fetch, legacyPath: true }));
    expect(error.code).toBe('ERR_A2A_CARD_NOT_FOUND');
    expect(error).toMatchObject({ wireCode: 'card_not_found', cause: { status: 404 } });
    expect(error.urls).toHaveLength(4);
  });

  it('refuses a card that is none, by its own code', async () => {
    const { fetch } = web({ [ROOT]: () => cardResponse({ ...CARD, skills: 'many' }) });
    const error = await errorOf(fetchAgentCard('agent.example', { fetch }));
    expect(error).toMatchObject({ code: 'ERR_A2A_INVALID_CARD', pointer: '/skills' });
  });

  it('refuses a card with a member twice, which two parsers could read differently', async () => {
    const twice = `{"name":"a",${JSON.stringify(CARD).slice(1)}`;
    const { fetch } = web({ [ROOT]: () => cardResponse(twice) });
    expect((await errorOf(fetchAgentCard('agent.example', { fetch }))).code).toBe('ERR_A2A_INVALID_CARD');
  });

  it('fills what is missing when told to', async () => {
    const { skills: _, ...bare } = CARD;
    const { fetch } = web({ [ROOT]: () => cardResponse(bare) });
    expect((await errorOf(fetchAgentCard('agent.example', { fetch }))).code).toBe('ERR_A2A_INVALID_CARD');
    const warnings: string[] = [];
    const options: FetchAgentCardOptions = {
      fetch,
      missing: 'fill',
      onWarning: ({ pointer }) => warnings.push(pointer),
    };
    expect((await fetchAgentCard('agent.example', options)).card).toEqual({ ...CARD, skills: [] });
    expect(warnings).toEqual(['/skills']);
  });

  it.each<[string, Partial<FetchAgentCardOptions>, ErrorConstructor]>([
    ['timeoutMs', { timeoutMs: 0 }, RangeError],
    ['maxBodyBytes', { maxBodyBytes: 2 ** 30 }, RangeError],
    ['maxRedirects', { maxRedirects: -1 }, RangeError],
    ['partition', { partition: 5 as never }, TypeError],
    ['cache', { cache: new Map() as never }, TypeError],
    ['verify', { verify: 'did:key:z6Mk' as never }, TypeError],
    ['verify', { verify: null as never }, TypeError],
    ['verify.keys', { verify: {} as never }, TypeError],
    ['path', { path: '//evil.example' }, RangeError],
    ['signal', { signal: {} as AbortSignal }, TypeError],
  ])('refuses its caller a wrong %s before anything is sent', async (_, options, kind) => {
    const { fetch, asked } = web({});
    await expect(fetchAgentCard('agent.example', { fetch, ...options })).rejects.toBeInstanceOf(kind);
    expect(asked).toHaveLength(0);
  });
});

describe('limits', () => {
  it('a card too large', async () => {
    const { fetch } = web({ [ROOT]: () => cardResponse({ ...CARD, description: 'x'.repeat(300_000) }) });
    const error = await errorOf(fetchAgentCard('agent.example', { fetch }));
    expect(error).toMatchObject({ code: 'ERR_A2A_CARD_TOO_LARGE', urls: [ROOT] });
    expect((await fetchAgentCard('agent.example', { fetch, maxBodyBytes: 400_000 })).url).toBe(ROOT);
  });

  it('one time for all addresses', async () => {
    const clock = fakeClock();
    const { fetch, urls } = web({
      [BELOW]: () => {
        clock.advance(100);
        return new Response(null, { status: 404 });
      },
    });
    const options = { fetch, clock, timeoutMs: 100 };
    const error = await errorOf(fetchAgentCard('https://agent.example/agents/a', options));
    expect(error).toMatchObject({ code: 'ERR_A2A_CARD_FETCH_FAILED', cause: { code: 'ERR_HTTP_TIMEOUT' } });
    expect(urls()).toEqual([BELOW]);
  });

  it('the signal, whose reason comes through untouched', async () => {
    const controller = new AbortController();
    const reason = { left: true };
    const { stream, state } = watchedBody(() => controller.abort(reason));
    const { fetch } = web({ [ROOT]: () => new Response(stream) });
    await expect(fetchAgentCard('agent.example', { fetch, signal: controller.signal })).rejects.toBe(reason);
    expect(state.cancelled).toBe(true);
    await expect(fetchAgentCard('agent.example', { fetch, signal: controller.signal })).rejects.toBe(reason);
  });

  it.each([
    'http://agent.example',
    'https://127.0.0.1',
    'https://[::ffff:a9fe:a9fe]',
    'https://2130706433/agents/a',
    'metadata.google.internal',
    '10.0.0.1:8443',
    'https://user@agent.example',
    'not an address',
  ])('no card from %s', async (address) => {
    const { fetch, asked } = web({});
    const error = await errorOf(fetchAgentCard(address, { fetch }));
    expect(error).toMatchObject({ code: 'ERR_A2A_CARD_FETCH_FAILED', cause: { code: 'ERR_HTTP_URL' } });
    expect(asked).toHaveLength(0);
  });
});

describe('redirects', () => {
  const to = (location: string) => () => new Response(null, { status: 301, headers: { location } });

  it('are followed, and the last address is the one that counts', async () => {
    const relative = { ...CARD, supportedInterfaces: [{ ...CARD.supportedInterfaces[0]!, url: '../rpc' }] };
    const { fetch, asked } = web({
      [ROOT]: to('https://cards.example/a/card.json'),
      'https://cards.example/a/card.json': () => cardResponse(relative),
    });
    const headers = { authorization: 'Bearer secret' };
    const { url, tried, card } = await fetchAgentCard('agent.example', { fetch, headers });
    expect([url, tried]).toEqual(['https://cards.example/a/card.json', [ROOT]]);
    expect(card.supportedInterfaces[0]?.url).toBe('https://cards.example/rpc');
    // The version goes along, the credentials stay.
    expect(Object.fromEntries(asked[1]?.headers ?? [])).toEqual({ accept: 'application/json', 'a2a-version': '1.0' });
  });

  it.each(['http://agent.example/card.json', 'https://169.254.169.254/', 'https://[::1]/', 'https://0x7f.1/'])(
    'never lead to %s',
    async (location) => {
      const { fetch, asked } = web({ [ROOT]: to(location) });
      const error = await errorOf(fetchAgentCard('agent.example', { fetch }));
      expect(error).toMatchObject({ code: 'ERR_A2A_CARD_FETCH_FAILED', cause: { code: 'ERR_HTTP_URL' } });
      expect(asked).toHaveLength(1);
    },
  );

  it('are few, and none when told so', async () => {
    const { fetch, asked } = web({ [ROOT]: to(ROOT) });
    expect((await errorOf(fetchAgentCard('agent.example', { fetch }))).cause).toMatchObject({
      code: 'ERR_HTTP_REDIRECT',
    });
    expect(asked).toHaveLength(4);
    await errorOf(fetchAgentCard('agent.example', { fetch, maxRedirects: 0 }));
    expect(asked).toHaveLength(5);
  });
});

describe('[7.53] shapes met in the wild', () => {
  it('a card of 0.3 is mapped', async () => {
    const old = {
      protocolVersion: '0.3.0',
      name: 'Old',
      description: 'An agent of 0.3',
      url: '/a2a',
      version: '0.1',
      capabilities: { streaming: true },
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
      skills: [],
      additionalInterfaces: [{ url: 'agent.example:443', transport: 'GRPC' }],
      supportsAuthenticatedExtendedCard: true,
    };
    const { fetch } = web({ 'https://agent.example/.well-known/agent.json': () => cardResponse(old) });
    const { card, tried } = await fetchAgentCard('agent.example', { fetch, legacyPath: true });
    expect(tried).toHaveLength(2);
    expect(card.capabilities).toEqual({ streaming: true, extendedAgentCard: true });
    expect(
      card.supportedInterfaces.map(({ url, protocolBinding, protocolVersion }) => [
        url,
        protocolBinding,
        protocolVersion,
      ]),
    ).toEqual([
      ['https://agent.example/a2a', 'JSONRPC', '0.3'],
      ['agent.example:443', 'GRPC', '0.3'],
    ]);
  });

  it('scopes as bare arrays, schemes by $case, names in snake_case and null for empty', async () => {
    const { skills, supportedInterfaces, ...rest } = CARD;
    const odd = {
      ...rest,
      supported_interfaces: supportedInterfaces,
      skills: skills.map((skill) => ({ ...skill, examples: null })),
      securityRequirements: [{ schemes: { oauth: ['read'] } }],
      securitySchemes: { key: { scheme: { $case: 'apiKeySecurityScheme', value: { location: 'header', name: 'k' } } } },
      provider: null,
    };
    const { fetch } = web({ [ROOT]: () => cardResponse(odd) });
    const { card } = await fetchAgentCard('agent.example', { fetch });
    expect(card).toEqual({
      ...CARD,
      securityRequirements: [{ schemes: { oauth: { list: ['read'] } } }],
      securitySchemes: { key: { apiKeySecurityScheme: { location: 'header', name: 'k' } } },
    });
  });
});

describe('addresses of interfaces', () => {
  it.each([
    ['/rpc', 'JSONRPC', 'https://agent.example/rpc'],
    ['rpc', 'HTTP+JSON', 'https://agent.example/.well-known/rpc'],
    ['//other.example/rpc', 'JSONRPC', 'https://other.example/rpc'],
    ['https://other.example/rpc', 'JSONRPC', 'https://other.example/rpc'],
    ['HTTPS://other.example/rpc', 'JSONRPC', 'HTTPS://other.example/rpc'],
    ['agent.example:443', 'GRPC', 'agent.example:443'],
    ['agent.example', 'grpc', 'agent.example'],
    ['wss://agent.example/phone#did:key:z6Mk', 'urn:ringline:agent-phone:1', 'wss://agent.example/phone#did:key:z6Mk'],
    ['', 'JSONRPC', ''],
  ])('%s for %s', async (url, protocolBinding, expected) => {
    const { fetch } = web({
      [ROOT]: () => cardResponse({ ...CARD, supportedInterfaces: [{ url, protocolBinding, protocolVersion: '1.0' }] }),
    });
    const { card } = await fetchAgentCard('agent.example', { fetch });
    expect(card.supportedInterfaces[0]?.url).toBe(expected);
  });
});

describe('a server on loopback', () => {
  const local = { allowHttpLoopback: true };

  it('is found with node:http on one end and fetch on the other', async () => {
    const { url, asked } = await loopbackServer((request, response) => {
      if (request.headers['a2a-version'] !== '1.0') response.writeHead(400).end();
      else if (request.url !== '/.well-known/agent-card.json') response.writeHead(404).end('nothing');
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(CARD));
    });
    expect((await fetchAgentCard(`${url}/agents/a`, local)).card).toEqual(CARD);
    expect(asked).toEqual(['GET /agents/a/.well-known/agent-card.json', 'GET /.well-known/agent-card.json']);
    expect((await errorOf(fetchAgentCard(url))).cause).toMatchObject({ code: 'ERR_HTTP_URL' });
  });

  it('[7.51] answers a conditional request of ours with 304, though it heeds no-cache', async () => {
    const clock = fakeClock();
    const seen: (string | undefined)[] = [];
    const { url } = await loopbackServer((request, response) => {
      seen.push(request.headers['cache-control']);
      // As Express does it: no 304 for a client that asks for the whole.
      const whole = /no-cache/.test(request.headers['cache-control'] ?? '');
      const known = !whole && request.headers['if-none-match'] === '"v1"';
      response.writeHead(known ? 304 : 200, { etag: '"v1"', 'cache-control': 'max-age=60' });
      response.end(known ? undefined : JSON.stringify(CARD));
    });
    const cache = cardCache({ clock });
    const fetchOnce = () => fetchAgentCard(url, { ...local, cache, clock });
    expect((await fetchOnce()).fromCache).toBe(false);
    clock.advance(60_000);
    expect(await fetchOnce()).toMatchObject({
      card: CARD,
      fromCache: true,
      tried: [`${url}/.well-known/agent-card.json`],
    });
    expect(await fetchOnce()).toMatchObject({ fromCache: true, tried: [] });
    expect(seen).toEqual([undefined, 'max-age=0']);
  });

  it('that sends a card without end is left', async () => {
    const { url } = await loopbackServer((_, response) => {
      const write = () => {
        while (response.writable && response.write('{"name":"'.padEnd(16_384, 'x')));
      };
      response.on('drain', write);
      write();
    });
    expect((await errorOf(fetchAgentCard(url, local))).code).toBe('ERR_A2A_CARD_TOO_LARGE');
  });

  it('that is silent is left', async () => {
    const { url } = await loopbackServer(() => {});
    const error = await errorOf(fetchAgentCard(url, { ...local, timeoutMs: 30 }));
    expect(error).toMatchObject({ code: 'ERR_A2A_CARD_FETCH_FAILED', cause: { code: 'ERR_HTTP_TIMEOUT' } });
  });
});
