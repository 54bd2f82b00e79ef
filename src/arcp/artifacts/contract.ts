// What the runtime asks of a place for artifacts: bytes with their facts, by id. `test/contracts/artifact-store.ts` holds
// every adapter to it. ARCP v1.0, section 16.

import type { MaybePromise } from '../log/contract.js';

/** An artifact that is kept. */
export interface StoredArtifact {
  readonly artifactId: string;
  /** Who may fetch it. */
  readonly principal: string;
  readonly sessionId: string;
  /** As declared; never executed, never sniffed. */
  readonly mediaType: string;
  /** At most 4 MiB. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Lower-case hex of the bytes' SHA-256. */
  readonly sha256: string;
  /** Unix time in milliseconds after which it is gone. */
  readonly expiresAtMs: number;
}

/** What a principal keeps. */
export interface ArtifactUsage {
  readonly count: number;
  readonly bytes: number;
}

/**
 * A place for artifacts.
 *
 * Adapters reject or throw {@link StorageError} (ERR_STORAGE_FAILED, or ERR_STORAGE_UNAVAILABLE where the runtime has no
 * such storage) and leave what was there untouched. Bytes are handed over and must not be changed afterwards, in either
 * direction. Whether an artifact has expired is the runtime's business, not the store's.
 */
export interface ArtifactStore {
  /**
   * Keeps an artifact. The id is new: one that is there is replaced by the same principal only, for any other it is a
   * StorageError (ERR_STORAGE_FAILED).
   */
  put(artifact: StoredArtifact): MaybePromise<void>;
  get(artifactId: string): MaybePromise<StoredArtifact | undefined>;
  /** Removes one; removing nothing is no error. */
  delete(artifactId: string): MaybePromise<void>;
  /** Removes all whose `expiresAtMs` is below `nowMs`. @returns How many went. */
  sweep(nowMs: number): MaybePromise<number>;
  /** What a principal keeps, expired ones included until they are swept. */
  usage(principal: string): MaybePromise<ArtifactUsage>;
}
