// A transport over a MessagePort, or a worker and its own scope, which talk the same way.
//
// Wire: text is posted as a string, bytes as an ArrayBuffer, transferred where the runtime can, and three kinds of objects carry the rest.
//   { type: 'ack', bytes }           so many bytes have arrived since the last ack, text counted two per UTF-16 unit
//   { type: 'close', code, reason }  the polite end; the other side answers with the same
//   { type: 'abort' }                the end without an answer
// Anything else ends the connection. Ports tell nobody when the other side has died: the session's keep-alive does.

import { systemClock } from '../clock.js';
import { ChannelError } from '../errors.js';
import type { Message, Transport } from './contract.js';
import { LOST, TransportCore, type TransportOptions, type Wire } from './core.js';
import { messageBytes } from './message-bytes.js';
import { type PairEnd, pairEnd } from './preamble-end.js';

/** What this adapter needs of a port: a `MessagePort`, a `Worker`, or the global scope inside a dedicated worker. */
export interface PortLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: 'message' | 'messageerror' | 'close', listener: (event: PortEvent) => void): void;
  removeEventListener(type: 'message' | 'messageerror' | 'close', listener: (event: PortEvent) => void): void;
  /** Only a MessagePort has it. */
  start?(): void;
  /** Called on a MessagePort only: a worker's own `close` would end the worker. */
  close?(): void;
}

/** What this adapter reads of a port's events. */
export interface PortEvent {
  readonly data?: unknown;
}

/** Arrived bytes that are acknowledged at once; fewer wait for company. */
const ACK_BYTES = 65_536;
const ACK_DELAY_MS = 5;

/** How long a port stays open after the last message of a polite end. */
const CLOSE_GRACE_MS = 100;

/**
 * One end of a connection over a port: the page dials and the worker accepts, or the other way round.
 *
 * For an iframe, a shared worker or a service worker make a `MessageChannel`, post one of its ports over and use the
 * other here: windows and service workers share their messages with strangers. The port is owned from here on and
 * closed at the end; a `Worker` is left running, since it is not ours to stop.
 *
 * @throws {TypeError} not a port, or a window.
 * @example
 * ```ts
 * const session = await connect({ identity, remoteDid, transport: messagePort(new Worker('agent.js')) })
 * // agent.js: serve({ identity, handlers, transport: messagePort(self) })
 * ```
 */
export function messagePort(port: PortLike, options: TransportOptions = {}): PairEnd {
  return pairEnd(openPort(port, options));
}

/**
 * The same as an open transport, for protocols that begin without an offer: nothing is sent but what you send.
 *
 * @param port As for {@link messagePort}; owned from here on.
 * @throws {TypeError} not a port, or a window.
 * @example
 * ```ts
 * const { port1, port2 } = new MessageChannel()
 * frame.contentWindow.postMessage('arcp', 'https://app.example', [port2])
 * void runtime.accept(portTransport(port1))
 * ```
 */
export function portTransport(port: PortLike, options: TransportOptions = {}): Transport {
  return openPort(port, options);
}

function openPort(port: PortLike, options: TransportOptions): TransportCore {
  if (typeof port?.postMessage !== 'function' || typeof port.addEventListener !== 'function') {
    throw new TypeError('port must be a MessagePort or a Worker');
  }
  if ((port as { window?: unknown }).window === port) {
    throw new TypeError('port must not be a window: post it a MessagePort and use the other one here');
  }
  const { clock = systemClock } = options;
  let pendingBytes = 0;
  let arrivedBytes = 0;
  let cancelAck: (() => void) | undefined;

  const acknowledge = () => {
    cancelAck?.();
    cancelAck = undefined;
    say({ type: 'ack', bytes: arrivedBytes });
    arrivedBytes = 0;
  };

  const say = (control: object) => {
    try {
      port.postMessage(control, []);
    } catch (cause) {
      core.end({ ...LOST, cause });
    }
  };

  let transfers = true;
  const postBytes = (buffer: ArrayBuffer) => {
    if (transfers) {
      try {
        port.postMessage(buffer, [buffer]);
        return;
      } catch {
        // workerd cannot transfer, only copy. If that is not the reason, copying fails as well and the core hears it.
        transfers = false;
      }
    }
    port.postMessage(buffer, []);
  };

  const take = (message: Message) => {
    core.deliver(message);
    arrivedBytes += messageBytes(message);
    if (core.ended) return;
    if (arrivedBytes >= ACK_BYTES) acknowledge();
    else if (arrivedBytes > 0) cancelAck ??= clock.setTimer(acknowledge, ACK_DELAY_MS);
  };

  const closePort = () => {
    if (port.start !== undefined) port.close?.();
  };

  const stopListening = () => {
    cancelAck?.();
    port.removeEventListener('message', onMessage);
    port.removeEventListener('messageerror', onFault);
    port.removeEventListener('close', onClosed);
  };

  const release = () => {
    stopListening();
    closePort();
  };

  const wire: Wire = {
    write(message) {
      if (typeof message === 'string') {
        port.postMessage(message, []);
      } else {
        postBytes(new Uint8Array(message).buffer);
      }
      pendingBytes += messageBytes(message);
    },
    pendingBytes: () => pendingBytes,
    finish: (code, reason) => say({ type: 'close', code, reason }),
    drop() {
      say({ type: 'abort' });
      release();
    },
  };
  const core = new TransportCore(wire, options);

  function onMessage({ data }: PortEvent): void {
    if (typeof data === 'string') take(data);
    else if (data instanceof ArrayBuffer) take(new Uint8Array(data));
    else if (!control(data)) onFault();
  }

  /** Acts on a control message. Returns whether it was one. A structured clone has no getters to trip over. */
  function control(data: unknown): boolean {
    if (typeof data !== 'object' || data === null) return false;
    const { type, bytes, code, reason } = data as Record<string, unknown>;
    if (type === 'ack' && isInteger(bytes, 1, pendingBytes)) {
      pendingBytes -= bytes;
      core.bufferChanged();
    } else if (type === 'close' && isInteger(code, 1000, 4999) && typeof reason === 'string' && reason.length <= 123) {
      // When both close at once, each takes the other's close for the answer to its own.
      if (!core.ended) wire.finish(code, reason);
      core.end({ code, reason, clean: true });
      stopListening();
      // What we said last gets time to arrive: workerd drops it if the port is closed right behind it.
      clock.setTimer(closePort, CLOSE_GRACE_MS);
    } else if (type === 'abort') {
      onClosed();
    } else {
      return false;
    }
    return true;
  }

  function onFault(): void {
    core.end({ ...LOST, cause: new ChannelError('ERR_CHANNEL_PROTOCOL', 'neither a message nor a control message') });
    wire.drop();
  }

  function onClosed(): void {
    core.end(LOST);
    release();
  }

  port.addEventListener('message', onMessage);
  port.addEventListener('messageerror', onFault);
  port.addEventListener('close', onClosed);
  port.start?.();
  return core;
}

function isInteger(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}
