import { describe, expect, it } from 'vitest';
import type { HandshakeResult } from '../../src/aitp/handshake/second-round.js';
import { buildManifest } from '../../src/aitp/manifest-build.js';
import { type PeerBookOptions, peerBook } from '../../src/aitp/peers.js';
import { renewTct } from '../../src/aitp/renewal.js';
import { memoryReplayStore } from '../../src/aitp/replay-store.js';
import { ownRevocations } from '../../src/aitp/revocation.js';
import { memoryStore } from '../../src/storage/memory.js';
import { codeOf, makeSession, NOW, runTo, type Session } from './parties.js';

const RENEW = 'https://agent-2.example.com/renew';

/** Agent 1 after a handshake with agent 2, whose tokens can be renewed. */
async function acquainted(options: Partial<PeerBookOptions> = {}) {
  const session = await makeSession({ b: { manifest: { addresses: { renewUri: RENEW } } } });
  const { ackJson } = await session.responder.processCommit(await runTo(session, 'commit'));
  const result = await session.initiator.complete(ackJson);
  const sent: string[] = [];
  const replay = memoryReplayStore({ now: () => session.clock.sec });
  const send = async (url: string, body: string) => {
    sent.push(url);
    const { b, clock } = session;
    const revocation = ownRevocations(new Set());
    const renewal = { now: () => clock.sec, ownManifest: b.manifest, revocation, replay };
    return (await renewTct(body, b.signer, renewal)).message;
  };
  const store = memoryStore();
  const book = peerBook(store, { ...bookOptions(session), send, ...options });
  await book.remember(result);
  return { session, result, sent, store, book, aid: session.b.signer.aid };
}

function bookOptions({ a, clock }: Session): PeerBookOptions {
  return { signer: a.signer, now: () => clock.sec, revocation: { dangerouslyIgnoreRevocation: true } };
}

it('finds a peer again, verified anew, also in another book over the same store', async () => {
  const { session, result, store, aid } = await acquainted();
  const peer = await peerBook(store, bookOptions(session)).find(aid);
  expect(peer).toMatchObject({ aid, subject: 'agent-2', identityType: 'pinned_key', issued: [result.issued] });
  expect(peer?.claims.token).toBe(result.tct);
  expect(peer?.grantVoucher).toBe(result.grantVoucher);
  expect(await peerBook(store, bookOptions(session)).list()).toEqual([aid]);
});

it('knows nobody whose token has ended, was forgotten, or was never there', async () => {
  const { session, book, aid } = await acquainted();
  expect(await book.find('aid:pubkey:x')).toBeUndefined();
  session.clock.sec = NOW + 3_600;
  expect(await book.find(aid)).toBeUndefined();
  session.clock.sec = NOW;
  expect(await book.find(aid)).toBeDefined();
  await book.forget(aid);
  expect(await book.find(aid)).toBeUndefined();
});

it('knows the newest Manifest of a peer for as long as the peer is kept, whatever still holds', async () => {
  const { session, result, store, book, aid } = await acquainted();
  expect((await book.manifestOf(aid as never))?.body).toEqual(result.peer.manifest.body);
  session.clock.sec = NOW + 86_400;
  expect(await book.find(aid)).toBeUndefined();
  expect((await book.manifestOf(aid as never))?.body).toEqual(result.peer.manifest.body);
  const record = (await store.get(`aitp/peer/${aid}`)) as { manifest: object };
  await store.set(`aitp/peer/${aid}`, { ...record, manifest: { ...record.manifest, proof_of_possession: {} } });
  expect(await book.manifestOf(aid as never)).toBeUndefined();
  await store.set(`aitp/peer/${aid}`, record);
  await book.forget(aid);
  expect(await book.manifestOf(aid as never)).toBeUndefined();
});

it('believes nothing of a record that was tampered with', async () => {
  const { store, book, aid } = await acquainted();
  const record = (await store.get(`aitp/peer/${aid}`)) as { tct: string; manifest: object };
  await store.set(`aitp/peer/${aid}`, { ...record, tct: `${record.tct.slice(0, -4)}AAAA` });
  expect(await book.find(aid)).toBeUndefined();
  await store.set(`aitp/peer/${aid}`, { ...record, manifest: { ...record.manifest, display_name: 'x' } });
  expect(await book.find(aid)).toBeUndefined();
  await store.set(`aitp/peer/${aid}`, 'garbage');
  expect(await book.find(aid)).toBeUndefined();
});

it('asks about revocation every time', async () => {
  const revoked = new Set<string>();
  const { book, aid, result } = await acquainted({ revocation: ownRevocations(revoked) });
  expect(await book.find(aid)).toBeDefined();
  revoked.add(result.claims.jti);
  expect(await codeOf(book.find(aid))).toBe('TCT_REVOKED');
});

