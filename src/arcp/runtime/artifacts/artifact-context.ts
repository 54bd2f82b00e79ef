// What tools get of artifacts (ARCP v1.0, section 16).

import type { ArtifactRef } from '../../wire/artifact.js';

/** How a tool makes an artifact. */
export interface ArtifactOptions {
  /** As declared to whoever fetches it. */
  readonly mediaType: string;
  /** How long it is kept: 0 or more, at most as long as the runtime keeps any. Default the runtime's. */
  readonly retainSeconds?: number | undefined;
  /** Whether the client is told by an `artifact.ref` among the events of the job. Default true. */
  readonly announce?: boolean | undefined;
}

/** What tools get of artifacts. */
export interface ArtifactContext {
  /**
   * Keeps bytes as an artifact of the principal who asked for the job.
   *
   * @param bytes At most 4,194,304. Copied.
   * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: too many bytes, a media type that is none. ERR_ARCP_RESOURCE_EXHAUSTED:
   *   the principal keeps too much. ERR_ARCP_UNIMPLEMENTED: `artifacts` was not negotiated. ERR_ARCP_CANCELLED: the job has
   *   ended.
   * @throws {TypeError} @throws {RangeError} an argument that is none.
   */
  artifact(bytes: Uint8Array, options: ArtifactOptions): Promise<ArtifactRef>;
  /**
   * Fetches an artifact of the principal who asked for the job, such as an argument names it.
   *
   * @throws {ArcpError} ERR_ARCP_NOT_FOUND: unknown, expired, released or somebody else's. ERR_ARCP_CANCELLED: the job has
   *   ended.
   */
  fetchArtifact(artifactId: string): Promise<FetchedArtifact>;
}

/** An artifact, fetched. */
export interface FetchedArtifact {
  /** Fresh. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly mediaType: string;
  /** Lower-case hex. */
  readonly sha256: string;
}
