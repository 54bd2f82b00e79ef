// Callers of a guarded capability that mean harm: floods, bodies before proofs, invocations passed on by another server,
// challenges pushed out.

import { describe, expect, it, vi } from 'vitest';
import { challengeTable } from '../../../src/aitp/http/challenge-table.js';
import { invocationHeaders, popResponseHeaders } from '../../../src/aitp/http/invoke.js';
import { requireTct } from '../../../src/aitp/http/require-tct.js';
import type { RequireTctOptions } from '../../../src/aitp/http/require-tct-options.js';
import { memoryReplayStore } from '../../../src/aitp/replay-store.js';
import { ownRevocations } from '../../../src/aitp/revocation.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { makeWorld, ORIGIN, refusalOf, serving, shake, wireTo } from './agents.js';

const URL_OF_CALL = `${ORIGIN}/calendar`;

/** Anna holds a token of bert's that grants `read`. */
async function setUp(options: Partial<RequireTctOptions> = {}) {
  const world = await makeWorld();
  const { claims: tct } = await shake(world, wireTo(serving(world)));
  const now = () => world.clock.sec;
  const gate = requireTct({ agent: world.bert, revocation: ownRevocations(new Set()), ...options });
  const signed = (url = URL_OF_CALL, more: { method?: string; body?: string } = {}) =>
    invocationHeaders(world.anna.signer, { tct, capability: 'read', url, now, ...more });
  const ask = (headers: Record<string, string>, init: RequestInit = {}, url = URL_OF_CALL) =>
    gate(new Request(url, { ...init, headers }), 'read');
  return { ...world, tct, now, gate, signed, ask };
}

/** A body that begins, never ends, and tells whether it was given up. */
function endless(headers: Record<string, string>) {
  const cancel = vi.fn();
  const pull = vi.fn();
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)), pull, cancel });
  return {
    cancel,
    request: new Request(URL_OF_CALL, { method: 'POST', headers, body, duplex: 'half' } as RequestInit),
  };
}

describe('a body', () => {
  it('of a caller that has proved nothing is not waited for', async () => {
    const { gate, tct } = await setUp();
    const cases: [Record<string, string>, number][] = [
      [{}, 401],
      [{ 'x-aitp-tct': 'a.b.c' }, 403],
      [{ 'x-aitp-tct': tct.token }, 401],
      [{ 'x-aitp-tct': tct.token, 'x-aitp-invocation': 'e30' }, 403],
    ];
    for (const [headers, status] of cases) {
      const { request, cancel } = endless(headers);
      expect((await gate(request, 'read')).response?.status).toBe(status);
      expect(cancel).toHaveBeenCalledTimes(1);
    }
  });

  it('that never ends is waited for so long, and no longer', async () => {
    const clock = fakeClock();
    const { gate, signed } = await setUp({ clock });
    const { request } = endless(await signed(URL_OF_CALL, { method: 'POST' }));
    const verdict = gate(request, 'read');
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
    clock.advance(5_000);
    expect(await refusalOf((await verdict).response)).toBe('INVALID_ENVELOPE');
  });
});

describe('too many requests', () => {
  it('at once are 429, of one address before of all', async () => {
    const clock = fakeClock();
    const addressOf = (request: Request) => request.headers.get('from') ?? undefined;
    const { gate, signed, ask } = await setUp({ clock, addressOf, maxConcurrent: 2, maxConcurrentPerAddress: 1 });
    const post = { method: 'POST' };
    const hold = async (from: string) => gate(endless({ ...(await signed(URL_OF_CALL, post)), from }).request, 'read');
    const first = hold('192.0.2.1');
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
    const { request, cancel } = endless({ from: '192.0.2.1' });
    const refused = (await gate(request, 'read')).response;
    expect([refused?.status, refused?.headers.get('retry-after')]).toEqual([429, '60']);
    expect(cancel).toHaveBeenCalledTimes(1);
    expect((await ask({ ...(await signed()), from: '192.0.2.2' })).authorization).toBeDefined();
    const second = hold('192.0.2.2');
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(2));
    expect((await ask({ ...(await signed()), from: '192.0.2.3' })).response?.status).toBe(429);
    clock.advance(5_000);
    expect([(await first).response?.status, (await second).response?.status]).toEqual([403, 403]);
    expect((await ask({ ...(await signed()), from: '192.0.2.3' })).authorization).toBeDefined();
  });

  it('in a minute are 429, by address and by holder, and a thief of the token uses up nothing of its holder', async () => {
    const addressOf = () => '2001:db8::1';
    const byAddress = await setUp({ addressOf, maxRequestsPerAddress: 2 });
    for (const status of [401, 401, 429]) expect((await byAddress.ask({})).response?.status).toBe(status);
    byAddress.clock.sec += 60;
    expect((await byAddress.ask({})).response?.status).toBe(401);

    const byHolder = await setUp({ maxRequestsPerHolder: 1, dangerouslyAcceptBearer: true });
    const bare = { 'x-aitp-tct': byHolder.tct.token };
    expect((await byHolder.ask(bare)).authorization).toBeDefined();
    expect((await byHolder.ask(bare)).response?.status).toBe(429);
    expect((await byHolder.ask(await byHolder.signed())).authorization).toBeDefined();
    expect((await byHolder.ask(await byHolder.signed())).response?.status).toBe(429);
    byHolder.clock.sec += 60;
    expect((await byHolder.ask(await byHolder.signed())).authorization).toBeDefined();
  });
});

