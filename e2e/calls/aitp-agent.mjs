// The AITP agent of the table: the same handlers behind every host. It shakes hands, serves a capability to whoever holds
// its token, turns delegations into tokens, and takes tokens back.

import { handshakeOptions, ISSUER, identityOf, signerOf } from '../suite/aitp-agents.mjs';

export const OFFERED = ['tide.read', 'tide.write'];

/** Name of an agent of the table, from which its key follows. */
export const nameOf = (runtime, backend, suite) => `${runtime}/${backend}/${suite}`;

/** Whom nobody believes, though the key follows from the name like everybody's. */
export const STRANGER = 'mallory';

/**
 * An agent that believes every other one of the table.
 *
 * @param {any} library @param {{ name: string, suite: string, handshakeEndpoint?: string, revocation?: any }} agent
 */
export async function makeAgent(library, { name, suite, handshakeEndpoint, revocation }) {
  const { aitp } = library;
  const now = aitp.systemClockSec;
  const { signer, ...options } = await handshakeOptions(library, { name, suite, now });
  const pinnedKeys = {
    async find(subject, publicKey) {
      if (subject === STRANGER) return undefined;
      const { aid } = await signerOf(library, subject, 'ed25519');
      return aid.endsWith(`:${publicKey}`) ? { subject, publicKey } : undefined;
    },
  };
  const decided = revocation === undefined ? {} : { revocation };
  const agent = new aitp.AitpAgent(signer, { ...options, ...decided, pinnedKeys, allowHttpLoopback: true });
  await agent.buildManifest({
    displayName: name,
    identity: identityOf(name, suite),
    handshakeEndpoint: handshakeEndpoint ?? 'https://callers.example/aitp/',
    acceptedTrustAnchors: [ISSUER],
    acceptedIdentityTypes: ['oidc', 'pinned_key'],
    offeredCapabilities: OFFERED,
  });
  return agent;
}

/**
 * The side that is called.
 *
 * @param {any} library @param {{ name: string, suite: string }} who
 * @returns {(request: Request) => Promise<Response>}
 */
export function answering(library, who) {
  const { aitp, aitpHttp } = library;
  const start = async (origin) => {
    const agent = await makeAgent(library, { ...who, handshakeEndpoint: `${origin}/aitp/handshake/` });
    const revoked = new Set();
    const startedAtSec = aitp.systemClockSec();
    const revocation = aitp.ownRevocations(revoked);
    /** What callers granted us, by their AID: the newest. */
    const held = new Map();
    /** Nonces for delegatees, each good once. */
    const nonces = new Set();
    const shakeHands = aitpHttp.serveAitp({
      agent,
      revocations: () => [...revoked].map((jti) => ({ jti, revokedAtSec: startedAtSec })),
      onHandshake: ({ peer, tct }) => void held.set(peer.aid, tct),
      limits: { maxHellosPerAid: 100_000 },
    });
    const gate = aitpHttp.requireTct({ agent, revocation });
    const routes = {
      /** Uses a capability, and shows what the caller has granted us. */
      async use(request, capability) {
        const { authorization, body, response } = await gate(request, capability);
        if (response !== undefined) return response;
        const { holder } = authorization;
        const said = new TextDecoder().decode(body);
        return Response.json({ holder, capability, said, held: held.get(holder) ?? null });
      },
      /** Takes back the token it is asked under. */
      async handBack(request) {
        const { authorization, response } = await gate(request, 'tide.read');
        if (response !== undefined) return response;
        revoked.add(authorization.tct.jti);
        return Response.json(authorization.tct.jti);
      },
      async nonce() {
        const nonce = aitp.newNonce();
        nonces.add(nonce);
        return Response.json(nonce);
      },
      /** A delegation for a token of the delegatee's own. */
      async redeem(request) {
        const { delegation, nonce, signature } = await request.json();
        if (!nonces.delete(nonce)) return refusal('POP_CHALLENGE_INVALID');
        try {
          const verified = await agent.verifyDelegation(delegation, { revocation, pop: { nonce, signature } });
          const { tct } = await agent.issueTctForDelegatee(verified);
          return Response.json(tct.token);
        } catch (error) {
          if (error instanceof aitp.AitpError) return refusal(error.wireCode);
          throw error;
        }
      },
    };
    return async (request) => {
      const [, route, more] = new URL(request.url).pathname.split('/');
      if (!Object.hasOwn(routes, route)) return (await shakeHands(request)) ?? new Response(null, { status: 404 });
      if (request.method === 'OPTIONS') return new Response(null, { headers: PREFLIGHT });
      const response = await routes[route](request, more);
      response.headers.set('access-control-allow-origin', '*');
      return response;
    };
  };
  let started;
  return async (request) => {
    started ??= start(new URL(request.url).origin);
    return (await started)(request);
  };
}

/** For pages, which ask before they send headers of their own. */
const PREFLIGHT = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'content-type, x-aitp-tct, x-aitp-invocation, x-aitp-pop-response',
  'access-control-max-age': '7200',
};

/** As the package says it. */
function refusal(code) {
  return Response.json({ error: { code } }, { status: 403 });
}
