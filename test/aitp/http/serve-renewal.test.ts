import { describe, expect, it, vi } from 'vitest';
import { httpRenewal, renewOverHttp } from '../../../src/aitp/http/renew.js';
import { type ServeRenewalOptions, serveRenewal } from '../../../src/aitp/http/serve-renewal.js';
import { peerBook } from '../../../src/aitp/peers.js';
import { ownRevocations } from '../../../src/aitp/revocation.js';
import { LimitError } from '../../../src/errors.js';
import { memoryStore } from '../../../src/storage/memory.js';
import { codeOf } from '../parties.js';
import { agentOf, makeWorld, ORIGIN, post, refusalOf, serving, shake, wireTo } from './agents.js';

const RENEW = `${ORIGIN}/aitp/renew`;
const IGNORE = { dangerouslyIgnoreRevocation: true } as const;

/** Anna holds a token of bert's, who renews tokens and keeps a book of peers. */
async function setUp(options: Partial<ServeRenewalOptions> = {}) {
  const world = await makeWorld();
  const { bert, anna, clock } = world;
  await bert.buildManifest({
    displayName: 'bert',
    handshakeEndpoint: `${ORIGIN}/aitp/handshake/`,
    offeredCapabilities: ['read', 'write'],
    acceptedIdentityTypes: ['pinned_key'],
    ttlSec: 86_400,
    addresses: { renewUri: RENEW },
  });
  const book = peerBook(memoryStore(), { signer: bert.signer, now: bert.now, revocation: IGNORE });
  const result = await shake(world, wireTo(serving(world, { onHandshake: (done) => book.remember(done) })), [
    'read',
    'write',
  ]);
  const revoked = new Set<string>();
  const onRenewed = vi.fn(({ tct }) => book.rememberIssued(tct.subject, tct));
  const serve = serveRenewal({
    agent: bert,
    revocation: ownRevocations(revoked),
    findManifest: book.manifestOf,
    onRenewed,
    ...options,
  });
  const wire = wireTo(serve);
  const manifest = result.peer.manifest;
  const renew = (tct = result.claims) => renewOverHttp(anna, tct, manifest, { revocation: IGNORE, fetch: wire.fetch });
  return { ...world, clock, book, result, revoked, onRenewed, serve, wire, manifest, renew };
}

