// The side of the handshake that is called (AITP 0.2, section 8.4), a pure state machine: JSON text in, JSON text out.
//
//   state            input                         next             and what is done
//   idle             hello accepted                awaiting-commit  hello_ack
//   awaiting-commit  commit accepted               done             the peer's TCT and voucher are ours; the peer is
//                                                                   granted one; commit_ack
//   any              failure, wrong kind, `error`  failed           code of the failure; INVALID_ENVELOPE
//   awaiting-commit  message of a stranger         (same)           refused
//   awaiting-commit  over the time limit           failed           TIMESTAMP_EXPIRED
//
// `done` and `failed` are final: nonces and peer are dropped, and nothing starts again in the same session. Before a
// hello was accepted everybody may be the peer: any message whose signature holds can end the session then.

import { assertSignal } from '../../bytes/assert.js';
import type { Verified } from '../../documents/verified.js';
import { buildEnvelope, encodeEnvelope } from '../envelope.js';
import type { Manifest } from '../manifest.js';
import type { GrantRequester } from '../policy.js';
import { newUuid } from '../uuid.js';
import { checkManifestSender, judgeHello, makeHello, type ProvedPeer } from './first-round.js';
import type { HandshakeStepOptions } from './initiator.js';
import { readCommit, readHello, writeCommit, writeHelloAck } from './messages.js';
import { type HandshakeOptions, type HandshakeSettings, handshakeSettings } from './options.js';
import { receive, refuse } from './receive.js';
import { type HandshakeResult, handshakeResult, judgeCommit, makeCommit, requesterOf } from './second-round.js';
import { HandshakeSession } from './session.js';

type State = 'idle' | 'awaiting-commit';

/** Options of {@link HandshakeResponder}. */
export interface HandshakeResponderOptions extends HandshakeOptions {
  /**
   * What we want the peer to grant us. Default: what our Manifest requires of peers; where it requires nothing, whatever
   * the peer offers.
   */
  readonly requestedGrants?: readonly string[] | ((peer: Verified<Manifest>) => readonly string[]);
}

/** Answer of a responder to a hello. */
export interface HelloAnswer {
  /** The hello_ack, JSON text. */
  readonly ackJson: string;
  /** Names the session, for a transport that has to find it again. Proves nothing. */
  readonly sessionId: string;
}

/** Answer of a responder to a commit. */
export interface CommitAnswer {
  /** The commit_ack, JSON text. It holds the peer's token: send it to the peer alone. */
  readonly ackJson: string;
  readonly completed: HandshakeResult;
}

/** The side that is called. For one handshake; errors and waits are those of `HandshakeInitiator`. */
export class HandshakeResponder {
  /** UUID of the session. */
  readonly sessionId: string;
  readonly #settings: HandshakeSettings;
  readonly #requestedGrants: HandshakeResponderOptions['requestedGrants'];
  readonly #session: HandshakeSession<State>;
  #peer: ProvedPeer | undefined;
  #ownNonce: string | undefined;

  /** @throws {TypeError | RangeError} an option that is missing, or of the wrong kind or range. */
  constructor(options: HandshakeResponderOptions) {
    this.#settings = handshakeSettings(options);
    this.#requestedGrants = options.requestedGrants;
    this.sessionId = newUuid(options.random);
    const { now, sessionTimeoutSec } = this.#settings;
    this.#session = new HandshakeSession('idle', now, sessionTimeoutSec, () => this.#forget());
  }

  /** Where the handshake is. */
  get state(): State | 'done' | 'failed' {
    return this.#session.state;
  }

  /** First Unix second at which a commit comes too late; `undefined` while none is awaited. */
  get expiresAtSec(): number | undefined {
    return this.#session.expiresAtSec;
  }

  /** Who the peer has proved to be, while its commit is awaited. */
  get peer(): GrantRequester | undefined {
    return this.#peer === undefined ? undefined : requesterOf(this.#peer);
  }

