import { describe, expect, test } from 'vitest';
import {
  publicError,
  readErrorMember,
  readHttpError,
  readRpcError,
  writeRestError,
  writeRpcError,
} from '../../../src/a2a/wire/error-json.js';
import {
  A2aOperationError,
  A2aRemoteError,
  A2aStreamError,
  ERROR_SPELLINGS,
  spellingOf,
} from '../../../src/a2a/wire/errors.js';
import { isSdkError } from '../../../src/errors.js';

const INFO = 'type.googleapis.com/google.rpc.ErrorInfo';

describe('[7.58] the table', () => {
  // As section 5.4 has it; what is ours beyond it is not in here.
  test.each([
    ['ERR_A2A_TASK_NOT_FOUND', -32001, 404, 'NOT_FOUND', 'TASK_NOT_FOUND'],
    ['ERR_A2A_TASK_NOT_CANCELABLE', -32002, 400, 'FAILED_PRECONDITION', 'TASK_NOT_CANCELABLE'],
    ['ERR_A2A_PUSH_NOTIFICATION_NOT_SUPPORTED', -32003, 400, 'FAILED_PRECONDITION', 'PUSH_NOTIFICATION_NOT_SUPPORTED'],
    ['ERR_A2A_UNSUPPORTED_OPERATION', -32004, 400, 'FAILED_PRECONDITION', 'UNSUPPORTED_OPERATION'],
    ['ERR_A2A_CONTENT_TYPE_NOT_SUPPORTED', -32005, 400, 'INVALID_ARGUMENT', 'CONTENT_TYPE_NOT_SUPPORTED'],
    ['ERR_A2A_INVALID_AGENT_RESPONSE', -32006, 500, 'INTERNAL', 'INVALID_AGENT_RESPONSE'],
    [
      'ERR_A2A_EXTENDED_AGENT_CARD_NOT_CONFIGURED',
      -32007,
      400,
      'FAILED_PRECONDITION',
      'EXTENDED_AGENT_CARD_NOT_CONFIGURED',
    ],
    ['ERR_A2A_EXTENSION_SUPPORT_REQUIRED', -32008, 400, 'FAILED_PRECONDITION', 'EXTENSION_SUPPORT_REQUIRED'],
    ['ERR_A2A_VERSION_NOT_SUPPORTED', -32009, 400, 'FAILED_PRECONDITION', 'VERSION_NOT_SUPPORTED'],
    ['ERR_A2A_PARSE', -32700, 400, 'INVALID_ARGUMENT', undefined],
    ['ERR_A2A_INVALID_REQUEST', -32600, 400, 'INVALID_ARGUMENT', undefined],
    ['ERR_A2A_METHOD_NOT_FOUND', -32601, 404, 'NOT_FOUND', undefined],
    ['ERR_A2A_INVALID_PARAMS', -32602, 400, 'INVALID_ARGUMENT', 'INVALID_PARAMS'],
    ['ERR_A2A_INTERNAL', -32603, 500, 'INTERNAL', undefined],
  ] as const)('%s', (code, rpcCode, httpStatus, status, reason) => {
    const error = new A2aOperationError(code);
    expect(error).toMatchObject({ name: 'A2aOperationError', code, rpcCode, httpStatus });
    expect(error.reason).toBe(reason);
    const info = reason === undefined ? undefined : [{ '@type': INFO, reason, domain: 'a2a-protocol.org' }];
    const { message } = error;
    expect(writeRpcError(error)).toEqual({ code: rpcCode, message, ...(info && { data: info }) });
    expect(writeRestError(error)).toEqual({
      httpStatus,
      body: { error: { code: httpStatus, status, message, ...(info && { details: info }) } },
    });
    expect(readRpcError(writeRpcError(error))).toMatchObject({
      name: 'A2aRemoteError',
      code,
      rpcCode,
      httpStatus,
      message,
    });
    if (reason !== undefined) {
      const { body } = writeRestError(error);
      expect(readHttpError(httpStatus, body)).toMatchObject({ code, rpcCode, httpStatus, message, reason });
    }
  });

  test('has each code once, and each reason once', () => {
    const codes = ERROR_SPELLINGS.map(({ code }) => code);
    const reasons = ERROR_SPELLINGS.flatMap(({ reason }) => reason ?? []);
    expect(new Set(codes).size).toBe(codes.length);
    expect(new Set(reasons).size).toBe(reasons.length);
    expect(spellingOf('reason', undefined)).toBeUndefined();
    expect(() => new A2aOperationError('ERR_A2A_NEW' as never)).toThrow(TypeError);
  });
});

