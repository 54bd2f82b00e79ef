// Artifacts on their way into a store that takes its time.

import { expect, test } from 'vitest';
import { memoryArtifacts } from '../../../../src/arcp/artifacts/memory.js';
import type { ArcpError } from '../../../../src/arcp/errors.js';
import { ArtifactKeeper } from '../../../../src/arcp/runtime/artifacts/artifact-keeper.js';
import { DEFAULT_LIMITS } from '../../../../src/arcp/runtime/limits.js';
import type { RuntimePort, SessionPort } from '../../../../src/arcp/runtime/service.js';

/** A keeper over a store that says nothing of what it has until it is let. */
function heldKeeper() {
  const store = memoryArtifacts();
  let letThrough = () => {};
  const gate = new Promise<void>((resolve) => {
    letThrough = resolve;
  });
  const usage = async (principal: string) => {
    await gate;
    return store.usage(principal);
  };
  const artifacts = { ...store, put: store.put.bind(store), sweep: store.sweep.bind(store), usage };
  const limits = { ...DEFAULT_LIMITS, maxArtifacts: 1_000_000, maxArtifactBytes: 1_000_000_000 };
  const runtime = { artifacts, limits, now: () => 0, report: () => {} } as unknown as RuntimePort;
  const session = { anonymous: false, signal: new AbortController().signal } as unknown as SessionPort;
  const keeper = new ArtifactKeeper(runtime, 0);
  let number = 0;
  const put = (principal: string, size: number): Promise<string> => {
    const bytes = new Uint8Array(size);
    const artifactId = `art_${++number}`;
    const artifact = { artifactId, principal, sessionId: 's', mediaType: 'a/b', bytes, sha256: '', expiresAtMs: 1 };
    return keeper.put(artifact, session).then(
      () => 'kept',
      (error: ArcpError) => error.code,
    );
  };
  return { put, letThrough };
}

test.each([
  // 67,108,864 bytes of one principal, of which each counts 1,024 beside its own.
  ['empty ones', 0, 65_536],
  ['full ones', 4_194_304 - 1_024, 16],
])(
  'R6: %s wait within 64 MiB of their principal; one more is RESOURCE_EXHAUSTED, and nobody else’s',
  async (_what, size, most) => {
    const { put, letThrough } = heldKeeper();
    const waiting = Array.from({ length: most }, () => put('alice', size));
    expect(await put('alice', size)).toBe('ERR_ARCP_RESOURCE_EXHAUSTED');
    const other = put('bob', size);
    letThrough();
    expect(new Set(await Promise.all([...waiting, other]))).toEqual(new Set(['kept']));
    expect(await put('alice', size)).toBe('kept');
  },
);
