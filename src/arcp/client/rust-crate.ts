// The Rust crate, in version 0.1.0 as in 2.0.0, ends the connection when it cannot decode a message: what must never be
// sent to it.

import type { RuntimeIdentity } from '../wire/session.js';

/** Core types it does not know; test/arcp/client/rust-crate.test.ts holds this to the registry. */
const ABSENT = /^(?:checkpoint\.|job\.(?:checkpoint|schedule)|workflow\.|agent\.)/;

/** Whether a runtime takes a core type. */
export function isKnownTo({ kind }: RuntimeIdentity, type: string): boolean {
  return kind !== 'arcp-rs' || !ABSENT.test(type);
}
