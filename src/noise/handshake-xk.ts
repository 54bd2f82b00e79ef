// Noise_XK_25519_ChaChaPoly_BLAKE2s (Noise rev 34, sections 5.3 and 7.5), one pure class per role: no I/O, no clock.
//
//   <- s                                    before: the initiator knows the responder's static key
//   -> e, es        48 bytes
//   <- e, ee        48 bytes
//   -> s, se        64 bytes
//
//   role        state     input           next      tokens and what is done (5.3; Split: 5.2)
//   initiator   write-1   writeMessage1   read-2    make e, send it; DH(e, rs)
//               read-2    readMessage2    write-3   take re; DH(e, re), and already DH(s, re)
//               write-3   writeMessage3   split     send s encrypted; mix DH(s, re)
//               split     split           done      Split
//   responder   read-1    readMessage1    write-2   take re; DH(s, re); meanwhile make e and DH(e, re)
//               write-2   writeMessage2   read-3    send e; mix DH(e, re)
//               read-3    readMessage3    split     decrypt rs; DH(e, rs)
//               split     split           done      Split
//   either      any       out of turn     (same)    throws TypeError
//               any       failure, wipe   dead      every secret is wiped
//
// Spec names: `s` own static pair, `e` own ephemeral pair, `rs` and `re` the other side's public keys. Whether `rs` is
// the key of who the caller claims to be is checked by the channel above.

import { assertBytes } from '../bytes/assert.js';
import { concatBytes } from '../bytes/concat.js';
import { wipe } from '../bytes/wipe.js';
import { NoiseError } from '../errors.js';
import type { CipherState } from './cipher-state.js';
import { Steps } from './steps.js';
import { type DhKeyPair, type EphemeralKeyPair, MAX_MESSAGE_BYTES, type NoiseSuite, TAG_BYTES } from './suite.js';
import { SymmetricState } from './symmetric-state.js';

const DH_BYTES = 32;

/** Lengths of the three messages without payload, in bytes. */
export const XK_MESSAGE_BYTES = [DH_BYTES + TAG_BYTES, DH_BYTES + TAG_BYTES, DH_BYTES + 2 * TAG_BYTES] as const;

const NO_PAYLOAD = /* @__PURE__ */ new Uint8Array(0);

/** What both roles need. */
export interface XkOptions {
  readonly suite: NoiseSuite;
  /** `s`: our static pair. Borrowed; its secret is only used through `agree`. */
  readonly staticKey: DhKeyPair;
  /** What both sides must agree on beforehand; see {@link buildPrologue}. Borrowed. */
  readonly prologue: Uint8Array;
  /** `e`, made beforehand to save time, or fixed in a test. For this handshake alone, which wipes it. */
  readonly ephemeral?: EphemeralKeyPair;
  /** Whether messages may carry a payload. agent-phone has none. Default false: lengths are exact. */
  readonly payloads?: boolean;
}

/** Options of {@link XkInitiator}. */
export interface XkInitiatorOptions extends XkOptions {
  /** `rs`: the responder's static public key, 32 bytes. Copied. */
  readonly remoteStaticKey: Uint8Array;
}

/** What a finished handshake leaves. */
export interface XkResult {
  /** Seals what we send. */
  readonly send: CipherState;
  /** Opens what we receive. */
  readonly receive: CipherState;
  /** `h`, 32 bytes, the same on both sides and unique to this handshake. Fresh. */
  readonly handshakeHash: Uint8Array;
  /** `rs`: the static public key the other side has proved to hold, 32 bytes. Fresh. */
  readonly remoteStaticKey: Uint8Array;
}

/** The side that dials. See the table at the top of the file; errors are those of {@link XkInitiator.writeMessage1}. */
export class XkInitiator {
  readonly #state: Steps<'write-1' | 'read-2' | 'write-3' | 'split' | 'done'>;
  readonly #options: XkInitiatorOptions;
  readonly #symmetric: SymmetricState;
  readonly #rs: Uint8Array;
  #e: EphemeralKeyPair | undefined;
  #se: Uint8Array | undefined;

