// What goes wrong with an operation, and its three spellings: our code, the integer of JSON-RPC, and what HTTP+JSON says
// (A2A v1.0, section 5.4). One table, read in both directions; error-json.ts writes and reads the bodies.

import { excerpt } from '../../bytes/printable.js';
import type { JsonObject } from '../../codec/json-value.js';
import { SdkError } from '../../errors.js';

/** Codes of {@link A2aOperationError}. */
export type A2aOperationErrorCode =
  | 'ERR_A2A_TASK_NOT_FOUND'
  | 'ERR_A2A_TASK_NOT_CANCELABLE'
  | 'ERR_A2A_PUSH_NOTIFICATION_NOT_SUPPORTED'
  | 'ERR_A2A_UNSUPPORTED_OPERATION'
  | 'ERR_A2A_CONTENT_TYPE_NOT_SUPPORTED'
  | 'ERR_A2A_INVALID_AGENT_RESPONSE'
  | 'ERR_A2A_EXTENDED_AGENT_CARD_NOT_CONFIGURED'
  | 'ERR_A2A_EXTENSION_SUPPORT_REQUIRED'
  | 'ERR_A2A_VERSION_NOT_SUPPORTED'
  | 'ERR_A2A_PARSE'
  | 'ERR_A2A_INVALID_REQUEST'
  | 'ERR_A2A_METHOD_NOT_FOUND'
  | 'ERR_A2A_INVALID_PARAMS'
  | 'ERR_A2A_INTERNAL'
  | 'ERR_A2A_UNAUTHENTICATED'
  | 'ERR_A2A_PERMISSION_DENIED'
  | 'ERR_A2A_TOO_LARGE'
  | 'ERR_A2A_RATE_LIMITED'
  | 'ERR_A2A_UNAVAILABLE'
  | 'ERR_A2A_REMOTE';

/** How one kind of error is spelled. */
export interface ErrorSpelling {
  readonly code: A2aOperationErrorCode;
  /** Integer of a JSON-RPC error. */
  readonly rpcCode: number;
  readonly httpStatus: number;
  /** Name of the gRPC status, in the `status` member of an HTTP+JSON error. */
  readonly status: string;
  /** `reason` of the ErrorInfo that tells errors with one status apart; absent where there is none. */
  readonly reason?: string;
  /** Text a peer is sent where an error brings none of its own. */
  readonly message: string;
}

type Row = readonly [A2aOperationErrorCode, number, number, string, string, string?];

// Where several rows share a spelling, the first one is what it is read as. The last six have no integer of their own in
// the protocol: they are told by their reason, and by their HTTP status.
const ROWS: readonly Row[] = [
  ['ERR_A2A_TASK_NOT_FOUND', -32001, 404, 'NOT_FOUND', 'Task not found', 'TASK_NOT_FOUND'],
  ['ERR_A2A_TASK_NOT_CANCELABLE', -32002, 400, 'FAILED_PRECONDITION', 'Task not cancelable', 'TASK_NOT_CANCELABLE'],
  [
    'ERR_A2A_PUSH_NOTIFICATION_NOT_SUPPORTED',
    -32003,
    400,
    'FAILED_PRECONDITION',
    'Push notifications not supported',
    'PUSH_NOTIFICATION_NOT_SUPPORTED',
  ],
  [
    'ERR_A2A_UNSUPPORTED_OPERATION',
    -32004,
    400,
    'FAILED_PRECONDITION',
    'Operation not supported',
    'UNSUPPORTED_OPERATION',
  ],
  [
    'ERR_A2A_CONTENT_TYPE_NOT_SUPPORTED',
    -32005,
    400,
    'INVALID_ARGUMENT',
    'Content type not supported',
    'CONTENT_TYPE_NOT_SUPPORTED',
  ],
  ['ERR_A2A_INVALID_AGENT_RESPONSE', -32006, 500, 'INTERNAL', 'Invalid agent response', 'INVALID_AGENT_RESPONSE'],
  [
    'ERR_A2A_EXTENDED_AGENT_CARD_NOT_CONFIGURED',
    -32007,
    400,
    'FAILED_PRECONDITION',
    'Extended agent card not configured',
    'EXTENDED_AGENT_CARD_NOT_CONFIGURED',
  ],
  [
    'ERR_A2A_EXTENSION_SUPPORT_REQUIRED',
    -32008,
    400,
    'FAILED_PRECONDITION',
    'Extension support required',
    'EXTENSION_SUPPORT_REQUIRED',
  ],
  [
    'ERR_A2A_VERSION_NOT_SUPPORTED',
    -32009,
    400,
    'FAILED_PRECONDITION',
    'Protocol version not supported',
    'VERSION_NOT_SUPPORTED',
  ],
  ['ERR_A2A_INVALID_PARAMS', -32602, 400, 'INVALID_ARGUMENT', 'Invalid parameters', 'INVALID_PARAMS'],
  ['ERR_A2A_PARSE', -32700, 400, 'INVALID_ARGUMENT', 'Invalid JSON'],
  ['ERR_A2A_INVALID_REQUEST', -32600, 400, 'INVALID_ARGUMENT', 'Invalid request'],
  ['ERR_A2A_METHOD_NOT_FOUND', -32601, 404, 'NOT_FOUND', 'Method not found'],
  ['ERR_A2A_INTERNAL', -32603, 500, 'INTERNAL', 'Internal error'],
  ['ERR_A2A_REMOTE', -32000, 500, 'UNKNOWN', 'The agent failed'],
  ['ERR_A2A_UNAUTHENTICATED', -32000, 401, 'UNAUTHENTICATED', 'Authentication required', 'UNAUTHENTICATED'],
  ['ERR_A2A_PERMISSION_DENIED', -32000, 403, 'PERMISSION_DENIED', 'Permission denied', 'PERMISSION_DENIED'],
  ['ERR_A2A_TOO_LARGE', -32000, 413, 'OUT_OF_RANGE', 'Request too large', 'REQUEST_TOO_LARGE'],
  ['ERR_A2A_RATE_LIMITED', -32000, 429, 'RESOURCE_EXHAUSTED', 'Too many requests', 'RATE_LIMITED'],
  ['ERR_A2A_UNAVAILABLE', -32000, 503, 'UNAVAILABLE', 'Temporarily unavailable', 'UNAVAILABLE'],
];

