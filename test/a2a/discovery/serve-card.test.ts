import { describe, expect, it } from 'vitest';
import type { AgentCard } from '../../../src/a2a/card/agent-card.js';
import { cardCache } from '../../../src/a2a/discovery/card-cache.js';
import { fetchAgentCard } from '../../../src/a2a/discovery/fetch-card.js';
import { type CardSource, type ServeAgentCardOptions, serveAgentCard } from '../../../src/a2a/discovery/serve-card.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { CARD } from './helpers.js';

const ROOT = 'https://agent.example/.well-known/agent-card.json';

/** Asks a handler for its card. */
async function ask(handler: ReturnType<typeof serveAgentCard>, init: RequestInit = {}, url = ROOT): Promise<Response> {
  const response = await handler(new Request(url, init));
  if (response === undefined) throw new Error('not the path of the card');
  return response;
}
const serve = (options?: ServeAgentCardOptions, card: CardSource = CARD) => serveAgentCard(card, options);

describe('[7.77] GET', () => {
  it('gives the card with its tag, its lifetime and leave for every page', async () => {
    const response = await ask(serve());
    const body = await response.text();
    expect([response.status, JSON.parse(body)]).toEqual([200, CARD]);
    expect(Object.fromEntries(response.headers)).toEqual({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'a2a-extensions, etag, www-authenticate, retry-after',
      'cache-control': 'public, max-age=300',
      'content-length': String(new TextEncoder().encode(body).length),
      'content-type': 'application/json',
      etag: expect.stringMatching(/^"[\w-]{24}"$/),
      'x-content-type-options': 'nosniff',
    });
  });

  it('gives the same bytes each time, serialized once', async () => {
    let serialized = 0;
    const card = { ...CARD, toJSON: () => ({ ...CARD, version: String(++serialized) }) } as AgentCard;
    const handler = serve({}, () => card);
    const [first, second] = await Promise.all([ask(handler), ask(handler)]);
    expect(await first!.text()).toBe(await second!.text());
    expect([serialized, first!.headers.get('etag')]).toEqual([1, second!.headers.get('etag')]);
  });

  it('gives another card when the function does, with another tag', async () => {
    let card = CARD;
    const handler = serve({ maxAgeSec: 0 }, async () => card);
    const first = await ask(handler);
    card = { ...CARD, version: '2.0.0' };
    const second = await ask(handler);
    expect(second.headers.get('etag')).not.toBe(first.headers.get('etag'));
    expect(second.headers.get('cache-control')).toBe('public, max-age=0');
    expect(((await second.json()) as AgentCard).version).toBe('2.0.0');
  });

  it('says by which headers the card differs', async () => {
    const old = { ...CARD, name: 'Old' };
    const handler = serve({ vary: ['A2A-Version'], allowedOrigins: ['https://app.example'] }, (request) =>
      request.headers.get('a2a-version') === '1.0' ? CARD : old,
    );
    const [current, older] = [await ask(handler, { headers: { 'a2a-version': '1.0' } }), await ask(handler)];
    expect([((await current.json()) as AgentCard).name, ((await older.json()) as AgentCard).name]).toEqual([
      CARD.name,
      'Old',
    ]);
    expect(older.headers.get('vary')).toBe('A2A-Version, Origin');
    expect((await ask(handler, { headers: { 'if-none-match': older.headers.get('etag')! } })).headers.get('vary')).toBe(
      'A2A-Version, Origin',
    );
  });
});

describe('[7.77] conditional requests', () => {
  const tagOf = async () => (await ask(serve())).headers.get('etag') as string;

  it.each<[string, (tag: string) => string]>([
    ['the tag', (tag) => tag],
    ['the weak tag', (tag) => `W/${tag}`],
    ['one of several', (tag) => `"a", W/"b,c" ,${tag}`],
    ['any', () => '*'],
    ['any, with space', () => ' * '],
  ])('%s: 304, without body', async (_, value) => {
    const tag = await tagOf();
    for (const method of ['GET', 'HEAD']) {
      const response = await ask(serve(), { method, headers: { 'if-none-match': value(tag) } });
      expect([response.status, response.body, response.headers.get('etag')]).toEqual([304, null, tag]);
      expect(response.headers.get('cache-control')).toBe('public, max-age=300');
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.has('content-type')).toBe(false);
    }
  });

  it.each<[string, (tag: string) => string]>([
    ['another tag', () => '"a"'],
    ['the tag without quotation marks', (tag) => tag.slice(1, -1)],
    ['a part of the tag', (tag) => `${tag.slice(0, -2)}"`],
    ['the tag inside another', (tag) => `"x${tag.slice(1)}`],
    ['nothing', () => ''],
    ['stars', () => '**'],
  ])('%s: the card', async (_, value) => {
    const tag = await tagOf();
    expect((await ask(serve(), { headers: { 'if-none-match': value(tag) } })).status).toBe(200);
  });
});

