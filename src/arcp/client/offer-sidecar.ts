// The client's offer of sidecar frames (ARCP v1.0, section 11). Loaded where somebody says how binary data is to go, before a
// word is said on the connection: nothing can come that would need it sooner.

import type { Message, Transport } from '../../transport/contract.js';
import { hasSidecar, withoutSidecar } from '../sidecar/negotiated.js';
import { SidecarTransport } from '../sidecar/sidecar-transport.js';
import type { Capabilities, Negotiated } from '../wire/capabilities.js';
import type { ResolvedOptions } from './options.js';

/** A handshake, as far as it is of concern. */
export interface Offering {
  readonly options: ResolvedOptions;
  /** What it speaks over. */
  transport: Transport;
  /** Takes each message of the transport it began with. */
  take(message: Message): void;
  /** Takes each text. */
  onText(text: string): void;
  /** What was negotiated, once it was. */
  readonly accepted: Negotiated | undefined;
}

/**
 * Has a handshake offer frames, and speak them where they are accepted: from the very message on that says so.
 *
 * @param capabilities What the caller proposes. Nothing is done where frames are not among it.
 * @returns What to propose: over a transport that carries text alone, the same without frames.
 */
export function offerSidecar(handshake: Offering, capabilities: Capabilities): Capabilities {
  const { transport, options } = handshake;
  if (transport.textOnly) return withoutSidecar(capabilities);
  // The second where they were offered before, and the session refused.
  if (!hasSidecar(capabilities) || transport instanceof SidecarTransport) return capabilities;
  const { limits, clock } = options;
  const sidecar = new SidecarTransport(transport, { maxMessageBytes: limits.maxMessageBytes, clock });
  handshake.transport = sidecar;
  handshake.take = (message) =>
    sidecar.take(message, (text) => {
      handshake.onText(text);
      if (handshake.accepted !== undefined) sidecar.accepted(handshake.accepted);
    });
  return capabilities;
}
