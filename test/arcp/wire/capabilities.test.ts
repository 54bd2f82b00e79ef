import { describe, expect, it } from 'vitest';
import { missingRequired, negotiate } from '../../../src/arcp/wire/capabilities.js';
import { encodeMessage, type Message } from '../../../src/arcp/wire/envelope.js';
import { expectRefused, messageOf } from '../envelopes.js';

const OPEN = { auth: { scheme: 'none' }, client: { kind: 'cli', version: '1' } };

describe('capabilities between two sides', () => {
  it('[10.20] are on where both say so, off where one mentions them, absent where nobody does', () => {
    const runtime = { streaming: true, human_input: true, artifacts: true };
    expect(negotiate(runtime, { streaming: true, durable_jobs: true })).toEqual({
      streaming: true,
      durable_jobs: false,
      human_input: false,
      artifacts: false,
    });
    expect(Object.keys(negotiate({}, {}))).toEqual([]);
  });

  it('give the same where the runtime says no aloud', () => {
    const runtime = { streaming: true, human_input: true, artifacts: true, anonymous: false };
    expect(negotiate(runtime, { streaming: true, durable_jobs: true })).toEqual({
      streaming: true,
      durable_jobs: false,
      human_input: false,
      artifacts: false,
      anonymous: false,
    });
  });

  it.each([
    [true, true, true],
    [true, false, false],
    [true, undefined, false],
    [false, true, false],
    [false, false, false],
    [false, undefined, false],
    [undefined, true, false],
    [undefined, false, false],
    [undefined, undefined, undefined],
  ])('are, of a flag that is %s here and %s there, %s', (here, there, expected) => {
    const negotiated = negotiate({ interrupt: here }, { interrupt: there });
    expect(negotiated.interrupt).toBe(expected);
    expect('interrupt' in negotiated).toBe(expected !== undefined);
  });

  it("[10.21] keep the runtime's extensions in its order, without what the client did not list", () => {
    const runtime = { extensions: ['arcpx.b.v1', 'arcpx.a.v1'] };
    expect(negotiate(runtime, { extensions: ['arcpx.a.v1', 'arcpx.z.v1'] }).extensions).toEqual(['arcpx.a.v1']);
    expect(negotiate(runtime, { extensions: ['arcpx.a.v1', 'arcpx.b.v1'] }).extensions).toEqual([
      'arcpx.b.v1',
      'arcpx.a.v1',
    ]);
    expect(negotiate(runtime, {})).toEqual({});
    expect(negotiate({}, runtime)).toEqual({});
  });

  it('never hold a name that is no name of an extension, nor one twice', () => {
    const both = { extensions: ['session.open', 'x-debug', 'arcpx.a.v1', 'arcpx.a.v1'] };
    expect(negotiate(both, both).extensions).toEqual(['arcpx.a.v1']);
  });

  it('intersect encodings, base64 being always there', () => {
    const sidecar = { binary_encoding: ['sidecar', 'base64'] };
    expect(negotiate(sidecar, sidecar).binary_encoding).toEqual(['sidecar', 'base64']);
    expect(negotiate(sidecar, {}).binary_encoding).toEqual(['base64']);
    expect(negotiate({ binary_encoding: ['sidecar'] }, { binary_encoding: ['sidecar'] }).binary_encoding).toEqual([
      'base64',
      'sidecar',
    ]);
    expect(negotiate({}, sidecar)).toEqual({});
  });

  it("take the runtime's word for heartbeats and retention, and drop what is required", () => {
    const runtime = {
      heartbeat_recovery: 'block',
      heartbeat_interval_seconds: 10,
      artifact_retention: { default_seconds: 1, max_seconds: 2 },
      required: ['streaming'],
    } as const;
    const client = {
      heartbeat_recovery: 'fail',
      heartbeat_interval_seconds: 60,
      artifact_retention: { default_seconds: 3, max_seconds: 4 },
      required: ['artifacts'],
    } as const;
    const { required: _, ...word } = runtime;
    expect(negotiate(runtime, client)).toEqual(word);
    expect(negotiate({}, client)).toEqual({});
  });

  it('[10.22] name what is required and missing, in order, a name nobody knows included', () => {
    const negotiated = negotiate(
      { streaming: true, artifacts: true, extensions: ['arcpx.a.v1'], heartbeat_interval_seconds: 30 },
      { streaming: true, artifacts: false, extensions: ['arcpx.a.v1'] },
    );
    const required = ['scheduled_jobs', 'streaming', 'artifacts', 'arcpx.a.v1', 'arcpx.b.v1', 'teleport', 'toString'];
    expect(missingRequired(required, negotiated)).toEqual([
      'scheduled_jobs',
      'artifacts',
      'arcpx.b.v1',
      'teleport',
      'toString',
    ]);
    expect(missingRequired(['heartbeat_interval_seconds', '__proto__'], negotiated)).toEqual(['__proto__']);
    expect(missingRequired([], negotiated)).toEqual([]);
    expect(missingRequired(undefined, negotiated)).toEqual([]);
  });

  it('[10.22] come over the wire with what is required', () => {
    const { payload } = messageOf('session.open', { ...OPEN, capabilities: { required: ['scheduled_jobs'] } });
    expect(missingRequired(payload.capabilities?.required, negotiate({}, payload.capabilities ?? {}))).toEqual([
      'scheduled_jobs',
    ]);
  });
});

describe('capabilities on the wire', () => {
  it('[10.25] are refused as null, as a list, and where a flag is no boolean', () => {
    expectRefused('session.open', { ...OPEN, capabilities: null }, 'payload.capabilities');
    expectRefused('session.open', { ...OPEN, capabilities: [] }, 'payload.capabilities');
    expectRefused('session.open', { ...OPEN, capabilities: { streaming: 'true' } }, 'payload.capabilities.streaming');
    for (const [name, value] of [
      ['anonymous', 1],
      ['interrupt', null],
      ['heartbeat_recovery', 'Fail'],
      ['heartbeat_interval_seconds', 1.5],
      ['heartbeat_interval_seconds', -1],
      ['binary_encoding', 'base64'],
      ['binary_encoding', null],
      ['extensions', null],
      ['required', 'streaming'],
      ['artifact_retention', []],
    ] as const) {
      expectRefused('session.open', { ...OPEN, capabilities: { [name]: value } }, `payload.capabilities.${name}`);
    }
    expectRefused(
      'session.open',
      { ...OPEN, capabilities: { artifact_retention: { default_seconds: 1 } } },
      'payload.capabilities.artifact_retention.max_seconds',
    );
  });

  it('may hold what nobody knows, which is left out', () => {
    const { payload } = messageOf('session.open', {
      ...OPEN,
      capabilities: { streaming: true, teleport: { fast: 1 } },
    });
    expect(payload.capabilities).toEqual({ streaming: true });
  });

  it('may be left out or empty', () => {
    expect(messageOf('session.open', OPEN).payload.capabilities).toBeUndefined();
    expect(messageOf('session.open', { ...OPEN, capabilities: {} }).payload.capabilities).toEqual({});
  });

  it('go out negotiated without a null', () => {
    const message = messageOf('session.accepted', {
      session_id: 'sess_1',
      runtime: { kind: 'ringline', version: '1' },
      capabilities: negotiate({ streaming: true }, { anonymous: true }),
    });
    expect(encodeMessage(message as Message)).not.toContain('null');
  });
});