describe('an invocation that was signed for another server', () => {
  it('is refused where our own origins are known, whatever host the request names', async () => {
    const { signed, ask } = await setUp({ origins: [ORIGIN] });
    const elsewhere = 'https://evil.example/calendar';
    const passedOn = await ask(await signed(elsewhere), {}, elsewhere);
    expect(await refusalOf(passedOn.response)).toBe('INVALID_ENVELOPE');
    expect((await ask(await signed())).authorization).toBeDefined();
  });

  it('has to be ruled out where tokens of another issuer count', async () => {
    const { bert: agent, anna } = await makeWorld();
    const revocation = { dangerouslyIgnoreRevocation: true } as const;
    const issuerManifest = { dangerouslyIgnoreIssuerManifest: true } as const;
    const options = { agent, revocation, issuer: anna.aid, issuerManifest };
    expect(() => requireTct(options)).toThrow(TypeError);
    expect(() => requireTct({ ...options, origins: [ORIGIN] })).not.toThrow();
    expect(() => requireTct({ ...options, urlOf: () => URL_OF_CALL })).not.toThrow();
    for (const origins of [
      ['https://agent.example/'],
      ['agent.example'],
      ['wss://agent.example'],
      ['ftp://agent.example'],
      'https://agent.example',
    ]) {
      expect(() => requireTct({ ...options, origins } as never)).toThrow(TypeError);
    }
  });
});

describe('challenges', () => {
  it('of others are not pushed out by whoever has one token', async () => {
    const table = challengeTable({ maxChallenges: 10, maxChallengesPerToken: 2 });
    const challenge = (jti: string, nonce: string) =>
      ({ jti, nonce, subject: 'x', jkt: 'y', freshUntilSec: 1 }) as never;
    table.add(challenge('honest', 'n'));
    for (let i = 0; i < 100; i++) table.add(challenge('stolen', `s${i}`));
    expect(table.find('honest', 'n')).toBeDefined();
    expect([table.find('stolen', 's97'), table.find('stolen', 's98')]).toEqual([undefined, challenge('stolen', 's98')]);
    expect([table.find('honest', 's99'), table.find('honest', 7)]).toEqual([undefined, undefined]);
    table.delete(challenge('honest', 'n'));
    table.delete(challenge('honest', 'n'));
    expect(table.find('honest', 'n')).toBeUndefined();
    for (let i = 0; i < 20; i++) table.add(challenge(`j${i}`, `n${i}`));
    expect([table.find('j9', 'n9'), table.find('j10', 'n10')?.nonce]).toEqual([undefined, 'n10']);
  });

  it('are answered once, also at the same moment', async () => {
    const { anna, bert, tct, now, ask } = await setUp();
    const challenged = (await ask({ 'x-aitp-tct': tct.token })).response?.headers as Headers;
    const options = { verifier: bert.aid, tct, replay: memoryReplayStore({ now }), now };
    const headers = (await popResponseHeaders(anna.signer, challenged, options)) as Record<string, string>;
    const verdicts = await Promise.all([1, 2, 3].map(() => ask(headers)));
    expect(verdicts.filter(({ authorization }) => authorization !== undefined)).toHaveLength(1);
  });
});

it('limits that cannot be are refused', async () => {
  const { bert: agent } = await makeWorld();
  const revocation = { dangerouslyIgnoreRevocation: true } as const;
  const names = [
    'maxConcurrent',
    'maxConcurrentPerAddress',
    'maxRequestsPerAddress',
    'maxRequestsPerHolder',
    'maxChallengesPerToken',
    'bodyTimeoutMs',
  ];
  for (const name of names) expect(() => requireTct({ agent, revocation, [name]: 0 })).toThrow(RangeError);
  expect(() => requireTct({ agent, revocation, addressOf: 7 } as never)).toThrow(TypeError);
});
