// noise-c, compiled to WebAssembly: an implementation that is not ours, to compare with.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import createNoise, { type NoiseC } from 'noise-c.wasm';

/** Loads it, without the process listeners it brings along: they would end the test run on any rejection. */
export async function loadNoiseC(): Promise<NoiseC> {
  const events = ['unhandledRejection', 'uncaughtException'] as const;
  const before = events.map((event) => process.rawListeners(event));
  const wasmBinary = readFileSync(createRequire(import.meta.url).resolve('noise-c.wasm/src/noise-c.wasm'));
  const noise = await new Promise<NoiseC>((resolve) => createNoise({ wasmBinary }, resolve));
  for (const [i, event] of events.entries()) {
    for (const listener of process.rawListeners(event)) {
      if (!before[i]?.includes(listener)) process.removeListener(event, listener as () => void);
    }
  }
  return noise;
}
