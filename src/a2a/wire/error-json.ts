// Bodies of errors, written for a peer and read from one (A2A v1.0, sections 9.5 and 11.6; AIP-193; RFC 9457). What a
// peer gets to see of a fault is decided here, in publicError.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import {
  A2aOperationError,
  type A2aOperationErrorCode,
  A2aRemoteError,
  type OperationErrorOptions,
  spellingOf,
} from './errors.js';

const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';
const DOMAIN = 'a2a-protocol.org';

/** Error member of a JSON-RPC response. */
export interface RpcErrorBody {
  readonly code: number;
  readonly message: string;
  /** Objects that each name their `@type`. */
  readonly data?: readonly JsonObject[];
}

/** Error answer of HTTP+JSON. */
export interface RestErrorAnswer {
  readonly httpStatus: number;
  readonly body: {
    readonly error: {
      readonly code: number;
      readonly status: string;
      readonly message: string;
      readonly details?: readonly JsonObject[];
    };
  };
}

/**
 * The error a peer is told of. What no handler meant for its caller comes to ERR_A2A_INTERNAL, without a word of its
 * own: also what another agent said, since that one spoke to us.
 */
export function publicError(error: unknown): A2aOperationError {
  if (error instanceof A2aOperationError && !(error instanceof A2aRemoteError)) return error;
  return new A2aOperationError('ERR_A2A_INTERNAL', undefined, { cause: error });
}

/** Writes an error for JSON-RPC, after {@link publicError}. */
export function writeRpcError(error: unknown): RpcErrorBody {
  const shown = publicError(error);
  const data = detailsOf(shown);
  return { code: shown.rpcCode, message: shown.message, ...(data.length > 0 && { data }) };
}

/** Writes an error for HTTP+JSON, after {@link publicError}. */
export function writeRestError(error: unknown): RestErrorAnswer {
  const shown = publicError(error);
  const details = detailsOf(shown);
  const status = spellingOf('code', shown.code)?.status ?? 'UNKNOWN';
  const { httpStatus, message } = shown;
  return { httpStatus, body: { error: { code: httpStatus, status, message, ...(details.length > 0 && { details }) } } };
}

function detailsOf(error: A2aOperationError): JsonObject[] {
  const { reason, metadata, details } = error;
  if (reason === undefined) return [...details];
  return [{ '@type': ERROR_INFO, reason, domain: DOMAIN, ...(metadata !== undefined && { metadata }) }, ...details];
}

/**
 * Reads the `error` of a JSON-RPC response. An integer this version does not know is told by its reason, else it is
 * ERR_A2A_REMOTE; integer, text and data stay as they came.
 *
 * @param httpStatus Of the answer, where that was not a success.
 */
export function readRpcError(value: unknown, httpStatus?: number): A2aRemoteError {
  const { code: rpcCode, message, data } = asObject(value);
  const details = Array.isArray(data) ? data : [data];
  const options = { ...optionsOf(details, value, httpStatus), ...(data !== undefined && { data }) };
  const known = Number.isInteger(rpcCode) && rpcCode !== -32000 ? spellingOf('rpcCode', rpcCode as number) : undefined;
  const code = (known ?? spellingOf('reason', options.reason))?.code ?? 'ERR_A2A_REMOTE';
  return new A2aRemoteError(code, textOf(message), {
    ...options,
    ...(Number.isInteger(rpcCode) && { rpcCode: rpcCode as number }),
  });
}

/**
 * Reads an answer that says no over HTTP: the error of either binding, a problem document, or whatever a proxy wrote.
 *
 * @param body Parsed, or `undefined` where it is empty or no JSON.
 */
