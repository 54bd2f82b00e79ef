// Recorded exchanges, played again to a server: the ids it makes up take the place of the recorded ones.

import { expect } from 'vitest';
import type { A2aServer } from '../../../src/a2a/server/index.js';
import { readSse } from '../../../src/http/sse-stream.js';
import type { Json } from './support.js';

export interface Exchange {
  readonly step: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: unknown;
    readonly bodyText?: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly bodyText: string;
  };
}

/** What an answer says, without what no two servers have in common. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  /** Parsed; of a stream, its events. */
  readonly body: Json;
}

const PLACEHOLDER = /00000000-0000-4000-8000-\d{12}/g;

/** Plays exchanges in their order. */
export class Replay {
  readonly #server: A2aServer;
  readonly #ids = new Map<string, string>();

  constructor(server: A2aServer) {
    this.#server = server;
  }

  /** Plays one. @returns The recorded answer with our ids in it, and ours; both without texts made for people. */
  async play({ request, response }: Exchange): Promise<{ recorded: Answer; ours: Answer }> {
    const { method, url, headers, body, bodyText } = request;
    const text = body === undefined ? bodyText : JSON.stringify(body);
    const answer = await this.#server.fetch(
      new Request(this.#translate(url), {
        method,
        headers,
        ...(text !== undefined && { body: this.#translate(text) }),
      }),
    );
    const ours = await answerOf(answer);
    const recorded = await answerOf(
      new Response(response.status === 204 ? null : response.bodyText, {
        status: response.status,
        headers: response.headers,
      }),
    );
    this.#learn(recorded.body, ours.body);
    return { recorded: comparable(JSON.parse(this.#translate(JSON.stringify(recorded)))), ours: comparable(ours) };
  }

  #translate(text: string): string {
    return text.replaceAll(PLACEHOLDER, (id) => this.#ids.get(id) ?? id);
  }

  /** Pairs the ids of two answers of one shape. */
  #learn(recorded: Json, ours: Json): void {
    if (typeof recorded === 'string' && recorded.match(PLACEHOLDER)?.[0] === recorded) {
      if (typeof ours === 'string' && !this.#ids.has(recorded)) this.#ids.set(recorded, ours);
    } else if (typeof recorded === 'object' && recorded !== null && typeof ours === 'object' && ours !== null) {
      for (const [name, member] of Object.entries(recorded)) this.#learn(member, ours[name]);
    }
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const { status } = response;
  const contentType = (response.headers.get('content-type') ?? '').replace(/;.*/, '');
  if (contentType === 'text/event-stream' && response.body !== null) {
    const body = [];
    for await (const { event, data } of readSse(response.body)) body.push({ event, data: JSON.parse(data) });
    return { status, contentType, body };
  }
  const text = await response.text();
  return { status, contentType: status === 204 ? '' : contentType, body: text === '' ? null : JSON.parse(text) };
}

/** Without timestamps, the words of errors and failures, and the empty members that one server writes. */
function comparable(answer: Answer): Answer {
  return prune(answer) as Answer;
}

function prune(value: Json): Json {
  if (Array.isArray(value)) return value.map(prune);
  if (typeof value !== 'object' || value === null) return value;
  const state = value.state;
  const entries = Object.entries(value).filter(([name, member]) => {
    if (name === 'timestamp' || name === 'metadata') return false;
    if (name === 'message' && (typeof member === 'string' || state === 'TASK_STATE_FAILED')) return false;
    return !(Array.isArray(member) && member.length === 0) && member !== '';
  });
  const pruned = Object.fromEntries(entries.map(([name, member]) => [name, prune(member)]));
  // Whether the words of a status are in the history already, or only once another status replaces it, is open.
  const spoken = pruned.status?.message?.messageId;
  if (Array.isArray(pruned.history) && spoken !== undefined) {
    pruned.history = pruned.history.filter(({ messageId }: Json) => messageId !== spoken);
  }
  return pruned;
}

/** Asserts that two answers say the same. */
export function expectSame({ recorded, ours }: { recorded: Answer; ours: Answer }): void {
  expect(ours).toEqual(recorded);
}
