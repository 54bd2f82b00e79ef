// Recorded discoveries from a folder outside the repository, where there is one: RINGLINE_SHARED_VECTORS, or the default.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cardCache } from '../../../src/a2a/discovery/card-cache.js';
import { fetchAgentCard } from '../../../src/a2a/discovery/fetch-card.js';
import { serveAgentCard } from '../../../src/a2a/discovery/serve-card.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { web } from './helpers.js';

const folder =
  process.env.RINGLINE_SHARED_VECTORS ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url));
const path = join(folder, 'a2a/http-exchanges.json');

interface Exchange {
  readonly step: string;
  readonly request: { readonly method: string; readonly url: string; readonly headers: Record<string, string> };
  readonly response: { readonly status: number; readonly headers: Record<string, string>; readonly bodyText: string };
}

if (existsSync(path)) {
  const exchanges = (JSON.parse(readFileSync(path, 'utf8')) as Exchange[]).filter(
    ({ request }) => request.method === 'GET' && request.url.endsWith('/.well-known/agent-card.json'),
  );

  describe('a2a/http-exchanges.json', () => {
    it('has discoveries', () => expect(exchanges.length).toBeGreaterThan(1));

    it.each(exchanges)('$step', async ({ request, response }) => {
      const clock = fakeClock();
      const cache = cardCache({ clock });
      const { fetch, asked } = web({
        [request.url]: () => new Response(response.bodyText, { status: response.status, headers: response.headers }),
      });
      const get = () => fetchAgentCard(new URL(request.url).origin, { fetch, cache, clock });
      const { card } = await get();
      expect(asked[0]).toMatchObject({ url: request.url, init: { method: request.method } });
      expect(asked[0]?.headers.get('a2a-version')).toBe(request.headers['a2a-version']);
      expect(card.supportedInterfaces.map(({ url }) => url)).toEqual([
        'https://agent.example/rpc',
        'https://agent.example/rest',
      ]);
      // The recorded lifetime, to the millisecond, and then the recorded tag.
      clock.advance(599_999);
      expect((await get()).tried).toEqual([]);
      clock.advance(1);
      await get();
      expect(asked[1]?.headers.get('if-none-match')).toBe(response.headers.etag);
      expect(asked[1]?.headers.get('cache-control')).toBe('max-age=0');
    });

    it.each(exchanges)('$step, served by us', async ({ request, response }) => {
      const handler = serveAgentCard(JSON.parse(response.bodyText), { maxAgeSec: 600 });
      const { headers } = request;
      const known = headers['if-none-match'];
      const answer = await handler(new Request(request.url, { headers }));
      expect(answer?.status).toBe(200);
      expect(answer?.headers.get('cache-control')).toBe(response.headers['cache-control']);
      expect(answer?.headers.get('etag')).not.toBe(known);
      expect(await answer?.json()).toEqual(JSON.parse(response.bodyText));
      // A conditional request that the recorded server failed to answer 304, for Cache-Control: no-cache.
      const etag = answer?.headers.get('etag') as string;
      const again = await handler(
        new Request(request.url, {
          headers: { ...headers, 'if-none-match': `W/${etag}`, 'cache-control': 'no-cache' },
        }),
      );
      expect(again?.status).toBe(304);
    });
  });
} else {
  console.log(`not run: extra vectors a2a/http-exchanges.json (no such file in ${folder})`);
  it.skip('a2a/http-exchanges.json', () => {});
}
