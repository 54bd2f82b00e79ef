// Trust, on Workers: a Manifest at its well-known address, the handshake over HTTP and on the phone, a guest book that may
// be used under a token. Messages that were seen outlive the isolate; the rest does not: see README.md.

import type { Authorize, Handlers, Identity } from 'ringline';
import {
  AitpAgent,
  aidFromDid,
  type HandshakeResult,
  ownRevocations,
  type ReplayStore,
  trustAnyPinnedKey,
} from 'ringline/aitp';
import { requireTct, serveAitp } from 'ringline/aitp/http';
import { aitpPhone } from 'ringline/aitp/phone';
import { Ledger } from './ledger.js';

/** The agent's side of AITP. */
export interface Trust {
  readonly handlers: Handlers;
  readonly authorize: Authorize;
  /** Answers a request that is about trust, or made under a token; nothing when it is about something else. */
  answer(request: Request): Promise<Response | undefined>;
}

/** What a guest may be granted. */
const SIGN = 'guestbook.sign';
const READ = 'guestbook.read';

const GUESTBOOK_PATH = '/guestbook';

/** Names that are kept. */
const MAX_NAMES = 100;

/** How long a Manifest holds, in seconds. It is made anew when half of that is over. */
const MANIFEST_TTL_SEC = 86_400;

/** What {@link trustOf} needs. */
export interface TrustOptions {
  /** Where the Worker is asked. */
  readonly origin: string;
  /** Methods that need no token. */
  readonly open: readonly string[];
  /** Messages seen before, wherever that was. */
  readonly replay: ReplayStore;
}

/** Makes it. */
export async function trustOf(identity: Identity, { origin, open, replay }: TrustOptions): Promise<Trust> {
  const agent = AitpAgent.fromIdentity(identity, {
    // It greets whoever proves a key, and writes down who that was.
    pinnedKeys: trustAnyPinnedKey(),
    // It makes no use of what others grant it.
    revocation: { dangerouslyIgnoreRevocation: true },
    allowHttpLoopback: true,
    replay,
  });
  const ledger = new Ledger();
  const names: string[] = [];
  await refreshManifest();

  async function refreshManifest(): Promise<void> {
    const leftSec = (agent.manifest?.expiresAtSec ?? 0) - nowSec();
    if (leftSec > MANIFEST_TTL_SEC / 2) return;
    await agent.buildManifest({
      displayName: 'Agent on Workers',
      handshakeEndpoint: new URL('/aitp/', origin).href,
      offeredCapabilities: [SIGN, READ],
      ttlSec: MANIFEST_TTL_SEC,
    });
  }

  /** What was granted can be taken back only by whoever remembers it. */
  const remember = ({ peer, issued }: HandshakeResult) => ledger.remember(peer.aid, issued);
  const revocation = ownRevocations(ledger);
  const phone = aitpPhone({ agent, revocation, onHandshake: remember });
  const gate = requireTct({ agent, revocation, replay, methods: ['GET'] });
  const handshake = serveAitp({
    agent,
    onHandshake: remember,
    revocations: () => ledger.revocations(nowSec()),
  });

  async function guestbook(request: Request): Promise<Response> {
    const { authorization, headers, response } = await gate(request, READ);
    if (response !== undefined) return response;
    return Response.json({ reader: authorization.holder, names }, { headers });
  }

  return {
    handlers: {
      ...phone.handlers,
      [SIGN](params: { readonly name?: unknown } | null, { peer }) {
        names.push(`${String(params?.name).slice(0, 40)}, ${peer.did.slice(-6)}`);
        if (names.length > MAX_NAMES) names.shift();
        return { said: `Entry ${names.length} in the guest book: ${names.at(-1)}.` };
      },
      'guestbook.leave'(_params, { peer }) {
        const count = ledger.takeBack(aidFromDid(peer.did), nowSec());
        return { said: `${count === 1 ? 'Your token is' : `Your ${count} tokens are`} on the list.` };
      },
    },
    authorize: phone.requireEach({
      ...Object.fromEntries(open.map((method) => [method, null])),
      [SIGN]: SIGN,
      'guestbook.leave': null,
    }),
    async answer(request) {
      await refreshManifest();
      if (new URL(request.url).pathname === GUESTBOOK_PATH) return guestbook(request);
      return handshake(request);
    },
  };
}

function nowSec(): number {
  return Math.floor(Date.now() / 1000);
}
