// Clients of an agent over HTTP that mean harm: floods, quotas escaped, sessions of others ended, lists undone.

import { describe, expect, it, vi } from 'vitest';
import { addressName } from '../../../src/aitp/http/address-name.js';
import { handshakeOverHttp } from '../../../src/aitp/http/handshake-over-http.js';
import { serveAitp } from '../../../src/aitp/http/serve-aitp.js';
import { rateWindow } from '../../../src/aitp/rate-window.js';
import { verifySnapshot } from '../../../src/aitp/revocation-snapshot.js';
import { LimitError } from '../../../src/errors.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { ISSUER, mint, NOW, providerKeys } from '../parties.js';
import { agentOf, makeWorld, ORIGIN, post, refusalOf, SINGLE, serving, type World, wireTo } from './agents.js';

const SESSION = 'x-aitp-session-id';
const LIST = `${ORIGIN}/.well-known/aitp-revocation-list`;

async function helloOf({ anna, bert }: World) {
  const session = anna.newSession();
  return { session, hello: await session.buildHello(JSON.stringify({ manifest: bert.manifest?.body }), ['read']) };
}

async function toCommit(world: World, serve = serving(world)) {
  const { session, hello } = await helloOf(world);
  const ack = (await serve(post(SINGLE, hello))) as Response;
  const name = ack.headers.get(SESSION) as string;
  return { serve, name, commit: await session.processHelloAck(await ack.text()) };
}

