// The front door: what most programs need, and nothing that a subpath serves better. Named re-exports only.

export type { SdkErrorCode } from './errors.js';
export {
  ChannelError,
  CodecError,
  IdentityError,
  isSdkError,
  LimitError,
  NoiseError,
  RpcError,
  SdkError,
  StorageError,
  VaultError,
  VerifyError,
} from './errors.js';
export type { Did, Identity } from './identity/identity.js';
export { createIdentity, identityFromSeed } from './identity/seed-identity.js';
export { type ConnectOptions, connect } from './phone/connect.js';
export { type Contract, defineContract } from './phone/contract.js';
export type { Authorize, Handler, HandlerContext, Handlers } from './phone/handlers.js';
export type { Peer } from './phone/peer.js';
export { type PhoneServer, type ServeOptions, serve } from './phone/serve.js';
export type { Session, StreamOptions } from './phone/session.js';
export { rpcError } from './phone/wire-errors.js';
export { indexedDb } from './storage/indexeddb.js';
export { memoryStore } from './storage/memory.js';
export { memoryPair } from './transport/memory.js';
export { messagePort } from './transport/message-port.js';
export { webSocket } from './transport/websocket.js';
export type { Backup } from './vault/backup.js';
export { identityFromBackup } from './vault/backup-file.js';
export { type OpenedIdentity, openIdentity } from './vault/open-identity.js';
export { restoreIdentity } from './vault/restore-identity.js';
