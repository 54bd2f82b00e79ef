// A peer that speaks agent-phone v1 by itself, in either role, and does wrong what a test wants done wrong. It shares
// neither state machine nor checks with the code under test, so it is also a second opinion on the honest protocol.

import { assertBytes } from '../bytes/assert.js';
import { concatBytes } from '../bytes/concat.js';
import { decodeUtf8, encodeUtf8 } from '../bytes/utf8.js';
import { SUBPROTOCOL } from '../channel/parties.js';
import { ChannelError } from '../errors.js';
import { didToX25519 } from '../identity/did-key.js';
import type { Identity } from '../identity/identity.js';
import { defaultSuite } from '../noise/default-suite.js';
import { buildPrologue } from '../noise/prologue.js';
import type { DhKeyPair, NoiseSuite } from '../noise/suite.js';
import { abortable } from '../transport/abortable.js';
import type { Acceptor, Dialer, IncomingCall, Message, Transport, TransportCloseInfo } from '../transport/contract.js';
import { flipBit } from './link-faults.js';
import { distort, garbage, HANDSHAKE_BYTES, type HandshakeNumber, type Misbehaviour } from './misbehaviour.js';
import { type PlainKey, PlainTranscript } from './plain-noise.js';

/** What a scripted peer is made of. */
export interface ScriptedPeerOptions {
  /** Whose keys it has. */
  readonly identity: Identity;
  /** What it does wrong in the handshake. Default: nothing. */
  readonly misbehaviours?: readonly Misbehaviour[];
  /** Default: noble's primitives. */
  readonly suite?: NoiseSuite;
}

/**
 * How far the handshake came, as this side sees it.
 *
 * `ready`: it has said and heard everything, which does not mean that it was believed. `silent`: it was told to stop.
 * `ended`: the connection is gone.
 */
export type HandshakeOutcome = 'ready' | 'silent' | 'ended';

/** Something to send once the handshake is over. */
export type ScriptedFrame =
  /** An envelope, as JSON, in a frame. */
  | { readonly envelope: unknown }
  /** Any bytes or text, in a frame. */
  | { readonly plaintext: Uint8Array | string }
  /** A binary message as it is, past the cryptography. */
  | { readonly ciphertext: Uint8Array }
  /** A text message as it is. */
  | { readonly text: string }
  /** The frame sealed as number `replay`, from 0, once more; with the first bit of byte `flip` wrong, where given. */
  | { readonly replay: number; readonly flip?: number }
  /** Nothing, but so many counters are used up. */
  | { readonly skip: number };

/** Something that came after the handshake. */
export interface ReceivedFrame {
  /** As it crossed the wire. */
  readonly message: Message;
  /** What was in it; absent when it does not open. */
  readonly plaintext?: Uint8Array;
  /** The plaintext as a JSON object; absent when it is none. */
  readonly envelope?: Readonly<Record<string, unknown>>;
}

/** Everything of one connection is kept for the test to look at: past so many messages the peer hangs up. */
const MAX_RECORDED = 100_000;

/**
 * One connection of a peer that follows a script.
 *
 * @example
 * ```ts
 * const mallory = new ScriptedPeer({ identity, misbehaviours: [{ kind: 'claim', did: alice.did }] })
 * await mallory.dial(near, bob.did)
 * await mallory.closed // bob has looked at the key in message 3
 * ```
 * @example
 * ```ts
 * const peer = new ScriptedPeer({ identity })
 * await peer.dial(near, bob.did)
 * peer.send({ envelope: { type: 'req', stream_id: 1, seq: 0, method: 'echo', params: 7 } })
 * console.log((await peer.next()).envelope?.result)
 * ```
 */
export class ScriptedPeer {
  /** What came after the handshake, in order. */
  readonly frames: ReceivedFrame[] = [];
  /** Frames it has sealed, in order, sent or not. */
  readonly sealed: Uint8Array[] = [];
  /** The handshake as it crossed the wire, both directions, in order. */
  readonly handshake: Message[] = [];
  /** Settles when the connection has ended; never rejects. */
  readonly closed: Promise<TransportCloseInfo>;

