// Payloads of artifacts (ARCP v1.0).

import { artifactId, maybe, members, type SchemasOf, text, timestamp, uint } from './fields.js';
import type { ArtifactId } from './ids.js';

/** Where an artifact is, wherever a value too big for a message would stand. */
export interface ArtifactRef {
  readonly artifact_id: ArtifactId;
  /** Opaque. */
  readonly uri: string;
  readonly media_type: string;
  /** Bytes, decoded. */
  readonly size: number;
  readonly sha256?: string | undefined;
  readonly expires_at?: string | undefined;
}

/** Payload of `artifact.put`. */
export interface ArtifactPut {
  readonly media_type: string;
  /** Base64 of at most 4,194,304 bytes; checked by whoever decodes it. */
  readonly data: string;
  /** Lower-case hex, perhaps behind `sha256:`. */
  readonly sha256?: string | undefined;
  readonly retain_seconds?: number | undefined;
}

/** Payload of `artifact.ref`. */
export interface ArtifactRefMessage {
  readonly artifact: ArtifactRef;
  /** Base64, in the answer to `artifact.fetch`. */
  readonly data?: string | undefined;
}

/** Payload of `artifact.fetch` and `artifact.release`. */
export interface ArtifactName {
  readonly artifact_id: ArtifactId;
}

/** Payloads of this family. */
export interface ArtifactPayloads {
  'artifact.put': ArtifactPut;
  'artifact.fetch': ArtifactName;
  'artifact.ref': ArtifactRefMessage;
  'artifact.release': ArtifactName;
}

/** Where an artifact is. */
export const artifactRef = members({
  artifact_id: artifactId,
  uri: text,
  media_type: text,
  size: uint,
  sha256: maybe(text),
  expires_at: maybe(timestamp),
});

const name = members({ artifact_id: artifactId });

/** Schemas of this family. */
export const artifactSchemas = {
  'artifact.put': members({ media_type: text, data: text, sha256: maybe(text), retain_seconds: maybe(uint) }),
  'artifact.fetch': name,
  'artifact.ref': members({ artifact: artifactRef, data: maybe(text) }),
  'artifact.release': name,
} satisfies SchemasOf<ArtifactPayloads>;
