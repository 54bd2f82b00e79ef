// Who may have which artifact, how many, and until when (ARCP v1.0, section 16), over a store that knows nothing of it.

import { assertInteger } from '../../bytes/assert.js';
import type { StoredArtifact } from '../artifacts/contract.js';
import { ArcpError } from '../errors.js';
import type { MaybePromise } from '../log/contract.js';
import type { RuntimePort } from './service.js';

/** An artifact that is there for who asks. */
export type FoundArtifact = StoredArtifact;

/** Keeps artifacts within quotas and time. */
export class ArtifactKeeper {
  readonly #runtime: RuntimePort;
  readonly #sweepIntervalMs: number;
  /** By principal: what is being put. Quotas hold only if one is judged after the other. */
  readonly #turns = new Map<string, Promise<void>>();
  /** Unix time in milliseconds after which nothing that is known of is left to sweep. */
  #lastExpiryMs = 0;
  #cancelSweep: (() => void) | undefined;
  #isClosed = false;

  /** @param sweepIntervalMs 0: never by itself. @throws {TypeError | RangeError} */
  constructor(runtime: RuntimePort, sweepIntervalMs: number) {
    assertInteger(sweepIntervalMs, 'sweepIntervalMs', 0);
    this.#runtime = runtime;
    this.#sweepIntervalMs = sweepIntervalMs;
  }

  /** @throws {ArcpError} RESOURCE_EXHAUSTED: the principal keeps too much. */
  async put(artifact: StoredArtifact): Promise<void> {
    const { principal } = artifact;
    const before = this.#turns.get(principal);
    const turn = (before ?? Promise.resolve()).then(() => this.#put(artifact));
    const settled = turn.catch(() => {});
    this.#turns.set(principal, settled);
    try {
      await turn;
    } finally {
      if (this.#turns.get(principal) === settled) this.#turns.delete(principal);
    }
  }

  /** @throws {ArcpError} NOT_FOUND: unknown, expired, released or of another principal, which all look the same. */
  async find(principal: string, artifactId: string): Promise<FoundArtifact> {
    const { artifacts, now } = this.#runtime;
    const found = await artifacts.get(artifactId);
    if (found?.principal === principal) {
      if (now() <= found.expiresAtMs) return found;
      await artifacts.delete(artifactId);
    }
    throw new ArcpError('NOT_FOUND', 'no such artifact');
  }

  /** Lets one go. What is not the principal's stays as it is. */
  async release(principal: string, artifactId: string): Promise<void> {
    const { artifacts } = this.#runtime;
    if ((await artifacts.get(artifactId))?.principal === principal) await artifacts.delete(artifactId);
  }

  /** Removes what has expired. @returns How many went. */
  sweep(): MaybePromise<number> {
    return this.#runtime.artifacts.sweep(this.#runtime.now());
  }

  /** Sweeps from time to time: a runtime before this one may have left artifacts. */
  sweepLater(): void {
    const { now, limits } = this.#runtime;
    this.#sweepUntil(now() + limits.maxArtifactRetentionSeconds * 1_000);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
  }

  async #put(artifact: StoredArtifact): Promise<void> {
    const { artifacts } = this.#runtime;
    if (!(await this.#fits(artifact))) {
      // What has expired counts until it is swept.
      await this.sweep();
      if (!(await this.#fits(artifact))) throw new ArcpError('RESOURCE_EXHAUSTED', 'the principal keeps too much');
    }
    await artifacts.put(artifact);
    this.#sweepUntil(artifact.expiresAtMs);
  }

  async #fits({ principal, bytes }: StoredArtifact): Promise<boolean> {
    const { artifacts, limits } = this.#runtime;
    const usage = await artifacts.usage(principal);
    return usage.count < limits.maxArtifacts && usage.bytes + bytes.length <= limits.maxArtifactBytes;
  }

  #sweepUntil(expiryMs: number): void {
    this.#lastExpiryMs = Math.max(this.#lastExpiryMs, expiryMs);
    if (this.#cancelSweep !== undefined || this.#isClosed || this.#sweepIntervalMs === 0) return;
    this.#cancelSweep = this.#runtime.clock.setTimer(() => {
      this.#cancelSweep = undefined;
      // Expired means later than that time, so that one more round is due at it.
      if (this.#runtime.now() <= this.#lastExpiryMs) this.#sweepUntil(0);
      this.#sweepNow();
    }, this.#sweepIntervalMs);
  }

  #sweepNow(): void {
    const failed = (error: unknown) => this.#runtime.report(error, 'artifacts');
    try {
      const swept = this.sweep();
      if (swept instanceof Promise) swept.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
