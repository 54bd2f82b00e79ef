// A session of ARCP with the agent that is dialled: inside a line that has proved both keys, so that no other credential is
// needed. The page and its observer each open one.

import { type ClientSession, connect } from 'ringline/arcp/client';
import { arcpPhone } from 'ringline/arcp/phone';
import type { Identity } from 'ringline/identity';
import { connect as dialPhone } from 'ringline/phone';
import { webSocket } from 'ringline/transport/websocket';
import { Network } from './network.js';

/** How long a command waits for its answer: also while there is no network. */
const REQUEST_TIMEOUT_MS = 120_000;

/** What to open a session with. */
export interface WorkOptions {
  readonly identity: Identity;
  readonly agent: { readonly url: string; readonly did: string };
  /** Who we say we are. It proves nothing, and need not. */
  readonly kind: string;
  readonly network?: Network;
}

/**
 * Opens one.
 *
 * @throws {SdkError} the agent cannot be reached, or is another, or takes no work.
 */
export function openSession({ identity, agent, kind, network = new Network() }: WorkOptions): Promise<ClientSession> {
  return connect({
    // A lost line is replaced by another one, with a handshake of its own.
    async dial({ signal }) {
      const arcp = arcpPhone();
      const line = await dialPhone({
        identity,
        remoteDid: agent.did,
        transport: network.over(webSocket(agent.url)),
        handlers: arcp.handlers,
        signal,
      });
      const transport = arcp.open(line);
      // The line was for this alone.
      void transport.closed.then(() => line.close());
      return transport;
    },
    auth: { scheme: 'none' },
    client: { kind, version: '1.0.0' },
    capabilities: { streaming: true, human_input: true, artifacts: true, subscriptions: true },
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    reconnect: { initialDelayMs: 300, maxDelayMs: 3_000 },
  });
}
