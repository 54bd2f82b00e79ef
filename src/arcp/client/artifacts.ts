// Artifacts (ARCP v1.0): bytes too big for a message, kept by the runtime. What comes is held to its size and hash.

import { assertBytes } from '../../bytes/assert.js';
import { encodeBase64 } from '../../codec/base64.js';
import { arcpError } from '../errors.js';
import type { ArtifactPut, ArtifactRef } from '../wire/artifact.js';
import { decodeBase64Strict, MAX_ARTIFACT_BYTES } from '../wire/base64.js';
import type { ArtifactId } from '../wire/ids.js';
import { parseSha256, sha256Hex } from '../wire/sha256.js';
import type { Core } from './core.js';
import { deliver } from './deliver.js';

/** How to put an artifact. */
export interface PutOptions {
  readonly mediaType: string;
  /** How long it is to be kept, in seconds. Default the runtime's. */
  readonly retainSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An artifact and its bytes. */
export interface FetchedArtifact {
  readonly ref: ArtifactRef;
  /** Fresh. The media type is what somebody said: never run them for it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The artifacts of a session. All calls throw {@link ArcpError}: the runtime's refusal, or ERR_ARCP_UNAVAILABLE. */
export interface Artifacts {
  /**
   * Hands bytes to the runtime.
   *
   * @param bytes At most 4,194,304. Borrowed until the promise settles.
   * @throws {RangeError} more than that. @throws {ArcpError} ERR_ARCP_DATA_LOSS: it kept something else.
   */
  put(bytes: Uint8Array, options: PutOptions): Promise<ArtifactRef>;
  /**
   * Fetches an artifact.
   *
   * @param artifact Its id, or a reference: then the bytes are held to that, too.
   * @throws {ArcpError} ERR_ARCP_DATA_LOSS: the bytes are not those the reference speaks of; ERR_ARCP_UNIMPLEMENTED: the
   *   runtime answers with an address instead of bytes.
   */
  fetch(artifact: ArtifactId | ArtifactRef, options?: { readonly signal?: AbortSignal }): Promise<FetchedArtifact>;
  /** Says that it is not needed any more. */
  release(artifactId: ArtifactId, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** What brings the bytes: a reference with them, or from version 2.0.0 of the Rust crate the artifact as it was put. */
const FETCHED = ['artifact.ref', 'artifact.put'] as const;

/** Makes the artifacts of a session. */
export function artifactsOf(core: Core): Artifacts {
  return {
    async put(bytes, { mediaType, retainSeconds, signal }) {
      assertBytes(bytes, 'bytes');
      if (bytes.length > MAX_ARTIFACT_BYTES) throw new RangeError(`bytes must be at most ${MAX_ARTIFACT_BYTES}`);
      const data = encodeBase64(bytes);
      const sha256 = await sha256Hex(bytes);
      const payload = { media_type: mediaType, data, sha256, retain_seconds: retainSeconds };
      const { artifact } = (await core.request('artifact.put', payload, ['artifact.ref'], { signal })).payload;
      check(artifact, bytes.length, sha256);
      return artifact;
    },
    async fetch(artifact, { signal } = {}) {
      const expected = typeof artifact === 'string' ? undefined : artifact;
      const id = typeof artifact === 'string' ? artifact : artifact.artifact_id;
      const { payload } = await core.request('artifact.fetch', { artifact_id: id }, FETCHED, { signal });
      if (payload.data === undefined) throw arcpError('UNIMPLEMENTED', 'the runtime answered without the bytes');
      const bytes = decodeBase64Strict(payload.data);
      const sha256 = await sha256Hex(bytes);
      const ref = 'artifact' in payload ? payload.artifact : referenceTo(core, id, payload, bytes.length, expected);
      for (const said of [ref, expected]) if (said !== undefined) check(said, bytes.length, sha256);
      if (ref.artifact_id !== id) throw lost();
      return { ref, bytes };
    },
    release: (artifactId, { signal } = {}) => deliver(core, 'artifact.release', { artifact_id: artifactId }, signal),
  };
}

/** What a put says of an artifact: it is named as we have asked for it. */
function referenceTo(
  core: Core,
  id: ArtifactId,
  { media_type, sha256 }: ArtifactPut,
  size: number,
  expected: ArtifactRef | undefined,
): ArtifactRef {
  const uri = expected?.uri ?? `arcp://session/${core.id}/artifact/${id}`;
  return { artifact_id: id, uri, media_type, size, ...(sha256 === undefined ? undefined : { sha256 }) };
}

function check(ref: ArtifactRef, size: number, sha256: string): void {
  if (ref.size !== size || (ref.sha256 !== undefined && parseSha256(ref.sha256) !== sha256)) throw lost();
}

function lost() {
  return arcpError('DATA_LOSS', 'the bytes are not those of the reference');
}
