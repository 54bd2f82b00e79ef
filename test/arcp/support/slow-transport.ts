// A connection whose network takes nothing until the test lets it: what a slow client looks like from the runtime.

import type { Message, Transport, TransportCloseInfo } from '../../../src/transport/contract.js';

/** A transport, and the hand on its tap. */
export interface SlowTransport {
  readonly transport: Transport;
  /** Everything the other side was given to send, also what the network has not taken. */
  readonly sent: string[];
  /** How the transport ended, once it has. */
  readonly ended: TransportCloseInfo | undefined;
  /** From now on nothing leaves; at first everything does. */
  pause(): void;
  /** Takes all that waits; what comes then waits again. */
  flush(): void;
  /** Everything leaves at once again. */
  resume(): void;
  /** Delivers a message to the other side. */
  receive(text: string): void;
  /** Loses the connection. */
  drop(): void;
}

/** Makes one. */
export function slowTransport(): SlowTransport {
  const sent: string[] = [];
  const waiters: { readonly belowBytes: number; readonly resolve: () => void }[] = [];
  let listener: ((message: Message) => void) | undefined;
  let bufferedBytes = 0;
  let isPaused = false;
  let ended: TransportCloseInfo | undefined;
  let settleClosed: (info: TransportCloseInfo) => void = () => {};
  const closed = new Promise<TransportCloseInfo>((resolve) => {
    settleClosed = resolve;
  });
  const wake = (): void => {
    for (const waiter of waiters.splice(0)) {
      if (ended !== undefined || bufferedBytes <= waiter.belowBytes) waiter.resolve();
      else waiters.push(waiter);
    }
  };
  const end = (info: TransportCloseInfo): void => {
    if (ended !== undefined) return;
    ended = info;
    settleClosed(info);
    wake();
  };
  const flush = (): void => {
    bufferedBytes = 0;
    wake();
  };
  const transport: Transport = {
    send(message) {
      if (ended !== undefined) throw new Error('closed');
      sent.push(message as string);
      if (isPaused) bufferedBytes += message.length;
    },
    get bufferedBytes() {
      return bufferedBytes;
    },
    drained: ({ belowBytes }) =>
      bufferedBytes <= belowBytes || ended !== undefined
        ? Promise.resolve()
        : new Promise((resolve) => waiters.push({ belowBytes, resolve })),
    receive(callback) {
      listener = callback;
    },
    close: (code = 1000, reason = '') => end({ code, reason, clean: true }),
    abort: () => end({ code: 1006, reason: '', clean: false }),
    closed,
  };
  return {
    transport,
    sent,
    get ended() {
      return ended;
    },
    pause() {
      isPaused = true;
    },
    flush,
    resume() {
      isPaused = false;
      flush();
    },
    receive: (text) => listener?.(text),
    drop: () => transport.abort(),
  };
}
