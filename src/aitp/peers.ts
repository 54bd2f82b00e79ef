// The agents we know, kept in a store: who each has proved to be, its Manifest, its token for us and what we granted it.
// A token is renewed before it ends (AITP 0.2, section 5.6), where its issuer says how and the caller passes in a way to
// send. What comes out of the store is verified anew: time has passed. Changes are made one after the other, so that none is
// lost; programs that share a store do not wait for each other, and of two changes of one peer at once the later one stands.

import { assertInteger, assertSignal } from '../bytes/assert.js';
import { type Clock, systemClock } from '../clock.js';
import type { Verified } from '../documents/verified.js';
import { LimitError } from '../errors.js';
import type { Store } from '../storage/contract.js';
import { unlessAborted } from '../unless-aborted.js';
import { AitpError } from './errors.js';
import type { HandshakeResult, IssuedGrant } from './handshake/second-round.js';
import { type Manifest, newerManifest, verifyManifestBody } from './manifest.js';
import {
  type KnownPeer,
  openRecord,
  type PeerRecord,
  recordOf,
  sealRecord,
  stillHolding,
  unsealRecord,
  withGrant,
} from './peer-record.js';
import { buildRenewalRequest, type FindHolderManifest, readRenewal } from './renewal.js';
import { assertRevocationDecision, type RevocationDecision } from './revocation.js';
import type { AitpSigner } from './signer.js';
import type { IssuedTct } from './tct.js';
import { type AitpClock, readClock } from './timestamps.js';

/** After a renewal that failed, how long none is tried, in seconds. */
const RENEWAL_PAUSE_SEC = 30;

/**
 * Sends a request for renewal: `httpRenewal` of `ringline/aitp/http`.
 *
 * @param url As the peer's Manifest says: an address of the peer's choice.
 * @param options `signal`: aborts when nobody waits any more. `peer`: whose Manifest it is.
 * @returns The body of the answer.
 */
export type SendRenewal = (
  url: string,
  body: string,
  options: { readonly signal: AbortSignal; readonly peer: Manifest },
) => Promise<string | Uint8Array>;

/** How {@link peerBook} works. */
export interface PeerBookOptions {
  /** Our own key: the holder of the tokens. */
  readonly signer: AitpSigner;
  readonly now: AitpClock;
  /** How it is found out whether a token was revoked. */
  readonly revocation: RevocationDecision;
  /** Sends requests for renewal. Without it nothing is renewed. */
  readonly send?: SendRenewal;
  /** Longest a renewal may take, in milliseconds: 1 to 600,000. Default 10,000. After that the token at hand is used. */
  readonly renewTimeoutMs?: number;
  /** A token that ends within so many seconds is renewed: 1 or more. Default 300. */
  readonly renewBeforeSec?: number;
  /** Most peers kept: 1 to 100,000. Default 1,000. */
  readonly maxPeers?: number;
  /** Put before every key of the store. Default `aitp/peer/`. */
  readonly prefix?: string;
  /** Take Manifests with `http://localhost` endpoints, for development. Default false. */
  readonly allowHttpLoopback?: boolean;
  /** Timers. Default: the host's. */
  readonly clock?: Clock;
}

/** The agents we know. Methods reject with what the store throws, untouched. */
export interface PeerBook {
  /**
   * Keeps what a handshake left, in place of what was kept about that peer. Of two Manifests the newer one is kept.
   *
   * @throws {LimitError} ERR_LIMIT_EXCEEDED: there is no room for another peer, even without those with whom nothing holds
   *   any more; or more than 256 of our grants to this peer hold. Nothing was kept: what was granted is to be revoked.
   */
  remember(result: HandshakeResult): Promise<void>;

  /**
   * Adds a grant that was made without a handshake, such as by renewal, so that it is revoked with the others.
   *
   * @returns Whether it was kept: `false` where the peer is not known.
   * @throws {LimitError} ERR_LIMIT_EXCEEDED: more than 256 of our grants to this peer hold.
   */
  rememberIssued(aid: string, grant: IssuedGrant): Promise<boolean>;

