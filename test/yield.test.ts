// Giving way to the event loop, with ports and without.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { yieldToEventLoop } from '../src/yield.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each([
  ['with ports', MessageChannel],
  ['where there are none, as in Workers of an old compatibility date', undefined],
])('giving way, %s', (_name, Channel) => {
  it('lets what waits in the event loop go first', async () => {
    vi.stubGlobal('MessageChannel', Channel);
    const order: string[] = [];
    setImmediate(() => order.push('loop'));
    queueMicrotask(() => order.push('microtask'));
    for (let turn = 0; turn < 3; turn++) await yieldToEventLoop();
    expect(order).toEqual(['microtask', 'loop']);
  });
});
