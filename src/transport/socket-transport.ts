// A transport over any standard WebSocket: a browser's, Deno's, workerd's, Bun's or Node's `ws`, on either side.
// What they disagree on is settled here: close codes, Blobs, buffered bytes, who copies, who answers a close.

import { systemClock } from '../clock.js';
import type { Message, Transport } from './contract.js';
import { LOST, TransportCore, type TransportOptions, type Wire } from './core.js';
import { messageBytes } from './message-bytes.js';
import { pooledCopy } from './pooled-copy.js';

/** What this adapter reads of a WebSocket's events. */
export interface WebSocketEvent {
  readonly type?: string;
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
  readonly wasClean?: boolean;
  readonly error?: unknown;
}

/** What this adapter needs of a WebSocket. Every runtime's own fits. */
export interface WebSocketLike {
  readonly readyState: number;
  /** Subprotocol the server chose; absent on some server sides. */
  readonly protocol?: string;
  /** Absent in workerd, always 0 in some clients. */
  readonly bufferedAmount?: number | undefined;
  binaryType?: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  /** Ends without a closing handshake; only Node's `ws` and Bun have it. */
  terminate?(): void;
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: WebSocketEvent) => void): void;
}

/** Options of {@link socketTransport}. */
export interface SocketTransportOptions extends TransportOptions {
  /**
   * Whether to copy bytes before handing them to the socket. Default `true`. Only for sockets known to copy by
   * themselves before `send` returns, such as any browser's, set it to `false`.
   */
  readonly copyOnSend?: boolean;
  /**
   * How the socket gives its binary messages. Default `arraybuffer`, which every WebSocket knows. `nodebuffer`, which
   * Node's `ws` knows, saves a copy of each: the bytes are views into what the socket read.
   */
  readonly binaryType?: 'arraybuffer' | 'nodebuffer';
  /** Called before each message is handed to the socket: a host may hold back the TCP writes of one turn here. */
  readonly onBeforeSend?: () => void;
}

/** Between two looks at the socket while somebody waits for room: from 1 ms, doubling, to 16 ms. */
const MAX_POLL_MS = 16;

/** How long after an error the runtime may take to tell how the connection ended. */
const ERROR_GRACE_MS = 100;

/** What an abort says where a socket cannot simply be cut: 1006, in the range a program may send. */
const ABORTED = 4006;

/**
 * Makes a WebSocket a {@link Transport}. The socket is owned from here on; nobody else may send on it or close it.
 *
 * What is sent while the socket is still connecting goes out when it opens.
 *
 * @param socket Connecting or open, and on workerd accepted.
 * @throws {TypeError} not a WebSocket.
 */
