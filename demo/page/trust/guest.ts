// A guest of the calendar: an agent in a worker. It shakes hands, calls, delegates a part of what it was granted, or takes
// such a part from another.

import { ownRevocations, signPop, verifyManifest, verifyTct } from 'ringline/aitp';
import { aitpPhone, handshakeOverPhone, presentTct } from 'ringline/aitp/phone';
import { connect, type Session } from 'ringline/phone';
import { messagePort } from 'ringline/transport/message-port';
import { type Actor, type Answer, factsOf, makeActor, type TokenFacts } from './actors.js';
import { GUEST_OFFERS } from './capabilities.js';
import { answerPage } from './control.js';

/** Longest a delegation waits to be made use of, in seconds. */
const DELEGATION_TTL_SEC = 600;

const now = () => Math.floor(Date.now() / 1000);

answerPage(() => {
  let actor: Actor | undefined;
  let session: Session | undefined;
  let voucher: string | undefined;

  const own = () => actor ?? missing('the agent has not started');
  const line = () => session ?? missing('there is no line to the calendar');

  return {
    async start({ name }: { name: string }) {
      actor = await makeActor(name, GUEST_OFFERS);
      return actor.presence;
    },
    introduce: ({ name, aid }: { name: string; aid: string }) => own().introduce(name, aid),
    async line({ remoteDid }: { remoteDid: string }, [port]: readonly MessagePort[]) {
      if (port === undefined) return;
      const { agent, identity } = own();
      await session?.close();
      // The calendar may call back over the same line, under the token this agent grants it.
      const { handlers, requireEach } = aitpPhone({ agent, revocation: ownRevocations(new Set<string>()) });
      session = await connect({
        identity,
        remoteDid,
        transport: messagePort(port),
        handlers: { ...handlers, note: () => 'Bring flowers on Friday.' },
        authorize: requireEach({ note: 'notes.read' }),
      });
    },
    async shake({ manifest, wanted }: { manifest: string; wanted: readonly string[] }): Promise<TokenFacts> {
      const { agent } = own();
      const verified = await verifyManifest(manifest, { now });
      const result = await handshakeOverPhone(line(), agent, verified, { requestedGrants: wanted });
      voucher = result.grantVoucher;
      await presentTct(line(), result.tct);
      return factsOf(result.claims);
    },
    async call({ method, params }: { method: string; params: unknown }): Promise<Answer> {
      const startedAt = performance.now();
      const result = await line().call(method, params);
      return { result, ms: performance.now() - startedAt };
    },
    delegate({ to, scope }: { to: string; scope: readonly string[] }) {
      if (voucher === undefined) throw new Error('nothing was granted that could be passed on');
      return own().agent.buildDelegation(voucher, to, scope, { ttlSec: DELEGATION_TTL_SEC });
    },
    async redeem({ delegation, manifest }: { delegation: string; manifest: string }): Promise<TokenFacts> {
      const { agent } = own();
      const issuerManifest = await verifyManifest(manifest, { now });
      const nonce = await line().call<string>('delegation.nonce');
      const token = await line().call<string>('delegation.redeem', {
        delegation,
        signature: await signPop(nonce, agent.signer),
      });
      const tct = await verifyTct(token, {
        issuer: issuerManifest.aid,
        audience: agent.aid,
        issuerManifest,
        now,
        // The calendar looks at its own list on every call.
        revocation: { dangerouslyIgnoreRevocation: true },
      });
      await presentTct(line(), token);
      return factsOf(tct);
    },
  };
});

function missing(what: string): never {
  throw new Error(what);
}
