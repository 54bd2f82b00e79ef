// The shared half over a wire that fails at everything: what a runtime throws must end the transport and go no further.

import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { TransportCore, type Wire } from '../../src/transport/core.js';

function broken(what: keyof Wire) {
  const error = new Error(what);
  const wire: Wire = { write() {}, pendingBytes: () => 0, finish() {}, drop() {} };
  wire[what] = () => {
    throw error;
  };
  const clock = fakeClock();
  return { core: new TransportCore(wire, { clock }), error, clock };
}

describe('transport core', () => {
  it.each(['write', 'pendingBytes'] as const)('ends when %s throws while sending', async (what) => {
    const { core, error } = broken(what);
    core.send('x');
    expect(await core.closed).toEqual({ code: 1006, reason: '', clean: false, cause: error });
  });

  it('ends when finish throws, and leaves no timer', async () => {
    const { core, error, clock } = broken('finish');
    core.close();
    expect(await core.closed).toEqual({ code: 1006, reason: '', clean: false, cause: error });
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends when drop throws', async () => {
    const { core } = broken('drop');
    core.abort();
    expect(await core.closed).toEqual({ code: 1006, reason: '', clean: false });
  });

  it('is open until it is told otherwise', () => {
    const { core } = broken('drop');
    expect([core.ended, core.bufferedBytes]).toEqual([false, 0]);
    core.close();
    expect(core.ended).toBe(true);
  });
});