  /** AID of the peer while its commit is awaited. */
  get peerAid(): string | undefined {
    return this.#peer?.aid;
  }

  /** The nonce a commit of this session has to echo, to find the session of a commit by; while one is awaited. */
  get popNonce(): string | undefined {
    return this.#ownNonce;
  }

  /**
   * Takes a hello.
   *
   * @param hello Text, or its UTF-8 bytes, from anywhere.
   * @throws {AitpError} codes of section 8.3. The session has failed if the signature of the message held.
   */
  processHello(hello: string | Uint8Array, { signal }: HandshakeStepOptions = {}): Promise<HelloAnswer> {
    assertSignal(signal);
    return this.#session.take(async (turn) => {
      const settings = this.#settings;
      if (turn.state !== 'idle') return refuse(hello, turn, settings, this.#peer?.aid);
      const { envelope, payload } = await receive(hello, turn, settings, {
        messageType: 'mutual_hello',
        peer: undefined,
        early: true,
        read(received) {
          const read = readHello(received);
          checkManifestSender(read, received);
          return read;
        },
      });
      const peer = await judgeHello(payload, envelope, settings, turn);
      const own = await makeHello(peer.aid, this.#wanted(peer.manifest), settings, turn);
      const { messageId, timestampSec } = own;
      const ack = writeHelloAck({ ...own.hello, popNonceEcho: peer.popNonce });
      const content = { messageType: 'mutual_hello_ack', payload: ack, messageId, timestampSec } as const;
      const text = encodeEnvelope(await buildEnvelope(content, settings.signer));
      turn.next('awaiting-commit');
      this.#peer = peer;
      this.#ownNonce = own.hello.popNonce;
      return { ackJson: text, sessionId: this.sessionId };
    }, signal);
  }

  /**
   * Takes the commit, which holds our token, and grants the peer what it asked for and may have.
   *
   * Whether the peer receives the answer is not known here: what was granted can be revoked by its `jti`.
   *
   * @param commit Text, or its UTF-8 bytes, from anywhere.
   * @throws {AitpError} codes of section 8.3. POLICY_VIOLATION: there is nothing we may grant; nothing was issued.
   */
  processCommit(commit: string | Uint8Array, { signal }: HandshakeStepOptions = {}): Promise<CommitAnswer> {
    assertSignal(signal);
    return this.#session.take(async (turn) => {
      const settings = this.#settings;
      const [peer, ownNonce] = [this.#peer, this.#ownNonce];
      if (peer === undefined || ownNonce === undefined) return refuse(commit, turn, settings, undefined);
      const expected = { messageType: 'mutual_commit', peer: peer.aid, read: readCommit, early: false } as const;
      const { envelope, payload } = await receive(commit, turn, settings, expected);
      const received = await judgeCommit(payload, peer, ownNonce, settings, turn);
      const own = await makeCommit(peer, envelope.timestampSec, settings, turn);
      const { signer, random } = settings;
      const content = {
        messageType: 'mutual_commit_ack',
        payload: writeCommit(own.commit),
        timestampSec: turn.nowSec,
        ...(random === undefined ? {} : { random }),
      } as const;
      const ackJson = encodeEnvelope(await buildEnvelope(content, signer));
      turn.next('done');
      return { ackJson, completed: handshakeResult(peer, received, own.issued) };
    }, signal);
  }

  /** Gives up: a step that is running rejects, and so does every later one. Idempotent. */
  abandon(): void {
    this.#session.abandon();
  }

  #wanted(peer: Verified<Manifest>): readonly string[] {
    const { requiredPeerCapabilities } = this.#settings.manifest;
    const usual = requiredPeerCapabilities.length > 0 ? requiredPeerCapabilities : peer.offeredCapabilities;
    const wanted = this.#requestedGrants ?? usual;
    return [...new Set(typeof wanted === 'function' ? wanted(peer) : wanted)];
  }

  #forget(): void {
    this.#peer = undefined;
    this.#ownNonce = undefined;
  }
}