  /**
   * What we granted a peer and has not ended, oldest first: revoking the peer means revoking each by its `jti`. Told whether
   * or not its own token for us still holds, since that is the peer's to choose.
   */
  issuedTo(aid: string): Promise<readonly IssuedGrant[]>;

  /**
   * The newest Manifest of a peer that is known here, whether or not it or its token still holds: for `findManifest` of
   * whoever renews its tokens. `undefined` where the peer is not known.
   */
  readonly manifestOf: FindHolderManifest;

  /**
   * Takes a newer Manifest of a peer we know: its address for renewal may have changed, and a renewed token may last as
   * long as it does.
   */
  offerManifest(manifest: Verified<Manifest>): Promise<void>;

  /**
   * Finds a peer whose token still holds, and renews the token first where it is about to end. One renewal at a time for
   * each peer. Where it fails the token is used as long as it holds.
   *
   * @param options `signal`: ends the wait; a renewal others wait for goes on.
   * @returns `undefined`: unknown, or the token has ended: a handshake is due.
   * @throws {AitpError} TCT_REVOKED and the other answers of the decision about revocation.
   */
  find(aid: string, options?: { readonly signal?: AbortSignal }): Promise<KnownPeer | undefined>;

  /** Forgets a peer. What we granted it is not revoked by that. */
  forget(aid: string): Promise<void>;

  /** AIDs of all peers kept, in no particular order. */
  list(): Promise<readonly string[]>;
}

