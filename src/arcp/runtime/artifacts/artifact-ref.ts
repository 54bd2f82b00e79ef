// How an artifact is named and described (ARCP v1.0, section 16).

import type { StoredArtifact } from '../../artifacts/contract.js';
import { ArcpError } from '../../errors.js';
import type { ArtifactRef } from '../../wire/artifact.js';
import type { ArtifactId } from '../../wire/ids.js';
import { timestampOf } from '../../wire/timestamp.js';

/** Longest media type, in UTF-16 units. */
const MAX_MEDIA_TYPE_CHARS = 255;

/** A type and a subtype of printable ASCII, perhaps with parameters. */
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[\x20-\x7e]+$/;

/** What clients and tools are told of an artifact. */
export function refOf({ artifactId, sessionId, mediaType, bytes, sha256, expiresAtMs }: StoredArtifact): ArtifactRef {
  return {
    artifact_id: artifactId as ArtifactId,
    uri: `arcp://session/${sessionId}/artifact/${artifactId}`,
    media_type: mediaType,
    size: bytes.length,
    sha256,
    expires_at: timestampOf(expiresAtMs),
  };
}

/**
 * Checks a media type. It is never looked into, but it ends up in other people's headers.
 *
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: it is none.
 */
export function assertMediaType(mediaType: string): void {
  if (typeof mediaType === 'string' && mediaType.length <= MAX_MEDIA_TYPE_CHARS && MEDIA_TYPE.test(mediaType)) return;
  throw new ArcpError('INVALID_ARGUMENT', 'the media type is none');
}