describe('a token that is about to end', () => {
  it('is renewed, once for all who ask, and kept', async () => {
    const { session, book, aid, sent, result } = await acquainted();
    session.clock.sec = NOW + 3_299;
    expect((await book.find(aid))?.claims.token).toBe(result.tct);
    session.clock.sec = NOW + 3_300;
    const found = await Promise.all([1, 2, 3].map(() => book.find(aid)));
    expect(sent).toEqual([RENEW]);
    for (const peer of found) {
      expect(peer?.claims).toMatchObject({ expiresAtSec: NOW + 6_900, grants: result.claims.grants });
      expect(peer?.grantVoucher).not.toBe(result.grantVoucher);
    }
    await book.find(aid);
    expect(sent).toHaveLength(1);
  });

  it('is used as long as it holds where renewal fails, which is then not tried for a while', async () => {
    const failing: string[] = [];
    const { session, book, aid, result } = await acquainted({
      send: (url) => {
        failing.push(url);
        return Promise.reject(new Error('502'));
      },
    });
    session.clock.sec = NOW + 3_400;
    for (let i = 0; i < 3; i++) expect((await book.find(aid))?.claims.token).toBe(result.tct);
    expect(failing).toHaveLength(1);
    session.clock.sec += 31;
    await book.find(aid);
    expect(failing).toHaveLength(2);
  });

  it('is not replaced by a wider one, or one of somebody else', async () => {
    const answers = ['', '{}', '{"tct":"a.b.c"}'];
    for (const answer of answers) {
      const { session, book, aid, result } = await acquainted({ send: async () => answer });
      session.clock.sec = NOW + 3_400;
      expect((await book.find(aid))?.claims.token).toBe(result.tct);
    }
  });

  it('ends the wait of one caller, not the renewal of the others', async () => {
    let answer: (body: string) => void = () => {};
    let asked = () => {};
    const untilAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const { session, book, aid, result } = await acquainted({
      send: () =>
        new Promise((resolve) => {
          answer = resolve;
          asked();
        }),
    });
    session.clock.sec = NOW + 3_400;
    const controller = new AbortController();
    const reason = { mine: true };
    const [first, second] = [book.find(aid, { signal: controller.signal }), book.find(aid)];
    await untilAsked;
    controller.abort(reason);
    await expect(first).rejects.toBe(reason);
    answer('{}');
    expect((await second)?.claims.token).toBe(result.tct);
  });

  it('is not renewed where the issuer does not say where, or nothing was passed in to send with', async () => {
    const { session, store, aid, result } = await acquainted();
    session.clock.sec = NOW + 3_400;
    const book = peerBook(store, bookOptions(session));
    expect((await book.find(aid))?.claims.token).toBe(result.tct);
  });
});

it('remembers what was granted in earlier handshakes and has not ended', async () => {
  const { session, book, aid, result } = await acquainted();
  const again = (jti: string, expiresAtSec: number): HandshakeResult => ({
    ...result,
    issued: { jti, grants: ['x'], expiresAtSec },
  });
  await book.remember(again('second', NOW + 10));
  session.clock.sec = NOW + 20;
  await book.remember(again('third', NOW + 9_000));
  expect((await book.find(aid))?.issued.map(({ jti }) => jti)).toEqual([result.issued.jti, 'third']);
});

it('takes a newer Manifest, and never an older one', async () => {
  const { session, book, aid, store } = await acquainted();
  const { signer } = session.b;
  const make = (published: number, endpoint: string) =>
    buildManifest(
      {
        now: () => published,
        ttlSec: 86_400,
        identity: { type: 'pinned_key', subject: 'agent-2' },
        handshakeEndpoint: endpoint,
        offeredCapabilities: ['a'],
      },
      signer,
    );
  await book.offerManifest(await make(NOW + 10, 'https://new.example.com/'));
  expect((await book.find(aid))?.manifest.handshakeEndpoint).toBe('https://new.example.com/');
  await book.offerManifest(await make(NOW + 5, 'https://old.example.com/'));
  expect((await book.find(aid))?.manifest.handshakeEndpoint).toBe('https://new.example.com/');
  await store.delete(`aitp/peer/${aid}`);
  await book.offerManifest(await make(NOW + 20, 'https://new.example.com/'));
  expect(await book.list()).toEqual([]);
});

it('keeps no more peers than it may, and drops those whose tokens have ended first', async () => {
  const { session, book, aid, result, store } = await acquainted({ maxPeers: 1 });
  const other = await makeSession({ b: { seed: 3 } });
  const { ackJson } = await other.responder.processCommit(await runTo(other, 'commit'));
  const stranger = await other.initiator.complete(ackJson);
  await book.remember(result);
  expect(await codeOf(book.remember(stranger))).toBe('ERR_LIMIT_EXCEEDED');
  session.clock.sec = NOW + 3_600;
  await book.remember(stranger);
  expect(await book.list()).toEqual([stranger.peer.aid]);
  expect(await store.get(`aitp/peer/${aid}`)).toBeUndefined();
});

it('is opened with a decision about revocation, or not at all', async () => {
  const { session, store } = await acquainted();
  expect(() => peerBook(store, { ...bookOptions(session), revocation: {} as never })).toThrow(TypeError);
  expect(() => peerBook(store, { ...bookOptions(session), maxPeers: 0 })).toThrow(RangeError);
  expect(() => peerBook(store, { ...bookOptions(session), prefix: '' })).toThrow(TypeError);
});
