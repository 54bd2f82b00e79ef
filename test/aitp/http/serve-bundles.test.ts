import { describe, expect, it, vi } from 'vitest';
import type { AitpAgent } from '../../../src/aitp/agent.js';
import { bundleUrl, fetchBundle, publishBundle } from '../../../src/aitp/http/bundles.js';
import {
  type AcceptBundlesOptions,
  type ServeBundlesOptions,
  serveBundles,
} from '../../../src/aitp/http/serve-bundles.js';
import type { Manifest } from '../../../src/aitp/manifest.js';
import { ownRevocations } from '../../../src/aitp/revocation.js';
import { sessionBook } from '../../../src/aitp/session-book.js';
import { buildSessionBundle } from '../../../src/aitp/session-bundle-shape.js';
import { issueTct } from '../../../src/aitp/tct.js';
import { codeOf, NOW } from '../parties.js';
import { makeWorld, ORIGIN, post, refusalOf, wireTo } from './agents.js';

const URL_OF_BUNDLES = `${ORIGIN}/aitp/session/bundle`;
const SESSION = '650e8400-e29b-41d4-a716-446655440000';

/** Anna coordinates a session with bert, who takes bundles of hers. */
async function setUp(accept: Partial<AcceptBundlesOptions> = {}, more: Partial<ServeBundlesOptions> = {}) {
  const { anna, bert, clock } = await makeWorld();
  const revoked = new Set<string>();
  const revocation = ownRevocations(revoked);
  const book = sessionBook({ now: bert.now, maxSessions: 2 });
  const mayCoordinate = vi.fn((coordinator: string) => coordinator === anna.aid);
  const serve = serveBundles({ agent: bert, accept: { book, revocation, mayCoordinate, ...accept }, ...more });
  const tokenFor = async (member: AitpAgent, by = anna) =>
    (
      await issueTct(by.signer, {
        subject: member.aid,
        grants: ['read'],
        now: () => NOW,
        issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
        voucher: false,
      })
    ).tct;
  const build = async (sessionId = SESSION, by = anna, member = bert) =>
    buildSessionBundle(by.signer, { tcts: [await tokenFor(member, by)], sessionId, now: () => NOW });
  return { anna, bert, clock, book, revocation, revoked, mayCoordinate, serve, build, wire: wireTo(serve) };
}

describe('[16.66] a bundle that is published', () => {
  it('is taken, once; the same once more changes nothing; another one of its session is refused', async () => {
    const onBundle = vi.fn();
    const { anna, book, build, serve, wire, clock } = await setUp({ onBundle });
    const bundle = await build();
    await publishBundle(URL_OF_BUNDLES, bundle, { fetch: wire.fetch });
    expect(book.get(SESSION)?.coordinator).toBe(anna.aid);
    expect((await serve(post(URL_OF_BUNDLES, bundle)))?.status).toBe(200);
    expect(onBundle).toHaveBeenCalledTimes(1);
    clock.sec += 1;
    const second = publishBundle(URL_OF_BUNDLES, await build(), { fetch: wire.fetch });
    await expect(second).rejects.toMatchObject({ code: 'ERR_AITP_PEER', peerCode: 'SESSION_BUNDLE_INVALID' });
  });

  it('by a coordinator that is not ours to believe is refused before its tokens are looked at', async () => {
    const check = vi.fn();
    const { anna, bert, serve, build } = await setUp({ revocation: { check } });
    const answer = await serve(post(URL_OF_BUNDLES, await build(SESSION, bert, anna)));
    expect([answer?.status, await refusalOf(answer)]).toEqual([403, 'POLICY_VIOLATION']);
    expect(check).not.toHaveBeenCalled();
  });

  it('that names a coordinator who did not sign it is refused', async () => {
    const { anna, bert, serve, build, book } = await setUp();
    const forged = JSON.parse(await build(SESSION, bert, anna));
    forged.session_bundle.coordinator = anna.aid;
    expect(await refusalOf(await serve(post(URL_OF_BUNDLES, JSON.stringify(forged))))).toBe('BUNDLE_INVALID_SIGNATURE');
    expect(book.get(SESSION)).toBeUndefined();
  });

  it('without its wrapper, not for us, expired, or of a token taken back is refused with its code', async () => {
    const { anna, serve, build, clock, revoked } = await setUp();
    const ask = async (body: string) => refusalOf(await serve(post(URL_OF_BUNDLES, body)));
    const bundle = await build();
    expect(await ask(JSON.stringify(JSON.parse(bundle).session_bundle))).toBe('SESSION_BUNDLE_INVALID');
    expect(await ask('{')).toBe('SESSION_BUNDLE_INVALID');
    expect(await ask(await build(SESSION, anna, anna))).toBe('BUNDLE_NOT_MEMBER');
    const [, payload] = JSON.parse(bundle).session_bundle.participants[0].tct.split('.');
    revoked.add(JSON.parse(Buffer.from(payload, 'base64url').toString()).jti);
    expect(await ask(bundle)).toBe('BUNDLE_PARTICIPANT_TCT_INVALID');
    revoked.clear();
    clock.sec += 3_600;
    expect(await ask(bundle)).toBe('BUNDLE_EXPIRED');
    const long = await serve(post(URL_OF_BUNDLES, 'x'.repeat(524_289)));
    expect(await refusalOf(long)).toBe('INVALID_ENVELOPE');
  });

  it('is 429 where there is no room', async () => {
    const { serve, build } = await setUp();
    const ids = [1, 2, 3].map((last) => `${SESSION.slice(0, -1)}${last}`);
    const statuses = [];
    for (const id of ids) statuses.push((await serve(post(URL_OF_BUNDLES, await build(id))))?.status);
    expect(statuses).toEqual([201, 201, 429]);
  });
});

