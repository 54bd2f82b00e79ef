import { afterEach, expect, test, vi } from 'vitest';
import { identityFromSeed } from '../../src/identity/seed-identity.js';
import { serve } from '../../src/phone/serve.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { memoryPair } from '../../src/transport/memory.js';

afterEach(() => vi.restoreAllMocks());

test('a hundred handshakes at once warn of no leak, and end with the server', async () => {
  const warned = vi.spyOn(process, 'emitWarning');
  const identity = await identityFromSeed(new Uint8Array(32).fill(1));
  const clock = fakeClock();
  const server = serve({ identity, clock });
  const refused = Array.from({ length: 100 }, () => server.accept(memoryPair()[1]).catch((error) => error.code));
  await server.close();
  expect(new Set(await Promise.all(refused))).toEqual(new Set(['ERR_CHANNEL_CLOSED']));
  expect(await server.accept(memoryPair()[1]).catch((error) => error.code)).toBe('ERR_CHANNEL_CLOSED');
  expect(clock.pendingTimers).toBe(0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(warned).not.toHaveBeenCalled();
});
