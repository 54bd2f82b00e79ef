// A WebSocket of a Durable Object that may hibernate: its events come to the object, by name of the handler, and not to
// listeners. Here they are passed on to listeners again, for the adapter that every other WebSocket has.

import type { WebSocketEvent, WebSocketLike } from '../transport/socket-transport.js';

/** As much of such a socket as is used. */
export interface DurableSocket {
  readonly readyState: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  /** Keeps a value, at most 2,048 bytes, for as long as the socket stands. */
  // biome-ignore lint/suspicious/noExplicitAny: as the types of Workers have it
  serializeAttachment(value: any): void;
  // biome-ignore lint/suspicious/noExplicitAny: as the types of Workers have it
  deserializeAttachment(): any;
}

type Listener = (event: WebSocketEvent) => void;

/** The socket, as the adapter sees it. */
export class HibernatingSocket implements WebSocketLike {
  readonly #socket: DurableSocket;
  readonly #listeners = new Map<string, Listener[]>();

  constructor(socket: DurableSocket) {
    this.#socket = socket;
  }

  get readyState(): number {
    return this.#socket.readyState;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }

  addEventListener(type: string, listener: Listener): void {
    const listeners = this.#listeners.get(type);
    if (listeners === undefined) this.#listeners.set(type, [listener]);
    else listeners.push(listener);
  }

  /** Passes on what came to the object. */
  tell(type: 'message' | 'close' | 'error', event: WebSocketEvent): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}
