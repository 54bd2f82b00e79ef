// The book of peers against whoever can write to its store, and against peers that mean harm.

import { describe, expect, it, vi } from 'vitest';
import type { HandshakeResult } from '../../src/aitp/handshake/second-round.js';
import { buildManifest } from '../../src/aitp/manifest-build.js';
import { type PeerBookOptions, peerBook } from '../../src/aitp/peers.js';
import { issueTct } from '../../src/aitp/tct.js';
import { memoryStore } from '../../src/storage/memory.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { codeOf, makeSession, NOW, runTo, type SessionOptions, signerOf } from './parties.js';

const RENEW = 'https://agent-2.example.com/renew';
const PREFIX = 'aitp/peer/';

/** Agent 1 after a handshake with agent 2. */
async function acquainted(options: Partial<PeerBookOptions> = {}, session: SessionOptions = {}) {
  const world = await makeSession({ b: { manifest: { addresses: { renewUri: RENEW } } }, ...session });
  const { ackJson } = await world.responder.processCommit(await runTo(world, 'commit'));
  const result = await world.initiator.complete(ackJson);
  const store = memoryStore();
  const common: PeerBookOptions = {
    signer: world.a.signer,
    now: () => world.clock.sec,
    revocation: { dangerouslyIgnoreRevocation: true },
  };
  const book = peerBook(store, { ...common, ...options });
  await book.remember(result);
  return { ...world, common, result, store, book, aid: world.b.signer.aid, key: PREFIX + world.b.signer.aid };
}

/** What another handshake with the same peer leaves. */
const granting = (result: HandshakeResult, jti: string, expiresAtSec = NOW + 3_600): HandshakeResult => ({
  ...result,
  issued: { jti, grants: ['calendar.read'], expiresAtSec },
});

const jtis = async (book: { issuedTo(aid: string): Promise<readonly { jti: string }[]> }, aid: string) =>
  (await book.issuedTo(aid)).map(({ jti }) => jti);

describe('whoever can write to the store', () => {
  it('does not give a peer another identity', async () => {
    const { store, book, aid, key } = await acquainted();
    const record = (await store.get(key)) as object;
    for (const change of [{ subject: 'admin' }, { identityType: 'oidc' }, { issuer: 'https://idp.example.com' }]) {
      await store.set(key, { ...record, ...change });
      expect(await book.find(aid)).toBeUndefined();
    }
    await store.set(key, record);
    expect((await book.find(aid))?.subject).toBe('agent-2');
  });

  it('does not hide a grant of ours from its revocation, or make one up', async () => {
    const { store, book, aid, key, result } = await acquainted();
    const record = (await store.get(key)) as object;
    for (const issued of [[], [null], [{ ...result.issued, jti: 'other' }], undefined]) {
      await store.set(key, { ...record, issued });
      expect(await book.find(aid)).toBeUndefined();
      expect(await book.issuedTo(aid)).toEqual([]);
    }
  });

  it('does not introduce an agent that never shook hands, with a token and a Manifest of its own making', async () => {
    const { store, book, a, common } = await acquainted();
    const stranger = await signerOf(9);
    const manifest = await buildManifest(
      {
        now: () => NOW,
        identity: { type: 'pinned_key', subject: 'agent-2' },
        handshakeEndpoint: 'https://evil.example.com/',
        acceptedIdentityTypes: ['pinned_key'],
        offeredCapabilities: ['calendar.read'],
      },
      stranger,
    );
    const { tct } = await issueTct(stranger, {
      subject: a.signer.aid,
      grants: ['calendar.read'],
      now: () => NOW,
      issuerManifest: manifest,
    });
    const record = {
      identityType: 'pinned_key',
      subject: 'agent-2',
      manifest: manifest.body,
      tct: tct.token,
      expiresAtSec: tct.expiresAtSec,
      issued: [],
    };
    const seals = [
      undefined,
      '',
      'A'.repeat(86),
      ((await store.get(`${PREFIX}${(await book.list())[0]}`)) as { seal: string }).seal,
    ];
    for (const seal of seals) {
      await store.set(PREFIX + stranger.aid, { ...record, seal });
      expect(await book.find(stranger.aid)).toBeUndefined();
    }
    const theirs = peerBook(store, { ...common, signer: stranger });
    await theirs.remember({
      ...(await acquainted()).result,
      peer: { aid: stranger.aid, identityType: 'pinned_key', subject: 'agent-2', manifest },
    });
    expect(await book.find(stranger.aid)).toBeUndefined();
  });

  it('does not pass the record of one peer off as that of another', async () => {
    const { store, book, key } = await acquainted();
    const other = await signerOf(9);
    await store.set(PREFIX + other.aid, await store.get(key));
    expect(await book.find(other.aid)).toBeUndefined();
  });

  it('finds no value that is more than no record', async () => {
    const { store, book, aid, key } = await acquainted();
    for (const value of [null, 7, 'x', [], {}, { issued: [null] }, new Map()]) {
      await store.set(key, value);
      expect([await book.find(aid), await book.issuedTo(aid)]).toEqual([undefined, []]);
    }
  });
});

