// What the tests of the server share: a card, an agent to talk to, and requests in both bindings.

import type { AgentCard } from '../../../src/a2a/card/agent-card.js';
import type { Executor } from '../../../src/a2a/server/executor.js';
import { type A2aServer, type A2aServerOptions, createA2aServer } from '../../../src/a2a/server/index.js';
import { memoryPushConfigStore } from '../../../src/a2a/server/push-config-store.js';
import { readSse } from '../../../src/http/sse-stream.js';

export const ORIGIN = 'https://agent.example';

export const CARD: AgentCard = {
  name: 'Wire Agent',
  description: 'Fixture agent',
  supportedInterfaces: [
    { url: `${ORIGIN}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    { url: `${ORIGIN}/rest`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
  ],
  version: '1.0.0',
  capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'echo', name: 'Echo', description: 'Echoes', tags: ['echo'] }],
};

/** The agent of the recorded exchanges: what it does depends on the text it is sent. */
export const wireExecutor: Executor = async function* ({
  message,
  reply,
  working,
  artifact,
  inputRequired,
  completed,
}) {
  const text = message.parts[0]?.text;
  if (text === 'direct') {
    yield reply('direct reply');
    return;
  }
  yield working('working on it');
  if (text === 'boom') throw new Error('executor exploded');
  if (text === 'ask') {
    yield inputRequired('which account?');
    return;
  }
  yield artifact('Hello, ', { artifactId: 'a-1', name: 'reply' });
  yield artifact('world', { artifactId: 'a-1', name: 'reply', append: true, lastChunk: true });
  yield completed();
};

export function serverOf(options: Partial<A2aServerOptions> = {}): A2aServer {
  const card = options.card ?? CARD;
  const push = card.capabilities.pushNotifications === true ? { push: { store: memoryPushConfigStore() } } : {};
  return createA2aServer({ card, executor: wireExecutor, ...push, ...options });
}

export const HEADERS = { 'Content-Type': 'application/json', 'A2A-Version': '1.0' };

export interface Asked {
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
  readonly context?: unknown;
}

export function rpcRequest(method: string, params: unknown, { headers = {}, signal }: Asked = {}): Request {
  return new Request(`${ORIGIN}/rpc`, {
    method: 'POST',
    headers: { ...HEADERS, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    ...(signal && { signal }),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into, not typed.
export type Json = any;

/** Asks over JSON-RPC. @returns The answer's `result`, or its whole `error`. */
export async function rpc(server: A2aServer, method: string, params: unknown, asked: Asked = {}): Promise<Json> {
  const response = await server.fetch(rpcRequest(method, params, asked), asked.context);
  const body: Json = await response.json();
  return 'error' in body ? body.error : body.result;
}

export function restRequest(verb: string, path: string, body?: unknown, { headers = {}, signal }: Asked = {}): Request {
  return new Request(`${ORIGIN}/rest${path}`, {
    method: verb,
    headers: { ...HEADERS, ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
}

/** Asks over HTTP+JSON. */
export async function rest(
  server: A2aServer,
  verb: string,
  path: string,
  body?: unknown,
  asked: Asked = {},
): Promise<{ status: number; body: Json; headers: Headers }> {
  const response = await server.fetch(restRequest(verb, path, body, asked), asked.context);
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
}

export function message(text: string, extra: object = {}): Json {
  return { messageId: crypto.randomUUID(), role: 'ROLE_USER', parts: [{ text }], ...extra };
}

/** All events of a stream, in the order they came. */
export async function eventsOf(response: Response): Promise<Json[]> {
  const events: Json[] = [];
  for await (const event of streamOf(response)) events.push(event);
  return events;
}

/** Events of a stream, one by one: what each says, without the envelope of its binding. */
export async function* streamOf(response: Response): AsyncGenerator<Json> {
  if (response.body === null) return;
  for await (const { data, event } of readSse(response.body)) {
    const json: Json = JSON.parse(data);
    yield event === 'error' ? { error: json.error } : (json.result ?? json);
  }
}

/** Streams over JSON-RPC. */
export async function rpcStream(
  server: A2aServer,
  method: string,
  params: unknown,
  asked: Asked = {},
): Promise<Response> {
  return server.fetch(rpcRequest(method, params, asked), asked.context);
}

/** A promise that a test settles. */
export function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void } {
  let open!: (value: T) => void;
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** Lets everything that is ready run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
