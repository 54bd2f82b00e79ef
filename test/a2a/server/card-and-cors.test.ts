// The public card, and what a browser has to hear before a page may call.

import { describe, expect, it } from 'vitest';
import type { AgentCard } from '../../../src/a2a/card/agent-card.js';
import { CARD, HEADERS, message, ORIGIN, restRequest, rpc, rpcRequest, rpcStream, serverOf } from './support.js';

const CARD_URL = `${ORIGIN}/.well-known/agent-card.json`;

const ask = (method: string, headers: Record<string, string> = {}, url = CARD_URL, server = serverOf()) =>
  server.fetch(new Request(url, { method, headers }));

describe('[7.77] the card', () => {
  it('is served as it is, with a strong tag', async () => {
    const response = await ask('GET');
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe('application/json');
    expect(response.headers.get('ETag')).toMatch(/^"[^"]+"$/);
    expect(response.headers.get('Cache-Control')).toContain('max-age=300');
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(await response.json()).toEqual(CARD);
  });

  it('is not sent again to a client that has it', async () => {
    const etag = (await ask('GET')).headers.get('ETag') ?? '';
    for (const given of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const response = await ask('GET', { 'If-None-Match': given });
      expect([response.status, await response.text()]).toEqual([304, '']);
      expect(response.headers.get('ETag')).toBe(etag);
    }
    expect((await ask('GET', { 'If-None-Match': '"other"' })).status).toBe(200);
  });

  it('answers HEAD without a body, OPTIONS, and 405 to the rest', async () => {
    const head = await ask('HEAD');
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect((await ask('OPTIONS')).status).toBe(204);
    const post = await ask('POST');
    expect(post.status).toBe(405);
    expect(post.headers.get('Allow')).toContain('GET');
  });

  it('needs no version, and is there for any', async () => {
    for (const version of ['0.3', '1.0', '9.9'])
      expect((await ask('GET', { 'A2A-Version': version })).status).toBe(200);
  });

  it('stands at another path and for another time, when told so', async () => {
    const server = serverOf({ cardPath: '/agents/a/.well-known/agent-card.json', cardMaxAgeSec: 60 });
    const response = await ask('GET', {}, `${ORIGIN}/agents/a/.well-known/agent-card.json`, server);
    expect(response.headers.get('Cache-Control')).toContain('max-age=60');
    expect((await ask('GET', {}, CARD_URL, server)).status).toBe(404);
  });
});

describe('[7.77] pages of other origins', () => {
  const PREFLIGHT = {
    Origin: 'https://app.example',
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'a2a-version,authorization,content-type',
  };

  it.each(['/rpc', '/rest/message:send', '/rest/tasks/a:cancel', '/rest/t/tasks/a'])(
    'may ask for leave: %s',
    async (path) => {
      const response = await ask('OPTIONS', PREFLIGHT, `${ORIGIN}${path}`);
      expect(response.status).toBe(204);
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
      expect(response.headers.get('Access-Control-Allow-Methods')?.split(', ').sort()).toEqual([
        'DELETE',
        'GET',
        'OPTIONS',
        'POST',
      ]);
      const allowed = response.headers.get('Access-Control-Allow-Headers')?.split(', ') ?? [];
      for (const name of ['content-type', 'accept', 'authorization', 'a2a-version', 'a2a-extensions']) {
        expect(allowed).toContain(name);
      }
      expect(response.headers.has('Access-Control-Allow-Credentials')).toBe(false);
    },
  );

  it('may send the key that the card asks for in a header', async () => {
    const card: AgentCard = {
      ...CARD,
      securitySchemes: { key: { apiKeySecurityScheme: { location: 'header', name: 'X-Agent-Key' } } },
    };
    const response = await ask('OPTIONS', PREFLIGHT, `${ORIGIN}/rpc`, serverOf({ card }));
    expect(response.headers.get('Access-Control-Allow-Headers')).toContain('X-Agent-Key');
  });

  it('may read answers, errors and streams alike', async () => {
    const server = serverOf();
    for (const response of [
      await rpcStream(server, 'ListTasks', {}),
      await rpcStream(server, 'NoSuch', {}),
      await rpcStream(server, 'SendStreamingMessage', { message: message('hi') }),
      await server.fetch(restRequest('GET', '/tasks/none')),
      await server.fetch(restRequest('PUT', '/tasks')),
      await ask('GET', {}, `${ORIGIN}/nowhere`),
    ]) {
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
      const exposed = response.headers.get('Access-Control-Expose-Headers')?.toLowerCase() ?? '';
      for (const name of ['a2a-extensions', 'etag', 'www-authenticate', 'retry-after']) expect(exposed).toContain(name);
      await response.body?.cancel();
    }
  });

  it('are told apart, when told so', async () => {
    const server = serverOf({ allowedOrigins: ['https://app.example'] });
    const as = (origin: string) => ({ headers: { ...HEADERS, Origin: origin } });
    const ours = await server.fetch(rpcRequest('ListTasks', {}, as('https://app.example')));
    expect(ours.headers.get('Access-Control-Allow-Origin')).toBe('https://app.example');
    expect(ours.headers.get('Vary')).toContain('Origin');
    for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'http://app.example', 'null']) {
      const response = await server.fetch(rpcRequest('ListTasks', {}, as(origin)));
      expect(response.headers.has('Access-Control-Allow-Origin')).toBe(false);
      expect(response.headers.get('Vary')).toContain('Origin');
      const preflight = await ask('OPTIONS', { ...PREFLIGHT, Origin: origin }, `${ORIGIN}/rpc`, server);
      expect(preflight.headers.has('Access-Control-Allow-Methods')).toBe(false);
    }
  });

  it('have no leave at all, when told so', async () => {
    const server = serverOf({ allowedOrigins: false });
    const response = await server.fetch(rpcRequest('ListTasks', {}, { headers: { Origin: 'https://app.example' } }));
    expect(response.headers.has('Access-Control-Allow-Origin')).toBe(false);
  });
});

describe('pages without leave', () => {
  const cancel = (origin: string, allowedOrigins: readonly string[] | false | '*') => {
    const server = serverOf({ allowedOrigins });
    return async () => {
      const { task } = await rpc(server, 'SendMessage', { message: message('ask') });
      // As a browser sends it for any page, without asking first.
      const url = `${ORIGIN}/rest/tasks/${task.id}:cancel?A2A-Version=1.0`;
      const response = await server.fetch(new Request(url, { method: 'POST', headers: { Origin: origin } }));
      const { state } = (await rpc(server, 'GetTask', { id: task.id })).status;
      return [response.status, state];
    };
  };

  it.each(['https://evil.example', 'null', 'https://app.example.evil.example', ''])(
    'cannot even have a task cancelled: %j',
    async (origin) => {
      for (const allowed of [['https://app.example'], false] as const) {
        expect(await cancel(origin, allowed)()).toEqual([403, 'TASK_STATE_INPUT_REQUIRED']);
      }
    },
  );

  it('are told apart from those with leave, and from those of the agent itself', async () => {
    const done = [200, 'TASK_STATE_CANCELED'];
    expect(await cancel('https://app.example', ['https://app.example'])()).toEqual(done);
    expect(await cancel('https://evil.example', '*')()).toEqual(done);
    // A host behind a proxy may believe that it is called by http.
    for (const own of [ORIGIN, ORIGIN.replace('https', 'http')]) expect(await cancel(own, false)()).toEqual(done);
  });
});