describe('a peer', () => {
  it('does not get a grant forgotten by shaking hands again and again', async () => {
    const { book, aid, result, clock } = await acquainted();
    for (let i = 1; i < 256; i++) await book.remember(granting(result, `n${i}`));
    expect(await codeOf(book.remember(granting(result, 'one too many')))).toBe('ERR_LIMIT_EXCEEDED');
    expect(await codeOf(book.rememberIssued(aid, granting(result, 'by renewal').issued))).toBe('ERR_LIMIT_EXCEEDED');
    const known = await jtis(book, aid);
    expect([known.length, known[0], known.at(-1)]).toEqual([256, result.issued.jti, 'n255']);
    clock.sec = NOW + 3_600;
    expect(await jtis(book, aid)).toEqual([]);
  });

  it('does not hide what it was granted by letting its own token end, or by taking it back', async () => {
    const revocation = { check: () => Promise.reject(new Error('never asked')) };
    const short = await acquainted({ revocation }, { b: { options: { tctTtlSec: 10 } } });
    short.clock.sec = NOW + 11;
    expect(await short.book.find(short.aid)).toBeUndefined();
    expect(await jtis(short.book, short.aid)).toEqual([short.result.issued.jti]);
  });

  it('is not dropped to make room while it holds a grant of ours', async () => {
    const { book, aid, clock } = await acquainted({ maxPeers: 1 }, { b: { options: { tctTtlSec: 10 } } });
    const other = await makeSession({ b: { seed: 3 } });
    const { ackJson } = await other.responder.processCommit(await runTo(other, 'commit'));
    const stranger = await other.initiator.complete(ackJson);
    clock.sec = NOW + 11;
    expect(await codeOf(book.remember(stranger))).toBe('ERR_LIMIT_EXCEEDED');
    expect(await book.list()).toEqual([aid]);
    clock.sec = NOW + 3_600;
    await book.remember(stranger);
    expect(await book.list()).toEqual([stranger.peer.aid]);
  });

  it('that shakes hands with an older Manifest does not get rid of the newer one', async () => {
    const { book, b, aid, result, clock } = await acquainted();
    clock.sec = NOW + 20;
    // As after the loss of a key: the last Manifest ends soon, and with it whatever the key signs.
    const last = await buildManifest(
      {
        now: () => NOW + 10,
        ttlSec: 300,
        identity: { type: 'pinned_key', subject: 'agent-2' },
        handshakeEndpoint: 'https://agent-2.example.com/',
        acceptedIdentityTypes: ['pinned_key'],
        offeredCapabilities: ['calendar.read', 'mail.send'],
      },
      b.signer,
    );
    await book.offerManifest(last);
    await book.remember(granting(result, 'again'));
    expect(await codeOf(book.find(aid))).toBe('TCT_EXPIRES_AFTER_MANIFEST');
    expect(await jtis(book, aid)).toEqual([result.issued.jti, 'again']);
  });

  it('whose server never answers a renewal does not keep us from the token at hand', async () => {
    const timers = fakeClock();
    let signal: AbortSignal | undefined;
    const { book, aid, clock, result } = await acquainted({
      clock: timers,
      send: (_url, _body, options) => {
        signal = options.signal;
        return new Promise(() => {});
      },
    });
    clock.sec = NOW + 3_400;
    const found = book.find(aid);
    await vi.waitFor(() => expect(signal).toBeDefined());
    timers.advance(10_000);
    expect((await found)?.claims.token).toBe(result.tct);
    expect(signal?.aborted).toBe(true);
    expect(timers.pendingTimers).toBe(0);
  });
});

describe('at once', () => {
  it('two handshakes with one peer lose neither grant', async () => {
    const { book, aid, result } = await acquainted();
    await Promise.all(['one', 'two', 'three'].map((jti) => book.remember(granting(result, jti))));
    expect(await jtis(book, aid)).toEqual([result.issued.jti, 'one', 'two', 'three']);
  });

  it('a handshake, a Manifest and a renewed token lose nothing of each other', async () => {
    const { book, b, aid, result } = await acquainted();
    const newer = await buildManifest(
      {
        now: () => NOW + 10,
        ttlSec: 86_400,
        identity: { type: 'pinned_key', subject: 'agent-2' },
        handshakeEndpoint: 'https://new.example.com/',
        acceptedIdentityTypes: ['pinned_key'],
        offeredCapabilities: ['calendar.read', 'mail.send'],
      },
      b.signer,
    );
    await Promise.all([
      book.remember(granting(result, 'one')),
      book.offerManifest(newer),
      book.rememberIssued(aid, granting(result, 'two').issued),
      book.remember(granting(result, 'three')),
    ]);
    expect((await book.find(aid))?.manifest.handshakeEndpoint).toBe('https://new.example.com/');
    expect(await jtis(book, aid)).toEqual([result.issued.jti, 'one', 'two', 'three']);
  });

  it('many new peers are no more than there is room for', async () => {
    const { book, result } = await acquainted({ maxPeers: 2 });
    const strangers = await Promise.all(
      [11, 12, 13, 14].map(async (seed) => {
        const signer = await signerOf(seed);
        return { ...result, peer: { ...result.peer, aid: signer.aid } };
      }),
    );
    const codes = await Promise.all(strangers.map((stranger) => codeOf(book.remember(stranger))));
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(1);
    expect(await book.list()).toHaveLength(2);
  });
});

it('what is granted to an agent that is not known is not kept, and that is said', async () => {
  const { book, result } = await acquainted();
  expect(await book.rememberIssued((await signerOf(9)).aid, result.issued)).toBe(false);
  expect(await book.issuedTo((await signerOf(9)).aid)).toEqual([]);
});
