import { describe, expect, it, vi } from 'vitest';
import { fetchManifest } from '../../../src/aitp/http/fetch-manifest.js';
import { verifySnapshot } from '../../../src/aitp/revocation-snapshot.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { NOW } from '../parties.js';
import { agentOf, makeWorld, ORIGIN, post, refusalOf, SINGLE, serving, type World, wireTo } from './agents.js';

const SESSION = 'x-aitp-session-id';

async function helloOf({ anna, bert }: World) {
  const session = anna.newSession();
  return { session, hello: await session.buildHello(JSON.stringify({ manifest: bert.manifest?.body }), ['read']) };
}

/** A handshake whose commit is ready to go. */
async function toCommit(world: World, serve = serving(world)) {
  const { session, hello } = await helloOf(world);
  const ack = (await serve(post(SINGLE, hello))) as Response;
  const name = ack.headers.get(SESSION) as string;
  return { serve, session, hello, name, commit: await session.processHelloAck(await ack.text()) };
}

describe('documents', () => {
  it('the Manifest is served as it is signed, for no longer than it holds', async () => {
    const world = await makeWorld();
    const serve = serving(world);
    const { fetch } = wireTo(serve);
    expect((await fetchManifest(ORIGIN, { fetch, now: () => NOW })).aid).toBe(world.bert.aid);
    world.clock.sec = NOW + 3_590;
    const near = await serve(new Request(`${ORIGIN}/.well-known/aitp-manifest`));
    expect(near?.headers.get('cache-control')).toBe('public, max-age=10');
    world.clock.sec = NOW + 3_600;
    expect((await serve(new Request(`${ORIGIN}/.well-known/aitp-manifest`)))?.status).toBe(404);
  });

  it('the list of what was taken back is signed anew when it changes, and not for everybody who asks', async () => {
    const world = await makeWorld();
    const jti = '550e8400-e29b-41d4-a716-446655440000';
    const revoked: { jti: string }[] = [];
    const sign = vi.spyOn(world.bert, 'signRevocationList');
    const serve = serving(world, { revocations: () => revoked });
    const ask = async () => {
      const response = await serve(new Request(`${ORIGIN}/.well-known/aitp-revocation-list`));
      return verifySnapshot((await response?.text()) as string);
    };
    expect((await ask()).entries).toEqual([]);
    await ask();
    expect(sign).toHaveBeenCalledTimes(1);
    revoked.push({ jti });
    expect((await ask()).revokedJtis.has(jti)).toBe(true);
    world.clock.sec += 60;
    expect((await ask()).publishedAtSec).toBe(NOW + 60);
    expect(sign).toHaveBeenCalledTimes(3);
  });

  it('what is not ours is left to others, and other methods are refused', async () => {
    const serve = serving(await makeWorld());
    expect(await serve(new Request(`${ORIGIN}/`))).toBeUndefined();
    expect(await serve(new Request(`${ORIGIN}/.well-known/aitp-revocation-list`))).toBeUndefined();
    expect((await serve(new Request(SINGLE)))?.status).toBe(405);
    const head = await serve(new Request(`${ORIGIN}/.well-known/aitp-manifest`, { method: 'HEAD' }));
    expect([head?.status, await head?.text()]).toEqual([200, '']);
  });

  it('pages may send and read the headers of AITP, of listed origins only where there is a list', async () => {
    const world = await makeWorld();
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const preflight = await serving(world)(new Request(SINGLE, { method: 'OPTIONS', headers }));
    const allowed = preflight?.headers.get('access-control-allow-headers')?.split(', ');
    expect(allowed).toEqual(expect.arrayContaining(['content-type', SESSION, 'x-aitp-tct', 'x-aitp-pop-response']));
    const { name: _, hello } = await toCommit(await makeWorld());
    const answer = await serving(world)(post(SINGLE, hello));
    expect(answer?.headers.get('access-control-expose-headers')).toContain(SESSION);
    const narrow = serving(world, { allowedOrigins: ['https://other.example'] });
    const refused = await narrow(new Request(SINGLE, { method: 'OPTIONS', headers }));
    expect(refused?.headers.has('access-control-allow-origin')).toBe(false);
  });
});

