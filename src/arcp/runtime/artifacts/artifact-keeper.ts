// Who may have which artifact, how many, and until when (ARCP v1.0, section 16), over a store that knows nothing of it.

import { assertInteger } from '../../../bytes/assert.js';
import type { StoredArtifact } from '../../artifacts/contract.js';
import { ArcpError } from '../../errors.js';
import type { MaybePromise } from '../../log/contract.js';
import type { RuntimePort, SessionPort } from '../service.js';
import { Turns } from '../turns.js';
import { StrangerArtifacts } from './stranger-artifacts.js';

/** Bytes of one principal, or of all strangers together, that wait for a slow store; one artifact alone may pass it. */
const MAX_WAITING_BYTES = 67_108_864;

/** What each counts for beside its bytes, so that a million empty ones do not wait for nothing. */
const WAITING_BYTES = 1_024;

/** Keeps artifacts within quotas and time. */
export class ArtifactKeeper {
  readonly #runtime: RuntimePort;
  readonly #sweepIntervalMs: number;
  /** By principal: what is being put. Quotas hold only if one is judged after the other. */
  readonly #turns = new Turns();
  /** By principal, strangers under the empty one: bytes that wait for their turn. */
  readonly #waitingBytes = new Map<string, number>();
  readonly #strangers = new StrangerArtifacts();
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

  /**
   * Keeps an artifact.
   *
   * @throws {ArcpError} ERR_ARCP_RESOURCE_EXHAUSTED: the principal, or strangers together, keep too much. ERR_ARCP_CANCELLED:
   *   the session has ended.
   */
  async put(artifact: StoredArtifact, session: SessionPort): Promise<void> {
    const party = session.anonymous ? '' : artifact.principal;
    const waiting = this.#waitingBytes.get(party) ?? 0;
    const weight = artifact.bytes.length + WAITING_BYTES;
    if (waiting > 0 && waiting + weight > MAX_WAITING_BYTES) {
      throw new ArcpError('RESOURCE_EXHAUSTED', 'too much is being put at once');
    }
    this.#waitingBytes.set(party, waiting + weight);
    try {
      await this.#turns.take(artifact.principal, () => this.#put(artifact, session));
    } finally {
      const left = (this.#waitingBytes.get(party) ?? 0) - weight;
      if (left > 0) this.#waitingBytes.set(party, left);
      else this.#waitingBytes.delete(party);
    }
  }

  /** @throws {ArcpError} NOT_FOUND: unknown, expired, released or of another principal, which all look the same. */
  async find(principal: string, artifactId: string): Promise<StoredArtifact> {
    const { artifacts, now } = this.#runtime;
    const found = await artifacts.get(artifactId);
    if (found?.principal === principal) {
      if (now() <= found.expiresAtMs) return found;
      await artifacts.delete(artifactId);
    }
    throw new ArcpError('NOT_FOUND', 'no such artifact');
  }

  /** Lets one go. What is not the principal's stays as it is. */
  async release(session: SessionPort, artifactId: string): Promise<void> {
    const { artifacts } = this.#runtime;
    if ((await artifacts.get(artifactId))?.principal !== session.principal) return;
    await artifacts.delete(artifactId);
    this.#strangers.forget(session, artifactId);
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

  /** A stranger's artifacts go with it. */
  sessionEnded(session: SessionPort): void {
    for (const artifactId of this.#strangers.takeAll(session))
      this.#quietly(() => this.#runtime.artifacts.delete(artifactId));
  }

  async #put(artifact: StoredArtifact, session: SessionPort): Promise<void> {
    const { artifacts } = this.#runtime;
    const maxBytes = session.anonymous ? this.#runtime.limits.maxAnonymousArtifactBytes : Infinity;
    if (!(await this.#fits(artifact, maxBytes))) {
      // What has expired counts until it is swept.
      await this.sweep();
      if (!(await this.#fits(artifact, maxBytes)))
        throw new ArcpError('RESOURCE_EXHAUSTED', 'the principal keeps too much');
    }
    // Before it is there: the session may end meanwhile.
    if (session.anonymous) await this.#takeRoomOfStrangers(artifact, session);
    await artifacts.put(artifact);
    if (session.anonymous && session.signal.aborted) await artifacts.delete(artifact.artifactId);
    this.#sweepUntil(artifact.expiresAtMs);
  }

  async #takeRoomOfStrangers(artifact: StoredArtifact, session: SessionPort): Promise<void> {
    const { limits, now } = this.#runtime;
    const isTaken = (): boolean => {
      if (session.signal.aborted) throw new ArcpError('CANCELLED', 'the session has ended');
      return this.#strangers.take(session, artifact, limits.maxArtifactBytes);
    };
    if (isTaken()) return;
    await this.sweep();
    this.#strangers.forgetExpired(now());
    if (!isTaken()) throw new ArcpError('RESOURCE_EXHAUSTED', 'strangers keep too much');
  }

  async #fits({ principal, bytes }: StoredArtifact, maxBytes: number): Promise<boolean> {
    const { artifacts, limits } = this.#runtime;
    const usage = await artifacts.usage(principal);
    return (
      usage.count < limits.maxArtifacts && usage.bytes + bytes.length <= Math.min(limits.maxArtifactBytes, maxBytes)
    );
  }

  #sweepUntil(expiryMs: number): void {
    this.#lastExpiryMs = Math.max(this.#lastExpiryMs, expiryMs);
    if (this.#cancelSweep !== undefined || this.#isClosed || this.#sweepIntervalMs === 0) return;
    this.#cancelSweep = this.#runtime.clock.setTimer(() => {
      this.#cancelSweep = undefined;
      // Expired means later than that time, so that one more round is due at it.
      if (this.#runtime.now() <= this.#lastExpiryMs) this.#sweepUntil(0);
      this.#quietly(() => this.sweep());
    }, this.#sweepIntervalMs);
  }

  #quietly(work: () => MaybePromise<unknown>): void {
    const failed = (error: unknown) => this.#runtime.report(error, 'artifacts');
    try {
      const done = work();
      if (done instanceof Promise) done.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
