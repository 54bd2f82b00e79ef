import { describe, expect, it } from 'vitest';
import { discardBody, readBody } from '../../src/http/read-body.js';
import { countedSignal } from '../support/counted-signal.js';
import { codeOf, watchedBody } from './helpers.js';

describe('reading a body', () => {
  it('joins what comes, whatever its pieces', async () => {
    const pieces = [1, 0, 5_000, 1, 70_000, 3].map((length) => new Uint8Array(length).fill(length & 255));
    const { stream } = watchedBody((controller) => {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    });
    const body = await readBody(stream, 100_000);
    expect(body).toHaveLength(75_005);
    expect([body[0], body[1], body[5_001], body[5_002], body[75_002]]).toEqual([1, 136, 1, 112, 3]);
  });

  it('takes no body for an empty one', async () => {
    expect(await readBody(null, 0)).toHaveLength(0);
  });

  it('takes exactly as much as is allowed', async () => {
    const { stream, state } = watchedBody((controller) => {
      if (state.pulled === 3) controller.close();
      else controller.enqueue(new Uint8Array(8));
    });
    expect(await readBody(stream, 16)).toHaveLength(16);
  });

  it('takes not one byte more', async () => {
    for (const [pieceBytes, maxBytes] of [
      [8, 15],
      [1, 7],
      [1, 0],
    ] as const) {
      const { stream, state } = watchedBody((controller) => {
        if (state.pulled > 16) controller.close();
        else controller.enqueue(new Uint8Array(pieceBytes));
      });
      expect(await codeOf(readBody(stream, maxBytes))).toBe('ERR_LIMIT_EXCEEDED');
      expect(state.pulled).toBe(Math.floor(maxBytes / pieceBytes) + 1);
    }
  });

  it('cancels an endless body with the first byte too many', async () => {
    const { stream, state } = watchedBody((controller) => controller.enqueue(new Uint8Array(1_000)));
    expect(await codeOf(readBody(stream, 4_500))).toBe('ERR_LIMIT_EXCEEDED');
    expect(state).toMatchObject({ pulled: 5, cancelled: true });
  });

  it('rejects with the reason of the signal, untouched, and cancels the body', async () => {
    const { stream, state } = watchedBody();
    const { signal, abort } = countedSignal();
    const reading = readBody(stream, 10, signal);
    const reason = { any: 'thing' };
    abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect(state).toMatchObject({ cancelled: true, reason });
  });

  it('cancels the body of a signal that has aborted already', async () => {
    const { stream, state } = watchedBody();
    await expect(readBody(stream, 10, AbortSignal.abort('over'))).rejects.toBe('over');
    expect(state.cancelled).toBe(true);
  });

  it('lets go of the signal', async () => {
    const counted = countedSignal();
    const { stream } = watchedBody((controller) => controller.close());
    await readBody(stream, 10, counted.signal);
    await Promise.resolve();
    expect(counted.listeners).toBe(0);
  });

  it('passes on what the stream fails with', async () => {
    const broken = new Error('broken');
    const { stream } = watchedBody((controller) => controller.error(broken));
    await expect(readBody(stream, 10)).rejects.toBe(broken);
  });

  it('refuses a limit that is none', async () => {
    await expect(readBody(null, -1)).rejects.toBeInstanceOf(RangeError);
    await expect(readBody(null, 1, {} as AbortSignal)).rejects.toBeInstanceOf(TypeError);
  });
});

describe('discarding a body', () => {
  it('leaves alone what is read by somebody, and what is not there', () => {
    const { stream, state } = watchedBody();
    stream.getReader();
    discardBody(stream);
    discardBody(null);
    expect(state.cancelled).toBe(false);
  });

  it('does not mind a body that fails to be cancelled', async () => {
    const stream = new ReadableStream<Uint8Array>({
      cancel: () => Promise.reject(new Error('no')),
    });
    discardBody(stream);
    await new Promise((resolve) => setImmediate(resolve));
  });
});