export function socketTransport(socket: WebSocketLike, options: SocketTransportOptions = {}): Transport {
  if (typeof socket?.addEventListener !== 'function' || typeof socket.send !== 'function') {
    throw new TypeError('socket must be a WebSocket');
  }
  const { copyOnSend = true, binaryType = 'arraybuffer', onBeforeSend, clock = systemClock } = options;

  const beforeOpen: Message[] = [];
  let beforeOpenBytes = 0;
  // Some runtimes report nothing buffered, whatever waits. Until this one has shown that it counts, what was sent
  // in the current turn of the event loop stands in for it: a sender then gives way to the loop now and again.
  let countsByItself = false;
  let turnBytes = 0;
  let turnEnds = false;
  let watching = false;

  const buffered = () => socket.bufferedAmount ?? 0;

  const hand = (message: Message) => {
    onBeforeSend?.();
    const copied = typeof message !== 'string' && copyOnSend ? pooledCopy(message) : message;
    socket.send(copied as string | Uint8Array<ArrayBuffer>);
    countsByItself ||= buffered() > 0;
    if (countsByItself) return;
    turnBytes += messageBytes(message);
    if (turnEnds) return;
    turnEnds = true;
    clock.setTimer(() => {
      turnEnds = false;
      turnBytes = 0;
      core.bufferChanged();
    }, 0);
  };

  const poll = (delayMs: number) => {
    clock.setTimer(() => {
      watching = core.bufferChanged();
      if (watching) poll(Math.min(2 * delayMs, MAX_POLL_MS));
    }, delayMs);
  };

  let said: { readonly code: number | undefined; readonly reason: string } | undefined;

  const wire: Wire = {
    write(message) {
      if (socket.readyState !== 0) {
        hand(message);
      } else {
        beforeOpen.push(typeof message === 'string' ? message : new Uint8Array(message));
        beforeOpenBytes += messageBytes(message);
      }
    },
    pendingBytes: () => Math.max(buffered(), turnBytes) + beforeOpenBytes,
    finish(code, reason) {
      said = { code: closeSocket(socket, code, reason), reason };
    },
    drop() {
      if (socket.terminate !== undefined) socket.terminate();
      else closeSocket(socket, ABORTED, '');
    },
    watchBuffer() {
      if (!watching) poll(1);
      watching = true;
    },
  };
  const core = new TransportCore(wire, options);

  // The listeners stay: `ws` throws an 'error' nobody listens to, and it may come after we have ended.
  socket.addEventListener('open', () => {
    const waiting = beforeOpen.splice(0);
    beforeOpenBytes = 0;
    try {
      for (const message of waiting) if (!core.ended) hand(message);
    } catch {
      core.abort();
    }
  });
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') core.deliver(data);
    else if (data instanceof ArrayBuffer) core.deliver(new Uint8Array(data));
    // Not the Buffer itself, whose `slice` is a view.
    else if (binaryType === 'nodebuffer' && data instanceof Uint8Array) {
      core.deliver(new Uint8Array(data.buffer, data.byteOffset, data.length));
    }
    // A Blob would have to be read asynchronously, out of order: whoever set the socket to Blobs must not.
    else core.close(1003, 'message kind');
  });
  let cancelGrace: (() => void) | undefined;
  let failure: { readonly cause: unknown } | undefined;
  socket.addEventListener('close', ({ code = 1005, reason = '', wasClean = false }) => {
    cancelGrace?.();
    const clean = wasClean && code !== ABORTED;
    // Some runtimes answer a close with its code alone: then the reason is the one we gave.
    const given = said?.code === code ? reason || said.reason : reason;
    core.end({ code, reason: given, clean, ...(clean ? undefined : failure) });
    // workerd leaves its half open until the program closes it too, and the peer waits. Elsewhere this does nothing.
    // 1005 and 1006 stand for a code that never came: they cannot be sent back.
    closeSocket(socket, code === 1005 || code === 1006 ? undefined : code, reason);
  });
  socket.addEventListener('error', ({ error }) => {
    if (error !== undefined) failure ??= { cause: error };
    // The close event that follows knows more: workerd reports an error first when the peer hangs up quickly after a
    // polite end. Not every runtime sends one, so it gets a moment; after our own close that is the close timeout.
    if (core.ended) return;
    cancelGrace ??= clock.setTimer(() => {
      core.end({ ...LOST, ...failure });
      wire.drop();
    }, ERROR_GRACE_MS);
  });
  socket.binaryType = binaryType;
  // It may have ended before anybody listened, and then no event tells.
  if (socket.readyState > 1) core.end(LOST);
  return core;
}

/**
 * Closes with this code, or with the one 3000 above it where the runtime keeps 1001 to 1014 to itself, as browsers do.
 * Never throws. Returns the code used.
 */
function closeSocket(socket: WebSocketLike, code: number | undefined, reason: string): number | undefined {
  for (const allowed of code === undefined ? [] : [code, code + 3000]) {
    try {
      socket.close(allowed, reason);
      return allowed;
    } catch {
      // Refused: try the next.
    }
  }
  try {
    socket.close();
  } catch {
    // Nothing left to try; the close timeout ends the wait.
  }
  return undefined;
}
