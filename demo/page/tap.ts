// Looks over the shoulder of a transport: every message, as the network has it. The package needs no hook for this,
// since a transport is a value that anybody may wrap.

import type { Dialer, Message, Transport } from 'ringline/transport';

/** Told of every message that crosses, sealed. The bytes are borrowed: copy what you keep, before you return. */
export type TapListener = (way: 'out' | 'in', message: Message) => void;

/** A dialer whose connections are watched. */
export function tapped(dialer: Dialer, listener: TapListener): Dialer {
  return { dial: async (offer) => watched(await dialer.dial(offer), listener) };
}

function watched(transport: Transport, listener: TapListener): Transport {
  return {
    get bufferedBytes() {
      return transport.bufferedBytes;
    },
    closed: transport.closed,
    send(message) {
      listener('out', message);
      transport.send(message);
    },
    receive(receiver) {
      transport.receive((message) => {
        listener('in', message);
        receiver(message);
      });
    },
    drained: (options) => transport.drained(options),
    close: (code, reason) => transport.close(code, reason),
    abort: () => transport.abort(),
  };
}
