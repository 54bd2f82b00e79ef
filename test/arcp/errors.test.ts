import { describe, expect, it } from 'vitest';
import { ArcpError, arcpError, fromWireError, isRetryable } from '../../src/arcp/errors.js';
import { toWireError } from '../../src/arcp/wire-error.js';
import { isSdkError, LimitError } from '../../src/errors.js';
import { messageOf } from './envelopes.js';

const RETRYABLE = ['DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'ABORTED', 'INTERNAL', 'UNAVAILABLE'];
const FINAL = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'FAILED_PRECONDITION',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'DATA_LOSS',
  'UNAUTHENTICATED',
  'HEARTBEAT_LOST',
  'LEASE_EXPIRED',
  'LEASE_REVOKED',
  'BACKPRESSURE_OVERFLOW',
];

describe('the 21 codes', () => {
  it.each([...RETRYABLE, ...FINAL])('%s has a stable code and its own default for another try', (wireCode) => {
    const error = arcpError(wireCode, 'what happened');
    expect(error).toBeInstanceOf(ArcpError);
    expect(isSdkError(error)).toBe(true);
    expect(error).toMatchObject({ name: 'ArcpError', code: `ERR_ARCP_${wireCode}`, wireCode });
    expect(error.retryable).toBe(RETRYABLE.includes(wireCode));
    expect(isRetryable(wireCode)).toBe(RETRYABLE.includes(wireCode));
  });

  it('are 21', () => {
    expect(new Set([...RETRYABLE, ...FINAL]).size).toBe(21);
  });

  it('[10.73] surface RATE_LIMITED as RESOURCE_EXHAUSTED, retryable, and never send it', () => {
    const { payload } = messageOf('job.failed', { code: 'RATE_LIMITED', message: 'slow down' });
    expect(payload).toEqual({ code: 'RESOURCE_EXHAUSTED', message: 'slow down' });
    const error = fromWireError({ code: 'RATE_LIMITED', message: 'slow down' });
    expect(error).toMatchObject({ code: 'ERR_ARCP_RESOURCE_EXHAUSTED', retryable: true });
    expect(toWireError(error).code).toBe('RESOURCE_EXHAUSTED');
    for (const type of ['nack', 'tool.error', 'session.rejected', 'stream.error'] as const) {
      expect(messageOf(type, { code: 'RATE_LIMITED', message: '' }).payload.code).toBe('RESOURCE_EXHAUSTED');
    }
  });

  it('keep a namespaced one whole, under the code for what we do not know', () => {
    const error = arcpError('arcpx.acme.QUOTA_EXCEEDED', 'no more');
    expect(error).toMatchObject({ code: 'ERR_ARCP_UNKNOWN', wireCode: 'arcpx.acme.QUOTA_EXCEEDED', retryable: false });
    expect(toWireError(error).code).toBe('arcpx.acme.QUOTA_EXCEEDED');
  });

  it('are not taken from the prototype of an object', () => {
    expect(arcpError('toString', '').code).toBe('ERR_ARCP_UNKNOWN');
    expect(isRetryable('constructor')).toBe(false);
  });
});

describe('an error on the wire', () => {
  it('carries code, message, retryable, details and those of its causes that are ours', () => {
    const cause = arcpError('UNAVAILABLE', 'below');
    const error = arcpError('RESOURCE_EXHAUSTED', 'wait', { details: { retry_after_seconds: 3 }, cause });
    const wireError = toWireError(error);
    expect(wireError).toEqual({
      code: 'RESOURCE_EXHAUSTED',
      message: 'wait',
      retryable: true,
      details: { retry_after_seconds: 3 },
      cause: { code: 'UNAVAILABLE', message: 'below', retryable: true },
    });
    expect(Object.keys(toWireError(arcpError('ABORTED', 'x')))).toEqual(['code', 'message', 'retryable']);
  });

  it.each([
    ['an Error', new Error('password hunter2')],
    ['an error of this package that is none of ARCP', new LimitError('maxSecret', 1, 2)],
    ['a text', 'password hunter2'],
    ['null', null],
    ['an object that looks like an error of ours', { wireCode: 'OK', message: 'hunter2', code: 'ERR_ARCP_OK' }],
  ])('says of %s only that it happened', (_, thrown) => {
    const text = JSON.stringify(toWireError(thrown));
    expect(JSON.parse(text)).toMatchObject({ code: 'INTERNAL', retryable: true });
    expect(text).not.toMatch(/hunter2|maxSecret|at /);
  });

  it('leaves a foreign cause at home', () => {
    const error = arcpError('ABORTED', 'stopped', { cause: new Error('hunter2') });
    expect(error.cause).toBeInstanceOf(Error);
    expect(toWireError(error)).toEqual({ code: 'ABORTED', message: 'stopped', retryable: true });
  });

  it('bounds a chain of causes both ways, also one that bites its tail', () => {
    const error = arcpError('ABORTED', 'x');
    Object.defineProperty(error, 'cause', { value: error });
    expect(JSON.stringify(toWireError(error)).match(/ABORTED/g)).toHaveLength(5);
    let wireError: Parameters<typeof fromWireError>[0] = { code: 'ABORTED', message: 'x' };
    for (let i = 0; i < 50; i++) wireError = { code: 'ABORTED', message: 'x', cause: wireError };
    let depth = 0;
    for (let at: unknown = fromWireError(wireError); at instanceof ArcpError; at = at.cause) depth++;
    expect(depth).toBe(5);
  });

  it("comes back as it went, with the sender's word on another try", () => {
    const error = fromWireError({ code: 'NOT_FOUND', message: 'gone', retryable: true, details: [1] });
    expect(error).toMatchObject({ code: 'ERR_ARCP_NOT_FOUND', message: 'gone', retryable: true, details: [1] });
    expect(fromWireError({ code: 'NOT_FOUND', message: 'a'.repeat(5_000) }).message).toHaveLength(1_024);
  });

  it.each([
    [{ retry_after_seconds: 3 }, 3_000],
    [{ retry_after_seconds: 0.25 }, 250],
    [{ retry_after_seconds: 0 }, 0],
    [{ retry_after_seconds: -1 }, undefined],
    [{ retry_after_seconds: '3' }, undefined],
    [{}, undefined],
    [[3], undefined],
    [null, undefined],
    [undefined, undefined],
  ])('tells from details %j a wait of %s ms', (details, expected) => {
    expect(arcpError('UNAVAILABLE', '', { details }).retryAfterMs).toBe(expected);
  });
});
