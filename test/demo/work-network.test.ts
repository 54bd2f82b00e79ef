import { describe, expect, it } from 'vitest';
import { Network } from '../../demo/page/work/network.js';
import type { Dialer } from '../../src/transport/contract.js';
import { memoryTransports } from '../../src/transport/memory.js';

const offer = { callerDid: 'did:key:a', remoteDid: 'did:key:b' } as unknown as Parameters<Dialer['dial']>[0];

describe('a network that can be cut', () => {
  it('aborts every line that is open, as if the cable had gone', async () => {
    const network = new Network();
    const [near, far] = memoryTransports();
    const [other, otherFar] = memoryTransports();
    await network.over({ dial: async () => near }).dial(offer);
    await network.over({ dial: async () => other }).dial(offer);
    expect(network.lines).toBe(2);
    network.cut();
    for (const end of [near, far, other, otherFar]) expect((await end.closed).clean).toBe(false);
  });

  it('lets nobody through until it is mended', async () => {
    const network = new Network();
    let dialled = 0;
    const dialer = network.over({
      dial: async () => {
        dialled++;
        return memoryTransports()[0];
      },
    });
    network.cut();
    await expect(dialer.dial(offer)).rejects.toThrow();
    expect([dialled, network.lines]).toEqual([0, 0]);
    network.mend();
    await dialer.dial(offer);
    expect([dialled, network.lines]).toEqual([1, 1]);
  });

  it('does not let a line stand that was dialled before and answered after the cut', async () => {
    const network = new Network();
    const [near, far] = memoryTransports();
    let pickUp = () => {};
    const dialling = network.over({ dial: () => new Promise((resolve) => (pickUp = () => resolve(near))) }).dial(offer);
    network.cut();
    pickUp();
    await expect(dialling).rejects.toThrow();
    expect((await far.closed).clean).toBe(false);
    expect(network.lines).toBe(0);
  });
});