export function readHttpError(httpStatus: number, body: unknown): A2aRemoteError {
  const { error } = asObject(body);
  if (isObject(error)) return readErrorMember(error, httpStatus);
  const { type, title, detail } = asObject(body);
  if (typeof type === 'string' || typeof title === 'string') {
    // Problem documents name the kind in the last part of a URI, such as `.../errors/task-not-found`.
    const name = (textOf(type) ?? '')
      .replace(/^.*[/:#]/, '')
      .toUpperCase()
      .replaceAll('-', '_')
      .replace(/_ERROR$/, '');
    const kind = spellingOf('reason', name);
    const code = kind?.code ?? codeOfStatus(httpStatus, true);
    return new A2aRemoteError(code, textOf(detail) ?? textOf(title), { httpStatus, data: body });
  }
  const text = `the agent answered with HTTP ${httpStatus}`;
  return new A2aRemoteError(codeOfStatus(httpStatus, false), text, {
    httpStatus,
    ...(body !== undefined && { data: body }),
  });
}

/**
 * Reads the `error` member of an answer or event of either binding: a negative `code` is JSON-RPC's.
 *
 * @param httpStatus Of the answer. Default: what the error says.
 */
export function readErrorMember(error: JsonObject, httpStatus?: number): A2aRemoteError {
  const { code: number, message, status, details } = error;
  if (typeof number === 'number' && number < 0) return readRpcError(error, httpStatus);
  const given = httpStatus ?? (Number.isInteger(number) ? (number as number) : 500);
  const options = optionsOf(Array.isArray(details) ? details : [details], error, given);
  const code =
    spellingOf('reason', options.reason)?.code ??
    CODE_OF_STATUS_NAME.get(textOf(status) ?? '') ??
    codeOfStatus(given, true);
  return new A2aRemoteError(code, textOf(message), options);
}

/** What the typed objects beside an error say. */
function optionsOf(details: readonly unknown[], data: unknown, httpStatus?: number): OperationErrorOptions {
  const objects = details.filter(isObject);
  const info =
    objects.find((detail) => detail['@type'] === ERROR_INFO) ?? objects.find((detail) => textOf(detail.reason));
  const reason = textOf(info?.reason);
  const metadata = info?.metadata;
  return {
    details: objects.filter((detail) => detail !== info),
    data,
    ...(reason !== undefined && { reason }),
    ...(isObject(metadata) && { metadata: metadata as Record<string, string> }),
    ...(httpStatus !== undefined && httpStatus >= 400 && { httpStatus }),
  };
}

// A map, for what is looked up is the peer's: an object would also have `constructor`.
const CODE_OF_STATUS_NAME: ReadonlyMap<string, A2aOperationErrorCode> = /* @__PURE__ */ new Map([
  ['NOT_FOUND', 'ERR_A2A_TASK_NOT_FOUND'],
  ['INVALID_ARGUMENT', 'ERR_A2A_INVALID_PARAMS'],
  ['INTERNAL', 'ERR_A2A_INTERNAL'],
  ['UNIMPLEMENTED', 'ERR_A2A_UNSUPPORTED_OPERATION'],
  ['UNAUTHENTICATED', 'ERR_A2A_UNAUTHENTICATED'],
  ['PERMISSION_DENIED', 'ERR_A2A_PERMISSION_DENIED'],
  ['RESOURCE_EXHAUSTED', 'ERR_A2A_RATE_LIMITED'],
  ['UNAVAILABLE', 'ERR_A2A_UNAVAILABLE'],
]);

/** @param spoken The body is an error of the protocol's: then 404 is about a task, else about the address. */
function codeOfStatus(httpStatus: number, spoken: boolean): A2aOperationErrorCode {
  switch (httpStatus) {
    case 400:
      return 'ERR_A2A_INVALID_REQUEST';
    case 401:
      return 'ERR_A2A_UNAUTHENTICATED';
    case 403:
      return 'ERR_A2A_PERMISSION_DENIED';
    case 404:
      return spoken ? 'ERR_A2A_TASK_NOT_FOUND' : 'ERR_A2A_METHOD_NOT_FOUND';
    case 405:
    case 501:
      return 'ERR_A2A_METHOD_NOT_FOUND';
    case 413:
      return 'ERR_A2A_TOO_LARGE';
    case 415:
      return 'ERR_A2A_CONTENT_TYPE_NOT_SUPPORTED';
    case 429:
      return 'ERR_A2A_RATE_LIMITED';
    case 500:
      return 'ERR_A2A_INTERNAL';
    case 502:
    case 503:
    case 504:
      return 'ERR_A2A_UNAVAILABLE';
    default:
      return 'ERR_A2A_REMOTE';
  }
}

function asObject(value: unknown): Partial<Record<string, JsonValue>> {
  return isObject(value) ? value : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