describe('[16.36] renewal over HTTP', () => {
  it('gives the holder another token, which is revoked with the others of its holder', async () => {
    const { anna, result, book, clock, renew, wire } = await setUp();
    clock.sec += 3_000;
    const { tct, voucher } = await renew();
    expect(tct).toMatchObject({ grants: ['read', 'write'], subject: anna.aid, expiresAtSec: clock.sec + 3_600 });
    expect(tct.jti).not.toBe(result.claims.jti);
    expect(voucher).toBeTypeOf('string');
    expect(wire.asked).toEqual(['POST /aitp/renew']);
    expect((await book.issuedTo(anna.aid)).map(({ jti }) => jti)).toEqual([result.claims.jti, tct.jti]);
  });

  it('works behind a book of peers', async () => {
    const { anna, result, clock, wire, bert } = await setUp();
    const send = httpRenewal({ fetch: wire.fetch });
    const mine = peerBook(memoryStore(), { signer: anna.signer, now: anna.now, revocation: IGNORE, send });
    await mine.remember(result);
    clock.sec += 3_400;
    expect((await mine.find(bert.aid))?.claims.expiresAtSec).toBe(clock.sec + 3_600);
  });

  it('is refused for a token that was taken back, that has ended, and to whoever does not hold its key', async () => {
    const { anna, result, revoked, clock, serve, onRenewed } = await setUp();
    const ask = async (body: string) => refusalOf(await serve(post(RENEW, body)));
    const request = () => anna.buildRenewalRequest(result.claims);
    revoked.add(result.claims.jti);
    expect(await ask(await request())).toBe('TCT_REVOKED');
    revoked.clear();
    const thief = await agentOf(7, clock);
    const stolen = JSON.parse(await thief.buildRenewalRequest({ ...result.claims, subject: thief.aid } as never));
    expect(await ask(JSON.stringify(stolen))).toBe('POP_VERIFICATION_FAILED');
    const once = await request();
    expect((await serve(post(RENEW, once)))?.status).toBe(200);
    expect(await ask(once)).toBe('REPLAY_DETECTED');
    expect(await ask('{}')).toBe('INVALID_ENVELOPE');
    clock.sec += 3_600;
    expect(await ask(await request())).toBe('TCT_EXPIRED');
    expect(onRenewed).toHaveBeenCalledTimes(1);
  });

  it('[T3] is refused to whoever has a stolen token, and the proof that stands in the Manifest of its holder', async () => {
    const { anna, book, result, clock, serve, onRenewed } = await setUp();
    const ask = async (body: string) => refusalOf(await serve(post(RENEW, body)));
    const stolen = ({ body }: NonNullable<typeof anna.manifest>) => {
      const proof = body.proof_of_possession as { readonly challenge: string; readonly signature: string };
      return JSON.stringify({
        current_tct: result.claims.token,
        pop_nonce: proof.challenge,
        pop_signature: proof.signature,
      });
    };
    expect(await ask(stolen(anna.manifest as never))).toBe('POP_VERIFICATION_FAILED');
    clock.sec += 1;
    await anna.buildManifest({
      displayName: 'anna',
      handshakeEndpoint: 'https://anna.example/',
      offeredCapabilities: [],
    });
    await book.offerManifest(anna.manifest as never);
    expect(await ask(stolen(anna.manifest as never))).toBe('POP_VERIFICATION_FAILED');
    expect(onRenewed).not.toHaveBeenCalled();
  });

  it('is refused to a holder whose Manifest is not known, unless that is to be so', async () => {
    const stranger = await setUp({ findManifest: async () => undefined });
    await expect(stranger.renew()).rejects.toMatchObject({ peerCode: 'POP_VERIFICATION_FAILED' });
    const { anna, book, renew } = await setUp();
    await book.forget(anna.aid);
    await expect(renew()).rejects.toMatchObject({ peerCode: 'POP_VERIFICATION_FAILED' });
    const lenient = await setUp({ findManifest: { dangerouslyIgnoreManifest: true } });
    expect((await lenient.renew()).tct.grants).toEqual(['read', 'write']);
  });

  it('is narrowed by policy, and the holder told where nothing is left', async () => {
    const narrow = await setUp({ policy: () => ['read', 'root'] });
    expect((await narrow.renew()).tct.grants).toEqual(['read']);
    const none = await setUp({ policy: () => [] });
    await expect(none.renew()).rejects.toMatchObject({ code: 'ERR_AITP_PEER', peerCode: 'POLICY_VIOLATION' });
  });

  it('two at once are two tokens, both remembered; more than so many in a minute are 429', async () => {
    const { anna, book, renew, clock } = await setUp({ maxPerHolder: 2 });
    const [first, second] = await Promise.all([renew(), renew()]);
    expect(first.tct.jti).not.toBe(second.tct.jti);
    const known = (await book.issuedTo(anna.aid)).map(({ jti }) => jti);
    expect(known).toEqual(expect.arrayContaining([first.tct.jti, second.tct.jti]));
    await expect(renew()).rejects.toMatchObject({ code: 'ERR_HTTP_STATUS', status: 429 });
    clock.sec += 60;
    expect((await renew()).tct.grants).toEqual(['read', 'write']);
  });

  it('somebody who does not hold the key uses up nothing of the holder', async () => {
    const { anna, result, clock, serve, renew } = await setUp({ maxPerHolder: 1 });
    const thief = await agentOf(7, clock);
    const stolen = await thief.buildRenewalRequest({ ...result.claims, subject: thief.aid } as never);
    for (let i = 0; i < 3; i++) expect((await serve(post(RENEW, stolen)))?.status).toBe(400);
    expect((await renew()).tct.subject).toBe(anna.aid);
  });

  it('gives out no token that could not be remembered', async () => {
    const full = await setUp({ onRenewed: () => Promise.reject(new LimitError('issued', 1, 2)) });
    await expect(full.renew()).rejects.toMatchObject({ status: 429 });
    const onError = vi.fn();
    const fault = new Error('disk full');
    const broken = await setUp({ onRenewed: () => Promise.reject(fault), onError });
    await expect(broken.renew()).rejects.toMatchObject({ status: 500 });
    expect(onError).toHaveBeenCalledWith(fault);
  });

  it('is where the Manifest says, and the holder does not guess', async () => {
    const { anna, serve, manifest, result, wire } = await setUp();
    expect(await serve(post(`${ORIGIN}/aitp/handshake/renew`, '{}'))).toBeUndefined();
    expect((await serve(new Request(RENEW)))?.status).toBe(405);
    const silent = { ...manifest, addresses: {} } as typeof manifest;
    const options = { revocation: IGNORE, fetch: wire.fetch };
    expect(await codeOf(renewOverHttp(anna, result.claims, silent, options))).toBe('INVALID_ENVELOPE');
    const other = { ...manifest, aid: anna.aid } as typeof manifest;
    expect(await codeOf(renewOverHttp(anna, result.claims, other, options))).toBe('INVALID_ENVELOPE');
    const reason = new Error('enough');
    const aborted = { ...options, signal: AbortSignal.abort(reason) };
    await expect(renewOverHttp(anna, result.claims, manifest, aborted)).rejects.toBe(reason);
  });

  it('wants its decisions', async () => {
    const { bert: agent } = await makeWorld();
    const findManifest = async () => undefined;
    const options = { agent, revocation: IGNORE, findManifest, onRenewed: () => {} };
    for (const missing of ['agent', 'revocation', 'findManifest', 'onRenewed']) {
      expect(() => serveRenewal({ ...options, [missing]: undefined } as never)).toThrow(TypeError);
    }
    for (const wrong of [{ ttlSec: 0 }, { maxPerHolder: 0 }, { maxConcurrent: 0 }, { bodyTimeoutMs: 60_001 }]) {
      expect(() => serveRenewal({ ...options, ...wrong })).toThrow(RangeError);
    }
    expect(() => serveRenewal({ ...options, path: 'renew' })).toThrow(TypeError);
  });
});
