// The 66 core types of ARCP v1.0, held to a catalogue written by hand (catalogue.mjs).

import { describe, expect, it } from 'vitest';
import { isArcpCode } from '../../src/arcp/errors.js';
import { type CoreType, PAYLOAD_SCHEMAS } from '../../src/arcp/wire/payloads.js';
import { isCoreType, REGISTRY } from '../../src/arcp/wire/registry.js';
import { CATALOGUE } from './catalogue.mjs';
import { expectRefused, messageOf } from './envelopes.js';

const types = CATALOGUE.map(({ type }) => type);
const FREE = new Set([
  'arguments',
  'value',
  'data',
  'details',
  'response_schema',
  'default',
  'event',
  'dims',
  'attributes',
]);
const NOT_FREE = new Set(['artifact.put data', 'artifact.ref data', 'metric value']);
const sorted = (names: Iterable<string>) => [...names].sort();

describe('the catalogue of core types', () => {
  it('has 66 types in nine families, none twice', () => {
    expect(new Set(types).size).toBe(66);
    const sizes: Record<string, number> = {};
    for (const { family } of Object.values(REGISTRY)) sizes[family] = (sizes[family] ?? 0) + 1;
    expect(sizes).toEqual({
      session: 9,
      control: 12,
      execution: 16,
      stream: 4,
      human: 5,
      permission: 7,
      subscription: 5,
      artifact: 4,
      telemetry: 4,
    });
  });

  it('knows the same types in the registry and among the schemas', () => {
    expect(sorted(Object.keys(REGISTRY))).toEqual(sorted(types));
    expect(sorted(Object.keys(PAYLOAD_SCHEMAS))).toEqual(sorted(types));
  });

  it('takes no name off the prototype of an object for a core type', () => {
    for (const name of ['toString', '__proto__', 'constructor', '']) expect(isCoreType(name)).toBe(false);
  });

  it('says of the eight types the Rust crate cannot decode that they must not go there', () => {
    const absent = CATALOGUE.filter((entry) => entry.absent).map(({ type }) => type);
    expect(absent).toHaveLength(8);
    expect(sorted(Object.keys(REGISTRY).filter((type) => !REGISTRY[type as CoreType].knownToRust))).toEqual(
      sorted(absent),
    );
  });

  it('replays what the runtime sends, but handshake, pong, ack and nack', () => {
    const never = [
      'session.challenge',
      'session.accepted',
      'session.unauthenticated',
      'session.rejected',
      'pong',
      'ack',
      'nack',
    ];
    const replayed = CATALOGUE.filter(({ direction, type }) => direction !== 'C' && !never.includes(type));
    const marked = Object.keys(REGISTRY).filter((type) => REGISTRY[type as CoreType].replayable);
    expect(sorted(marked)).toEqual(sorted(replayed.map(({ type }) => type)));
  });

  it('marks what always belongs to a job or a stream', () => {
    const scoped = (flag: 'jobScoped' | 'streamScoped') =>
      sorted(Object.keys(REGISTRY).filter((type) => REGISTRY[type as CoreType][flag] === true));
    expect(scoped('streamScoped')).toEqual(
      ['backpressure', 'stream.chunk', 'stream.close', 'stream.error', 'stream.open'].sort(),
    );
    expect(scoped('jobScoped')).toEqual([
      'checkpoint.create',
      'checkpoint.restore',
      'human.choice.request',
      'human.input.request',
      'job.accepted',
      'job.cancelled',
      'job.checkpoint',
      'job.completed',
      'job.failed',
      'job.heartbeat',
      'job.progress',
      'job.started',
      'permission.request',
      'workflow.complete',
    ]);
  });

  it('uses canonical codes in its examples', () => {
    const codes = CATALOGUE.flatMap(({ full }) => ('code' in full ? [full.code] : []));
    expect(codes.length).toBeGreaterThan(8);
    for (const code of codes) expect(isArcpCode(code)).toBe(true);
  });
});

describe.each(CATALOGUE)('$type', ({ type, direction, gate, required, full }) => {
  const core = type as CoreType;

  it('is sent by whom the catalogue says, behind the capability it says', () => {
    expect(REGISTRY[core].direction).toBe(direction);
    expect(REGISTRY[core].gate).toBe(gate);
  });

  it('takes a payload with every member, as it is', () => {
    expect(messageOf(core, full).payload).toEqual(full);
  });

  it('takes a payload with the required members alone', () => {
    const least = Object.fromEntries(required.map((name) => [name, full[name]]));
    expect(messageOf(core, least).payload).toEqual(least);
  });

  it('refuses a payload that lacks one of them, and names it', () => {
    for (const name of required) {
      const { [name]: _, ...rest } = full;
      expectRefused(type, rest, `payload.${name}`);
    }
  });

  it('ignores members it does not know', () => {
    expect(messageOf(core, { ...full, event_seq: 3, x: { y: [] } }).payload).toEqual(full);
  });

  it('refuses a member of another kind, and null for one that is absent', () => {
    // Free JSON takes anything; what is free is written down here once more.
    const isFree = (name: string) => FREE.has(name) && !NOT_FREE.has(`${type} ${name}`);
    for (const name of Object.keys(full)) {
      if (isFree(name)) {
        for (const value of [null, 0, 'text', [1], { a: null }]) {
          const { payload } = messageOf(core, { ...full, [name]: value });
          expect((payload as Record<string, unknown>)[name]).toEqual(value);
        }
        continue;
      }
      const wrong = typeof full[name] === 'string' ? [null, 1, true, ['a'], {}] : [null, 'text', [[]]];
      for (const value of wrong) {
        // A list refuses its entries, one level below.
        const isList = Array.isArray(full[name]) && Array.isArray(value);
        expectRefused(type, { ...full, [name]: value }, isList ? `payload.${name}.0` : `payload.${name}`);
      }
    }
  });
});
