// An agent on Cloudflare Workers: three methods for everybody, a guest book for whoever it trusts, and plain text for a
// browser that comes to look. Beside it, machines of ARCP: a Durable Object for each tenant.

import { identityFromSeed, type PhoneServer, rpcError, serve } from 'ringline';
import { workerHandler } from 'ringline/host/cloudflare';
import { WIRE_CODES } from 'ringline/phone';
import { answerMachine, MACHINE_PATH, type MachineEnv } from './machine.js';
import { readSeed } from './seed.js';
import { type Objects, seenMessages } from './seen.js';
import { type Trust, trustOf } from './trust.js';

export { Machine } from './machine.js';
export { SeenMessages } from './seen.js';

interface Env extends MachineEnv {
  /** Secret: 32 bytes, in hex or base64url. */
  readonly RINGLINE_SEED?: string;
  /** The Durable Object that remembers messages. */
  readonly SEEN: Objects;
}

interface Agent {
  readonly server: PhoneServer;
  readonly trust: Trust;
  readonly answer: (request: Request) => Response;
}

const handlers = {
  echo: (params: unknown) => params ?? null,
  *count(params: unknown) {
    const n = wholeNumber(params, 'n', 1_000_000_000);
    for (let i = 1; i <= n; i++) yield i;
  },
  *blob(params: unknown) {
    const chunk = 'x'.repeat(wholeNumber(params, 'size', 60_000));
    const n = wholeNumber(params, 'n', 1_000_000);
    for (let i = 0; i < n; i++) yield chunk;
  },
};

// One for as long as the isolate lives, so that the caps count over all calls.
let agent: Promise<Agent> | undefined;

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (new URL(request.url).pathname.startsWith(MACHINE_PATH)) return answerMachine(request, env);
    const seed = readSeed(env.RINGLINE_SEED);
    if (seed === undefined) return new Response(ADVICE, { status: 500 });
    agent ??= start(seed, new URL(request.url).origin, env.SEEN);
    const { server, trust, answer } = await agent;
    if (request.headers.has('upgrade')) return answer(request);
    return (await trust.answer(request)) ?? new Response(whoIsHere(server.did, new URL(request.url)));
  },
};

async function start(seed: Uint8Array, origin: string, seen: Objects): Promise<Agent> {
  const identity = await identityFromSeed(seed);
  const trust = await trustOf(identity, { origin, open: Object.keys(handlers), replay: seenMessages(seen) });
  const server = serve({ identity, handlers: { ...handlers, ...trust.handlers }, authorize: trust.authorize });
  return { server, trust, answer: workerHandler(server) };
}

function whoIsHere(did: string, url: URL): string {
  const phone = `${url.protocol === 'https:' ? 'wss' : 'ws'}://${url.host}/`;
  return `An agent answers here.\n\ndid  ${did}\nurl  ${phone}\n\nCall it: ringline call ${phone} ${did} echo '{"hello":"world"}'\n`;
}

const ADVICE = `This Worker has no identity yet: its secret RINGLINE_SEED is missing, or is no 32 bytes in hex or base64url.

  ringline id new --identity agent.json
  ringline id show --identity agent.json --reveal-seed | wrangler secret put RINGLINE_SEED

With "wrangler dev", put RINGLINE_SEED=... into the file .dev.vars instead, and keep that file out of the repository.
`;

/** A member of the params, which come from a stranger. */
function wholeNumber(params: unknown, name: string, max: number): number {
  const value = (params as Record<string, unknown> | null | undefined)?.[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw rpcError(WIRE_CODES.invalidParams, `${name} must be a whole number up to ${max}`);
}
