import { describe, expect, it } from 'vitest';
import * as ids from '../../../src/arcp/wire/ids.js';
import { ulidFactory } from '../../../src/arcp/wire/ulid.js';

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

describe('a source of ULIDs', () => {
  it('writes time and randomness in the base 32 of Crockford', () => {
    // 2016-07-30T23:54:10.259Z is the example of the ULID specification: 01ARZ3NDEK.
    const ulid = ulidFactory({ now: () => 1_469_922_850_259, random: (bytes) => new Uint8Array(bytes).fill(31) });
    expect(ulid()).toBe('01ARZ3NDEKZZZZZZZZZZZZZZZZ');
    const edge = ulidFactory({ now: () => 2 ** 48 - 1, random: (bytes) => new Uint8Array(bytes) });
    expect(edge()).toBe('7ZZZZZZZZZ0000000000000000');
  });

  it('draws only five bits from each byte', () => {
    const random = (bytes: number) => Uint8Array.from({ length: bytes }, (_, i) => i * 32 + i);
    expect(ulidFactory({ now: () => 0, random })()).toBe('00000000000123456789ABCDEF');
  });

  it('counts up within a millisecond, with a carry, and draws anew in the next', () => {
    let now = 1_000;
    let draws = 0;
    const random = (bytes: number) => {
      draws++;
      return new Uint8Array(bytes).fill(0).fill(31, bytes - 2);
    };
    const ulid = ulidFactory({ now: () => now, random });
    expect([ulid(), ulid(), ulid()].map((text) => text.slice(10))).toEqual([
      '00000000000000ZZ',
      '0000000000000100',
      '0000000000000101',
    ]);
    now = 1_001;
    expect(ulid().slice(10)).toBe('00000000000000ZZ');
    expect(draws).toBe(2);
  });

  it('borrows from the next millisecond when there is nothing left to count', () => {
    const ulid = ulidFactory({ now: () => 0, random: (bytes) => new Uint8Array(bytes).fill(31) });
    expect([ulid(), ulid()]).toEqual(['0000000000ZZZZZZZZZZZZZZZZ', '0000000001ZZZZZZZZZZZZZZZZ']);
  });

  it('sorts in the order of making while the clock stands, jumps back, and has fractions', () => {
    const times = [5_000, 5_000, 4_000, 4_999.7, 5_000.2, 5_000.9, 5_001, 1];
    let at = 0;
    const ulid = ulidFactory({ now: () => times[at++ % times.length] as number });
    const made = Array.from({ length: 2_000 }, () => ulid());
    expect(new Set(made).size).toBe(2_000);
    expect([...made].sort()).toEqual(made);
    for (const text of made) expect(text).toMatch(ULID);
  });

  it.each([Number.NaN, -1, 2 ** 48])('refuses a clock that tells %s', (time) => {
    expect(ulidFactory({ now: () => time })).toThrow(RangeError);
  });
});

const KINDS = [
  ['message', 'msg_', ids.isMessageId],
  ['session', 'sess_', ids.isSessionId],
  ['job', 'job_', ids.isJobId],
  ['stream', 'str_', ids.isStreamId],
  ['subscription', 'sub_', ids.isSubscriptionId],
  ['artifact', 'art_', ids.isArtifactId],
  ['lease', 'lease_', ids.isLeaseId],
] as const;

describe.each(KINDS)('the id of a %s', (kind, prefix, isOfKind) => {
  it('is minted as its prefix and a ULID, each later than the one before', () => {
    const factory = ids.idFactory();
    const [first, second] = [factory[kind](), factory[kind]()];
    expect(first.slice(0, prefix.length)).toBe(prefix);
    expect(first.slice(prefix.length)).toMatch(ULID);
    expect(isOfKind(first)).toBe(true);
    expect(second > first).toBe(true);
  });

  it('is known by its prefix and something behind it, whatever that is', () => {
    for (const body of ['1', '_', ' ', '01kdmx', '\u{1f600}', 'x'.repeat(1_024 - prefix.length)]) {
      expect(isOfKind(prefix + body)).toBe(true);
    }
  });

  it('is not the bare prefix, another case or kind, too long, ill-formed text, or no text', () => {
    const others = KINDS.map(([, other]) => other).filter((other) => other !== prefix);
    for (const value of [
      prefix,
      `${prefix.toUpperCase()}1`,
      ` ${prefix}1`,
      '01KDMX4Q8W7R2N5T0V9Y3B6C1Z',
      '',
      `${prefix}\ud800`,
      prefix + 'x'.repeat(1_025 - prefix.length),
      ...others.map((other) => `${other}1`),
      1,
      null,
      undefined,
      [`${prefix}1`],
      { toString: () => `${prefix}1` },
    ]) {
      expect(isOfKind(value)).toBe(false);
    }
  });
});

it('names checkpoints chk_, by convention', () => {
  expect(ids.idFactory().checkpoint()).toMatch(/^chk_[0-9A-Z]{26}$/);
});
