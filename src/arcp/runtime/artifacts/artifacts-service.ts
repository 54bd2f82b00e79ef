// Artifacts of the runtime (ARCP v1.0, section 16): put, fetched and released by clients, made by tools. They belong to
// principals; whose they are not, they do not exist for.

import { assertBytes, assertString } from '../../../bytes/assert.js';
import { encodeBase64 } from '../../../codec/base64.js';
import { ArcpError } from '../../errors.js';
import type { MaybePromise } from '../../log/contract.js';
import { BINARY_ENCODINGS } from '../../sidecar/negotiated.js';
import type { ArtifactRef } from '../../wire/artifact.js';
import { decodeBase64Strict, MAX_ARTIFACT_BYTES } from '../../wire/base64.js';
import type { Message } from '../../wire/envelope.js';
import { parseSha256, sha256Hex } from '../../wire/sha256.js';
import { isTerminal } from '../jobs/job-states.js';
import type { JobPort, RuntimePort, Service, SessionPort } from '../service.js';
import type { ArtifactContext, ArtifactOptions } from './artifact-context.js';
import { ArtifactKeeper } from './artifact-keeper.js';
import { assertMediaType, refOf } from './artifact-ref.js';

/** Options of {@link artifactService}. */
export interface ArtifactServiceOptions {
  /**
   * How often expired artifacts are removed, in milliseconds, while there may be any. Default 60,000; 0: only when one is
   * asked for, when a principal's quota is full, and by {@link ArtifactService.sweep}. A host that sleeps between messages
   * wants 0.
   */
  readonly sweepIntervalMs?: number | undefined;
}

type ArtifactTypes = 'artifact.put' | 'artifact.fetch' | 'artifact.ref' | 'artifact.release';

/** The service of artifacts. */
export interface ArtifactService extends Service<ArtifactTypes> {
  /** Removes what has expired. @returns How many went. */
  sweep(): MaybePromise<number>;
}

/** Makes the service of artifacts. The store is the runtime's (`artifacts`). */
export function artifactService({ sweepIntervalMs = 60_000 }: ArtifactServiceOptions = {}): ArtifactService {
  const service = new Artifacts(sweepIntervalMs);
  return {
    offers: ['artifacts'],
    capabilities: ({ artifactRetentionSeconds, maxArtifactRetentionSeconds }) => ({
      binary_encoding: BINARY_ENCODINGS,
      artifact_retention: {
        default_seconds: Math.min(artifactRetentionSeconds, maxArtifactRetentionSeconds),
        max_seconds: maxArtifactRetentionSeconds,
      },
    }),
    handles: {
      'artifact.put': (session, message) => service.put(session, message),
      'artifact.fetch': (session, message) => service.fetch(session, message),
      'artifact.release': (session, message) => service.release(session, message),
      // What a client points at is for observers: nobody here fetches it.
      'artifact.ref': (session, message) => session.ack(message),
    },
    attach: (runtime) => service.attach(runtime),
    recover: () => service.keeper.sweepLater(),
    context: (job) => service.context(job),
    onSessionEnd: (session) => service.keeper.sessionEnded(session),
    sweep: () => service.keeper.sweep(),
    close: () => service.keeper.close(),
  };
}

class Artifacts {
  readonly #sweepIntervalMs: number;
  keeper!: ArtifactKeeper;
  #runtime!: RuntimePort;

  constructor(sweepIntervalMs: number) {
    this.#sweepIntervalMs = sweepIntervalMs;
  }

  /** @throws {TypeError} A runtime has it already. */
  attach(runtime: RuntimePort): void {
    if (this.keeper !== undefined) throw new TypeError('a service is mounted in one runtime only');
    this.#runtime = runtime;
    this.keeper = new ArtifactKeeper(runtime, this.#sweepIntervalMs);
  }

  async put(session: SessionPort, message: Message<'artifact.put'>): Promise<void> {
    const { media_type, data, sha256, retain_seconds } = message.payload;
    const expected = sha256 === undefined ? undefined : parseSha256(sha256);
    if (sha256 !== undefined && expected === undefined) throw new ArcpError('INVALID_ARGUMENT', 'sha256 is no hash');
    assertMediaType(media_type);
    const bytes = decodeBase64Strict(data);
    const hash = await sha256Hex(bytes);
    if (expected !== undefined && expected !== hash) {
      throw new ArcpError('INVALID_ARGUMENT', 'the data has another hash than sha256 says');
    }
    const artifact = await this.#putOnce(session, message, hash, () =>
      this.#keep(session, bytes, hash, media_type, retain_seconds),
    );
    session.emit('artifact.ref', { artifact }, { correlation_id: message.id, trace_id: message.trace_id });
  }

