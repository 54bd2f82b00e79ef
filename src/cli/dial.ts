// URL and DID of a peer, and a session with it that ends with the command.

import type { Identity } from '../identity/identity.js';
import { connect } from '../phone/connect.js';
import type { Session } from '../phone/session.js';
import { webSocket } from '../transport/websocket.js';
import type { Args, PositionalSpec } from './args.js';
import type { Io } from './io.js';

/** The two words that name a peer. */
export const peerPositionals: readonly PositionalSpec[] = [
  { name: 'URL', help: "the peer's address, such as wss://agent.example/phone" },
  { name: 'DID', help: "the peer's name, did:key:z6Mk...; nobody else can answer in it" },
];

/**
 * Calls the peer that the words name.
 *
 * @throws {UsageError} the words cannot be a URL and a DID. @throws as `connect`.
 */
export function dial(args: Args, identity: Identity, io: Io): Promise<Session> {
  const [url, remoteDid] = [args.required('URL'), args.required('DID')];
  if (!/^wss?:\/\/[^/]/i.test(url) || !URL.canParse(url)) throw args.wrong('URL must begin with ws:// or wss://');
  if (!remoteDid.startsWith('did:')) throw args.wrong('DID must begin with did:key:z');
  return connect({ identity, remoteDid, transport: webSocket(url), signal: io.signal });
}
