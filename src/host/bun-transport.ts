// A transport over Bun's server sockets, which are no standard WebSockets: no events, one object of handlers for all of
// them, `data` to tell them apart.

import type { Message } from '../transport/contract.js';
import { LOST, TransportCore, type TransportOptions, type Wire } from '../transport/core.js';

/** What this adapter needs of a `ServerWebSocket`. */
export interface BunSocket {
  binaryType?: string;
  /** Copies. Bytes sent; -1: kept until there is room; 0: dropped, the socket is gone or the backlog too long. */
  send(message: Message): number;
  close(code?: number, reason?: string): void;
  terminate(): void;
  getBufferedAmount(): number;
}

/** A {@link TransportCore} whose socket's events come from outside, by these methods. */
export class BunTransport extends TransportCore {
  /** @param socket Open; owned from here on. */
  constructor(socket: BunSocket, options?: TransportOptions) {
    super(wireOf(socket), options);
    socket.binaryType = 'uint8array';
  }

  onMessage(message: Message): void {
    this.deliver(message);
  }

  onDrain(): void {
    this.bufferChanged();
  }

  onClose(code: number, reason: string): void {
    this.end(code === 1006 ? LOST : { code, reason, clean: true });
  }
}

function wireOf(socket: BunSocket): Wire {
  return {
    write(message) {
      if (socket.send(message) === 0) throw new Error('the socket dropped a message');
    },
    pendingBytes: () => socket.getBufferedAmount(),
    finish: (code, reason) => socket.close(code, reason),
    drop: () => socket.terminate(),
  };
}
