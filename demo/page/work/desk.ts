// What the page does with its session: jobs, a network to cut, a stranger that tries to look on. Loaded only when somebody
// opens a session.

import type { ClientSession, JobHandle, MessageId } from 'ringline/arcp/client';
import { createIdentity, type Identity } from 'ringline/identity';
import { Network } from './network.js';
import { openSession } from './session.js';

/** A session, and the network below it. */
export class Desk {
  readonly session: ClientSession;
  readonly network: Network;
  /** As whom the runtime knows us. */
  readonly principal: string;
  /** The last message before any work: whoever begins after it misses nothing of that. */
  readonly since: MessageId;
  readonly tookMs: number;
  readonly #agent: { readonly url: string; readonly did: string };

  private constructor(
    agent: { readonly url: string; readonly did: string },
    network: Network,
    session: ClientSession,
    since: MessageId,
    principal: string,
    tookMs: number,
  ) {
    this.#agent = agent;
    this.network = network;
    this.session = session;
    this.since = since;
    this.principal = principal;
    this.tookMs = tookMs;
  }

  /**
   * Opens one.
   *
   * @throws {SdkError} the agent cannot be reached, or does not take us on.
   */
  static async open(identity: Identity, agent: { readonly url: string; readonly did: string }): Promise<Desk> {
    const network = new Network();
    const startedAt = performance.now();
    const session = await openSession({ identity, agent, kind: 'demo-page', network });
    const tookMs = performance.now() - startedAt;
    // Nobody but the runtime knows as whom it took us.
    const { value } = await session.invoke('whoami').result;
    const principal = (value as { principal?: unknown } | undefined)?.principal;
    const since = session.lastMessageId;
    if (since === undefined) throw new Error('the session began with no message');
    return new Desk(agent, network, session, since, String(principal), tookMs);
  }

  /** Puts the agent to work. */
  start(tool: string): JobHandle {
    return this.session.invoke(tool);
  }

  /** Mends the network, and does not wait for the next try. */
  mend(): void {
    this.network.mend();
    this.session.reconnectNow();
  }

  /**
   * Lets somebody with another key ask for what happens in this session.
   *
   * @throws {SdkError} it was refused. That is what is to be hoped for.
   */
  async tryAsStranger(): Promise<void> {
    const session = await openSession({ identity: await createIdentity(), agent: this.#agent, kind: 'stranger' });
    try {
      await session.subscribe({ session_id: [this.session.id] }, { since: this.since });
    } finally {
      void session.close();
    }
  }

  close(): Promise<void> {
    return this.session.close();
  }
}