/**
 * Opens the book of peers in a store.
 *
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export function peerBook(store: Store, options: PeerBookOptions): PeerBook {
  const { signer, now, revocation, send, prefix = 'aitp/peer/', allowHttpLoopback = false } = options;
  const { renewBeforeSec = 300, renewTimeoutMs = 10_000, maxPeers = 1_000, clock = systemClock } = options;
  readClock(now);
  assertRevocationDecision(revocation);
  assertInteger(renewBeforeSec, 'renewBeforeSec', 1);
  assertInteger(renewTimeoutMs, 'renewTimeoutMs', 1, 600_000);
  assertInteger(maxPeers, 'maxPeers', 1, 100_000);
  if (typeof prefix !== 'string' || prefix === '') throw new TypeError('prefix must be a string with content');
  const renewals = new Map<string, Promise<void>>();
  const pausedUntilSec = new Map<string, number>();
  let changes: Promise<unknown> = Promise.resolve();

  const opened = { holder: signer.aid, now, revocation, allowHttpLoopback };
  const read = async (aid: string) => unsealRecord(aid, await store.get(prefix + aid), signer.aid);
  const write = async (aid: string, record: PeerRecord) =>
    store.set(prefix + aid, await sealRecord(aid, record, signer));
  const list = async () =>
    (await store.keys()).filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));

  /** Whatever reads a record and writes it goes through here. */
  function change<T>(work: () => Promise<T>): Promise<T> {
    const done = changes.then(work);
    changes = done.catch(() => {});
    return done;
  }

  async function makeRoom(): Promise<void> {
    const known = await list();
    if (known.length < maxPeers) return;
    const nowSec = readClock(now);
    let left = known.length;
    for (const aid of known) {
      const record = await read(aid);
      // A peer that can do nothing for us may still hold what we granted it.
      if (record !== undefined && (record.expiresAtSec > nowSec || stillHolding(record.issued, nowSec).length > 0))
        continue;
      await store.delete(prefix + aid);
      pausedUntilSec.delete(aid);
      left--;
    }
    if (left >= maxPeers) throw new LimitError('maxPeers', maxPeers, left + 1);
  }

  /** Of the Manifest kept and another one the one that stands. */
  async function newest(aid: string, record: PeerRecord, offered: Verified<Manifest>): Promise<Verified<Manifest>> {
    const options = { now, expectedAid: aid, allowHttpLoopback };
    const held = await verifyManifestBody(record.manifest, options).catch(absentIfRefused);
    return held === undefined ? offered : newerManifest(held, offered);
  }

  /** Everything of a renewal that waits for others, within its time. */
  async function ask(peer: KnownPeer, url: string, via: SendRenewal): Promise<IssuedTct> {
    const { claims: current, manifest: issuerManifest } = peer;
    const controller = new AbortController();
    const { signal } = controller;
    const cancelTimer = clock.setTimer(() => controller.abort(new Error('no answer in time')), renewTimeoutMs);
    try {
      const body = await buildRenewalRequest(signer, current);
      const answer = await unlessAborted(signal, via(url, body, { signal, peer: issuerManifest }));
      return await unlessAborted(signal, readRenewal(answer, { current, now, issuerManifest, revocation, signal }));
    } finally {
      cancelTimer();
    }
  }

  async function renew(peer: KnownPeer, url: string, via: SendRenewal): Promise<void> {
    const { aid, claims: current } = peer;
    const { tct, voucher } = await ask(peer, url, via);
    await change(async () => {
      // Read again: a handshake may have been quicker, and its token is not to be lost.
      const record = await read(aid);
      if (record === undefined || record.tct !== current.token) return;
      const { grantVoucher: _old, ...kept } = record;
      const renewed = { tct: tct.token, expiresAtSec: tct.expiresAtSec };
      await write(aid, { ...kept, ...renewed, ...(voucher === undefined ? {} : { grantVoucher: voucher }) });
    });
  }

  /** Starts a renewal, or joins the one that is running. Never rejects: the token at hand may still do. */
  function renewal(peer: KnownPeer): Promise<void> | undefined {
    const { aid, manifest, claims } = peer;
    const url = manifest.addresses.renewUri;
    const nowSec = readClock(now);
    if (send === undefined || url === undefined || claims.expiresAtSec - nowSec > renewBeforeSec) return undefined;
    const running = renewals.get(aid);
    if (running !== undefined) return running;
    if ((pausedUntilSec.get(aid) ?? 0) > nowSec) return undefined;
    pausedUntilSec.delete(aid);
    const started = renew(peer, url, send)
      .catch(() => {
        pausedUntilSec.set(aid, nowSec + RENEWAL_PAUSE_SEC);
      })
      .finally(() => renewals.delete(aid));
    renewals.set(aid, started);
    return started;
  }

  return {
    list,

    remember(result) {
      return change(async () => {
        const { aid, manifest } = result.peer;
        if ((await store.get(prefix + aid)) === undefined) await makeRoom();
        const before = await read(aid);
        const stands = before === undefined ? manifest : await newest(aid, before, manifest);
        await write(aid, recordOf(result, before, stands, readClock(now)));
        pausedUntilSec.delete(aid);
      });
    },

    rememberIssued(aid, grant) {
      return change(async () => {
        const record = await read(aid);
        if (record === undefined) return false;
        await write(aid, { ...record, issued: withGrant(record.issued, grant, readClock(now)) });
        return true;
      });
    },

    async issuedTo(aid) {
      return stillHolding((await read(aid))?.issued ?? [], readClock(now));
    },

    async manifestOf(aid) {
      const record = await read(aid);
      return record === undefined ? undefined : { body: record.manifest };
    },

    offerManifest(manifest) {
      return change(async () => {
        const { aid, body } = manifest;
        const record = await read(aid);
        if (record === undefined) return;
        if ((await newest(aid, record, manifest)) === manifest) await write(aid, { ...record, manifest: body });
      });
    },

    async find(aid, { signal } = {}) {
      assertSignal(signal);
      signal?.throwIfAborted();
      const peer = await openRecord(aid, await read(aid), { ...opened, signal });
      const running = peer === undefined ? undefined : renewal(peer);
      if (running === undefined) return peer;
      await unlessAborted(signal, running);
      return openRecord(aid, await read(aid), { ...opened, signal });
    },

    forget(aid) {
      return change(async () => {
        pausedUntilSec.delete(aid);
        await store.delete(prefix + aid);
      });
    },
  };
}

/** A Manifest that no longer holds makes room for any that does. */
function absentIfRefused(error: unknown): undefined {
  if (!(error instanceof AitpError)) throw error;
  return undefined;
}
