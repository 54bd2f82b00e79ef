// What strangers without credentials have put (ARCP v1.0, section 16): it goes with them, for nobody can ask for it after
// them, and all of them together may keep as much as one principal, for there may be thousands.

import type { StoredArtifact } from '../../artifacts/contract.js';
import type { SessionPort } from '../service.js';

/** What each counts for beside its bytes. */
const BASE_BYTES = 1_024;

/** What is known of one. */
interface Put {
  readonly weight: number;
  readonly expiresAtMs: number;
}

/** The artifacts of strangers. */
export class StrangerArtifacts {
  readonly #ofSession = new Map<SessionPort, Map<string, Put>>();
  #weight = 0;

  /** Counts one that is about to be put. @param maxBytes Of all strangers together. @returns Whether there is room. */
  take(session: SessionPort, { artifactId, bytes, expiresAtMs }: StoredArtifact, maxBytes: number): boolean {
    const weight = bytes.length + BASE_BYTES;
    if (this.#weight + weight > maxBytes) return false;
    this.#weight += weight;
    const own = this.#ofSession.get(session) ?? new Map<string, Put>();
    this.#ofSession.set(session, own.set(artifactId, { weight, expiresAtMs }));
    return true;
  }

  /** One was let go of. */
  forget(session: SessionPort, artifactId: string): void {
    const own = this.#ofSession.get(session);
    this.#weight -= own?.get(artifactId)?.weight ?? 0;
    own?.delete(artifactId);
  }

  /** What has expired was swept. */
  forgetExpired(nowMs: number): void {
    for (const [session, own] of this.#ofSession) {
      for (const [artifactId, { expiresAtMs }] of own) if (expiresAtMs < nowMs) this.forget(session, artifactId);
    }
  }

  /** A stranger is gone. @returns Ids of what it has put. */
  takeAll(session: SessionPort): readonly string[] {
    const own = this.#ofSession.get(session);
    this.#ofSession.delete(session);
    for (const { weight } of own?.values() ?? []) this.#weight -= weight;
    return [...(own?.keys() ?? [])];
  }
}
