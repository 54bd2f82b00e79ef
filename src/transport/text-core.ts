// The core of transports that carry text alone, and say so.

import { TransportCore } from './core.js';

/** A {@link TransportCore} over a wire whose `assertMessage` refuses bytes. */
export class TextTransportCore extends TransportCore {
  readonly textOnly = true;
}
