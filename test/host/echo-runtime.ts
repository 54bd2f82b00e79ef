// A runtime as hosts see one: it answers each message of text with itself, and notes what comes.

import type { ConnectionPeer } from '../../src/arcp/acceptor.js';
import { receiveText } from '../../src/arcp/acceptor.js';
import type { Transport } from '../../src/transport/contract.js';

export interface EchoRuntime {
  readonly peers: (ConnectionPeer | undefined)[];
  readonly transports: Transport[];
  accept(transport: Transport, peer?: ConnectionPeer): Promise<void>;
}

export function echoRuntime(): EchoRuntime {
  const peers: (ConnectionPeer | undefined)[] = [];
  const transports: Transport[] = [];
  return {
    peers,
    transports,
    async accept(transport, peer) {
      peers.push(peer);
      transports.push(transport);
      receiveText(transport, (text) => transport.send(text));
      await transport.closed;
    },
  };
}

/** The next so many messages of text, or as many as come before the end. */
export function nextTexts(transport: Transport, count: number): Promise<string[]> {
  const got: string[] = [];
  return new Promise((resolve) => {
    receiveText(transport, (text) => {
      got.push(text);
      if (got.length === count) resolve(got);
    });
    void transport.closed.then(() => resolve(got));
  });
}
