// The calendar: an agent in a frame. It grants, judges every call by the token that was presented, issues tokens for
// delegations of what it granted, and takes back.

import { AitpError, didFromAid, ownRevocations } from 'ringline/aitp';
import { aitpPhone, presentTct } from 'ringline/aitp/phone';
import { encodeBase64url } from 'ringline/codec';
import { type Handlers, rpcError, type Session, serve, WIRE_CODES } from 'ringline/phone';
import { messagePort } from 'ringline/transport/message-port';
import { type Actor, type Answer, factsOf, makeActor } from './actors.js';
import { CALENDAR_OFFERS, KEPT_BACK, NEEDS } from './capabilities.js';
import { answerPage } from './control.js';
import { witnessed } from './witness.js';

/** A token the calendar issued. */
interface Issued {
  readonly jti: string;
  readonly holder: string;
  /** The token whose holder passed a part of it on. */
  readonly restsOn?: string;
}

/** Longest a token for a delegation holds, in seconds. */
const DELEGATED_TTL_SEC = 600;

/** Entries that are kept; one more pushes the oldest out. */
const MAX_ENTRIES = 4;

answerPage((tell) => {
  let actor: Actor | undefined;
  let spoiled = 0;
  /** The other way round: what guests granted the calendar, by their DID. */
  const granted = new Map<string, { session: Session; tct: string }>();
  const issued: Issued[] = [];
  const revoked = new Set<string>();
  const entries = ['Tuesday, 10:00: dentist', 'Wednesday, 15:30: the piano tuner', 'Friday, 20:00: dinner for six'];
  drawEntries(entries);

  const own = () => {
    if (actor === undefined) throw new Error('the calendar has not started');
    return actor;
  };

  const answering = () => {
    const { agent, identity } = own();
    const revocation = ownRevocations(revoked);
    const aitp = aitpPhone({
      agent,
      revocation,
      onHandshake({ issued: { jti }, peer, tct, claims }, session) {
        issued.push({ jti, holder: peer.aid });
        granted.set(session.peer.did, { session, tct });
        tell('granted', factsOf(claims));
      },
    });
    const handlers = {
      ...witnessed(
        aitp.handlers,
        (message) => tell('message', message),
        () => spoiled,
      ),
      ...calendarMethods(entries),
      ...delegationMethods(own(), issued, revocation),
    };
    const authorize = aitp.requireEach({ ...NEEDS, 'delegation.nonce': null, 'delegation.redeem': null });
    return serve({ identity, handlers, authorize });
  };
  let server: ReturnType<typeof answering> | undefined;

  return {
    async start({ name }: { name: string }) {
      actor = await makeActor(name, CALENDAR_OFFERS, {
        grantPolicy: (_peer, grants) => grants.filter((grant) => grant !== KEPT_BACK),
      });
      server = answering();
      return actor.presence;
    },
    introduce: ({ name, aid }: { name: string; aid: string }) => own().introduce(name, aid),
    line(_params: unknown, [port]: readonly MessagePort[]) {
      if (port !== undefined) void server?.accept(messagePort(port)).catch(() => {});
    },
    spoil({ number }: { number: number }) {
      spoiled = number;
    },
    async readNote({ did }: { did: string }): Promise<Answer> {
      const { session, tct } = granted.get(did) ?? missing();
      const startedAt = performance.now();
      await presentTct(session, tct);
      return { result: await session.call('note'), ms: performance.now() - startedAt };
    },
    revoke({ aid }: { aid: string }) {
      const standing = issued.filter(({ jti }) => !revoked.has(jti));
      const direct = standing.filter(({ holder }) => holder === aid).map(({ jti }) => jti);
      const resting = standing.filter(({ restsOn = '' }) => direct.includes(restsOn)).map(({ jti }) => jti);
      for (const jti of [...direct, ...resting]) revoked.add(jti);
      return [...direct, ...resting];
    },
  };
});

/** What the calendar does. None of this looks at a token: that has been done when it runs. */
function calendarMethods(entries: string[]): Handlers {
  return {
    read: () => entries,
    add({ text }: { text?: unknown }) {
      if (typeof text !== 'string') throw rpcError(WIRE_CODES.invalidParams, 'text must be a string');
      entries.push(text.slice(0, 60));
      if (entries.length > MAX_ENTRIES) entries.shift();
      drawEntries(entries);
      return entries;
    },
    erase() {
      entries.length = 0;
      drawEntries(entries);
      return entries;
    },
  };
}

/** A delegation is no credential: whoever holds one proves its key, and gets a token of its own for it. */
function delegationMethods(
  { agent }: Actor,
  issued: Issued[],
  revocation: ReturnType<typeof ownRevocations>,
): Handlers {
  const nonces = new WeakMap<Session, string>();
  return {
    'delegation.nonce'(_params, { session }) {
      const nonce = encodeBase64url(crypto.getRandomValues(new Uint8Array(16)));
      nonces.set(session, nonce);
      return nonce;
    },
    async 'delegation.redeem'({ delegation, signature }: { delegation: string; signature: string }, { session }) {
      const nonce = nonces.get(session) ?? '';
      // Good for one answer.
      nonces.delete(session);
      try {
        const verified = await agent.verifyDelegation(delegation, { revocation, pop: { nonce, signature } });
        if (didFromAid(verified.delegatee) !== session.peer.did) {
          throw new AitpError('DELEGATION_POP_FAILED', 'another agent than the delegatee');
        }
        const { tct } = await agent.issueTctForDelegatee(verified, { ttlSec: DELEGATED_TTL_SEC });
        issued.push({ jti: tct.jti, holder: verified.delegatee, restsOn: verified.sourceJti });
        return tct.token;
      } catch (error) {
        throw error instanceof AitpError ? rpcError(WIRE_CODES.denied, error.wireCode, { cause: error }) : error;
      }
    },
  };
}

/** The frame is a page of its own, and shows what is in the calendar. */
function drawEntries(entries: readonly string[]): void {
  const list = document.querySelector('[data-slot="frame-entries"]');
  list?.replaceChildren(
    ...entries.map((entry) => {
      const item = document.createElement('li');
      item.textContent = entry;
      return item;
    }),
  );
  const empty = document.querySelector<HTMLElement>('[data-slot="frame-empty"]');
  if (empty !== null) empty.hidden = entries.length > 0;
}

function missing(): never {
  throw new Error('nothing was granted yet');
}
