// The one thing an agent owns: a key, seen from outside. Who holds it (WebCrypto, a wallet, another worker) is hidden
// behind two asynchronous operations, so that the secret need not be readable by us (agent-phone digest, section 1).

/** `did:key:z...` of an Ed25519 key; see {@link decodeDidKey} for the strict rules. */
export type Did = string;

/** An agent's identity: a name and the two things its key can do. */
export interface Identity {
  /** The agent's name, derived from its Ed25519 public key. */
  readonly did: Did;

  /**
   * Signs with the Ed25519 key.
   *
   * @param message Any length. Borrowed.
   * @returns 64 bytes, fresh. Not necessarily deterministic: some runtimes randomise.
   */
  sign(message: Uint8Array): Promise<Uint8Array>;

  /**
   * X25519 with the same key on Curve25519.
   *
   * @param publicKey 32 bytes. Borrowed.
   * @returns 32-byte shared secret, fresh; the caller wipes it.
   * @throws {IdentityError} ERR_IDENTITY_AGREEMENT: a low-order point, whose secret would be all zero.
   */
  agree(publicKey: Uint8Array): Promise<Uint8Array>;
}
