import { describe, expect, it } from 'vitest';
import { invocationHeaders, popResponseHeaders, type TctRequest } from '../../../src/aitp/http/invoke.js';
import { requireTct } from '../../../src/aitp/http/require-tct.js';
import type { RequireTctOptions } from '../../../src/aitp/http/require-tct-options.js';
import { buildInvocation } from '../../../src/aitp/invocation.js';
import { memoryReplayStore } from '../../../src/aitp/replay-store.js';
import { ownRevocations } from '../../../src/aitp/revocation.js';
import { encodeBase64url } from '../../../src/codec/base64url.js';
import { agentOf, makeWorld, ORIGIN, refusalOf, serving, shake, wireTo } from './agents.js';

const URL_OF_CALL = `${ORIGIN}/calendar?day=1`;

/** Anna holds a token of bert's that grants `read`, and bert guards what it offers. */
async function setUp(options: Partial<RequireTctOptions> = {}) {
  const world = await makeWorld();
  const { claims: tct } = await shake(world, wireTo(serving(world)));
  const revoked = new Set<string>();
  const now = () => world.clock.sec;
  const gate = requireTct({ agent: world.bert, revocation: ownRevocations(revoked), now, ...options });
  const signed = (request: Partial<TctRequest> = {}) =>
    invocationHeaders(world.anna.signer, { tct, capability: 'read', url: URL_OF_CALL, now, ...request });
  const ask = (headers: Record<string, string>, init: RequestInit = {}, capability = 'read', url = URL_OF_CALL) =>
    gate(new Request(url, { ...init, headers }), capability);
  return { ...world, tct, revoked, now, gate, signed, ask };
}

describe('a signed invocation', () => {
  it('lets its request through, once', async () => {
    const { anna, signed, ask } = await setUp();
    const headers = await signed();
    const { authorization, body } = await ask(headers);
    expect(authorization).toMatchObject({ holder: anna.aid, capability: 'read' });
    expect(body).toHaveLength(0);
    expect(await refusalOf((await ask(headers)).response)).toBe('REPLAY_DETECTED');
  });

  it('covers the method, the address and the body', async () => {
    const { signed, ask } = await setUp();
    const post = { method: 'POST', body: '{"a":1}' };
    const { authorization, body } = await ask(await signed(post), post);
    expect(authorization).toBeDefined();
    expect(new TextDecoder().decode(body)).toBe(post.body);
    const others: [RequestInit, string?][] = [
      [{ method: 'PUT', body: post.body }],
      [{ method: 'POST', body: '{"a":2}' }],
      [post, `${ORIGIN}/calendar?day=2`],
      [post, 'https://other.example/calendar?day=1'],
    ];
    for (const [init, url] of others) {
      expect(await refusalOf((await ask(await signed(post), init, 'read', url)).response)).toBe('INVALID_ENVELOPE');
    }
  });

  it('that names no request is taken only where that was said', async () => {
    for (const dangerouslyAcceptUnboundInvocation of [undefined, true] as const) {
      const options = dangerouslyAcceptUnboundInvocation ? { dangerouslyAcceptUnboundInvocation } : {};
      const { anna, tct, now, ask } = await setUp(options);
      const envelope = await buildInvocation(anna.signer, { tct, capability: 'read', now });
      const headers = {
        'x-aitp-tct': tct.token,
        'x-aitp-invocation': encodeBase64url(new TextEncoder().encode(envelope)),
      };
      expect((await ask(headers)).response?.status).toBe(dangerouslyAcceptUnboundInvocation ? undefined : 403);
    }
  });

  it('of another capability, of one that was not granted, after a revocation, or late', async () => {
    const { signed, ask, revoked, tct, clock } = await setUp();
    expect(await refusalOf((await ask(await signed({ capability: 'write' }))).response)).toBe('POLICY_VIOLATION');
    const write = await ask(await signed({ capability: 'write' }), {}, 'write');
    expect(await refusalOf(write.response)).toBe('POLICY_VIOLATION');
    revoked.add(tct.jti);
    expect(await refusalOf((await ask(await signed())).response)).toBe('TCT_REVOKED');
    revoked.clear();
    clock.sec = tct.expiresAtSec;
    expect(await refusalOf((await ask(await signed())).response)).toBe('TCT_EXPIRED');
  });

  it('by somebody who only has the token', async () => {
    const { tct, now, ask, clock } = await setUp();
    const thief = await agentOf(7, clock);
    const stolen = { ...tct, subject: thief.aid };
    const headers = await invocationHeaders(thief.signer, { tct: stolen, capability: 'read', url: URL_OF_CALL, now });
    expect(await refusalOf((await ask(headers)).response)).toBe('AUDIENCE_MISMATCH');
    const request = { tct, capability: 'read', url: URL_OF_CALL, now };
    await expect(invocationHeaders(thief.signer, request)).rejects.toThrow(TypeError);
  });

  it('for the address callers see, where a proxy shows us another one', async () => {
    const { signed, ask } = await setUp({ urlOf: () => URL_OF_CALL });
    expect((await ask(await signed(), {}, 'read', 'http://10.0.0.1/calendar')).authorization).toBeDefined();
  });
});

