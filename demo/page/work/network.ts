// The network of this page, with a knife in it: cut, the sockets are aborted as if the cable had gone, and nobody gets
// through until it is mended.

import type { Dialer, Transport } from 'ringline/transport';

/** Every connection that goes over it ends when it is cut. */
export class Network {
  readonly #live = new Set<Transport>();
  #isCut = false;
  /** Connections that came about. */
  lines = 0;

  get isCut(): boolean {
    return this.#isCut;
  }

  /** Aborts what is open; nothing is said to the other side. */
  cut(): void {
    this.#isCut = true;
    for (const transport of this.#live) transport.abort();
    this.#live.clear();
  }

  mend(): void {
    this.#isCut = false;
  }

  /** A dialer that goes over it. */
  over(dialer: Dialer): Dialer {
    return {
      dial: async (offer) => {
        if (this.#isCut) throw new Error('the network is cut');
        const transport = await dialer.dial(offer);
        if (this.#isCut) {
          // While somebody picked up.
          transport.abort();
          throw new Error('the network was cut');
        }
        this.#live.add(transport);
        this.lines++;
        void transport.closed.then(() => this.#live.delete(transport));
        return transport;
      },
    };
  }
}