/** A request whose body begins and never ends. */
function slow(from = 'x'): Request {
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) });
  const headers = { 'content-type': 'application/json', from };
  return new Request(SINGLE, { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
}

const from = (request: Request) => request.headers.get('from') ?? undefined;

describe('slow bodies', () => {
  it('of one address leave room for everybody else', async () => {
    const world = await makeWorld();
    const limits = { maxConcurrent: 4, maxConcurrentPerAddress: 2 };
    const clock = fakeClock();
    const serve = serving(world, { clock, addressOf: from, limits });
    const held = [slow('192.0.2.1'), slow('192.0.2.1')].map((request) => serve(request));
    expect((await serve(slow('192.0.2.1')))?.status).toBe(429);
    expect((await serve(post(SINGLE, (await helloOf(world)).hello, { from: '192.0.2.2' })))?.status).toBe(200);
    clock.advance(5_000);
    expect(await Promise.all(held.map(async (answer) => (await answer)?.status))).toEqual([400, 400]);
    expect((await serve(post(SINGLE, (await helloOf(world)).hello, { from: '192.0.2.1' })))?.status).toBe(200);
  });
});

describe('a quota', () => {
  it('of an address is that of its whole network of IPv6, and one of IPv4 however it is written', () => {
    expect(addressName('2001:db8:0:1::1')).toBe(addressName('[2001:db8:0:1:ffff::2]'));
    expect(addressName('2001:db8:0:1::1')).not.toBe(addressName('2001:db8:0:2::1'));
    expect(addressName('fe80::1%eth0')).toBe(addressName('fe80::2'));
    for (const same of ['::ffff:192.0.2.1', '::FFFF:c000:201', '0:0:0:0:0:ffff:c000:201', ' 192.0.2.1']) {
      expect(addressName(same)).toBe('192.0.2.1');
    }
    for (const odd of ['', 'unix', '1.2.3', '::1::']) expect(addressName(odd)).toBe(odd);
  });

  it('is not escaped with another address of the same network', async () => {
    const world = await makeWorld();
    const serve = serving(world, { addressOf: from, limits: { maxHellosPerAddress: 1 } });
    const ask = async (address: string) =>
      (await serve(post(SINGLE, (await helloOf(world)).hello, { from: address })))?.status;
    expect(await ask('2001:db8::1')).toBe(200);
    expect(await ask('2001:db8::2')).toBe(429);
    expect(await ask('2001:db8:1::1')).toBe(200);
  });

  it('that is used up is not forgotten for the sake of many new names', () => {
    let now = 0;
    const window = rateWindow({ max: 2, windowSec: 60 }, () => now);
    for (const expected of [true, true, false]) expect(window.take('abuser')).toBe(expected);
    for (let i = 0; i < 10_001; i++) expect(window.take(`name ${i}`)).toBe(true);
    expect([window.take('abuser'), window.isFull('abuser')]).toEqual([false, true]);
    now = 60;
    expect(window.take('abuser')).toBe(true);
  });

  it('of many names that are all used up is bounded, too', () => {
    const window = rateWindow({ max: 1, windowSec: 60, maxNames: 4 }, () => 0);
    for (let i = 0; i < 100; i++) expect(window.take(`name ${i}`)).toBe(true);
    expect([window.isFull('name 99'), window.isFull('name 0')]).toEqual([true, false]);
  });
});

describe('sessions', () => {
  /** An agent with a key of its own, for whom the one subject of the provider vouches. */
  async function fleet(world: World, seed: number): Promise<World> {
    const anna = await agentOf(seed, world.clock, {
      pinnedKeys: { find: (subject, publicKey) => ({ subject, publicKey }) },
      mintJwt: ({ nonce, audience, jkt }) => mint({ sub: 'fleet', aud: audience, nonce, cnf: { jkt } }, world.clock),
    });
    await anna.buildManifest({
      identity: { type: 'oidc', subject: 'fleet', issuer: ISSUER },
      handshakeEndpoint: 'https://fleet.example/aitp/',
      offeredCapabilities: ['read', 'write'],
      acceptedIdentityTypes: ['pinned_key'],
    });
    return { ...world, anna };
  }

  it('of others are not ended by one identity that comes with many keys', async () => {
    const world = await makeWorld(SINGLE, { issuerKeys: await providerKeys(), trustAnchors: [ISSUER] });
    const serve = serving(world, { limits: { maxSessions: 4, maxSessionsPerIdentity: 2 } });
    const honest = await toCommit(world, serve);
    const flood = [];
    for (const seed of [11, 12, 13, 14, 15]) flood.push(await toCommit(await fleet(world, seed), serve));
    const status = async ({ commit, name }: { commit: string; name: string }) =>
      (await serve(post(SINGLE, commit, { [SESSION]: name })))?.status;
    expect(await status(honest)).toBe(200);
    const statuses = [];
    for (const one of flood) statuses.push(await status(one));
    expect(statuses).toEqual([400, 400, 400, 200, 200]);
  });
});

describe('an error', () => {
  it('of a peer about no session is not answered with another one', async () => {
    const world = await makeWorld();
    const serve = serving(world, { signedErrors: true });
    const sign = vi.spyOn(world.bert, 'buildError');
    const error = await world.anna.buildError('POLICY_VIOLATION');
    for (const headers of [{}, { [SESSION]: '550e8400-e29b-41d4-a716-446655440000' }]) {
      const answer = await serve(post(SINGLE, error, headers));
      expect([answer?.status, await answer?.text()]).toEqual([400, '']);
    }
    expect(sign).not.toHaveBeenCalled();
  });

  it('of a book that is full is the fault of whoever fills it', async () => {
    const world = await makeWorld();
    const onError = vi.fn();
    const onHandshake = () => Promise.reject(new LimitError('maxPeers', 1, 2));
    const { serve, name, commit } = await toCommit(world, serving(world, { onHandshake, onError }));
    const answer = await serve(post(SINGLE, commit, { [SESSION]: name }));
    expect([answer?.status, await answer?.text()]).toEqual([429, '']);
    expect(onError).not.toHaveBeenCalled();
  });
});

describe('what caches are told', () => {
  it('a Manifest that is not there yet is not missing for long', async () => {
    const world = await makeWorld();
    world.clock.sec += 3_600;
    const answer = await serving(world)(new Request(`${ORIGIN}/.well-known/aitp-manifest`));
    expect([answer?.status, answer?.headers.get('cache-control')]).toEqual([404, 'no-store']);
  });
});

describe('the list of revocations', () => {
  const JTI = '550e8400-e29b-41d4-a716-446655440000';

  it('is not undone by a reading that began before the revocation and ends after it', async () => {
    const world = await makeWorld();
    const revoked: { jti: string }[] = [];
    const reads: (() => void)[] = [];
    const serve = serving(world, {
      revocations: () => {
        const seen = [...revoked];
        return new Promise((resolve) => reads.push(() => resolve(seen)));
      },
    });
    const ask = async () => verifySnapshot((await (await serve(new Request(LIST)))?.text()) as string);
    const first = ask();
    await vi.waitFor(() => expect(reads).toHaveLength(1));
    revoked.push({ jti: JTI });
    const [second, third] = [ask(), ask()];
    // The slow one comes last, if anything else was read meanwhile.
    await Promise.resolve();
    for (const read of reads.splice(0).reverse()) read();
    expect((await first).revokedJtis.has(JTI)).toBe(false);
    await vi.waitFor(() => expect(reads.length).toBeGreaterThan(0));
    for (const read of reads.splice(0)) read();
    for (const list of [await second, await third]) expect(list.revokedJtis.has(JTI)).toBe(true);
  });

  it('goes on after a reading that failed', async () => {
    const world = await makeWorld();
    const onError = vi.fn();
    const revocations = vi.fn().mockRejectedValueOnce(new Error('down')).mockResolvedValue([]);
    const serve = serving(world, { revocations, onError });
    expect((await serve(new Request(LIST)))?.status).toBe(500);
    expect((await serve(new Request(LIST)))?.status).toBe(200);
    expect(onError).toHaveBeenCalledTimes(1);
  });

  it('that is longer than anybody reads is not published, and somebody here is told', async () => {
    const world = await makeWorld();
    const onError = vi.fn();
    const entry = { jti: JTI, reason: 'x'.repeat(300_000) };
    const answer = await serving(world, { revocations: () => [entry], onError })(new Request(LIST));
    expect(answer?.status).toBe(500);
    expect(onError.mock.calls[0]?.[0]).toBeInstanceOf(RangeError);
  });
});

it('whatever serves an agent goes by the clock of the agent', async () => {
  const world = await makeWorld();
  const serve = serveAitp({ agent: world.bert });
  const manifest = await serve(new Request(`${ORIGIN}/.well-known/aitp-manifest`));
  expect(manifest?.headers.get('cache-control')).toBe('public, max-age=300');
  world.clock.sec = NOW + 3_590;
  const near = await serve(new Request(`${ORIGIN}/.well-known/aitp-manifest`));
  expect(near?.headers.get('cache-control')).toBe('public, max-age=10');
  const { fetch } = wireTo(serve);
  const { claims } = await handshakeOverHttp(world.anna, ORIGIN, { requestedGrants: ['read'], fetch });
  expect(claims.expiresAtSec).toBe(NOW + 3_600);
});

it('limits that cannot be are refused', async () => {
  const world = await makeWorld();
  for (const limits of [{ maxConcurrentPerAddress: 0 }, { maxSessionsPerIdentity: 0 }]) {
    expect(() => serving(world, { limits })).toThrow(RangeError);
  }
  expect(await refusalOf(await serving(world)(post(SINGLE, '{')))).toBe('INVALID_ENVELOPE');
});
