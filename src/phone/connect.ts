// Calling an agent: dial, handshake, session.

import { type InitiateOptions, initiate } from '../channel/initiate.js';
import { defaultSuite } from '../noise/default-suite.js';
import type { NoiseSuite } from '../noise/suite.js';
import type { startProvenSession } from './proven-session.js';
import type { Session } from './session.js';
import { assertSessionOptions, type SessionOptions } from './session-options.js';

/** What {@link connect} needs. */
export interface ConnectOptions extends SessionOptions, Omit<InitiateOptions, 'suite' | 'clock'> {
  /** Cryptography of the session. Default: noble's primitives. `fastSuite` from `ringline/noise/fast` is quicker. */
  readonly suite?: NoiseSuite;
  /**
   * Whether to ask the peer to sign this session with its Ed25519 key, and to sign it with ours. `request` goes on
   * without where the peer does not know how; `require` does not. Takes `handshakeTimeoutMs` at most, once more.
   * Default: neither.
   */
  readonly proof?: 'request' | 'require';
}

/**
 * Calls an agent by its DID over an encrypted, mutually authenticated session.
 *
 * @example
 * ```ts
 * const session = await connect({ identity, transport: webSocket('wss://agent.example/phone'), remoteDid })
 * ```
 * @throws {IdentityError} ERR_IDENTITY_DID: `remoteDid` is no usable did:key; ERR_IDENTITY_MISMATCH: `identity` does not
 *   answer for its own DID.
 * @throws {ChannelError} ERR_CHANNEL_REFUSED, ERR_CHANNEL_TIMEOUT, ERR_CHANNEL_IMPOSTOR, ERR_CHANNEL_PROTOCOL; with
 *   `proof` also ERR_CHANNEL_EXTENSION: the peer did not give it, and how else a session ends.
 * @throws what `identity` itself rejects with.
 * @throws {TypeError | RangeError} options of the wrong kind or out of range, before any I/O.
 * @throws the signal's reason, untouched.
 * @throws the runtime's own error when it cannot load the rest of this package, as in a service worker: there, bundle
 *   into one file or use `ringline.min.mjs`.
 */
export async function connect(options: ConnectOptions): Promise<Session> {
  const { proof } = options;
  if (proof !== undefined && proof !== 'request' && proof !== 'require') {
    throw new TypeError("proof must be 'request' or 'require'");
  }
  assertSessionOptions(options);
  // Whatever is not needed to dial is loaded while the connection opens, so that a page dials early.
  let start!: typeof startProvenSession;
  const suite = async () => {
    const [loaded, starter] = await Promise.all([options.suite ?? defaultSuite(), loadStarter(proof !== undefined)]);
    start = starter;
    return loaded;
  };
  const channel = await initiate({ ...options, suite });
  const { remoteDid: did, remoteStaticKey: agreementKey } = channel;
  return start(channel, { peer: { did, proof: 'x25519', agreementKey } }, options);
}

/** What starts the session, with an exchange of proofs or without. */
async function loadStarter(proof: boolean): Promise<typeof startProvenSession> {
  if (proof) return (await import('./proven-session.js')).startProvenSession;
  return (await import('./start-session.js')).startSession;
}
