// Two WebSockets wired to each other in memory, standing in for those a runtime would make.

import type { Dialer } from '../../src/transport/contract.js';
import { socketTransport, type WebSocketEvent, type WebSocketLike } from '../../src/transport/socket-transport.js';

/** One half: a WebSocket as the platform has it, as far as the adapters look. */
export class SocketHalf implements WebSocketLike {
  readyState = 1;
  readonly bufferedAmount = 0;
  binaryType = 'blob';
  other!: SocketHalf;
  readonly #listeners = new Map<string, ((event: WebSocketEvent) => void)[]>();

  addEventListener(type: string, listener: (event: WebSocketEvent) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(data: string | Uint8Array): void {
    const message = typeof data === 'string' ? data : data.slice().buffer;
    queueMicrotask(() => this.other.emit('message', { data: message }));
  }

  close(code = 1005, reason = ''): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    queueMicrotask(() => {
      this.emit('close', { code, reason, wasClean: true });
      this.other.close(code, reason);
    });
  }

  emit(type: string, event: WebSocketEvent): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}

/** @returns The caller's half and the host's. */
export function socketPair(): [caller: SocketHalf, host: SocketHalf] {
  const [caller, host] = [new SocketHalf(), new SocketHalf()];
  caller.other = host;
  host.other = caller;
  return [caller, host];
}

/** Dials a half that is open already. */
export function dialerOf(half: WebSocketLike): Dialer {
  return { dial: async () => socketTransport(half) };
}

/** The request of an honest caller, and what else a test wants in it. */
export function upgradeRequest(
  callerDid: string,
  headers: Record<string, string> = {},
  base = 'http://agent.example/',
): Request {
  const url = `${base}?caller=${encodeURIComponent(callerDid)}`;
  // Through a Map: a Request of Node's refuses some of these headers, as a page would.
  const all = new Map(
    Object.entries({
      host: new URL(base).host,
      upgrade: 'websocket',
      'sec-websocket-protocol': 'agent-phone.v1',
      ...headers,
    }),
  );
  const get = (name: string) => all.get(name) ?? null;
  return { method: 'GET', url, headers: { get } as Headers } as Request;
}
