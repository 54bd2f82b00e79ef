// The cryptography a handshake and a session use, as one value that can be swapped (Noise rev 34, section 4).
// Two suites implement it and agree byte for byte: the default (audited noble primitives) and the opt-in fast one.

/** Scratch an AEAD may use in front of the data; see {@link AeadKey}. */
export const HEADROOM_BYTES = 64;

/** Room an AEAD needs behind the data: padding to 16, the length block, the tag; see {@link AeadKey}. */
export const TAILROOM_BYTES = 32;

/** Length of a ChaCha20-Poly1305 tag. */
export const TAG_BYTES = 16;

/** Longest Noise message, tag included (rev 34, section 3). */
export const MAX_MESSAGE_BYTES = 65_535;

/**
 * ChaCha20-Poly1305 (RFC 8439) under one key, in place, with the nonce layout of Noise: four zero bytes, then the
 * counter as 64-bit little-endian.
 *
 * A buffer is laid out `HEADROOM_BYTES | data | TAILROOM_BYTES`; head- and tailroom are overwritten freely.
 */
export interface AeadKey {
  /**
   * Encrypts `data` in place and writes the tag right behind it.
   *
   * @param counter 0 to 2^53 - 1; never used twice under one key (the caller's duty).
   * @param ad Associated data; empty for transport messages. Borrowed.
   * @param buffer Data at HEADROOM_BYTES.
   * @param dataBytes Length of the data, without tag.
   */
  seal(counter: number, ad: Uint8Array, buffer: Uint8Array, dataBytes: number): void;

  /**
   * Checks the tag in constant time and decrypts in place.
   *
   * @param buffer Ciphertext at HEADROOM_BYTES, tag right behind it.
   * @param dataBytes Length of the ciphertext, without tag.
   * @returns Whether the message is genuine. If not, nothing of it may be used and the buffer is wiped.
   */
  open(counter: number, ad: Uint8Array, buffer: Uint8Array, dataBytes: number): boolean;

  /** Forgets the key. Later calls throw. */
  wipe(): void;
}

/** An X25519 key pair whose secret may be out of our reach. */
export interface DhKeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;

  /**
   * @param remotePublicKey 32 bytes. Borrowed.
   * @returns 32-byte shared secret, fresh; the caller wipes it.
   * @throws {IdentityError} ERR_IDENTITY_AGREEMENT: all-zero secret, from a low-order point.
   */
  agree(remotePublicKey: Uint8Array): Promise<Uint8Array>;
}

/** An ephemeral pair: ours to forget. */
export interface EphemeralKeyPair extends DhKeyPair {
  /** Forgets the secret. Later calls throw. */
  wipe(): void;
}

/** AEAD, hash and Diffie-Hellman of `25519_ChaChaPoly_BLAKE2s`. */
export interface NoiseSuite {
  /** For logs and benchmarks, such as `noble` or `fast`. */
  readonly name: string;

  /** BLAKE2s-256 of the parts, as if joined. @returns 32 bytes, fresh. */
  hash(...parts: readonly Uint8Array[]): Uint8Array;

  /**
   * Noise HKDF with two outputs, HMAC-BLAKE2s with a 64-byte block (rev 34, section 4.3).
   *
   * @param chainingKey 32 bytes. Borrowed.
   * @param inputKeyMaterial 0 or 32 bytes. Borrowed.
   * @returns Two fresh 32-byte keys.
   */
  hkdf(chainingKey: Uint8Array, inputKeyMaterial: Uint8Array): readonly [Uint8Array, Uint8Array];

  /** Prepares a key for sealing and opening. @param key 32 bytes. Copied. */
  aead(key: Uint8Array): AeadKey;

  /** A fresh ephemeral pair. */
  generateKeyPair(): Promise<EphemeralKeyPair>;
}
