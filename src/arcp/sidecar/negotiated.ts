// Whether binary data may go by sidecar frames (ARCP v1.0, sections 7 and 11): said in `binary_encoding`.

import type { Negotiated } from '../wire/capabilities.js';

/** What a peer lists in `binary_encoding`, and what a `stream.open` says in `encoding`. */
export const SIDECAR = 'sidecar';

/** What a runtime lists: over transports that carry text alone the second is left out. */
export const BINARY_ENCODINGS: readonly string[] = ['base64', SIDECAR];

/** Whether capabilities have sidecar frames among their encodings. */
export function hasSidecar({ binary_encoding }: Pick<Negotiated, 'binary_encoding'>): boolean {
  return binary_encoding?.includes(SIDECAR) === true;
}

/** The same capabilities without sidecar frames. */
export function withoutSidecar<C extends Negotiated>(capabilities: C): C {
  const { binary_encoding } = capabilities;
  if (binary_encoding === undefined) return capabilities;
  return { ...capabilities, binary_encoding: binary_encoding.filter((name) => name !== SIDECAR) };
}
