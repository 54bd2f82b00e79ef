// Dials a WebSocket: address, subprotocol, `caller` parameter. The agent-phone specification, section 2.
// The only file that names `isows`, and only where the runtime has no WebSocket of its own.

import { assertSignal, assertString } from '../bytes/assert.js';
import { ChannelError } from '../errors.js';
import { abortable } from './abortable.js';
import type { Dialer, DialOffer, Transport } from './contract.js';
import type { TransportOptions } from './core.js';
import { documentLimits } from './document-limits.js';
import { optionsOfWs } from './node-ws.js';
import { socketTransport, type WebSocketLike } from './socket-transport.js';

/** A WebSocket class, such as the runtime's own or the one from `ws`. */
export type WebSocketConstructor = new (url: string, protocols: string[], options?: object) => WebSocketLike;

/** Options of {@link webSocket}. */
export interface WebSocketOptions extends TransportOptions {
  /** Class to dial with. Default: the runtime's own; where there is none, that of the `ws` package. */
  readonly WebSocket?: WebSocketConstructor;
}

/** Options of {@link openWebSocket}. */
export interface OpenWebSocketOptions extends WebSocketOptions {
  /** Subprotocols to offer. Default: none. That the server chooses one is not demanded. */
  readonly protocols?: readonly string[];
  /** Ends the attempt. */
  readonly signal?: AbortSignal;
  /** As in `TransportOptions`. Default 8,388,608. */
  readonly maxMessageBytes?: number;
  /** As in `TransportOptions`. Default 33,554,432, or four times `maxMessageBytes` where that is more. */
  readonly maxBufferedBytes?: number;
}

/** What is dialled, and what is expected of the server. */
interface Attempt {
  readonly address: URL;
  /** The address as it is dialled. */
  readonly href: string;
  readonly protocols: readonly string[];
  /** The one that has to come back. Absent: any may, or none. */
  readonly demanded?: string;
  readonly signal: AbortSignal | undefined;
  /** Longest message that `ws` is to take. */
  readonly maxPayload: number;
}

/** No frame of a channel is longer than that. */
const MAX_PAYLOAD_BYTES = 1_048_576;

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
  assertSocketClass(options);
  return {
    async dial({ subprotocol, callerDid, signal }: DialOffer) {
      assertString(subprotocol, 'subprotocol');
      assertString(callerDid, 'callerDid');
      const href = withCaller(address, callerDid);
      const demands = { protocols: [subprotocol], demanded: subprotocol, maxPayload: MAX_PAYLOAD_BYTES };
      return open({ address, href, signal, ...demands }, options);
    },
  };
}

/**
 * Opens a WebSocket for a protocol that asks nothing of the connection: no subprotocol, no word about the caller. The
 * URL is dialled as it is, without a fragment.
 *
 * @param url Absolute, `ws:` or `wss:`.
 * @returns An open transport.
 * @throws {TypeError | RangeError} not such a URL, or an option of the wrong kind or range.
 * @throws {ChannelError} ERR_CHANNEL_REFUSED: no connection.
 * @throws `signal.reason`, untouched.
 * @example
 * ```ts
 * const transport = await openWebSocket('wss://runtime.example/arcp', { signal: AbortSignal.timeout(10_000) })
 * ```
 */
export async function openWebSocket(url: string | URL, options: OpenWebSocketOptions = {}): Promise<Transport> {
  const address = parseAddress(url);
  assertSocketClass(options);
  const { protocols = [], signal } = options;
  if (!Array.isArray(protocols)) throw new TypeError('protocols must be a list');
  for (const protocol of protocols) assertString(protocol, 'protocols[]');
  const limits = documentLimits(options);
  const attempt = { address, href: address.href, protocols, signal, maxPayload: limits.maxMessageBytes };
  return open(attempt, { ...options, ...limits });
}

async function open(attempt: Attempt, options: WebSocketOptions): Promise<Transport> {
  const { address, href, protocols, demanded, signal, maxPayload } = attempt;
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
      // For `ws`; the others ignore a third argument. A compressor would gain nothing on ciphertext, cost more than the
      // network saves on the rest, and read our buffers after `send` has returned.
      socket = new Socket(href, [...protocols], { perMessageDeflate: false, maxPayload });
      transport = socketTransport(socket, { ...options, copyOnSend: false, ...optionsOfWs(socket) });
    } catch (cause) {
      refuse('the runtime will not open this connection (from https only wss)', cause);
      return () => {};
    }
    let connected = false;
    socket.addEventListener('open', () => {
      connected = true;
      if (demanded === undefined || socket.protocol === demanded) {
        resolve(transport);
      } else {
        transport.close(1002, 'subprotocol');
        refuse(`the server does not speak ${demanded}`);
      }
    });
    const failed = ({ error }: { readonly error?: unknown }) => {
      // Once the connection stands this changes nothing any more: its end is the transport's business.
      if (connected) return;
      refuse(`no connection; does anybody there speak ${demanded ?? 'WebSocket'}?`, error);
      transport.abort();
    };
    socket.addEventListener('error', failed);
    socket.addEventListener('close', failed);
    return () => transport.abort();
  });
}

function assertSocketClass({ WebSocket }: WebSocketOptions): void {
  if (WebSocket !== undefined && typeof WebSocket !== 'function') {
    throw new TypeError('options.WebSocket must be a class');
  }
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
