/** Who is on the other end, as far as it has been proved. */
export interface Peer {
  /** DID of the peer. */
  readonly did: string;
  /**
   * What the peer has proved.
   *
   * `x25519`: it holds the key of this DID on Curve25519, which one other DID shares (its twin, with the sign bit
   * flipped; only the holder of the same seed can use either). `ed25519`: it has also signed this very session with
   * the key of exactly this DID.
   */
  readonly proof: 'x25519' | 'ed25519';
  /** X25519 public key, 32 bytes: the same for a DID and its twin, so bans and quotas belong on it. */
  readonly agreementKey: Uint8Array;
  /** Network address, where the host knows it. Not authenticated. */
  readonly remoteAddress?: string;
}