describe('[7.77] other methods', () => {
  it('HEAD: the headers of GET, without body', async () => {
    const [get, head] = [await ask(serve()), await ask(serve(), { method: 'HEAD' })];
    expect([head.status, head.body, await head.text()]).toEqual([200, null, '']);
    expect([...head.headers]).toEqual([...get.headers]);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('%s: 405 with Allow', async (method) => {
    const response = await ask(serve(), { method });
    expect([response.status, response.headers.get('allow'), response.body]).toEqual([405, 'GET, HEAD, OPTIONS', null]);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('OPTIONS of no page: 204 with Allow', async () => {
    const response = await ask(serve(), { method: 'OPTIONS' });
    expect([response.status, response.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    expect(response.headers.has('access-control-allow-methods')).toBe(false);
  });
});

describe('[7.77] pages', () => {
  const preflight = (origin: string) => ({
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'a2a-version,if-none-match',
    },
  });

  it('are given leave for what clients send', async () => {
    const { status, headers } = await ask(serve({ allowedHeaders: ['X-Api-Key'] }), preflight('https://app.example'));
    expect([status, headers.get('access-control-allow-origin')]).toEqual([204, '*']);
    expect(headers.get('access-control-allow-methods')).toBe('GET, HEAD, OPTIONS');
    expect(headers.get('access-control-allow-headers')?.split(', ')).toEqual([
      'content-type',
      'accept',
      'authorization',
      'a2a-version',
      'a2a-extensions',
      'cache-control',
      'if-none-match',
      'if-modified-since',
      'X-Api-Key',
    ]);
    expect(headers.has('access-control-allow-credentials')).toBe(false);
  });

  it('of a list are given leave by name, and others none', async () => {
    const handler = serve({ allowedOrigins: ['https://app.example', 'https://b.example'] });
    for (const init of [preflight('https://b.example'), { headers: { origin: 'https://b.example' } }]) {
      const { headers } = await ask(handler, init);
      expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([
        'https://b.example',
        'Origin',
      ]);
    }
    for (const origin of ['https://evil.example', 'https://b.example.evil.example', 'null', 'https://b.example:444']) {
      for (const init of [preflight(origin), { headers: { origin } }, {}]) {
        const { headers } = await ask(handler, init);
        expect(headers.has('access-control-allow-origin')).toBe(false);
        expect(headers.has('access-control-allow-methods')).toBe(false);
        expect(headers.get('vary')).toBe('Origin');
      }
    }
  });

  it('are given none when that is switched off', async () => {
    const { headers } = await ask(serve({ allowedOrigins: false }), preflight('https://app.example'));
    expect([...headers.keys()]).toEqual(['allow']);
  });
});

describe('paths', () => {
  it.each([
    'https://agent.example/',
    'https://agent.example/.well-known/agent-card.json/',
    'https://agent.example/.well-known/agent.json',
    'https://agent.example/x/.well-known/agent-card.json',
    'https://agent.example/.WELL-KNOWN/agent-card.json',
    'https://agent.example/.well-known%2Fagent-card.json',
  ])("%s is somebody else's", async (url) => {
    for (const method of ['GET', 'POST', 'OPTIONS'])
      expect(await serve()(new Request(url, { method }))).toBeUndefined();
  });

  it('may carry a query, on any host', async () => {
    expect((await ask(serve(), {}, 'http://[::1]:8080/.well-known/agent-card.json?A2A-Version=1.0')).status).toBe(200);
  });

  it('can be others', async () => {
    const handler = serve({ path: ['/a/card.json', '/.well-known/agent.json'] });
    expect((await ask(handler, {}, 'https://agent.example/a/card.json')).status).toBe(200);
    expect((await ask(handler, {}, 'https://agent.example/.well-known/agent.json')).status).toBe(200);
    expect(await handler(new Request(ROOT))).toBeUndefined();
    expect((await ask(serve({ path: '/card' }), {}, 'https://agent.example/card')).status).toBe(200);
  });
});

describe('misuse', () => {
  it.each<[string, unknown, ServeAgentCardOptions, ErrorConstructor]>([
    ['no card', undefined, {}, TypeError],
    ['a text', '{}', {}, TypeError],
    ['maxAgeSec', CARD, { maxAgeSec: -1 }, RangeError],
    ['path', CARD, { path: 'card.json' }, RangeError],
    ['allowedOrigins', CARD, { allowedOrigins: 'https://a.example' as never }, TypeError],
  ])('%s is refused before any request', (_, card, options, kind) => {
    expect(() => serveAgentCard(card as AgentCard, options)).toThrow(kind);
  });

  it('a function that fails, or gives no object, rejects, and does so again', async () => {
    const broken = new Error('broken');
    const failing = serve({}, () => Promise.reject(broken));
    await expect(ask(failing)).rejects.toBe(broken);
    const list = [] as unknown as AgentCard;
    const odd = serve({}, () => list);
    await expect(ask(odd)).rejects.toBeInstanceOf(TypeError);
    await expect(ask(odd)).rejects.toBeInstanceOf(TypeError);
    // A preflight needs no card.
    expect((await ask(failing, { method: 'OPTIONS' })).status).toBe(204);
  });
});

describe('both ends together', () => {
  it('a card is fetched, kept, asked about, and answered 304', async () => {
    const handler = serve({ maxAgeSec: 60 });
    const statuses: (number | undefined)[] = [];
    const fetch = async (url: string, init: RequestInit) => {
      const response = await ask(handler, init, url);
      statuses.push(response.status);
      return response;
    };
    const clock = fakeClock();
    const cache = cardCache({ clock });
    const get = () => fetchAgentCard('agent.example', { fetch, cache, clock });
    expect((await get()).card).toEqual(CARD);
    clock.advance(59_999);
    await get();
    clock.advance(1);
    expect(await get()).toMatchObject({ card: CARD, fromCache: true });
    expect(statuses).toEqual([200, 304]);
  });
});