describe('a handshake', () => {
  it('[16.64] a commit without the header finds its session by sender and nonce, and one with an unknown name none', async () => {
    const world = await makeWorld();
    const { serve, session, commit } = await toCommit(world);
    const unknown = { [SESSION]: '550e8400-e29b-41d4-a716-446655440000' };
    expect(await refusalOf(await serve(post(SINGLE, commit, unknown)))).toBe('INVALID_ENVELOPE');
    const answer = await serve(post(`${SINGLE}/commit`, commit));
    expect((await session.complete((await answer?.text()) as string)).claims.grants).toEqual(['read']);
  });

  it('the name of a session is good once', async () => {
    const { serve, name, commit } = await toCommit(await makeWorld());
    expect((await serve(post(SINGLE, commit, { [SESSION]: name })))?.status).toBe(200);
    expect(await refusalOf(await serve(post(SINGLE, commit, { [SESSION]: name })))).toBe('INVALID_ENVELOPE');
  });

  it('each message that comes a second time is refused', async () => {
    const { serve, hello, name, commit } = await toCommit(await makeWorld());
    expect(await refusalOf(await serve(post(SINGLE, hello)))).toBe('REPLAY_DETECTED');
    await serve(post(SINGLE, commit, { [SESSION]: name }));
    expect(await refusalOf(await serve(post(SINGLE, commit)))).toBe('INVALID_ENVELOPE');
  });

  it('[16.57] a commit of another agent is refused, and the right one still comes through', async () => {
    const world = await makeWorld();
    const serve = serving(world);
    const { name, commit } = await toCommit(world, serve);
    const stranger = await toCommit(await makeWorld());
    const forged = JSON.parse(stranger.commit);
    forged.sender.agent_id = world.bert.aid;
    const answer = await serve(post(SINGLE, JSON.stringify(forged), { [SESSION]: name }));
    expect(await refusalOf(answer)).toBe('INVALID_ENVELOPE');
    expect((await serve(post(SINGLE, commit, { [SESSION]: name })))?.status).toBe(200);
  });

  it('[16.58] a second hello in a session ends it', async () => {
    const world = await makeWorld();
    const { serve, name, commit } = await toCommit(world);
    const { hello } = await helloOf(world);
    expect(await refusalOf(await serve(post(SINGLE, hello, { [SESSION]: name })))).toBe('INVALID_ENVELOPE');
    expect(await refusalOf(await serve(post(SINGLE, commit, { [SESSION]: name })))).toBe('INVALID_ENVELOPE');
  });

  it('[16.62] a commit after the time limit', async () => {
    const world = await makeWorld();
    const { serve, session, name, commit } = await toCommit(world);
    world.clock.sec += 61;
    expect(await refusalOf(await serve(post(SINGLE, commit, { [SESSION]: name })))).toBe('TIMESTAMP_EXPIRED');
    world.clock.sec += 300;
    expect(await refusalOf(await serve(post(SINGLE, commit, { [SESSION]: name })))).toBe('INVALID_ENVELOPE');
    session.abandon();
  });

  it('[16.63] an error message of the peer ends the session', async () => {
    const world = await makeWorld();
    const { serve, name, commit } = await toCommit(world);
    const gone = await serve(post(SINGLE, await world.anna.buildError('POLICY_VIOLATION'), { [SESSION]: name }));
    expect(gone?.status).toBe(204);
    expect(await refusalOf(await serve(post(SINGLE, commit, { [SESSION]: name })))).toBe('INVALID_ENVELOPE');
  });

  it('[16.65] too long, another kind of content, no JSON, the wrong path', async () => {
    const world = await makeWorld();
    const serve = serving(world);
    const { hello } = await helloOf(world);
    const kinds = [
      post(SINGLE, 'a'.repeat(65_537)),
      post(SINGLE, hello, { 'content-type': 'text/plain' }),
      post(SINGLE, hello, { 'content-type': 'application/jsonp' }),
      post(SINGLE, '{'),
      post(`${SINGLE}/commit`, hello),
    ];
    for (const request of kinds) {
      const response = await serve(request);
      expect([response?.status, response?.headers.get('cache-control')]).toEqual([400, 'no-store']);
      expect(await refusalOf(response)).toBe('INVALID_ENVELOPE');
    }
    const registered = { 'content-type': 'application/aitp+json; version=0.2' };
    expect((await serve(post(SINGLE, hello, registered)))?.status).toBe(200);
  });

  it('[16.65] a body that never ends', async () => {
    const clock = fakeClock();
    const serve = serving(await makeWorld(), { clock });
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) });
    const headers = { 'content-type': 'application/json' };
    const answer = serve(new Request(SINGLE, { method: 'POST', headers, body, duplex: 'half' } as RequestInit));
    while (clock.pendingTimers === 0) await Promise.resolve();
    clock.advance(5_000);
    expect(await refusalOf(await answer)).toBe('INVALID_ENVELOPE');
  });

  it('[16.65] too many hellos of one address or one agent: 429 with nothing in it', async () => {
    const world = await makeWorld();
    const byAddress = serving(world, { addressOf: () => '192.0.2.1', limits: { maxHellosPerAddress: 1 } });
    const byAid = serving(world, { limits: { maxHellosPerAid: 1 } });
    for (const serve of [byAddress, byAid]) {
      expect((await serve(post(SINGLE, (await helloOf(world)).hello)))?.status).toBe(200);
      const refused = await serve(post(SINGLE, (await helloOf(world)).hello));
      expect([refused?.status, await refused?.text()]).toEqual([429, '']);
      world.clock.sec += 60;
      expect((await serve(post(SINGLE, (await helloOf(world)).hello)))?.status).toBe(200);
    }
  });

  it('nobody uses up what another agent is allowed', async () => {
    const world = await makeWorld();
    const serve = serving(world, { limits: { maxHellosPerAid: 1 } });
    const { hello } = await helloOf(world);
    const forged = JSON.parse(hello);
    forged.timestamp += 1;
    expect(await refusalOf(await serve(post(SINGLE, JSON.stringify(forged))))).toBe('INVALID_SIGNATURE');
    expect((await serve(post(SINGLE, hello)))?.status).toBe(200);
  });

  it('one session too many ends the oldest', async () => {
    const world = await makeWorld();
    const serve = serving(world, { limits: { maxSessions: 1 } });
    const first = await toCommit(world, serve);
    const second = await toCommit(world, serve);
    expect(await refusalOf(await serve(post(SINGLE, first.commit, { [SESSION]: first.name })))).toBe(
      'INVALID_ENVELOPE',
    );
    expect((await serve(post(SINGLE, second.commit, { [SESSION]: second.name })))?.status).toBe(200);
  });

  it('a peer that is not believed is told the code, signed where that is wanted', async () => {
    const world = await makeWorld();
    const stranger = await agentOf(7, world.clock);
    await stranger.buildManifest({
      displayName: 'anna',
      handshakeEndpoint: 'https://stranger.example/aitp/',
      offeredCapabilities: ['read'],
      acceptedIdentityTypes: ['pinned_key'],
    });
    const { hello } = await helloOf({ ...world, anna: stranger });
    expect(await refusalOf(await serving(world)(post(SINGLE, hello)))).toBe('IDENTITY_FAILED');
    const signed = await serving(world, { signedErrors: true })(post(SINGLE, '{'));
    const message = (await signed?.json()) as { message_type: string; payload: { code: string } };
    expect([message.message_type, message.payload.code]).toEqual(['error', 'INVALID_ENVELOPE']);
  });

  it('a fault of the application stays at home, and the peer gets no token', async () => {
    const fault = new Error('disk full');
    const onError = vi.fn();
    const world = await makeWorld();
    const { serve, name, commit } = await toCommit(
      world,
      serving(world, { onError, onHandshake: () => Promise.reject(fault) }),
    );
    const response = await serve(post(SINGLE, commit, { [SESSION]: name }));
    expect([response?.status, await response?.text()]).toEqual([500, '']);
    expect(onError).toHaveBeenCalledWith(fault);
  });

  it('options that cannot be are refused at once', async () => {
    const { bert: agent } = await makeWorld();
    expect(() => serving({} as never)).toThrow(TypeError);
    for (const options of [{ limits: { maxSessions: 0 } }, { manifestMaxAgeSec: -1 }]) {
      expect(() => serving({ bert: agent } as never, { now: () => 1, ...options })).toThrow(RangeError);
    }
    expect(() => serving({ bert: agent } as never, { now: () => 1, handshakePath: 'x' })).toThrow(TypeError);
  });
});