describe('what a peer is told', () => {
  test('an error made for it, with its text, metadata and details, and never its cause', () => {
    const cause = new Error('password=hunter2');
    const details = [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [] }];
    const metadata = { supportedVersions: '1.0' };
    const error = new A2aOperationError('ERR_A2A_VERSION_NOT_SUPPORTED', 'only 1.0', {
      cause,
      details,
      metadata,
      data: 'x',
    });
    const body = writeRpcError(error);
    expect(body.data).toEqual([
      { '@type': INFO, reason: 'VERSION_NOT_SUPPORTED', domain: 'a2a-protocol.org', metadata },
      ...details,
    ]);
    expect(JSON.stringify([body, writeRestError(error)])).not.toContain('hunter2');
    expect(publicError(error)).toBe(error);
  });

  test.each([
    ['an error of the program', new TypeError('password=hunter2')],
    ['text', 'password=hunter2'],
    ['nothing', undefined],
    ['what another agent said', readRpcError({ code: -32001, message: 'password=hunter2' })],
  ])('of %s, that something went wrong', (_, thrown) => {
    expect(publicError(thrown)).toMatchObject({ code: 'ERR_A2A_INTERNAL', cause: thrown });
    expect(writeRpcError(thrown)).toEqual({ code: -32603, message: 'Internal error' });
    expect(writeRestError(thrown)).toEqual({
      httpStatus: 500,
      body: { error: { code: 500, status: 'INTERNAL', message: 'Internal error' } },
    });
  });
});

describe('[7.59] what peers say', () => {
  test.each([
    [undefined],
    [null],
    ['no'],
    [[]],
    [{}],
    [{ code: 'x', message: 7, data: 'y' }],
    [{ code: -32099, message: 'new' }],
  ])('%j is an error, though not one we know', (value) => {
    const error = readRpcError(value);
    expect(error).toBeInstanceOf(A2aRemoteError);
    expect(error.code).toBe('ERR_A2A_REMOTE');
  });

  test('data of any kind is kept as it came', () => {
    for (const data of [{ reason: 'x' }, ['a', 1], 'text', 0, null]) {
      expect(readRpcError({ code: 1, message: 'm', data }).data).toEqual(data);
    }
    expect(readRpcError({ code: -32602, message: 'm', data: { reason: 'INVALID_PARAMS' } })).toMatchObject({
      code: 'ERR_A2A_INVALID_PARAMS',
      reason: 'INVALID_PARAMS',
    });
  });

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'])(
    'a status or reason that is called %s finds nothing in our tables',
    (name) => {
      const details = [{ '@type': INFO, reason: name }];
      for (const [error, code] of [
        [readHttpError(400, { error: { code: 400, status: name, message: 'm' } }), 'ERR_A2A_INVALID_REQUEST'],
        [readHttpError(400, { error: { code: 400, message: 'm', details } }), 'ERR_A2A_INVALID_REQUEST'],
        [readHttpError(400, { type: `https://agent.example/${name}` }), 'ERR_A2A_INVALID_REQUEST'],
        [readErrorMember({ code: 5, status: name, message: 'm' }), 'ERR_A2A_REMOTE'],
        [readRpcError({ code: -32099, message: 'm', data: details }), 'ERR_A2A_REMOTE'],
      ] as const) {
        expect(error).toBeInstanceOf(A2aRemoteError);
        expect(error.code).toBe(code);
      }
    },
  );

  test('our own codes beyond the table come back by their reason', () => {
    const error = new A2aOperationError('ERR_A2A_RATE_LIMITED');
    expect(readRpcError(writeRpcError(error))).toMatchObject({ code: 'ERR_A2A_RATE_LIMITED', httpStatus: 429 });
  });
});

test('every error is one of the package’s', () => {
  for (const error of [
    new A2aOperationError('ERR_A2A_INTERNAL'),
    new A2aRemoteError('ERR_A2A_REMOTE'),
    new A2aStreamError('early'),
  ]) {
    expect(isSdkError(error)).toBe(true);
  }
});
