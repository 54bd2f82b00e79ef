// Which messages were seen before, for every isolate of the Worker and whatever becomes of it: one Durable Object remembers
// them. Its class is exported by the entry and named in wrangler.jsonc.

import { type ReplayStore, systemClockSec } from 'ringline/aitp';
import { LimitError } from 'ringline/errors';
import { durableReplayStore } from 'ringline/host/durable-replay';
import type { DurableStorage } from 'ringline/storage/durable-object';

/** Messages remembered at once. One more is refused: none is forgotten before its time. */
const MAX_MESSAGES = 100_000;

/** Answer of the object that has no room: 507, Insufficient Storage. */
const FULL = 507;

/** What the Worker asks the object. Without `expiresAtSec` nothing is remembered. */
interface Question {
  readonly key: string;
  readonly expiresAtSec?: number;
}

/** A binding to Durable Objects, as far as it is used here. */
export interface Objects<Id = unknown> {
  idFromName(name: string): Id;
  get(id: Id): { fetch(url: string, init: RequestInit): Promise<Response> };
}

/** The Durable Object. Nobody reaches it but through the binding. */
export class SeenMessages {
  readonly #seen: ReplayStore;

  constructor({ storage }: { readonly storage: DurableStorage }) {
    this.#seen = durableReplayStore(storage, { now: systemClockSec, maxEntries: MAX_MESSAGES });
  }

  async fetch(request: Request): Promise<Response> {
    const { key, expiresAtSec }: Question = await request.json();
    try {
      const answer = expiresAtSec === undefined ? this.#seen.has(key) : this.#seen.addIfAbsent(key, expiresAtSec);
      return Response.json(await answer);
    } catch (error) {
      if (error instanceof LimitError) return new Response(null, { status: FULL });
      throw error;
    }
  }
}

/** The memory in the object, for the agent. Where the object does not answer, nothing passes for new. */
export function seenMessages(objects: Objects): ReplayStore {
  async function ask(question: Question): Promise<boolean> {
    // Anew each time: it belongs to the request it was got in.
    const object = objects.get(objects.idFromName('agent'));
    const response = await object.fetch('https://seen.invalid/', { method: 'POST', body: JSON.stringify(question) });
    if (response.status === FULL) throw new LimitError('messages', MAX_MESSAGES, MAX_MESSAGES + 1);
    if (!response.ok) throw new Error(`the memory of messages answered ${response.status}`);
    return response.json();
  }
  return {
    has: (key) => ask({ key }),
    addIfAbsent: (key, expiresAtSec) => ask({ key, expiresAtSec }),
  };
}
