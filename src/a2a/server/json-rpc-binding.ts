// JSON-RPC 2.0 as A2A uses it (A2A v1.0, section 9): one request a body, an id in each, HTTP status 200 also for errors.

import { publicError, writeRpcError } from '../wire/error-json.js';
import { A2aOperationError } from '../wire/errors.js';
import { operationOf } from '../wire/operations.js';
import type { BoundRequest, ServerBinding } from './server-binding.js';

type Id = string | number | null;

/** Letters of an id, which every event of a stream repeats. */
const MAX_ID_LENGTH = 1_024;

/** What a body asks for, before anybody has looked whether there is such a method. */
export interface RpcCall {
  readonly method: string;
  readonly params: unknown;
  readonly binding: ServerBinding;
}

/** Errors of the way here rather than of the operation: HTTP itself has a word for them. */
const HTTP_STATUSES: ReadonlySet<number> = /* @__PURE__ */ new Set([401, 403, 413, 415, 429, 503]);

/** Answers to requests that carry this id. */
export function rpcBinding(id: Id): ServerBinding {
  const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)}`;
  const success = (json: string) => `${head},"result":${json}}`;
  const failure = (error: unknown) => `${head},"error":${JSON.stringify(writeRpcError(error))}}`;
  return {
    result: (_, result) => ({
      status: 200,
      contentType: 'application/json',
      body: success(JSON.stringify(result ?? null)),
    }),
    error(error) {
      const { httpStatus } = publicError(error);
      const status = HTTP_STATUSES.has(httpStatus) ? httpStatus : 200;
      return { status, contentType: 'application/json', body: failure(error) };
    },
    event: (json) => ({ data: success(json) }),
    errorEvent: (error) => ({ event: 'error', data: failure(error) }),
  };
}

/**
 * Reads the envelope of a request.
 *
 * @throws {A2aOperationError} ERR_A2A_INVALID_REQUEST: no request object, a batch, or one without a usable id.
 */
export function readRpcCall(body: unknown): RpcCall {
  const refuse = (what: string) => new A2aOperationError('ERR_A2A_INVALID_REQUEST', what);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw refuse('one request object is expected');
  const { jsonrpc, id, method, params = {} } = body as Record<string, unknown>;
  if (jsonrpc !== '2.0') throw refuse('jsonrpc must be "2.0"');
  if (typeof id !== 'string' && !isFiniteNumber(id)) throw refuse('id must be a string or a number');
  if (typeof id === 'string' && id.length > MAX_ID_LENGTH) throw refuse(`id must not be longer than ${MAX_ID_LENGTH}`);
  if (typeof method !== 'string') throw refuse('method must be a string');
  return { method, params: params ?? {}, binding: rpcBinding(id) };
}

/** One too large for a double is parsed as infinity, which no answer could repeat. */
function isFiniteNumber(id: unknown): id is number {
  return Number.isFinite(id);
}

/** @throws {A2aOperationError} ERR_A2A_METHOD_NOT_FOUND. */
export function bindRpcCall({ method, params, binding }: RpcCall): BoundRequest {
  const operation = operationOf(method);
  if (operation === undefined) throw new A2aOperationError('ERR_A2A_METHOD_NOT_FOUND');
  return { operation, params, binding };
}
