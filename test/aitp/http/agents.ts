// Two agents that pinned each other, and a fetch that leads to handlers in this process.

import { AitpAgent, type AitpAgentOptions } from '../../../src/aitp/agent.js';
import type { AitpHandler } from '../../../src/aitp/http/endpoints.js';
import { handshakeOverHttp } from '../../../src/aitp/http/handshake-over-http.js';
import { serveAitp } from '../../../src/aitp/http/serve-aitp.js';
import type { ServeAitpOptions } from '../../../src/aitp/http/serve-options.js';
import { pinnedKeys } from '../../../src/aitp/pinned-keys.js';
import type { FetchLike } from '../../../src/http/bounded-fetch.js';
import { NOW } from '../parties.js';

export const ORIGIN = 'https://bert.example';

/** Handshake endpoint with the slash that makes clients use `hello` and `commit`, and without. */
export const SEPARATE = `${ORIGIN}/aitp/handshake/`;
export const SINGLE = `${ORIGIN}/aitp/handshake`;

export function agentOf(
  seed: number,
  clock: { sec: number },
  options: Partial<AitpAgentOptions> = {},
): Promise<AitpAgent> {
  const revocation = { dangerouslyIgnoreRevocation: true } as const;
  return AitpAgent.fromSeed(new Uint8Array(32).fill(seed), { revocation, now: () => clock.sec, ...options });
}

const pin = (agent: AitpAgent, subject: string) => ({ subject, publicKey: agent.aid.slice('aid:pubkey:'.length) });

export interface World {
  readonly clock: { sec: number };
  readonly anna: AitpAgent;
  readonly bert: AitpAgent;
}

/** Anna, who calls, and bert, who answers at {@link ORIGIN}. */
export async function makeWorld(endpoint = SEPARATE, ofBert: Partial<AitpAgentOptions> = {}): Promise<World> {
  const clock = { sec: NOW };
  const bare = { anna: await agentOf(1, clock), bert: await agentOf(2, clock) };
  const anna = await agentOf(1, clock, { pinnedKeys: pinnedKeys([pin(bare.bert, 'bert')]) });
  const bert = await agentOf(2, clock, { pinnedKeys: pinnedKeys([pin(bare.anna, 'anna')]), ...ofBert });
  const offeredCapabilities = ['read', 'write'];
  const common = { offeredCapabilities, acceptedIdentityTypes: ['pinned_key'] as const };
  await anna.buildManifest({ displayName: 'anna', handshakeEndpoint: 'https://anna.example/aitp/', ...common });
  const anchors = ofBert.trustAnchors;
  const oidc = anchors && { acceptedIdentityTypes: ['pinned_key', 'oidc'] as const, acceptedTrustAnchors: anchors };
  await bert.buildManifest({ displayName: 'bert', handshakeEndpoint: endpoint, ...common, ...oidc });
  return { clock, anna, bert };
}

/** A server of bert's. */
export function serving(world: World, options: Partial<ServeAitpOptions> = {}): AitpHandler {
  return serveAitp({ agent: world.bert, now: () => world.clock.sec, ...options });
}

export interface Wire {
  readonly fetch: FetchLike;
  readonly asked: string[];
}

/** A fetch that leads to a handler, and what was asked of it. */
export function wireTo(handler: AitpHandler): Wire {
  const asked: string[] = [];
  return {
    asked,
    async fetch(url, init) {
      asked.push(`${init.method} ${new URL(url).pathname}`);
      return (await handler(new Request(url, init))) ?? new Response(null, { status: 404 });
    },
  };
}

/** Anna shakes hands with bert. */
export function shake(world: World, { fetch }: Pick<Wire, 'fetch'>, requestedGrants: readonly string[] = ['read']) {
  return handshakeOverHttp(world.anna, ORIGIN, { requestedGrants, fetch, now: () => world.clock.sec });
}

/** A request with a message. */
export function post(url: string, body: string | Uint8Array, headers: Record<string, string> = {}): Request {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
  return new Request(url, { ...init, body: body as BodyInit });
}

/** Code of an unsigned refusal. */
export async function refusalOf(response: Response | undefined): Promise<string> {
  const body = (await response?.json()) as { error: { code: string } } | undefined;
  return body?.error.code ?? 'no refusal';
}