/** Every kind of error of an operation. The order is that of {@link spellingOf}'s preference. */
export const ERROR_SPELLINGS: readonly ErrorSpelling[] = /* @__PURE__ */ ROWS.map(
  ([code, rpcCode, httpStatus, status, message, reason]) =>
    reason === undefined
      ? { code, rpcCode, httpStatus, status, message }
      : { code, rpcCode, httpStatus, status, message, reason },
);

/** The first spelling with this member; `undefined` where there is none. */
export function spellingOf<Name extends 'code' | 'rpcCode' | 'httpStatus' | 'status' | 'reason'>(
  name: Name,
  value: ErrorSpelling[Name],
): ErrorSpelling | undefined {
  return ERROR_SPELLINGS.find((spelling) => value !== undefined && spelling[name] === value);
}

/** What an error of an operation can carry beside its text. */
export interface OperationErrorOptions {
  /** Integer of JSON-RPC. Default: that of the code. */
  readonly rpcCode?: number;
  /** Default: that of the code. */
  readonly httpStatus?: number;
  /** Default: that of the code. */
  readonly reason?: string;
  /** `metadata` of the ErrorInfo; sent. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Further objects with an `@type`, behind the ErrorInfo; sent. */
  readonly details?: readonly JsonObject[];
  /** What stood in `data` of a JSON-RPC error, or in `error` of HTTP+JSON, as it came. Never sent. */
  readonly data?: unknown;
  /** What is underneath. Stays here: never sent. */
  readonly cause?: unknown;
}

declare module '../../errors.js' {
  interface SdkErrorCodes {
    readonly a2aOperation: A2aOperationErrorCode;
    readonly a2aStream: 'ERR_A2A_STREAM_ENDED_EARLY';
  }
}

/**
 * An operation of A2A failed in a way the protocol has a name for. A handler throws one to tell its caller; a client
 * gets one of its own where it refuses before asking, and an {@link A2aRemoteError} where the agent said so.
 */
export class A2aOperationError extends SdkError<A2aOperationErrorCode> {
  override readonly name: string = 'A2aOperationError';
  /** Integer of JSON-RPC, such as -32001; of an unknown one, as it came. */
  readonly rpcCode: number;
  /** HTTP status this goes with, such as 404. */
  readonly httpStatus: number;
  /** Reason of the ErrorInfo, such as `TASK_NOT_FOUND`; absent where there is none. */
  readonly reason?: string;
  /** `metadata` of the ErrorInfo. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Objects beside the ErrorInfo, such as a BadRequest; empty where there are none. */
  readonly details: readonly JsonObject[];
  /** Where a peer's error had data: that, as it came. */
  readonly data?: unknown;

  /**
   * @param code Kind of error.
   * @param message Text for the peer, sent as it is: keep secrets and internals out. Default: the plain name of the kind.
   */
  constructor(code: A2aOperationErrorCode, message?: string, options: OperationErrorOptions = {}) {
    const spelling = spellingOf('code', code);
    if (spelling === undefined) throw new TypeError(`code must be a code of an operation, not ${code}`);
    super(code, message ?? spelling.message, 'cause' in options ? { cause: options.cause } : undefined);
    this.rpcCode = options.rpcCode ?? spelling.rpcCode;
    this.httpStatus = options.httpStatus ?? spelling.httpStatus;
    this.details = options.details ?? [];
    const reason = options.reason ?? spelling.reason;
    if (reason !== undefined) this.reason = reason;
    if (options.metadata !== undefined) this.metadata = options.metadata;
    if (options.data !== undefined) this.data = options.data;
  }
}

/**
 * The agent answered with an error. Its text is the agent's: a handler that lets one through does not show it to its own
 * caller.
 */
export class A2aRemoteError extends A2aOperationError {
  override readonly name = 'A2aRemoteError';
  /** The message as the agent sent it, whatever its length and whatever a terminal would make of it. */
  readonly fullMessage: string;

  /** @param message Text of the agent. As `message` it is shown on one line of some 1,000 characters at most. */
  constructor(code: A2aOperationErrorCode, message?: string, options: OperationErrorOptions = {}) {
    super(code, message === undefined ? undefined : excerpt(message), options);
    this.fullMessage = message ?? this.message;
  }
}

/** A stream broke off before its task was done or waited for its client. */
export class A2aStreamError extends SdkError<'ERR_A2A_STREAM_ENDED_EARLY'> {
  override readonly name = 'A2aStreamError';
  /** Task the stream was about, where it had named one: `getTask` or `subscribeToTask` go on from here. */
  readonly taskId?: string;

  constructor(message: string, options: { taskId?: string; cause?: unknown } = {}) {
    super('ERR_A2A_STREAM_ENDED_EARLY', message, 'cause' in options ? { cause: options.cause } : undefined);
    if (options.taskId !== undefined) this.taskId = options.taskId;
  }
}