describe('[16.35] a challenge', () => {
  it('is what a bare token gets, and its answer lets the request through, once', async () => {
    const { anna, bert, tct, now, ask } = await setUp();
    const first = await ask({ 'x-aitp-tct': tct.token });
    expect(first.response?.status).toBe(401);
    const options = { verifier: bert.aid, tct, replay: memoryReplayStore({ now }), now };
    const headers = await popResponseHeaders(anna.signer, first.response?.headers as Headers, options);
    expect((await ask(headers as Record<string, string>)).authorization?.holder).toBe(anna.aid);
    const again = await ask(headers as Record<string, string>);
    expect(await refusalOf(again.response)).toBe('POP_RESPONSE_INVALID');
    expect(await popResponseHeaders(anna.signer, new Headers(), options)).toBeUndefined();
  });

  it('is not answered for by another key, or late', async () => {
    const { anna, bert, tct, now, ask, clock } = await setUp();
    const thief = await agentOf(7, clock);
    const challenged = async () => (await ask({ 'x-aitp-tct': tct.token })).response?.headers as Headers;
    const common = { verifier: bert.aid, replay: memoryReplayStore({ now }), now };
    const stolen = { ...common, tct: { ...tct, subject: thief.aid } };
    const forged = await popResponseHeaders(thief.signer, await challenged(), stolen);
    expect(await refusalOf((await ask(forged as never)).response)).toBe('POP_RESPONSE_INVALID');
    const headers = await challenged();
    clock.sec += 300;
    const onTime = await popResponseHeaders(anna.signer, headers, { ...common, tct });
    clock.sec += 1;
    expect(await refusalOf((await ask(onTime as never)).response)).toBe('POP_RESPONSE_INVALID');
  });

  it('is asked of a marked grant beside an invocation', async () => {
    const { anna, bert, tct, now, ask, signed } = await setUp({ popRequiredGrants: ['read'] });
    const first = await ask(await signed());
    expect([first.response?.status, await refusalOf(first.response)]).toEqual([401, 'POP_RESPONSE_INVALID']);
    const options = { verifier: bert.aid, tct, replay: memoryReplayStore({ now }), now };
    const answer = await popResponseHeaders(anna.signer, first.response?.headers as Headers, options);
    expect((await ask({ ...(await signed()), ...answer })).authorization).toBeDefined();
  });

  it('is not made where it would not help', async () => {
    const { tct, ask } = await setUp();
    const { response } = await ask({ 'x-aitp-tct': tct.token }, {}, 'write');
    expect(response?.headers.has('x-aitp-pop-challenge')).toBe(false);
    expect(await refusalOf(response)).toBe('POLICY_VIOLATION');
  });
});

describe('a bare token', () => {
  it('is taken only where that was said, and never for a marked grant', async () => {
    const open = await setUp({ dangerouslyAcceptBearer: true });
    expect((await open.ask({ 'x-aitp-tct': open.tct.token })).authorization?.capability).toBe('read');
    const marked = await setUp({ dangerouslyAcceptBearer: true, popRequiredGrants: ['read'] });
    expect((await marked.ask({ 'x-aitp-tct': marked.tct.token })).response?.status).toBe(401);
  });

  it('that is missing is 401, and one that is no token 403', async () => {
    const { ask } = await setUp();
    expect((await ask({})).response?.status).toBe(401);
    const { response } = await ask({ 'x-aitp-tct': 'a.b.c' });
    expect([response?.status, await refusalOf(response)]).toEqual([403, 'TCT_SIGNATURE_INVALID']);
  });

  it('somebody else granted is not ours to honour', async () => {
    const { ask, anna, bert, now } = await setUp();
    const granted = await makeWorld();
    const other = requireTct({ agent: anna, revocation: { dangerouslyIgnoreRevocation: true }, now });
    const { claims } = await shake(granted, wireTo(serving(granted)));
    const headers = { 'x-aitp-tct': claims.token };
    expect(await refusalOf((await other(new Request(URL_OF_CALL, { headers }), 'read')).response)).toBe(
      'TCT_SIGNATURE_INVALID',
    );
    expect((await ask(headers)).response?.status).toBe(401);
    expect(bert.aid).toBe(granted.bert.aid);
  });
});

it('options that cannot be are refused at once', async () => {
  const { bert: agent } = await makeWorld();
  const revocation = { dangerouslyIgnoreRevocation: true } as const;
  expect(() => requireTct({ agent } as never)).toThrow(TypeError);
  expect(() => requireTct({ agent, revocation, issuer: 'aid:other' })).toThrow(TypeError);
  expect(() => requireTct({ agent, revocation, maxChallenges: 0 })).toThrow(RangeError);
});