describe('a bundle that is handed out', () => {
  it('goes to whoever may read it, is kept by no cache, and read by no page', async () => {
    const { bert, build, revocation } = await setUp();
    const bundle = await build();
    const mayRead = vi.fn((request: Request) => request.headers.get('x-key') === 'good');
    const find = vi.fn((id: string) => (id === SESSION ? bundle : undefined));
    const serve = serveBundles({ agent: bert, handOut: { find, mayRead } });
    const ask = (id: string, key: string) =>
      serve(new Request(`${URL_OF_BUNDLES}/${id}`, { headers: { 'x-key': key, origin: 'https://evil.example' } }));
    const answer = await ask(SESSION, 'good');
    expect([answer?.status, answer?.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(answer?.headers.has('access-control-allow-origin')).toBe(false);
    // To whoever may not, it is as if it were not there, and nobody looks.
    find.mockClear();
    const [refused, missing] = [await ask(SESSION, 'bad'), await ask(`${SESSION.slice(0, -1)}1`, 'good')];
    expect(find).toHaveBeenCalledTimes(1);
    for (const none of [refused, missing]) expect([none?.status, await none?.text()]).toEqual([404, '']);
    expect(await ask('not-a-uuid', 'good')).toBeUndefined();
    expect(await serve(post(URL_OF_BUNDLES, bundle))).toBeUndefined();
    const { fetch } = wireTo((request) => serve(new Request(request, { headers: { 'x-key': 'good' } })));
    const options = { fetch, verifier: bert.aid, now: bert.now, revocation };
    expect((await fetchBundle(URL_OF_BUNDLES, SESSION, options)).sessionId).toBe(SESSION);
    const none = fetchBundle(`${URL_OF_BUNDLES}/`, `${SESSION.slice(0, -1)}1`, options);
    await expect(none).rejects.toMatchObject({ code: 'ERR_HTTP_STATUS', status: 404 });
  });

  it('in place of another is noticed by whoever fetches it', async () => {
    const { bert, build, revocation } = await setUp();
    const bundle = await build();
    const serve = serveBundles({ agent: bert, handOut: { find: () => bundle, mayRead: () => true } });
    const options = { fetch: wireTo(serve).fetch, verifier: bert.aid, now: bert.now, revocation };
    expect(await codeOf(fetchBundle(URL_OF_BUNDLES, `${SESSION.slice(0, -1)}1`, options))).toBe(
      'SESSION_BUNDLE_INVALID',
    );
    await expect(fetchBundle(URL_OF_BUNDLES, 'x', options)).rejects.toThrow(TypeError);
  });
});

it('bundles are where the Manifest says, or at the usual path', () => {
  const manifest = { addresses: {}, handshakeEndpoint: `${ORIGIN}/aitp/` } as Manifest;
  expect(bundleUrl(manifest)).toBe(URL_OF_BUNDLES);
  expect(bundleUrl({ ...manifest, addresses: { bundleUri: 'https://b.example/x' } })).toBe('https://b.example/x');
});

it('decisions that were not taken are refused at once', async () => {
  const { bert: agent } = await makeWorld();
  const book = sessionBook({ now: agent.now });
  const accept = { book, revocation: { dangerouslyIgnoreRevocation: true }, mayCoordinate: () => true };
  for (const missing of ['book', 'revocation', 'mayCoordinate']) {
    expect(() => serveBundles({ agent, accept: { ...accept, [missing]: undefined } } as never)).toThrow(TypeError);
  }
  for (const handOut of [{ find: () => '' }, { mayRead: () => true }]) {
    expect(() => serveBundles({ agent, handOut } as never)).toThrow(TypeError);
  }
  expect(() => serveBundles({ agent, path: '/x/' })).toThrow(TypeError);
  expect(() => serveBundles({} as never)).toThrow(TypeError);
});
