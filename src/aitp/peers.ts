// The agents we know, kept in a store: who each has proved to be, its Manifest, its token for us and what we granted it.
// A token is renewed before it ends (AITP 0.2, section 5.6), where its issuer says how and the caller passes in a way to
// send. What comes out of the store is verified anew: time has passed.

import { assertInteger, assertSignal } from '../bytes/assert.js';
import { waitFor } from '../documents/shared-wait.js';
import type { Verified } from '../documents/verified.js';
import { LimitError } from '../errors.js';
import type { Store } from '../storage/contract.js';
import { AitpError } from './errors.js';
import type { HandshakeResult } from './handshake/second-round.js';
import { type Manifest, newerManifest, verifyManifestBody } from './manifest.js';
import { isPeerRecord, type KnownPeer, openRecord, type PeerRecord, recordOf } from './peer-record.js';
import { buildRenewalRequest, readRenewal } from './renewal.js';
import { assertRevocationDecision, type RevocationDecision } from './revocation.js';
import type { AitpSigner } from './signer.js';
import { type AitpClock, readClock } from './timestamps.js';

/** After a renewal that failed, how long none is tried, in seconds. */
const RENEWAL_PAUSE_SEC = 30;

/** Sends a request for renewal, within a time limit of its own. @returns The body of the answer. */
export type SendRenewal = (url: string, body: string) => Promise<string | Uint8Array>;

/** How {@link peerBook} works. */
export interface PeerBookOptions {
  /** Our own key: the holder of the tokens. */
  readonly signer: AitpSigner;
  readonly now: AitpClock;
  /** How it is found out whether a token was revoked. */
  readonly revocation: RevocationDecision;
  /** Sends requests for renewal. Without it nothing is renewed. */
  readonly send?: SendRenewal;
  /** A token that ends within so many seconds is renewed: 1 or more. Default 300. */
  readonly renewBeforeSec?: number;
  /** Most peers kept: 1 to 100,000. Default 1,000. */
  readonly maxPeers?: number;
  /** Put before every key of the store. Default `aitp/peer/`. */
  readonly prefix?: string;
  /** Take Manifests with `http://localhost` endpoints, for development. Default false. */
  readonly allowHttpLoopback?: boolean;
}

/** The agents we know. Methods reject with what the store throws, untouched. */
export interface PeerBook {
  /**
   * Keeps what a handshake left, in place of what was kept about that peer.
   *
   * @throws {LimitError} ERR_LIMIT_EXCEEDED: there is no room for another peer, even without those whose tokens ended.
   */
  remember(result: HandshakeResult): Promise<void>;

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
  const { renewBeforeSec = 300, maxPeers = 1_000 } = options;
  readClock(now);
  assertRevocationDecision(revocation);
  assertInteger(renewBeforeSec, 'renewBeforeSec', 1);
  assertInteger(maxPeers, 'maxPeers', 1, 100_000);
  if (typeof prefix !== 'string' || prefix === '') throw new TypeError('prefix must be a string with content');
  const renewals = new Map<string, Promise<void>>();
  const pausedUntilSec = new Map<string, number>();

  const read = (aid: string) => store.get(prefix + aid);
  const opened = { holder: signer.aid, now, revocation, allowHttpLoopback };
  const list = async () =>
    (await store.keys()).filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));

  async function makeRoom(): Promise<void> {
    const known = await list();
    if (known.length < maxPeers) return;
    let left = known.length;
    for (const aid of known) {
      const record = await read(aid);
      if (isPeerRecord(record) && record.expiresAtSec > readClock(now)) continue;
      await store.delete(prefix + aid);
      left--;
    }
    if (left >= maxPeers) throw new LimitError('maxPeers', maxPeers, left + 1);
  }

  async function renew(peer: KnownPeer, url: string, via: SendRenewal): Promise<void> {
    const body = await buildRenewalRequest(signer, peer.claims);
    const answer = await via(url, body);
    const { aid, claims: current, manifest: issuerManifest } = peer;
    const { tct, voucher } = await readRenewal(answer, { current, now, issuerManifest, revocation });
    // Read again: a handshake may have been quicker, and its token is not to be lost.
    const record = await read(aid);
    if (!isPeerRecord(record) || record.tct !== current.token) return;
    const { grantVoucher: _old, ...kept } = record;
    const renewed = { tct: tct.token, expiresAtSec: tct.expiresAtSec };
    await store.set(prefix + aid, {
      ...kept,
      ...renewed,
      ...(voucher === undefined ? {} : { grantVoucher: voucher }),
    } satisfies PeerRecord);
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

    async remember(result) {
      const { aid } = result.peer;
      const before = await read(aid);
      if (before === undefined) await makeRoom();
      pausedUntilSec.delete(aid);
      await store.set(prefix + aid, recordOf(result, before, readClock(now)));
    },

    async offerManifest(manifest) {
      const record = await read(manifest.aid);
      if (!isPeerRecord(record)) return;
      const held = await verifyManifestBody(record.manifest, {
        now,
        expectedAid: manifest.aid,
        allowHttpLoopback,
      }).catch(absentIfRefused);
      const stands = held === undefined ? manifest : newerManifest(held, manifest);
      if (stands !== held) await store.set(prefix + manifest.aid, { ...record, manifest: stands.body });
    },

    async find(aid, { signal } = {}) {
      assertSignal(signal);
      signal?.throwIfAborted();
      const peer = await openRecord(aid, await read(aid), { ...opened, signal });
      const running = peer === undefined ? undefined : renewal(peer);
      if (running === undefined) return peer;
      await waitFor(running, signal);
      return openRecord(aid, await read(aid), { ...opened, signal });
    },

    async forget(aid) {
      pausedUntilSec.delete(aid);
      await store.delete(prefix + aid);
    },
  };
}

/** A Manifest that no longer holds makes room for any that does. */
function absentIfRefused(error: unknown): undefined {
  if (!(error instanceof AitpError)) throw error;
  return undefined;
}
