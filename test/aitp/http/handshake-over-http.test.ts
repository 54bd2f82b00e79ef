import { describe, expect, it } from 'vitest';
import type { AitpHandler } from '../../../src/aitp/http/endpoints.js';
import { handshakeOverHttp } from '../../../src/aitp/http/handshake-over-http.js';
import { codeOf } from '../parties.js';
import { agentOf, makeWorld, ORIGIN, SEPARATE, SINGLE, serving, shake, type Wire, wireTo } from './agents.js';

/** A handler of which only some paths are there. */
const only =
  (handler: AitpHandler, allowed: (path: string) => boolean): AitpHandler =>
  async (request) =>
    allowed(new URL(request.url).pathname) ? handler(request) : new Response(null, { status: 404 });

/** A wire whose answers are changed on the way. */
const tampered = (
  { fetch, asked }: Wire,
  change: (response: Response, path: string) => Response | Promise<Response>,
) => ({
  asked,
  fetch: async (url: string, init: RequestInit) => change(await fetch(url, init), new URL(url).pathname),
});

describe('[16.64] where the messages go', () => {
  it('below an endpoint with a slash at its end', async () => {
    const world = await makeWorld(SEPARATE);
    const wire = wireTo(serving(world));
    const { claims, peer, grantVoucher } = await shake(world, wire);
    expect(claims.grants).toEqual(['read']);
    expect(peer.aid).toBe(world.bert.aid);
    expect(grantVoucher).toBeDefined();
    expect(wire.asked).toEqual([
      'GET /.well-known/aitp-manifest',
      'POST /aitp/handshake/hello',
      'POST /aitp/handshake/commit',
    ]);
  });

  it('to the endpoint itself where it has none', async () => {
    const world = await makeWorld(SINGLE);
    const wire = wireTo(serving(world));
    await shake(world, wire);
    expect(wire.asked.slice(1)).toEqual(['POST /aitp/handshake', 'POST /aitp/handshake']);
  });

  it('to the other form, once and with a new hello, where the first is not there', async () => {
    for (const [endpoint, isThere] of [
      [SEPARATE, (path: string) => !/(hello|commit)$/.test(path)],
      [SINGLE, (path: string) => path !== '/aitp/handshake'],
    ] as const) {
      const world = await makeWorld(endpoint);
      const wire = wireTo(only(serving(world), isThere));
      expect((await shake(world, wire)).claims.grants).toEqual(['read']);
      expect(wire.asked).toHaveLength(4);
    }
  });

  it('nowhere else: two forms are tried, and no more', async () => {
    const world = await makeWorld();
    const wire = wireTo(only(serving(world), (path) => path.startsWith('/.well-known')));
    expect(await codeOf(shake(world, wire))).toBe('ERR_HTTP_STATUS');
    expect(wire.asked).toHaveLength(3);
  });

  it('a server that does not let its session header be read is found by the nonce', async () => {
    const world = await makeWorld();
    const wire = tampered(wireTo(serving(world)), (response) => {
      response.headers.delete('x-aitp-session-id');
      return response;
    });
    expect((await shake(world, wire)).claims.grants).toEqual(['read']);
  });

  it('a Manifest at hand is not fetched, and no redirect is followed', async () => {
    const world = await makeWorld();
    const wire = wireTo(serving(world));
    const now = () => world.clock.sec;
    const { fetch } = wire;
    await handshakeOverHttp(world.anna, world.bert.manifest as never, { requestedGrants: ['read'], fetch, now });
    expect(wire.asked[0]).toBe('POST /aitp/handshake/hello');
    const redirected = { fetch: async () => new Response(null, { status: 307, headers: { location: ORIGIN } }) };
    const options = { requestedGrants: ['read'], now, ...redirected };
    expect(await codeOf(handshakeOverHttp(world.anna, world.bert.manifest as never, options))).toBe(
      'ERR_HTTP_REDIRECT',
    );
  });
});

