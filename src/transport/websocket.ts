// Dials a WebSocket: address, subprotocol, `caller` parameter. The agent-phone specification, section 2.
// The only file that names `isows`, and only where the runtime has no WebSocket of its own.

import { assertSignal, assertString } from '../bytes/assert.js';
import { ChannelError } from '../errors.js';
import { abortable } from './abortable.js';
import type { Dialer, DialOffer, Transport } from './contract.js';
import type { TransportOptions } from './core.js';
import { optionsOfWs } from './node-ws.js';
import { socketTransport, type WebSocketLike } from './socket-transport.js';

/** A WebSocket class, such as the runtime's own or the one from `ws`. */
export type WebSocketConstructor = new (url: string, protocols: string[], options?: object) => WebSocketLike;

/** Options of {@link webSocket}. */
export interface WebSocketOptions extends TransportOptions {
  /** Class to dial with. Default: the runtime's own; where there is none, that of the `ws` package. */
  readonly WebSocket?: WebSocketConstructor;
}

/**
 * For `ws`; the others ignore a third argument. Ciphertext does not compress, and a compressor would read our buffers
 * after `send` has returned. No message of ours is longer than that either.
 */
const NODE_OPTIONS = { perMessageDeflate: false, maxPayload: 1_048_576 };

/**
 * The address of an agent. Nothing is opened before `dial`, which may be called again for another connection.
 *
 * `dial` adds the query parameter `caller` and leaves the others as they are. A fragment, such as `#did:key:z...`, is
 * never sent.
 *
 * @param url Absolute, `ws:` or `wss:`.
 * @throws {TypeError} not such a URL, or `options.WebSocket` is not a class.
 * @example
 * ```ts
 * const session = await connect({ identity, remoteDid, transport: webSocket('wss://agents.example/phone') })
 * ```
 */
export function webSocket(url: string | URL, options: WebSocketOptions = {}): Dialer {
  const address = parseAddress(url);
  if (options.WebSocket !== undefined && typeof options.WebSocket !== 'function') {
    throw new TypeError('options.WebSocket must be a class');
  }
  return { dial: (offer) => dial(address, offer, options) };
}

async function dial(address: URL, offer: DialOffer, options: WebSocketOptions): Promise<Transport> {
  const { subprotocol, callerDid, signal } = offer;
  assertString(subprotocol, 'subprotocol');
  assertString(callerDid, 'callerDid');
  assertSignal(signal);
  if (signal?.aborted) throw signal.reason;

  const Socket =
    options.WebSocket ?? (globalThis.WebSocket as WebSocketConstructor | undefined) ?? (await loadSocket());

  return abortable(signal, ({ resolve, reject }) => {
    const refuse = (message: string, cause?: unknown) =>
      // Without the query: it may hold a token.
      reject(new ChannelError('ERR_CHANNEL_REFUSED', `${address.origin}${address.pathname}: ${message}`, { cause }));
    let socket: WebSocketLike;
    let transport: Transport;
    try {
      socket = new Socket(withCaller(address, callerDid), [subprotocol], NODE_OPTIONS);
      transport = socketTransport(socket, { ...options, copyOnSend: false, ...optionsOfWs(socket) });
    } catch (cause) {
      refuse('the runtime will not open this connection (a page from https may dial wss only)', cause);
      return () => {};
    }
    let connected = false;
    socket.addEventListener('open', () => {
      connected = true;
      if (socket.protocol === subprotocol) {
        resolve(transport);
      } else {
        transport.close(1002, 'subprotocol');
        refuse(`the server does not speak ${subprotocol}`);
      }
    });
    const failed = ({ error }: { readonly error?: unknown }) => {
      // Once the connection stands this changes nothing any more: its end is the transport's business.
      if (connected) return;
      refuse(`no connection; is the agent listening there, and does it speak ${subprotocol}?`, error);
      transport.abort();
    };
    socket.addEventListener('error', failed);
    socket.addEventListener('close', failed);
    return () => transport.abort();
  });
}

function parseAddress(url: string | URL): URL {
  let address: URL;
  try {
    address = new URL(url);
  } catch (cause) {
    throw new TypeError('url must be an absolute URL, such as wss://host/path', { cause });
  }
  if (address.protocol !== 'ws:' && address.protocol !== 'wss:') {
    throw new TypeError(`url must begin with ws: or wss:, not ${address.protocol} (http becomes ws, https wss)`);
  }
  address.hash = '';
  return address;
}

function withCaller(address: URL, callerDid: string): string {
  const url = new URL(address);
  // `searchParams` would spell the other parameters anew, and one of them may be signed: so it is used only to remove
  // a caller that is not ours, and ours is appended to the text.
  if (url.searchParams.has('caller')) url.searchParams.delete('caller');
  url.search += `${url.search === '' ? '?' : '&'}caller=${encodeURIComponent(callerDid)}`;
  return url.href;
}

async function loadSocket(): Promise<WebSocketConstructor> {
  try {
    return (await import('isows')).WebSocket as WebSocketConstructor;
  } catch (cause) {
    throw new ChannelError(
      'ERR_CHANNEL_REFUSED',
      'this runtime has no WebSocket: install the package "ws", or pass a class as options.WebSocket',
      { cause },
    );
  }
}
