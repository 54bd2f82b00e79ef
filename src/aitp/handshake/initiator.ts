// The side of the handshake that calls (AITP 0.2, section 8.4), a pure state machine: JSON text in, JSON text out.
//
//   state               input                         next                 and what is done
//   idle                buildHello                    awaiting-hello-ack   the peer's Manifest is verified (4.2); hello
//   awaiting-hello-ack  hello_ack accepted            awaiting-commit-ack  the peer is granted a TCT; commit
//   awaiting-commit-ack commit_ack accepted           done                 the peer's TCT and voucher are ours
//   any                 failure, wrong kind, `error`  failed               code of the failure; INVALID_ENVELOPE
//   any                 message of a stranger         (same)               refused
//   waiting             over the time limit           failed               TIMESTAMP_EXPIRED
//
// `done` and `failed` are final: nonces and peer are dropped, and nothing starts again in the same session.

import { assertSignal } from '../../bytes/assert.js';
import type { Verified } from '../../documents/verified.js';
import { sameKey } from '../aid.js';
import { buildEnvelope, encodeEnvelope } from '../envelope.js';
import { AitpError } from '../errors.js';
import { type Manifest, newerManifest, verifyManifest } from '../manifest.js';
import { checkManifestSender, judgeHello, type Moment, makeHello, type ProvedPeer } from './first-round.js';
import { readCommit, readHelloAck, writeCommit, writeHello } from './messages.js';
import { type HandshakeOptions, type HandshakeSettings, handshakeSettings, ownIdentity } from './options.js';
import { receive, refuse } from './receive.js';
import {
  checkEcho,
  type HandshakeResult,
  handshakeResult,
  type IssuedGrant,
  judgeCommit,
  makeCommit,
} from './second-round.js';
import { HandshakeSession, type Turn } from './session.js';

type State = 'idle' | 'awaiting-hello-ack' | 'awaiting-commit-ack';

/** What may call off one step. */
export interface HandshakeStepOptions {
  /** Ends the wait, and the session where the step had begun to act on a message of the peer. */
  readonly signal?: AbortSignal;
}

/**
 * The side that calls. For one handshake with one peer.
 *
 * Every method may reject with `signal.reason`, untouched, and with what the signer, the stores, the policy or the
 * identity provider threw, untouched. Errors of the peer's making are {@link AitpError} with one registered code, or
 * `AitpPeerError` where the peer says that it has given up.
 *
 * @example
 * ```ts
 * const session = new HandshakeInitiator({ signer, manifest, now, replay, revocation, pinnedKeys });
 * const hello = await session.buildHello(peerManifestJson, ['calendar.read']);
 * const commit = await session.processHelloAck(await post(hello));
 * const { tct, claims } = await session.complete(await post(commit));
 * ```
 */
export class HandshakeInitiator {
  readonly #settings: HandshakeSettings;
  readonly #session: HandshakeSession<State>;
  #known: Verified<Manifest> | undefined;
  #ownNonce: string | undefined;
  #peer: ProvedPeer | undefined;
  #issued: IssuedGrant | undefined;

  /** @throws {TypeError | RangeError} an option that is missing, or of the wrong kind or range. */
  constructor(options: HandshakeOptions) {
    this.#settings = handshakeSettings(options);
    const { now, sessionTimeoutSec } = this.#settings;
    this.#session = new HandshakeSession('idle', now, sessionTimeoutSec, () => this.#forget());
  }

  /** Where the handshake is. */
  get state(): State | 'done' | 'failed' {
    return this.#session.state;
  }

  /** First Unix second at which an answer comes too late; `undefined` while none is awaited. */
  get expiresAtSec(): number | undefined {
    return this.#session.expiresAtSec;
  }

