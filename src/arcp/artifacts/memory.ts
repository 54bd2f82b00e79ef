// Artifacts in memory: gone with the program. How much a principal may keep is for the runtime to say. ARCP v1.0, section 16.

import { StorageError } from '../../errors.js';
import type { Immediate } from '../log/contract.js';
import type { ArtifactStore, StoredArtifact } from './contract.js';

/**
 * Makes an empty store of artifacts in memory. It answers at once.
 *
 * @example
 * ```ts
 * const runtime = createRuntime({ tools, artifacts: memoryArtifacts() });
 * ```
 */
export function memoryArtifacts(): Immediate<ArtifactStore> {
  const artifacts = new Map<string, StoredArtifact>();
  const usages = new Map<string, { count: number; bytes: number }>();
  /** Nothing expires before it, so that most sweeps look at nothing. */
  let nextExpiryMs = Number.POSITIVE_INFINITY;
  const remove = (artifactId: string): void => {
    const artifact = artifacts.get(artifactId);
    if (artifact === undefined) return;
    artifacts.delete(artifactId);
    const usage = usages.get(artifact.principal) as { count: number; bytes: number };
    usage.count--;
    usage.bytes -= artifact.bytes.length;
    if (usage.count === 0) usages.delete(artifact.principal);
  };
  return {
    put(artifact) {
      const { artifactId, principal, bytes } = artifact;
      if ((artifacts.get(artifactId)?.principal ?? principal) !== principal) {
        throw new StorageError('ERR_STORAGE_FAILED', 'another principal has an artifact of that id');
      }
      remove(artifactId);
      artifacts.set(artifactId, artifact);
      nextExpiryMs = Math.min(nextExpiryMs, artifact.expiresAtMs);
      const { count, bytes: before } = usages.get(principal) ?? { count: 0, bytes: 0 };
      usages.set(principal, { count: count + 1, bytes: before + bytes.length });
    },
    get: (artifactId) => artifacts.get(artifactId),
    delete: remove,
    sweep(nowMs) {
      if (nextExpiryMs >= nowMs) return 0;
      let removed = 0;
      nextExpiryMs = Number.POSITIVE_INFINITY;
      for (const { artifactId, expiresAtMs } of artifacts.values()) {
        if (expiresAtMs >= nowMs) {
          nextExpiryMs = Math.min(nextExpiryMs, expiresAtMs);
          continue;
        }
        remove(artifactId);
        removed++;
      }
      return removed;
    },
    usage: (principal) => ({ ...(usages.get(principal) ?? { count: 0, bytes: 0 }) }),
  };
}