  readonly #identity: Identity;
  readonly #misbehaviours: readonly Misbehaviour[];
  readonly #givenSuite: NoiseSuite | undefined;
  #suite!: NoiseSuite;
  readonly #unread: Message[] = [];
  readonly #waiting = new Set<() => void>();
  #transport: Transport | undefined;
  #settleClosed!: (info: TransportCloseInfo) => void;
  #ended = false;
  #talking = true;
  #taken = 0;
  #hash: Uint8Array | undefined;
  #sending: PlainKey | undefined;
  #receiving: PlainKey | undefined;

  constructor(options: ScriptedPeerOptions) {
    this.#identity = options.identity;
    this.#misbehaviours = options.misbehaviours ?? [];
    this.#givenSuite = options.suite;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
  }

  /** DID it goes by. */
  get did(): string {
    return this.#fault('claim')?.did ?? this.#identity.did;
  }

  /** Noise handshake hash, 32 bytes, once the handshake is over. */
  get handshakeHash(): Uint8Array {
    if (this.#hash === undefined) throw new TypeError('the handshake is not over');
    return this.#hash;
  }

  /**
   * Calls somebody.
   *
   * @param to Where; an open transport is used as it is, without an offer.
   * @param remoteDid Whom to ask for.
   * @throws as the dialer does. @throws the signal's reason.
   */
  async dial(to: Dialer | Transport, remoteDid: string, signal?: AbortSignal): Promise<HandshakeOutcome> {
    const offer = { subprotocol: SUBPROTOCOL, callerDid: this.did, ...(signal === undefined ? {} : { signal }) };
    this.#take('dial' in to ? await to.dial(offer) : to);
    return this.#run(() => this.#initiate(remoteDid, signal));
  }

  /**
   * Answers somebody.
   *
   * @param from Where from; an incoming call is answered as it is.
   * @throws as the acceptor does. @throws the signal's reason.
   */
  async answer(from: Acceptor | IncomingCall, signal?: AbortSignal): Promise<HandshakeOutcome> {
    const options = { subprotocol: SUBPROTOCOL, ...(signal === undefined ? {} : { signal }) };
    const { transport, callerDid } = 'accept' in from ? await from.accept(options) : from;
    this.#take(transport);
    return this.#run(() => this.#respond(callerDid, signal));
  }

  /**
   * Sends what the script says.
   *
   * @throws {TypeError} a frame to be sealed before the handshake is over, or a replay of one that was not sealed.
   * @throws {ChannelError} ERR_CHANNEL_CLOSED: the connection has ended.
   */
  send(...frames: readonly ScriptedFrame[]): void {
    for (const frame of frames) this.#sendOne(frame);
  }

  /**
   * Seals a frame and keeps it, to be sent late as `{ ciphertext }`, or never.
   *
   * @param content An envelope, bytes or text.
   */
  seal(content: { readonly envelope: unknown } | { readonly plaintext: Uint8Array | string }): Uint8Array {
    if (this.#sending === undefined) throw new TypeError('the handshake is not over');
    const plaintext = 'envelope' in content ? JSON.stringify(content.envelope) : content.plaintext;
    const sealed = this.#sending.seal(typeof plaintext === 'string' ? encodeUtf8(plaintext) : plaintext);
    this.sealed.push(sealed);
    return sealed;
  }

  /**
   * The next frame that has come and was not asked for yet.
   *
   * @throws {ChannelError} ERR_CHANNEL_LOST: the connection ended and there is none. @throws the signal's reason.
   */
  async next(signal?: AbortSignal): Promise<ReceivedFrame> {
    while (this.#taken >= this.frames.length) {
      if (this.#ended) throw new ChannelError('ERR_CHANNEL_LOST', 'the connection ended');
      await this.#change(signal);
    }
    return this.frames[this.#taken++] as ReceivedFrame;
  }

  /** Ends the connection politely. */
  close(code = 1000, reason = ''): void {
    this.#transport?.close(code, reason);
  }

  /** Ends the connection now. */
  abort(): void {
    this.#transport?.abort();
  }

  #take(transport: Transport): void {
    if (this.#transport !== undefined) throw new TypeError('a scripted peer has one connection');
    this.#transport = transport;
    transport.receive((message) => this.#onMessage(message));
    void transport.closed.then((info) => {
      this.#ended = true;
      this.#settleClosed(info);
      this.#changed();
    });
  }

  #onMessage(message: Message): void {
    if (this.#talking) this.#unread.push(message);
    else this.#record(message);
    if (this.frames.length + this.#unread.length > MAX_RECORDED) this.abort();
    this.#changed();
  }

  #record(message: Message): void {
    const plaintext = typeof message === 'string' ? undefined : this.#receiving?.open(message);
    const envelope = plaintext === undefined ? undefined : parseObject(plaintext);
    this.frames.push({ message, ...(plaintext && { plaintext }), ...(envelope && { envelope }) });
  }

  async #run(handshake: () => Promise<HandshakeOutcome>): Promise<HandshakeOutcome> {
    this.#suite = this.#givenSuite ?? (await defaultSuite());
    const outcome = await handshake();
    this.#talking = false;
    for (const message of this.#unread.splice(0)) this.#record(message);
    return outcome;
  }

  // -> e, es    <- e, ee    -> s, se
  async #initiate(remoteDid: string, signal: AbortSignal | undefined): Promise<HandshakeOutcome> {
    const rs = didToX25519(remoteDid);
    const [s, e] = await Promise.all([this.#staticKey(), this.#ephemeralKey()]);
    const transcript = new PlainTranscript(this.#suite, this.#prologue(this.did, remoteDid), rs);

    transcript.mixHash(e.publicKey);
    transcript.mixKey(await agree(e, rs));
    const stopped = this.#say(1, concatBytes(e.publicKey, transcript.encrypt(this.#payload(1))));
    if (stopped !== undefined) return stopped;
    this.#sayOutOfTurn(3);

    const message2 = await this.#hear(signal);
    if (message2 === undefined) return 'ended';
    const re = message2.slice(0, 32);
    transcript.mixHash(re);
    transcript.mixKey(await agree(e, re));
    transcript.decrypt(message2.slice(32));

    const sealedKey = transcript.encrypt(s.publicKey);
    transcript.mixKey(await agree(s, re));
    const stoppedLate = this.#say(3, concatBytes(sealedKey, transcript.encrypt(this.#payload(3))));
    if (stoppedLate !== undefined) return stoppedLate;
    [this.#sending, this.#receiving] = transcript.split();
    this.#hash = transcript.h;
    return 'ready';
  }

  async #respond(callerDid: string, signal: AbortSignal | undefined): Promise<HandshakeOutcome> {
    const [s, e] = await Promise.all([this.#staticKey(), this.#ephemeralKey()]);
    const transcript = new PlainTranscript(this.#suite, this.#prologue(callerDid, this.did), didToX25519(this.did));
    this.#sayOutOfTurn(2);

    const message1 = await this.#hear(signal);
    if (message1 === undefined) return 'ended';
    const re = message1.slice(0, 32);
    transcript.mixHash(re);
    transcript.mixKey(await agree(s, re));
    transcript.decrypt(message1.slice(32));

    transcript.mixHash(e.publicKey);
    transcript.mixKey(await agree(e, re));
    const stopped = this.#say(2, concatBytes(e.publicKey, transcript.encrypt(this.#payload(2))));
    if (stopped !== undefined) return stopped;

    const message3 = await this.#hear(signal);
    if (message3 === undefined) return 'ended';
    const rs = transcript.decrypt(message3.slice(0, 48));
    transcript.mixKey(await agree(e, rs ?? re));
    transcript.decrypt(message3.slice(48));
    [this.#receiving, this.#sending] = transcript.split();
    this.#hash = transcript.h;
    return 'ready';
  }

  #fault<Kind extends Misbehaviour['kind']>(kind: Kind): Extract<Misbehaviour, { kind: Kind }> | undefined {
    return this.#misbehaviours.find((one): one is Extract<Misbehaviour, { kind: Kind }> => one.kind === kind);
  }

  async #staticKey(): Promise<DhKeyPair> {
    const lowOrder = this.#fault('low-order-static');
    if (lowOrder !== undefined) return lowOrderPair(lowOrder.point);
    if (this.#fault('wrong-static-key') !== undefined) return this.#suite.generateKeyPair();
    const identity = this.#identity;
    const { did } = this.#fault('borrowed-static-key') === undefined ? identity : this;
    return { publicKey: didToX25519(did), agree: (key) => identity.agree(key) };
  }

  async #ephemeralKey(): Promise<DhKeyPair> {
    const lowOrder = this.#fault('low-order-ephemeral');
    return lowOrder === undefined ? this.#suite.generateKeyPair() : lowOrderPair(lowOrder.point);
  }

  #prologue(initiatorDid: string, responderDid: string): Uint8Array {
    return this.#fault('wrong-prologue')?.prologue ?? buildPrologue(initiatorDid, responderDid);
  }

  #payload(number: HandshakeNumber): Uint8Array {
    for (const one of this.#misbehaviours) if (one.kind === 'payload' && one.message === number) return one.payload;
    return new Uint8Array(0);
  }

  /** Says a message, or what the script makes of it. @returns An outcome, when that was the last of it. */
  #say(number: HandshakeNumber, honest: Uint8Array): HandshakeOutcome | undefined {
    for (const { kind, ...fault } of this.#misbehaviours) {
      if (!('message' in fault) || fault.message !== number) continue;
      if (kind === 'silence') return 'silent';
      if (kind === 'hang-up') this.close(1001);
    }
    for (const message of distort(number, honest, this.#misbehaviours)) {
      if (!this.#put(message)) return 'ended';
    }
    return undefined;
  }

  #sayOutOfTurn(number: HandshakeNumber): void {
    if (this.#misbehaviours.some((one) => one.kind === 'out-of-turn' && one.message === number)) {
      this.#put(garbage(HANDSHAKE_BYTES[number], number));
    }
  }

  #put(message: Message): boolean {
    try {
      (this.#transport as Transport).send(message);
      this.handshake.push(message);
      return true;
    } catch {
      return false;
    }
  }

  /** The other side's next message; nothing when the connection ends first. */
  async #hear(signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    while (this.#unread.length === 0) {
      if (this.#ended) return undefined;
      await this.#change(signal);
    }
    const message = this.#unread.shift() as Message;
    this.handshake.push(message);
    return typeof message === 'string' ? encodeUtf8(message) : message;
  }

  #sendOne(frame: ScriptedFrame): void {
    const transport = this.#transport;
    if (transport === undefined) throw new TypeError('dial or answer first');
    if ('ciphertext' in frame) return transport.send(frame.ciphertext);
    if ('text' in frame) return transport.send(frame.text);
    if ('skip' in frame) {
      if (this.#sending === undefined) throw new TypeError('the handshake is not over');
      this.#sending.counter += frame.skip;
      return;
    }
    if (!('replay' in frame)) return transport.send(this.seal(frame));
    const sealed = this.sealed[frame.replay];
    assertBytes(sealed, `sealed[${frame.replay}]`);
    transport.send(frame.flip === undefined ? sealed : flipBit(sealed, 8 * frame.flip));
  }

  /** Waits until something has come, or the connection has ended. */
  #change(signal: AbortSignal | undefined): Promise<void> {
    return abortable(signal, ({ resolve }) => {
      const wake = () => resolve();
      this.#waiting.add(wake);
      return () => this.#waiting.delete(wake);
    });
  }

  #changed(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

function lowOrderPair(point: Uint8Array): DhKeyPair {
  return { publicKey: point, agree: async () => new Uint8Array(32) };
}

/** A shared secret; zeros where there is none, since a peer that breaks the rules does not stop at that. */
async function agree(pair: DhKeyPair, publicKey: Uint8Array): Promise<Uint8Array> {
  try {
    return await pair.agree(publicKey);
  } catch {
    return new Uint8Array(32);
  }
}

function parseObject(plaintext: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(decodeUtf8(plaintext));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
