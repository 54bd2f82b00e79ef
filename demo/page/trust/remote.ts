// The page's own key and the agent on the line: the same handshake over HTTP, and calls on the phone under the token it
// brings. Loaded only when somebody asks for it.

import { AitpAgent, aidFromDid, type HandshakeResult } from 'ringline/aitp';
import { handshakeOverHttp } from 'ringline/aitp/http';
import { presentTct } from 'ringline/aitp/phone';
import type { Identity } from 'ringline/identity';
import { connect, type Session } from 'ringline/phone';
import { webSocket } from 'ringline/transport/websocket';
import { type Answer, factsOf, type TokenFacts } from './actors.js';
import { AgentFailure } from './failure.js';
import { failureOf } from './failure-of.js';

/** What the page wants to be granted. */
const WANTED = ['guestbook.sign', 'guestbook.read'];

/** An agent that granted the page something. */
export class TrustedAgent {
  readonly token: TokenFacts;
  /** What the page granted in return. */
  readonly given: readonly string[];
  /** Messages of the handshake, both ways. */
  readonly messages: number;
  readonly tookMs: number;
  readonly #session: Session;
  readonly #tct: string;

  private constructor(session: Session, { claims, issued }: HandshakeResult, messages: number, tookMs: number) {
    this.#session = session;
    this.#tct = claims.token;
    this.token = factsOf(claims);
    this.given = issued.grants;
    this.messages = messages;
    this.tookMs = tookMs;
  }

  /**
   * Shakes hands over HTTP, and opens a line.
   *
   * @param at Where the agent's phone is, and its name; its HTTP is at the same origin.
   * @throws {AgentFailure} somebody refused, or cannot be reached.
   */
  static open(identity: Identity, at: { readonly url: string; readonly did: string }): Promise<TrustedAgent> {
    return failing(async () => {
      const expectedAid = aidFromDid(at.did);
      const agent = AitpAgent.fromIdentity(identity, {
        // One key is believed, whatever it calls itself.
        pinnedKeys: {
          find: (subject, publicKey) => (expectedAid.endsWith(`:${publicKey}`) ? { subject, publicKey } : undefined),
        },
        // The agent looks at its own list on every call.
        revocation: { dangerouslyIgnoreRevocation: true },
      });
      await agent.buildManifest({
        displayName: 'A tab',
        handshakeEndpoint: 'https://in-a-tab.invalid/',
        offeredCapabilities: ['tab.greet'],
      });
      const startedAt = performance.now();
      const origin = new URL(at.url.replace(/^ws/, 'http')).origin;
      let posted = 0;
      const result = await handshakeOverHttp(agent, origin, {
        requestedGrants: WANTED,
        expectedAid,
        fetch: (url, init) => {
          if (init.method === 'POST') posted++;
          return fetch(url, init);
        },
        // The agent of the demo answers on this machine.
        allowHttpLoopback: true,
        session: { allowHttpLoopback: true },
      });
      const tookMs = performance.now() - startedAt;
      const session = await connect({ identity, remoteDid: at.did, transport: webSocket(at.url) });
      // Each message that was posted had one for its answer.
      return new TrustedAgent(session, result, 2 * posted, tookMs);
    });
  }

  /** Shows the agent the token, for this line. @throws {AgentFailure} it does not take it. */
  present(): Promise<void> {
    return failing(() => presentTct(this.#session, this.#tct));
  }

  /** Signs the guest book. @throws {AgentFailure} it was refused. */
  sign(name: string): Promise<Answer> {
    return this.#call('guestbook.sign', { name });
  }

  /** Has the agent take the token back. @throws {AgentFailure} it was refused. */
  giveBack(): Promise<Answer> {
    return this.#call('guestbook.leave', null);
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  #call(method: string, params: unknown): Promise<Answer> {
    return failing(async () => {
      const startedAt = performance.now();
      const result = await this.#session.call(method, params);
      return { result, ms: performance.now() - startedAt };
    });
  }
}

async function failing<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new AgentFailure(failureOf(error));
  }
}