describe('a page of another origin', () => {
  const PAGE = 'https://app.example';

  /**
   * Asks as a browser does for a page (Fetch standard, sections 4.8 and 4.9): a preflight, whose answer decides whether the
   * request is made, and an answer of which the page sees what it may.
   */
  async function fromPage(answer: (request: Request) => Promise<Response>, init: RequestInit) {
    const { headers, method = 'GET' } = init;
    const names = [...new Headers(headers).keys()].sort();
    const asked = { origin: PAGE, 'access-control-request-method': method };
    const preflight = await answer(
      new Request(URL_OF_CALL, {
        method: 'OPTIONS',
        headers: { ...asked, 'access-control-request-headers': names.join(',') },
      }),
    );
    const list = (name: string) => (preflight.headers.get(name) ?? '').split(',').map((text) => text.trim());
    const mayRead = ({ headers: of }: Response) => ['*', PAGE].includes(of.get('access-control-allow-origin') ?? '');
    const allowed =
      preflight.ok &&
      mayRead(preflight) &&
      list('access-control-allow-methods').includes(method) &&
      names.every((name) => list('access-control-allow-headers').includes(name));
    if (!allowed) throw new TypeError('Failed to fetch');
    const response = await answer(new Request(URL_OF_CALL, { ...init, headers: { ...headers, origin: PAGE } }));
    if (!mayRead(response)) throw new TypeError('Failed to fetch');
    const exposed = (response.headers.get('access-control-expose-headers') ?? '').split(', ');
    const seen = [...response.headers].filter(([name]) => name === 'content-type' || exposed.includes(name));
    return { status: response.status, headers: new Headers(seen), text: await response.text() };
  }

  /** What a program makes of the guard. */
  async function serving(options: Partial<RequireTctOptions> = {}) {
    const world = await setUp(options);
    const answer = async (request: Request) => {
      const { authorization, headers, response } = await world.gate(request, 'read');
      return response ?? Response.json({ holder: authorization.holder }, { headers });
    };
    return { ...world, answer };
  }

  it('uses a guarded capability, and reads what it gets', async () => {
    const { anna, signed, answer } = await serving({ methods: ['GET', 'POST'] });
    const read = await fromPage(answer, { headers: await signed() });
    expect([read.status, JSON.parse(read.text)]).toEqual([200, { holder: anna.aid }]);
    const post = { method: 'POST', body: '{"a":1}' };
    const headers = { ...(await signed(post)), 'content-type': 'application/json' };
    expect((await fromPage(answer, { ...post, headers })).status).toBe(200);
  });

  it('[16.35] sees a challenge, and answers it', async () => {
    const { anna, bert, tct, now, answer } = await serving({ methods: ['GET'], allowedOrigins: [PAGE] });
    const first = await fromPage(answer, { headers: { 'x-aitp-tct': tct.token } });
    expect(first.status).toBe(401);
    const options = { verifier: bert.aid, tct, replay: memoryReplayStore({ now }), now };
    const headers = (await popResponseHeaders(anna.signer, first.headers, options)) as Record<string, string>;
    expect((await fromPage(answer, { headers })).status).toBe(200);
  });

  it('reads the refusals, too', async () => {
    const { revoked, tct, signed, answer } = await serving({ methods: ['GET'] });
    revoked.add(tct.jti);
    const { status, text } = await fromPage(answer, { headers: await signed() });
    expect([status, JSON.parse(text).error.code]).toEqual([403, 'TCT_REVOKED']);
  });

  it('gets nowhere where that was not said, by another method, or from an origin that is not listed', async () => {
    const attempts: [Partial<RequireTctOptions>, string][] = [
      [{}, 'GET'],
      [{ methods: [] }, 'GET'],
      [{ methods: ['GET'] }, 'DELETE'],
      [{ methods: ['GET'], allowedOrigins: ['https://other.example'] }, 'GET'],
      [{ methods: ['GET'], allowedOrigins: false }, 'GET'],
    ];
    for (const [options, method] of attempts) {
      const { signed, answer } = await serving(options);
      const headers = await signed({ method });
      await expect(fromPage(answer, { method, headers })).rejects.toThrow(TypeError);
    }
  });

  it('a preflight lets nothing else through, and costs no holder anything', async () => {
    const { gate, signed } = await setUp({ methods: ['GET'], maxRequestsPerHolder: 1 });
    const headers = await signed();
    for (let i = 0; i < 3; i++) {
      const verdict = await gate(new Request(URL_OF_CALL, { method: 'OPTIONS', headers }), 'read');
      expect(verdict.authorization).toBeUndefined();
      expect(verdict.response?.status).toBe(204);
      expect(verdict.response?.headers.get('allow')).toBe('GET, OPTIONS');
    }
    expect((await gate(new Request(URL_OF_CALL, { headers }), 'read')).authorization).toBeDefined();
  });

  it('methods that are none are refused at once', async () => {
    for (const methods of ['GET', ['get'], [7], ['GET, POST']]) {
      await expect(setUp({ methods: methods as never })).rejects.toThrow(TypeError);
    }
  });
});