  /**
   * Begins: checks that the peer would talk to us, and makes the hello.
   *
   * @param peerManifest Manifest of the peer as it was fetched, in the published form.
   * @param requestedGrants What we want to be granted, at least one for the handshake to succeed. Copied.
   * @returns The hello, JSON text.
   * @throws {AitpError} codes of section 4.2: the peer's Manifest does not hold, or it would not accept our identity.
   *   MANIFEST_EXPIRED also where it is our own that has. INVALID_ENVELOPE: it is ours. The session has failed.
   * @throws {TypeError} called a second time, or capabilities that are not a list of texts. The session has failed.
   */
  buildHello(
    peerManifest: string | Uint8Array,
    requestedGrants: readonly string[],
    { signal }: HandshakeStepOptions = {},
  ): Promise<string> {
    assertSignal(signal);
    return this.#session.take(async (turn) => {
      // Everything here is our own doing.
      turn.proved();
      if (turn.state !== 'idle') throw new TypeError(`buildHello is out of turn: the handshake is at ${turn.state}`);
      const grants = copyGrants(requestedGrants);
      const manifest = await this.#verifyPeer(peerManifest, turn);
      const { signer } = this.#settings;
      const { hello, messageId, timestampSec } = await makeHello(manifest.aid, grants, this.#settings, turn);
      const payload = writeHello(hello);
      const envelope = await buildEnvelope({ messageType: 'mutual_hello', payload, messageId, timestampSec }, signer);
      turn.next('awaiting-hello-ack');
      this.#known = manifest;
      this.#ownNonce = hello.popNonce;
      return encodeEnvelope(envelope);
    }, signal);
  }

  /**
   * Takes the peer's answer to our hello, and grants the peer what it asks for and may have.
   *
   * @param ack Text, or its UTF-8 bytes, from anywhere.
   * @returns The commit, JSON text. It holds the peer's token: send it to the peer alone.
   * @throws {AitpError} codes of section 8.3. POLICY_VIOLATION: there is nothing we may grant.
   * @throws {TypeError} before {@link buildHello}; the session has failed.
   */
  processHelloAck(ack: string | Uint8Array, { signal }: HandshakeStepOptions = {}): Promise<string> {
    assertSignal(signal);
    return this.#session.take(async (turn) => {
      const known = this.#awaited(turn);
      if (turn.state !== 'awaiting-hello-ack') return refuse(ack, turn, this.#settings, known.aid);
      const ownNonce = this.#ownNonce as string;
      const { envelope, payload } = await receive(ack, turn, this.#settings, {
        messageType: 'mutual_hello_ack',
        peer: known.aid,
        early: true,
        read(received) {
          const read = readHelloAck(received);
          checkEcho(read.popNonceEcho, ownNonce);
          checkManifestSender(read, received);
          return read;
        },
      });
      const judged = await judgeHello(payload, envelope, this.#settings, turn);
      // Its copy in the message and the one we fetched should be the same; the later one stands, and we never go back.
      const peer = { ...judged, manifest: newerManifest(judged.manifest, known) };
      const { commit, issued } = await makeCommit(peer, envelope.timestampSec, this.#settings, turn);
      const text = await this.#write('mutual_commit', writeCommit(commit), turn);
      turn.next('awaiting-commit-ack');
      this.#peer = peer;
      this.#issued = issued;
      return text;
    }, signal);
  }

  /**
   * Takes the peer's last message, which holds our token.
   *
   * @param commitAck Text, or its UTF-8 bytes, from anywhere.
   * @throws {AitpError} codes of section 8.3.
   * @throws {TypeError} before {@link buildHello}; the session has failed.
   */
  complete(commitAck: string | Uint8Array, { signal }: HandshakeStepOptions = {}): Promise<HandshakeResult> {
    assertSignal(signal);
    return this.#session.take(async (turn) => {
      const { aid } = this.#awaited(turn);
      if (turn.state !== 'awaiting-commit-ack') return refuse(commitAck, turn, this.#settings, aid);
      const [peer, issued, ownNonce] = [
        this.#peer as ProvedPeer,
        this.#issued as IssuedGrant,
        this.#ownNonce as string,
      ];
      const expected = { messageType: 'mutual_commit_ack', peer: aid, read: readCommit, early: false } as const;
      const { payload } = await receive(commitAck, turn, this.#settings, expected);
      const received = await judgeCommit(payload, peer, ownNonce, this.#settings, turn);
      turn.next('done');
      return handshakeResult(peer, received, issued);
    }, signal);
  }

  /** Gives up: a step that is running rejects, and so does every later one. Idempotent. */
  abandon(): void {
    this.#session.abandon();
  }

  async #verifyPeer(peerManifest: string | Uint8Array, { nowSec }: Moment): Promise<Verified<Manifest>> {
    const { manifest: own, signer, allowHttpLoopback = false, acceptSingleHashP256 = false } = this.#settings;
    const options = { now: () => nowSec, allowHttpLoopback, acceptSingleHashP256, fetcher: ownIdentity(own) };
    const manifest = await verifyManifest(peerManifest, options);
    // A stranger that shows us our own Manifest must not come to be known as us. Nobody else can make a hello that names us
    // as its receiver and as its sender, so that the responder need not look.
    if (sameKey(manifest.aid, signer.aid)) throw new AitpError('INVALID_ENVELOPE', 'the peer would be ourselves');
    if (manifest.acceptedSuites.includes(signer.suite)) return manifest;
    throw new AitpError('INCOMPATIBLE_IDENTITY_TYPE', 'the peer does not accept our kind of key');
  }

  /** The peer whose message is awaited. @throws {TypeError} there is none yet. */
  #awaited(turn: Turn<State>): Verified<Manifest> {
    if (this.#known !== undefined) return this.#known;
    turn.proved();
    throw new TypeError('no message is due before buildHello');
  }

  async #write(messageType: 'mutual_commit', payload: ReturnType<typeof writeCommit>, { nowSec }: Moment) {
    const { signer, random } = this.#settings;
    const own = random === undefined ? {} : { random };
    return encodeEnvelope(await buildEnvelope({ messageType, payload, timestampSec: nowSec, ...own }, signer));
  }

  #forget(): void {
    this.#known = undefined;
    this.#ownNonce = undefined;
    this.#peer = undefined;
    this.#issued = undefined;
  }
}

function copyGrants(grants: readonly string[]): readonly string[] {
  const list: readonly unknown[] = Array.isArray(grants) ? grants : [undefined];
  const wellFormed = list.every((grant) => typeof grant === 'string' && /^\S+$/.test(grant));
  if (wellFormed) return [...new Set(list)] as string[];
  throw new TypeError('requestedGrants must be strings without whitespace');
}
