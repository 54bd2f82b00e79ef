// An agent on Cloudflare Workers: three methods, and plain text for a browser that comes to look.

import { identityFromSeed, type PhoneServer, rpcError, serve } from 'ringline';
import { workerHandler } from 'ringline/host/cloudflare';
import { WIRE_CODES } from 'ringline/phone';
import { readSeed } from './seed.js';

interface Env {
  /** Secret: 32 bytes, in hex or base64url. */
  readonly RINGLINE_SEED?: string;
}

interface Agent {
  readonly server: PhoneServer;
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
    const seed = readSeed(env.RINGLINE_SEED);
    if (seed === undefined) return new Response(ADVICE, { status: 500 });
    agent ??= start(seed);
    const { server, answer } = await agent;
    if (request.headers.has('upgrade')) return answer(request);
    return new Response(whoIsHere(server.did, new URL(request.url)));
  },
};

async function start(seed: Uint8Array): Promise<Agent> {
  const server = serve({ identity: await identityFromSeed(seed), handlers });
  return { server, answer: workerHandler(server) };
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
