// What a hostile card or agent tries with a client, and what must never keep a call from settling.

import { describe, expect, test } from 'vitest';
import type { AgentInterface } from '../../../src/a2a/card/agent-card.js';
import { createA2aClient } from '../../../src/a2a/client/client.js';
import type { A2aClientOptions, A2aWarning } from '../../../src/a2a/client/options.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { body, cardOf, collect, events, fakeAgent, json, result, stream, task } from './fake-agent.js';

const message = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'hi' }] };
const rest = (url: string, more: Partial<AgentInterface> = {}): AgentInterface => ({
  url,
  protocolBinding: 'HTTP+JSON',
  protocolVersion: '1.0',
  ...more,
});
const down = () => {
  throw new TypeError('unreachable');
};
const turn = () => new Promise((resolve) => setTimeout(resolve));

/** A call that has to settle, and what with. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => ({ value }),
    (reason: unknown) => reason,
  );
}

describe('an address made to cost time', () => {
  test('a card whose address has 160,000 slashes inside', async () => {
    const started = performance.now();
    const url = `https://evil.example/${'/'.repeat(160_000)}a`;
    expect(() => createA2aClient({ interface: rest(url) })).toThrow(
      expect.objectContaining({ code: 'ERR_A2A_INVALID_CARD' }),
    );
    const long = `https://agent.example/${'/'.repeat(8_000)}a`;
    expect(createA2aClient({ interface: rest(long) }).interface.url).toBe(long);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('an abort that comes where nobody waits for it', { timeout: 2_000 }, () => {
  const reason = { because: 'enough' };
  const both = ['https://a.example/', 'https://b.example/'].map((url) => rest(url));

  test.each(['call', 'stream'])('in the warning before a fallback, by a %s', async (kind) => {
    const abort = new AbortController();
    const { signal } = abort;
    let authenticated = 0;
    const client = createA2aClient({
      card: cardOf({ supportedInterfaces: both }),
      fetch: down,
      authenticate: async () => ({ authorization: `${++authenticated}` }),
      onWarning: () => abort.abort(reason),
    });
    const call =
      kind === 'call'
        ? client.getTask({ id: 't-1' }, { signal })
        : client.sendStreamingMessage({ message }, { signal }).next();
    expect(await outcome(call)).toBe(reason);
    expect(authenticated).toBe(1);
  });

  test.each([
    ['gives credentials', () => ({})],
    ['has none', () => undefined],
    ['never answers', () => new Promise<never>(() => {})],
    ['fails as well', () => Promise.reject(new Error('no keychain'))],
  ])('in an authenticate that %s', async (_, then) => {
    const abort = new AbortController();
    const agent = fakeAgent((request) => result(request, task('WORKING')));
    const authenticate = () => {
      abort.abort(reason);
      return then();
    };
    const client = createA2aClient({ card: cardOf(), fetch: agent.fetch, authenticate });
    expect(await outcome(client.getTask({ id: 't-1' }, { signal: abort.signal }))).toBe(reason);
    expect(agent.seen).toEqual([]);
    await turn();
  });

  test('in the authenticate that follows a 401', async () => {
    const abort = new AbortController();
    const agent = fakeAgent(() => new Response('', { status: 401 }));
    const authenticate = ({ failed }: { failed?: Response }) => {
      if (failed !== undefined) abort.abort(reason);
      return { authorization: 'Bearer t' };
    };
    const client = createA2aClient({ card: cardOf(), fetch: agent.fetch, authenticate });
    expect(await outcome(client.getTask({ id: 't-1' }, { signal: abort.signal }))).toBe(reason);
    expect(agent.seen).toHaveLength(1);
  });

  test('in the fetch itself, whose late answer is released and whose late failure is nobody’s', async () => {
    for (const isLost of [false, true]) {
      const abort = new AbortController();
      const { stream: content, cancelled } = body();
      let settle = () => {};
      const fetch = () => {
        abort.abort(reason);
        return new Promise<Response>((resolve, reject) => {
          settle = () => (isLost ? reject(new Error('late')) : resolve(new Response(content)));
        });
      };
      const client = createA2aClient({ card: cardOf(), fetch });
      expect(await outcome(client.getTask({ id: 't-1' }, { signal: abort.signal }))).toBe(reason);
      settle();
      await turn();
      expect(cancelled).toHaveLength(isLost ? 0 : 1);
    }
  });

  test('in the turn in which the pause before a resubscription ends', async () => {
    const abort = new AbortController();
    const clock = fakeClock();
    const agent = fakeAgent((request) => stream(events(request, { task: task('WORKING') })));
    const client = createA2aClient({
      card: cardOf(),
      fetch: agent.fetch,
      authenticate: async () => ({}),
      clock,
      idleTimeoutMs: 0,
      resubscribe: { initialDelayMs: 10 },
    });
    const steps = client.sendStreamingMessage({ message }, { signal: abort.signal });
    await steps.next();
    const next = steps.next();
    while (clock.pendingTimers === 0) await turn();
    clock.advance(10);
    abort.abort(reason);
    expect(await outcome(next)).toBe(reason);
    expect(await steps.return?.()).toEqual({ done: true, value: undefined });
  });
});

describe('a card that cannot be used as it says', () => {
  test.each<[string, Partial<AgentInterface>]>([
    ['no address', { url: undefined as never }],
    ['an address of another kind', { url: 5 as never }],
    ['a relative address', { url: '/a2a' }],
    ['an address without a host', { url: 'https://' }],
    ['the tenant ..', { tenant: '..' }],
    ['the tenant .', { tenant: '.' }],
    ['a tenant that is no text', { tenant: '\uD800' }],
  ])('%s is the card’s fault', (_, changes) => {
    const entry = { ...rest('https://agent.example/x'), ...changes };
    const card = cardOf({ supportedInterfaces: [{ ...entry, protocolBinding: 'GRPC' }, entry] });
    expect(() => createA2aClient({ card })).toThrow(
      expect.objectContaining({
        code: 'ERR_A2A_INVALID_CARD',
        pointer: `/supportedInterfaces/1/${'url' in changes ? 'url' : 'tenant'}`,
      }),
    );
    expect(() => createA2aClient({ interface: entry })).toThrow(
      expect.objectContaining({ code: 'ERR_A2A_INVALID_CARD' }),
    );
    const other = rest('https://agent.example/y');
    expect(createA2aClient({ card: cardOf({ supportedInterfaces: [entry, other] }) }).interface).toBe(other);
  });

  test('a tenant that only a path cannot carry is fine over JSON-RPC', async () => {
    const agent = fakeAgent((request) => result(request, task('WORKING')));
    const entry = rest('https://agent.example/x', { tenant: '..', protocolBinding: 'JSONRPC' });
    await createA2aClient({ interface: entry, fetch: agent.fetch }).getTask({ id: 't-1' });
    expect(agent.last.body.params).toEqual({ id: 't-1', tenant: '..' });
  });

  test.each(['https://', 'https:', 'https:///', 'https://\\', 'https:\\\\', 'https:////'])(
    'a tenant does not become the host of %s',
    async (url) => {
      const agent = fakeAgent((request) => result(request, task('WORKING')));
      expect(() => createA2aClient({ interface: rest(url, { tenant: 'evil.example' }), fetch: agent.fetch })).toThrow(
        expect.objectContaining({ code: 'ERR_A2A_INVALID_CARD' }),
      );
      expect(() => createA2aClient({ url })).toThrow(TypeError);
    },
  );

  test('an address stays where it is, whatever the tenant and however it is spelled', async () => {
    for (const url of [
      'https:agent.example',
      'https:/agent.example/',
      'HTTPS:\\\\agent.example\\',
      'https://agent.example#x',
    ]) {
      const agent = fakeAgent((request) => result(request, task('WORKING')));
      const client = createA2aClient({ interface: rest(url, { tenant: '//evil.example' }), fetch: agent.fetch });
      await client.getTask({ id: 't-1' });
      expect(agent.last.url).toBe('https://agent.example/%2F%2Fevil.example/tasks/t-1');
    }
  });

  test.each([
    'http://127.0.0.1/',
    'https://10.0.0.1/',
    'https://u:p@agent.example/',
    'javascript:alert(1)',
    'file:///x',
  ])('%s is not asked', async (url) => {
    const agent = fakeAgent((request) => result(request, task('WORKING')));
    const client = createA2aClient({ interface: rest(url), fetch: agent.fetch });
    await expect(client.getTask({ id: 't-1' })).rejects.toMatchObject({ code: 'ERR_HTTP_URL' });
    expect(agent.seen).toEqual([]);
  });
});

describe('a task with an id that no path can carry', () => {
  test.each(['\\ud800', '..', '.'])('%s: is the agent’s fault when its stream is to be taken up again', async (id) => {
    const started = `data: {"task":{"id":"${id}","status":{"state":"TASK_STATE_WORKING"}}}\n\n`;
    const agent = fakeAgent(() => stream(started));
    const client = createA2aClient({
      card: cardOf(),
      bindings: ['HTTP+JSON'],
      fetch: agent.fetch,
      resubscribe: { initialDelayMs: 0 },
    });
    await expect(collect(client.sendStreamingMessage({ message }))).rejects.toMatchObject({
      name: 'A2aOperationError',
      code: 'ERR_A2A_INVALID_AGENT_RESPONSE',
    });
    expect(agent.seen).toHaveLength(1);
  });
});

describe('what an agent says, shown to a person', () => {
  const failing = (text: string) =>
    outcome(
      createA2aClient({
        card: cardOf(),
        fetch: async () => json({ error: { code: 404, status: 'NOT_FOUND', message: text } }, 404),
      }).getTask({ id: 't-1' }),
    );

  test('control characters do not reach a terminal by its message', async () => {
    const text = '\u001b[2Jowned\u0007\r\n\u009b1A\u202eabc\u2028';
    const error = (await failing(text)) as Error & { fullMessage: string };
    expect(error.message).toBe('\\u001b[2Jowned\\u0007\\u000d\\u000a\\u009b1A\\u202eabc\\u2028');
    expect(error.fullMessage).toBe(text);
  });

  test('a message of 5 MB is cut, and kept whole beside', async () => {
    const text = 'x'.repeat(5_000_000);
    const error = (await failing(text)) as Error & { fullMessage: string };
    expect(error.message.length).toBeLessThan(1_100);
    expect(error.fullMessage).toBe(text);
    expect(((await failing('\u0007'.repeat(5_000))) as Error).message.length).toBeLessThan(1_100);
  });

  test('warnings are as safe', async () => {
    const warnings: A2aWarning[] = [];
    const long = `https://b.example/\u001b[2J${'x'.repeat(3_000)}`;
    const client = createA2aClient({
      card: cardOf({ supportedInterfaces: [rest('https://a.example/\u0007'), rest(long)] }),
      fetch: down,
      onWarning: (warning) => void warnings.push(warning),
    });
    await outcome(client.getTask({ id: 't-1' }));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toMatch(/^[\x20-\x7e]{20,1100}$/);
  });
});

describe('a card with an address of somebody else’s', () => {
  const headersAt = async (urls: readonly string[], options: Partial<A2aClientOptions>) => {
    const agent = fakeAgent((request) => {
      if (request.url.startsWith('https://a.example')) return down();
      return result(request, task('WORKING'));
    });
    const supportedInterfaces = urls.map((url) => rest(url));
    const client = createA2aClient({ card: cardOf({ supportedInterfaces }), fetch: agent.fetch, ...options });
    const headers = { 'x-call': 'secret', 'accept-language': 'de', 'a2a-extensions': 'urn:b' };
    await client.getTask({ id: 't-1' }, { headers });
    await client.getTask({ id: 't-1' }, { headers });
    return agent.seen.map(({ headers: { accept, ...seen } }) => seen);
  };
  const ours = { authorization: 'Bearer secret', 'x-trace': '1' };
  const always = { 'a2a-version': '1.0', 'a2a-extensions': 'urn:a, urn:b', 'accept-language': 'de' };
  const extensions = ['urn:a'];

  test('does not get the headers meant for the preferred one, when that cannot be reached', async () => {
    const urls = ['https://a.example/', 'https://evil.example/'];
    expect(await headersAt(urls, { headers: ours, extensions })).toEqual([
      { ...always, ...ours, 'x-call': 'secret' },
      always,
      always,
    ]);
  });

  test('gets those that its user says', async () => {
    const urls = ['https://a.example/', 'https://evil.example/'];
    const crossOriginHeaders = ['X-Trace'];
    expect((await headersAt(urls, { headers: ours, extensions, crossOriginHeaders }))[1]).toEqual({
      ...always,
      'x-trace': '1',
    });
  });

  test('credentials of its own go to it, and another port is another origin', async () => {
    const urls = ['https://a.example/', 'https://a.example:8443/x', 'https://b.example/'];
    const authenticate = ({ url }: { url: string }) => ({ authorization: new URL(url).host });
    const seen = await headersAt(urls, { headers: ours, authenticate });
    expect(seen.map(({ authorization }) => authorization)).toEqual([
      'a.example',
      'a.example:8443',
      'b.example',
      'b.example',
    ]);
    expect(seen.map((headers) => headers['x-trace'])).toEqual(['1', undefined, undefined, undefined]);
  });

  test('another path of the same origin gets all', async () => {
    let tries = 0;
    const agent = fakeAgent((request) => (++tries === 1 ? down() : result(request, task('WORKING'))));
    const client = createA2aClient({ card: cardOf(), fetch: agent.fetch, headers: ours });
    await client.getTask({ id: 't-1' });
    expect(agent.last).toMatchObject({ url: 'https://agent.example/rest/tasks/t-1', headers: ours });
  });
});

describe('an extended card that nobody verified', () => {
  const moved = cardOf({ supportedInterfaces: [rest('https://evil.example/')] });
  const extended = (options: A2aClientOptions) =>
    createA2aClient({ fetch: fakeAgent((request) => result(request, moved)).fetch, ...options }).getExtendedAgentCard();

  test('does not move the agent to another origin', async () => {
    const refusal = { code: 'ERR_A2A_ORIGIN_NOT_ALLOWED', pointer: '/supportedInterfaces/0/url' };
    await expect(extended({ card: cardOf() })).rejects.toMatchObject(refusal);
    await expect(extended({ url: 'https://agent.example/rpc' })).rejects.toMatchObject(refusal);
    const [first] = cardOf().supportedInterfaces;
    await expect(extended({ card: cardOf(), interface: first! })).rejects.toMatchObject(refusal);
  });

  test('may name what its user chose to talk to', async () => {
    expect(await extended({ card: cardOf(), interface: rest('https://evil.example/x') })).toEqual(moved);
    expect(await extended({ url: 'https://evil.example/rpc' })).toEqual(moved);
    expect(await extended({ card: cardOf(), acceptExtendedCard: () => moved })).toBe(moved);
  });
});
