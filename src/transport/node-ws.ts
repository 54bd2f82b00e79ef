// What pays with Node's `ws`, the one WebSocket that is an event emitter and shows its TCP socket. Nothing here concerns
// a page, whose bundles leave this file out.

import { type Corkable, corkPerTurn } from './cork.js';
import type { SocketTransportOptions, WebSocketLike } from './socket-transport.js';

interface Upgrading {
  on(type: 'upgrade', listener: (response: { readonly socket?: Corkable }) => void): unknown;
}

/**
 * Options for a socket that dials, if it is one of `ws`.
 *
 * @param socket Still connecting: its TCP socket shows when the server has agreed.
 */
export function optionsOfWs(socket: WebSocketLike & Partial<Upgrading>): SocketTransportOptions {
  if (typeof socket.on !== 'function') return {};
  let cork = () => {};
  socket.on('upgrade', ({ socket: tcp }) => {
    if (typeof tcp?.cork === 'function') cork = corkPerTurn(tcp, queueMicrotask);
  });
  return { onBeforeSend: () => cork(), binaryType: 'nodebuffer' };
}
