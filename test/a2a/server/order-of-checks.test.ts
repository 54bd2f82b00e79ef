// Each check of a request wins over all later ones: a request with every flaw is told of the first, and so on, as one flaw
// after the other is mended.

import { describe, expect, it } from 'vitest';
import type { AgentCard } from '../../../src/a2a/card/agent-card.js';
import { createA2aServer, unauthenticated } from '../../../src/a2a/server/index.js';
import { A2aOperationError } from '../../../src/a2a/wire/errors.js';
import { CARD, HEADERS, message, ORIGIN } from './support.js';

const EXTENSION = 'https://example.com/ext/required';
const MAX_BODY_BYTES = 1_000;

const card: AgentCard = {
  ...CARD,
  capabilities: { streaming: false, extensions: [{ uri: EXTENSION, required: true }] },
};

const server = createA2aServer({
  card,
  limits: { maxBodyBytes: MAX_BODY_BYTES },
  authenticate({ request }) {
    if (request.headers.get('Authorization') !== 'Bearer right') throw unauthenticated();
    return { id: 'alice' };
  },
  authorize: ({ params }) => !JSON.stringify(params).includes('forbidden'),
  executor() {
    throw new A2aOperationError('ERR_A2A_CONTENT_TYPE_NOT_SUPPORTED', 'no pictures');
  },
});

/** The flaws in the order of the checks, with the integer, or the HTTP status, by which each is told. */
const FLAWS = [
  ['path', 404, 404],
  ['verb', 405, 405],
  ['content type', 415, 415],
  ['size of the body', 413, 413],
  ['JSON', -32700, 400],
  ['request object', -32600, 400],
  ['version', -32009, 400],
  ['JSON-RPC method', -32601, undefined],
  ['authentication', 401, 401],
  ['required extension', -32008, 400],
  ['capability', -32004, 400],
  ['parameters', -32602, 400],
  ['visibility', -32001, 404],
  ['authorisation', 403, 403],
  ['execution', -32005, 400],
] as const;

type Flaw = (typeof FLAWS)[number][0];

function paramsWith(has: (flaw: Flaw) => boolean): unknown {
  if (has('parameters')) return {};
  const text = has('authorisation') ? 'forbidden' : 'hi';
  return { message: message(text, has('visibility') ? { taskId: 'no-such-task' } : {}) };
}

function bodyWith(has: (flaw: Flaw) => boolean, valid: unknown): string {
  if (has('size of the body')) return `{${' '.repeat(MAX_BODY_BYTES)}`;
  if (has('JSON')) return '{"jsonrpc":';
  if (has('request object')) return '[]';
  return JSON.stringify(valid);
}

function requestWith(binding: 'rpc' | 'rest', has: (flaw: Flaw) => boolean): Request {
  const streams = has('capability');
  const method = has('JSON-RPC method') ? 'NoSuch' : streams ? 'SendStreamingMessage' : 'SendMessage';
  const params = paramsWith(has);
  const valid = binding === 'rpc' ? { jsonrpc: '2.0', id: 1, method, params } : params;
  const route = binding === 'rpc' ? '/rpc' : `/rest/message:${streams ? 'stream' : 'send'}`;
  return new Request(`${ORIGIN}${has('path') ? `${route}/elsewhere/and/further` : route}`, {
    method: has('verb') ? 'PUT' : 'POST',
    headers: {
      'Content-Type': has('content type') ? 'text/plain' : 'application/json',
      'A2A-Version': has('version') ? '9.9' : HEADERS['A2A-Version'],
      ...(!has('authentication') && { Authorization: 'Bearer right' }),
      ...(!has('required extension') && { 'A2A-Extensions': EXTENSION }),
    },
    body: bodyWith(has, valid),
  });
}

describe('JSON-RPC: a request with this and all later flaws is told of this one', () => {
  it.each(FLAWS.map(([flaw, told], at) => [flaw, told, at] as const))('%s', async (_, told, at) => {
    const later = FLAWS.slice(at).map(([name]) => name);
    const response = await server.fetch(requestWith('rpc', (name) => later.includes(name)));
    const { error } = (await response.json()) as { error: { code: number } };
    if (told > 0) expect(response.status).toBe(told);
    else expect([response.status, error.code]).toEqual([200, told]);
  });
});

describe('HTTP+JSON: a request with this and all later flaws is told of this one', () => {
  const REASONS: Readonly<Record<string, string>> = {
    version: 'VERSION_NOT_SUPPORTED',
    'required extension': 'EXTENSION_SUPPORT_REQUIRED',
    capability: 'UNSUPPORTED_OPERATION',
    parameters: 'INVALID_PARAMS',
    visibility: 'TASK_NOT_FOUND',
    execution: 'CONTENT_TYPE_NOT_SUPPORTED',
  };
  const flaws = FLAWS.filter(([, , status]) => status !== undefined);

  it.each(flaws.map(([flaw, , status], at) => [flaw, status, at] as const))('%s', async (flaw, status, at) => {
    const later: readonly string[] = flaws.slice(at).map(([name]) => name);
    const response = await server.fetch(requestWith('rest', (name) => later.includes(name)));
    const { error } = (await response.json()) as { error: { code: number; details?: { reason: string }[] } };
    expect([response.status, error.code]).toEqual([status, status]);
    if (flaw in REASONS) expect(error.details?.[0]?.reason).toBe(REASONS[flaw]);
  });
});
