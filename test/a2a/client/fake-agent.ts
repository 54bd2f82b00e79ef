// An agent that is a function: a `fetch` that writes down what it was asked, and answers as a test says.

import type { AgentCard } from '../../../src/a2a/card/agent-card.js';
import type { StreamResponse } from '../../../src/a2a/wire/objects.js';
import type { FetchLike } from '../../../src/http/bounded-fetch.js';

/** A request as it went out. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed; absent where there was none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they know it.
  readonly body?: any;
  readonly init: RequestInit;
}

/** The fake. */
export interface FakeAgent {
  readonly fetch: FetchLike;
  readonly seen: readonly Seen[];
  readonly last: Seen;
}

/** Makes an agent of a function. */
export function fakeAgent(answer: (request: Seen) => Response | Promise<Response>): FakeAgent {
  const seen: Seen[] = [];
  return {
    async fetch(url, init) {
      const request: Seen = {
        method: init.method ?? 'GET',
        url,
        headers: Object.fromEntries(new Headers(init.headers)),
        ...(init.body !== undefined && { body: JSON.parse(init.body as string) }),
        init,
      };
      seen.push(request);
      return answer(request);
    },
    seen,
    get last() {
      return seen.at(-1) as Seen;
    },
  };
}

/** A card of an agent that can do everything, over both bindings. */
export function cardOf(overrides: Partial<AgentCard> = {}): AgentCard {
  return {
    name: 'Agent',
    description: 'An agent',
    version: '1',
    supportedInterfaces: [
      { url: 'https://agent.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      { url: 'https://agent.example/rest', protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
    ],
    capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [],
    ...overrides,
  };
}

/** An answer of JSON. */
export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}

/** The answer to a JSON-RPC request, or to one of HTTP+JSON, with this result. */
export function result(request: Seen, value: unknown): Response {
  return json(request.body?.jsonrpc === '2.0' ? { jsonrpc: '2.0', id: request.body.id, result: value } : value);
}

/** A body under a test's control. */
export function body() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const cancelled: unknown[] = [];
  const stream = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
    cancel: (reason) => void cancelled.push(reason),
  });
  return {
    stream,
    cancelled,
    send: (text: string) => controller.enqueue(new TextEncoder().encode(text)),
    close: () => controller.close(),
    fail: (error: unknown) => controller.error(error),
  };
}

/** The answer that is a stream. */
export function stream(content: BodyInit): Response {
  return new Response(content, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
}

/** Events as the body of a stream that answers a request. */
export function events(request: Seen, ...values: unknown[]): string {
  const id = request.body?.jsonrpc === '2.0' ? request.body.id : undefined;
  const wrap = (value: unknown) => (id === undefined ? value : { jsonrpc: '2.0', id, result: value });
  return values.map((value) => `data: ${JSON.stringify(wrap(value))}\n\n`).join('');
}

/** A task in a state. */
export function task(state: string, more: object = {}) {
  return { id: 't-1', contextId: 'c-1', status: { state: `TASK_STATE_${state}` }, ...more };
}

/** An event that a task has changed its state. */
export function status(state: string) {
  return { statusUpdate: { taskId: 't-1', contextId: 'c-1', status: { state: `TASK_STATE_${state}` } } };
}

/** Everything an iteration gives. */
export async function collect(source: AsyncIterable<StreamResponse>): Promise<StreamResponse[]> {
  const all: StreamResponse[] = [];
  for await (const event of source) all.push(event);
  return all;
}
