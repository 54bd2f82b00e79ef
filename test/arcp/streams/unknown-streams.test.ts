// What is said of streams nobody knows, and how little of them is remembered.

import { describe, expect, test } from 'vitest';
import { UnknownStreams } from '../../../src/arcp/streams/unknown-streams.js';

describe('a stream nobody knows', () => {
  test('[10.57] is answered once, then not for 60 s, then once again', () => {
    const unknown = new UnknownStreams();
    expect([0, 1, 59_999, 60_000, 60_001].map((nowMs) => unknown.shouldAnswer('str_a', nowMs))).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
    expect(unknown.shouldAnswer('str_b', 2)).toBe(true);
  });

  test('is not answered where it was ended by us', () => {
    const unknown = new UnknownStreams();
    unknown.silence('str_a', 0);
    expect(unknown.shouldAnswer('str_a', 30_000)).toBe(false);
    unknown.silence('str_a', 30_000);
    expect(unknown.shouldAnswer('str_a', 89_999)).toBe(false);
    expect(unknown.shouldAnswer('str_a', 90_000)).toBe(true);
  });

  test('is answered again where it was opened in between', () => {
    const unknown = new UnknownStreams();
    unknown.shouldAnswer('str_a', 0);
    unknown.know('str_a');
    expect(unknown.shouldAnswer('str_a', 1)).toBe(true);
  });

  test('R4: a flood of them is answered 1,024 times at most, and remembered no longer than a minute', () => {
    const unknown = new UnknownStreams();
    let answers = 0;
    for (let i = 0; i < 100_000; i++) if (unknown.shouldAnswer(`str_${i}`, 1)) answers++;
    expect(answers).toBe(1_024);
    expect(unknown.size).toBe(1_024);
    expect(unknown.shouldAnswer('str_new', 60_001)).toBe(true);
    expect(unknown.size).toBe(1);
  });
});