  /** @throws {TypeError | RangeError} an option of the wrong kind or length. */
  constructor(options: XkInitiatorOptions) {
    assertOptions(options);
    assertBytes(options.remoteStaticKey, 'remoteStaticKey', DH_BYTES);
    this.#options = options;
    this.#rs = new Uint8Array(options.remoteStaticKey);
    this.#e = options.ephemeral;
    this.#symmetric = begin(options, this.#rs);
    this.#state = new Steps('write-1', () => this.#forget());
  }

  /**
   * Makes message 1. It depends on nothing from the other side, so it may be made before there is a connection.
   *
   * @param payload Empty, unless payloads are allowed. Borrowed.
   * @returns 48 bytes and the payload's. Fresh.
   * @throws {NoiseError} ERR_NOISE_HANDSHAKE: a check or an agreement failed, see `cause`; terminal. ERR_NOISE_DEAD.
   * @throws {TypeError} out of turn, also while another step runs; nothing changes.
   */
  async writeMessage1(payload: Uint8Array = NO_PAYLOAD): Promise<Uint8Array> {
    assertPayload(payload, XK_MESSAGE_BYTES[0], this.#options);
    return this.#state.take('write-1', 'read-2', async () => {
      this.#e ??= await this.#options.suite.generateKeyPair();
      this.#symmetric.mixHash(this.#e.publicKey);
      const [es] = await agreements(this.#e.agree(this.#rs));
      mixSecret(this.#symmetric, es);
      return concatBytes(this.#e.publicKey, this.#symmetric.encryptAndHash(payload));
    });
  }

  /**
   * Takes message 2. Afterwards the responder has proved to hold the static key we dialled.
   *
   * @param message 48 bytes and the payload's. Borrowed until the promise settles.
   * @returns The payload: empty, unless payloads are allowed. Fresh.
   * @throws As {@link writeMessage1}.
   */
  async readMessage2(message: Uint8Array): Promise<Uint8Array> {
    assertBytes(message, 'message');
    return this.#state.take('read-2', 'write-3', async () => {
      const { re, rest } = splitEphemeral(message, XK_MESSAGE_BYTES[1], this.#options);
      const e = this.#e as EphemeralKeyPair;
      this.#symmetric.mixHash(re);
      // Both at once, though `re` is not yet proved: should it prove false, se is wiped unused.
      const [ee, se] = await agreements(e.agree(re), this.#options.staticKey.agree(re));
      this.#se = se;
      mixSecret(this.#symmetric, ee);
      return this.#symmetric.decryptAndHash(rest);
    });
  }

  /**
   * Makes message 3, which carries our static key, encrypted to the responder alone.
   *
   * @param payload Empty, unless payloads are allowed. Borrowed.
   * @returns 64 bytes and the payload's. Fresh.
   * @throws As {@link writeMessage1}.
   */
  writeMessage3(payload: Uint8Array = NO_PAYLOAD): Uint8Array {
    assertPayload(payload, XK_MESSAGE_BYTES[2], this.#options);
    return this.#state.takeNow('write-3', 'split', () => {
      const s = this.#symmetric.encryptAndHash(this.#options.staticKey.publicKey);
      mixSecret(this.#symmetric, this.#se as Uint8Array);
      return concatBytes(s, this.#symmetric.encryptAndHash(payload));
    });
  }

  /** Ends the handshake and hands over its keys; the caller wipes them. @throws As {@link writeMessage1}. */
  split(): XkResult {
    return this.#state.takeNow('split', 'done', () => {
      const [send, receive] = this.#symmetric.split();
      this.#forget();
      return { send, receive, handshakeHash: this.#symmetric.handshakeHash, remoteStaticKey: this.#rs.slice() };
    });
  }

  /** Gives up: wipes every secret, and a step that is running rejects with ERR_NOISE_DEAD. Idempotent. */
  wipe(): void {
    this.#state.kill();
  }

  #forget(): void {
    this.#symmetric.wipe();
    this.#e?.wipe();
    wipe(this.#se);
  }
}

/** The side that is dialled. See the table at the top of the file; errors are those of {@link XkResponder.readMessage1}. */
export class XkResponder {
  readonly #state: Steps<'read-1' | 'write-2' | 'read-3' | 'split' | 'done'>;
  readonly #options: XkOptions;
  readonly #symmetric: SymmetricState;
  #e: EphemeralKeyPair | undefined;
  #ee: Uint8Array | undefined;
  #rs: Uint8Array | undefined;

  /** @throws {TypeError | RangeError} an option of the wrong kind or length. */
  constructor(options: XkOptions) {
    assertOptions(options);
    this.#options = options;
    this.#e = options.ephemeral;
    this.#symmetric = begin(options, options.staticKey.publicKey);
    this.#state = new Steps('read-1', () => this.#forget());
  }

  /**
   * Takes message 1. It says only that the sender knows our static key, which is public: anybody can make one.
   *
   * @param message 48 bytes and the payload's. Borrowed until the promise settles.
   * @returns The payload: empty, unless payloads are allowed. Fresh.
   * @throws {NoiseError} ERR_NOISE_HANDSHAKE: a check or an agreement failed, see `cause`; terminal. ERR_NOISE_DEAD.
   * @throws {TypeError} out of turn, also while another step runs; nothing changes.
   */
  async readMessage1(message: Uint8Array): Promise<Uint8Array> {
    assertBytes(message, 'message');
    return this.#state.take('read-1', 'write-2', async () => {
      const { re, rest } = splitEphemeral(message, XK_MESSAGE_BYTES[0], this.#options);
      this.#symmetric.mixHash(re);
      // All at once: a genuine message 1 costs its sender no less, so waiting for the check would fend off nobody.
      const [es, ee] = await agreements(this.#options.staticKey.agree(re), this.#agreeEphemeral(re));
      this.#ee = ee;
      mixSecret(this.#symmetric, es);
      return this.#symmetric.decryptAndHash(rest);
    });
  }

  /**
   * Makes message 2, which proves that we hold the static key that was dialled.
   *
   * @param payload Empty, unless payloads are allowed. Borrowed.
   * @returns 48 bytes and the payload's. Fresh.
   * @throws As {@link readMessage1}.
   */
  writeMessage2(payload: Uint8Array = NO_PAYLOAD): Uint8Array {
    assertPayload(payload, XK_MESSAGE_BYTES[1], this.#options);
    return this.#state.takeNow('write-2', 'read-3', () => {
      const e = this.#e as EphemeralKeyPair;
      this.#symmetric.mixHash(e.publicKey);
      mixSecret(this.#symmetric, this.#ee as Uint8Array);
      return concatBytes(e.publicKey, this.#symmetric.encryptAndHash(payload));
    });
  }

  /**
   * Takes message 3. Afterwards the initiator has proved to hold the static key that {@link split} returns.
   *
   * @param message 64 bytes and the payload's. Borrowed until the promise settles.
   * @returns The payload: empty, unless payloads are allowed. Fresh.
   * @throws As {@link readMessage1}.
   */
  async readMessage3(message: Uint8Array): Promise<Uint8Array> {
    assertBytes(message, 'message');
    return this.#state.take('read-3', 'split', async () => {
      assertMessageLength(message, XK_MESSAGE_BYTES[2], this.#options);
      const payloadAt = DH_BYTES + TAG_BYTES;
      this.#rs = this.#symmetric.decryptAndHash(message.subarray(0, payloadAt));
      const payload = new Uint8Array(message.subarray(payloadAt));
      const [se] = await agreements((this.#e as EphemeralKeyPair).agree(this.#rs));
      mixSecret(this.#symmetric, se);
      return this.#symmetric.decryptAndHash(payload);
    });
  }

  /** Ends the handshake and hands over its keys; the caller wipes them. @throws As {@link readMessage1}. */
  split(): XkResult {
    return this.#state.takeNow('split', 'done', () => {
      const [receive, send] = this.#symmetric.split();
      this.#forget();
      const remoteStaticKey = this.#rs as Uint8Array;
      return { send, receive, handshakeHash: this.#symmetric.handshakeHash, remoteStaticKey };
    });
  }

  /** Gives up: wipes every secret, and a step that is running rejects with ERR_NOISE_DEAD. Idempotent. */
  wipe(): void {
    this.#state.kill();
  }

  async #agreeEphemeral(re: Uint8Array): Promise<Uint8Array> {
    this.#e ??= await this.#options.suite.generateKeyPair();
    return this.#e.agree(re);
  }

  #forget(): void {
    this.#symmetric.wipe();
    this.#e?.wipe();
    wipe(this.#ee);
  }
}

/** Initialize (5.3): the prologue, then the one pre-message, the responder's static public key. */
function begin(options: XkOptions, responderStaticKey: Uint8Array): SymmetricState {
  const symmetric = new SymmetricState(options.suite);
  symmetric.mixHash(options.prologue);
  symmetric.mixHash(responderStaticKey);
  return symmetric;
}

/** Awaits shared secrets that are being computed side by side; if one fails, wipes the others. */
async function agreements<const T extends readonly Promise<Uint8Array>[]>(
  ...pending: T
): Promise<{ [K in keyof T]: Uint8Array }> {
  const settled = await Promise.allSettled(pending);
  const failed = settled.find((outcome) => outcome.status === 'rejected');
  const secrets = settled.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined));
  if (failed === undefined) return secrets as { [K in keyof T]: Uint8Array };
  wipe(...secrets);
  throw failed.reason;
}

/** MixKey(DH(...)), and the secret is gone. An all-zero one is refused here too: `agree` may be anybody's code (12.1). */
function mixSecret(symmetric: SymmetricState, secret: Uint8Array): void {
  assertBytes(secret, 'shared secret', DH_BYTES);
  try {
    if (secret.reduce((bits, byte) => bits | byte, 0) === 0) throw new RangeError('the shared secret is all zero');
    symmetric.mixKey(secret);
  } finally {
    wipe(secret);
  }
}

function splitEphemeral(message: Uint8Array, bytes: number, options: XkOptions): { re: Uint8Array; rest: Uint8Array } {
  assertMessageLength(message, bytes, options);
  // Copies, since the caller's buffer may change while we wait; and not by `slice`, which on a Node Buffer makes a view.
  return { re: new Uint8Array(message.subarray(0, DH_BYTES)), rest: new Uint8Array(message.subarray(DH_BYTES)) };
}

/** Before anything is sliced. `bytes` is the length without payload. */
function assertMessageLength(message: Uint8Array, bytes: number, { payloads = false }: XkOptions): void {
  const longest = payloads ? MAX_MESSAGE_BYTES : bytes;
  if (message.length < bytes || message.length > longest) {
    throw new NoiseError('ERR_NOISE_HANDSHAKE', `a message of ${message.length} bytes where ${bytes} were due`);
  }
}

function assertPayload(payload: unknown, bytes: number, { payloads = false }: XkOptions): void {
  assertBytes(payload, 'payload', payloads ? undefined : 0);
  if (payload.length > MAX_MESSAGE_BYTES - bytes) throw new RangeError('payload does not fit into a message');
}

function assertOptions({ staticKey, prologue }: XkOptions): void {
  assertBytes(staticKey.publicKey, 'staticKey.publicKey', DH_BYTES);
  assertBytes(prologue, 'prologue');
}