describe('what an answer comes to', () => {
  it('[16.63] a refusal of either form ends it, as a word of the peer', async () => {
    for (const signedErrors of [false, true]) {
      const world = await makeWorld();
      const stranger = await agentOf(9, world.clock);
      await stranger.buildManifest({
        displayName: 'x',
        handshakeEndpoint: 'https://x.example/',
        offeredCapabilities: ['read'],
      });
      const { fetch } = wireTo(serving(world, { signedErrors }));
      const options = { requestedGrants: ['read'], fetch, now: () => world.clock.sec };
      const refused = await handshakeOverHttp(stranger, ORIGIN, options).catch((error) => error);
      expect(refused).toMatchObject({ code: 'ERR_AITP_PEER', peerCode: 'IDENTITY_FAILED', retryable: false });
    }
  });

  it('an error message somebody else signed is not of the peer', async () => {
    const world = await makeWorld();
    const forged = await world.anna.buildError('KEY_RESOLUTION_FAILED');
    const wire = tampered(wireTo(serving(world)), (response, path) =>
      path.endsWith('/hello') ? new Response(forged, { status: 400 }) : response,
    );
    expect(await codeOf(shake(world, wire))).toBe('INVALID_ENVELOPE');
  });

  it('[16.63] a peer is told that we gave up', async () => {
    const world = await makeWorld();
    const wire = wireTo(serving(world, { responder: { requestedGrants: ['nothing'] } }));
    const bodies: string[] = [];
    const fetch = (url: string, init: RequestInit) => {
      bodies.push(String(init.body));
      return wire.fetch(url, init);
    };
    expect(await codeOf(shake(world, { fetch }))).toBe('POLICY_VIOLATION');
    expect(wire.asked.at(-1)).toBe('POST /aitp/handshake/commit');
    const { message_type: kind, payload } = JSON.parse(bodies.at(-1) as string);
    expect([kind, payload.code]).toEqual(['error', 'POLICY_VIOLATION']);
  });

  it('429 says nothing but that', async () => {
    const world = await makeWorld();
    const wire = wireTo(serving(world, { limits: { maxHellosPerAid: 1 } }));
    await shake(world, wire);
    const refused = await shake(world, wire).catch((error) => error);
    expect(refused).toMatchObject({ code: 'ERR_HTTP_STATUS', status: 429 });
  });

  it('an answer that is too long is not read to its end', async () => {
    const world = await makeWorld();
    const wire = tampered(wireTo(serving(world)), (response, path) =>
      path.endsWith('/hello') ? new Response('a'.repeat(65_537)) : response,
    );
    expect(await codeOf(shake(world, wire))).toBe('ERR_HTTP_TOO_LARGE');
  });

  it('a commit_ack of a good form that is changed is refused', async () => {
    const world = await makeWorld();
    const wire = tampered(wireTo(serving(world)), async (response, path) => {
      if (!path.endsWith('/commit')) return response;
      const message = JSON.parse(await response.text());
      return new Response(JSON.stringify({ ...message, timestamp: message.timestamp + 1 }));
    });
    expect(await codeOf(shake(world, wire))).toBe('INVALID_SIGNATURE');
  });

  it('the reason of the signal comes through, and another agent than expected is not called', async () => {
    const world = await makeWorld();
    const { fetch } = wireTo(serving(world));
    const reason = new Error('enough');
    const options = { requestedGrants: ['read'], fetch, now: () => world.clock.sec };
    const aborted = { ...options, signal: AbortSignal.abort(reason) };
    await expect(handshakeOverHttp(world.anna, ORIGIN, aborted)).rejects.toBe(reason);
    const other = { ...options, expectedAid: world.anna.aid };
    expect(await codeOf(handshakeOverHttp(world.anna, ORIGIN, other))).toBe('MANIFEST_SIGNATURE_INVALID');
  });
});