  /** A repeated command is answered with the artifact of the first, while that is there. */
  async #putOnce(
    session: SessionPort,
    { type, payload, idempotency_key: key }: Message<'artifact.put'>,
    sha256: string,
    keep: () => Promise<ArtifactRef>,
  ): Promise<ArtifactRef> {
    if (key === undefined) return keep();
    let fresh: ArtifactRef | undefined;
    const body = { media_type: payload.media_type, sha256, retain_seconds: payload.retain_seconds ?? null };
    const id = await this.#runtime.once(session, { type, key, body }, async () => {
      fresh = await keep();
      return fresh.artifact_id;
    });
    return fresh ?? refOf(await this.keeper.find(session.principal, id));
  }

  async fetch(session: SessionPort, message: Message<'artifact.fetch'>): Promise<void> {
    const found = await this.keeper.find(session.principal, message.payload.artifact_id);
    session.emit(
      'artifact.ref',
      { artifact: refOf(found), data: encodeBase64(found.bytes) },
      { correlation_id: message.id, trace_id: message.trace_id },
    );
  }

  async release(session: SessionPort, message: Message<'artifact.release'>): Promise<void> {
    await this.keeper.release(session, message.payload.artifact_id);
    // Whether there was such a thing, and whose, is not told.
    session.ack(message);
  }

  context(job: JobPort): ArtifactContext {
    return {
      artifact: (bytes, options) => this.#make(job, bytes, options),
      fetchArtifact: async (artifactId) => {
        assertString(artifactId, 'artifactId');
        if (isTerminal(job.state)) throw new ArcpError('CANCELLED', 'the job has ended');
        const { bytes, mediaType, sha256 } = await this.keeper.find(job.session.principal, artifactId);
        return { bytes: bytes.slice(), mediaType, sha256 };
      },
    };
  }

  async #make(job: JobPort, bytes: Uint8Array, options: ArtifactOptions): Promise<ArtifactRef> {
    const { mediaType, retainSeconds, announce = true } = options;
    assertBytes(bytes, 'bytes');
    if (retainSeconds !== undefined && !(typeof retainSeconds === 'number' && retainSeconds >= 0)) {
      throw new RangeError(`retainSeconds must be 0 or more, not ${retainSeconds}`);
    }
    const { session } = job;
    if (session.capabilities.artifacts !== true) throw new ArcpError('UNIMPLEMENTED', 'artifacts was not negotiated');
    if (isTerminal(job.state)) throw new ArcpError('CANCELLED', 'the job has ended');
    assertMediaType(mediaType);
    if (bytes.length > MAX_ARTIFACT_BYTES) {
      throw new ArcpError('INVALID_ARGUMENT', `an artifact has at most ${MAX_ARTIFACT_BYTES} bytes`);
    }
    const own = bytes.slice();
    const artifact = await this.#keep(session, own, await sha256Hex(own), mediaType, retainSeconds);
    if (announce) job.emit('artifact.ref', { artifact });
    return artifact;
  }

  /** @param bytes Handed over. @param sha256 Of them. */
  async #keep(
    session: SessionPort,
    bytes: Uint8Array<ArrayBuffer>,
    sha256: string,
    mediaType: string,
    retainSeconds: number | undefined,
  ): Promise<ArtifactRef> {
    const { artifactRetentionSeconds, maxArtifactRetentionSeconds } = this.#runtime.limits;
    const seconds = Math.min(retainSeconds ?? artifactRetentionSeconds, maxArtifactRetentionSeconds);
    const artifact = {
      artifactId: this.#runtime.ids.artifact(),
      principal: session.principal,
      sessionId: session.id,
      mediaType,
      bytes,
      sha256,
      expiresAtMs: this.#runtime.now() + seconds * 1_000,
    };
    await this.keeper.put(artifact, session);
    return refOf(artifact);
  }
}
