// Reading a stream: order, loss, a bounded queue, and asking the sender to slow down.

import { describe, expect, test } from 'vitest';
import { ArcpError } from '../../../src/arcp/errors.js';
import { Reader } from '../../../src/arcp/streams/reader.js';
import type { StreamId } from '../../../src/arcp/wire/ids.js';
import type { StreamKind } from '../../../src/arcp/wire/stream.js';

/** A reader, and what it tells its sender. */
function bench(kind: StreamKind = 'text', maxItems = 256) {
  const errors: string[] = [];
  const rates: number[] = [];
  const state = { ends: 0 };
  const reader = new Reader(
    {
      maxItems,
      error: ({ code }) => errors.push(code),
      pace: (perSecond) => rates.push(perSecond),
      onEnd: () => state.ends++,
    },
    'str_1' as StreamId,
    { kind },
  );
  const put = (...sequences: readonly number[]) => {
    for (const sequence of sequences) reader.chunk({ sequence, data: `${sequence}` });
  };
  return { reader, errors, rates, state, put };
}

async function textsOf(reader: Reader): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = [];
  for await (const { text } of reader) texts.push(text);
  return texts;
}

describe('a reader', () => {
  test('[10.55] yields three chunks in order and ends; a repeat is ignored', async () => {
    const { reader, put, errors, state } = bench();
    put(0, 1, 1, 0, 2);
    reader.close({ final_sequence: 2 });
    expect(await textsOf(reader)).toEqual(['0', '1', '2']);
    expect([errors, state.ends]).toEqual([[], 1]);
  });

  test('[10.55] that misses a chunk answers DATA_LOSS once, and gives what came before it', async () => {
    const { reader, put, errors, state } = bench();
    put(0, 1, 5, 6, 2);
    const seen: unknown[] = [];
    const read = (async () => {
      for await (const { text } of reader) seen.push(text);
    })();
    await expect(read).rejects.toMatchObject({ code: 'ERR_ARCP_DATA_LOSS' });
    expect([seen, errors, state.ends]).toEqual([['0', '1'], ['DATA_LOSS'], 1]);
  });

  test('takes a close that names a later chunk for loss', async () => {
    const { reader, put, errors } = bench();
    put(0);
    reader.close({ final_sequence: 3 });
    await expect(textsOf(reader)).rejects.toMatchObject({ code: 'ERR_ARCP_DATA_LOSS' });
    expect(errors).toEqual(['DATA_LOSS']);
  });

  test('rejects with what the sender ended it for, after the chunks before', async () => {
    const { reader, put, errors } = bench();
    put(0);
    reader.error({ code: 'CANCELLED', message: 'enough' });
    const iterator = reader[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toMatchObject({ text: '0' });
    await expect(iterator.next()).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED', message: 'enough' });
    await expect(iterator.next()).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    expect(errors).toEqual([]);
  });

  test('waits for chunks, also in several reads at once', async () => {
    const { reader, put } = bench();
    const iterator = reader[Symbol.asyncIterator]();
    const reads = [iterator.next(), iterator.next(), iterator.next()];
    put(0, 1);
    reader.close({});
    const results = await Promise.all(reads);
    expect(results.map(({ value }) => value?.text).sort()).toEqual(['0', '1', undefined]);
  });

  test('R4: holds 256 chunks and ends with BACKPRESSURE_OVERFLOW at the next; those before are still read', async () => {
    const { reader, put, errors } = bench();
    put(...Array(256).keys());
    expect([reader.waiting, errors]).toEqual([256, []]);
    put(256);
    expect(errors).toEqual(['BACKPRESSURE_OVERFLOW']);
    let count = 0;
    const read = (async () => {
      for await (const _ of reader) count++;
    })();
    await expect(read).rejects.toMatchObject({ code: 'ERR_ARCP_BACKPRESSURE_OVERFLOW' });
    expect(count).toBe(256);
  });

  test('R4: is bounded in characters too', () => {
    const { reader, errors } = bench();
    for (let sequence = 0; sequence < 8; sequence++) reader.chunk({ sequence, data: 'x'.repeat(1_048_576) });
    expect(errors).toEqual([]);
    reader.chunk({ sequence: 8, data: 'x' });
    expect(errors).toEqual(['BACKPRESSURE_OVERFLOW']);
  });

  test('asks to slow down when half its room is taken, and to speed up when most is free', async () => {
    const { reader, put, rates } = bench('text', 16);
    put(0, 1, 2, 3, 4, 5, 6);
    expect(rates).toEqual([]);
    put(7, 8);
    expect(rates).toEqual([1]);
    const iterator = reader[Symbol.asyncIterator]();
    for (let i = 0; i < 6; i++) await iterator.next();
    expect(rates).toEqual([1]);
    await iterator.next();
    expect(rates).toEqual([1, 4_294_967_295]);
  });

  test('cancels the stream when its loop is left early, and asks for nothing more', async () => {
    const { reader, put, errors, rates, state } = bench('text', 2);
    put(0, 1);
    for await (const _ of reader) break;
    expect([errors, state.ends]).toEqual([['CANCELLED'], 1]);
    put(2, 3);
    expect([rates, reader.waiting]).toEqual([[1], 0]);
  });

  test('answers damaged bytes with DATA_LOSS, and gives none of what follows', async () => {
    const { reader, errors } = bench('binary');
    reader.chunk({ sequence: 0, data: 'AQ==' });
    reader.chunk({ sequence: 1, data: 'AQ==', sha256: '0'.repeat(64) });
    reader.chunk({ sequence: 2, data: 'Ag==' });
    const seen: unknown[] = [];
    const read = (async () => {
      for await (const { bytes } of reader) seen.push(bytes?.[0]);
    })();
    await expect(read).rejects.toMatchObject({ code: 'ERR_ARCP_DATA_LOSS' });
    expect([seen, errors, reader.waiting]).toEqual([[1], ['DATA_LOSS'], 0]);
  });

  test('that is ended by its own side tells the sender, or not where it knows', async () => {
    const told = bench();
    told.reader.end(new ArcpError('CANCELLED', 'over'));
    const known = bench();
    known.reader.end(new ArcpError('CANCELLED', 'over'), true);
    expect([told.errors, known.errors]).toEqual([['CANCELLED'], []]);
    await expect(textsOf(told.reader)).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
  });
});

describe('a stream that nobody reads', () => {
  test('is checked, and nothing of it waits, however much comes at once', async () => {
    const { reader, put, errors, rates, state } = bench('text', 4);
    reader.discard();
    put(...Array(1_000).keys());
    expect([reader.waiting, errors, rates]).toEqual([0, [], []]);
    reader.close({ final_sequence: 999 });
    expect(state.ends).toBe(1);
    const lossy = bench();
    lossy.reader.discard();
    lossy.put(0, 2);
    expect(lossy.errors).toEqual(['DATA_LOSS']);
  });
});
