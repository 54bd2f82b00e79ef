// `ringline/phone`: live, mutually authenticated, encrypted calls between two agents (agent-phone v1).

export { type AdmissionLimits, DEFAULT_ADMISSION } from './admission.js';
export { type ConnectOptions, connect } from './connect.js';
export {
  type Contract,
  type ContractClient,
  type ContractHandlers,
  type ContractSession,
  defineContract,
  type MethodSpec,
  type MethodSpecs,
  type Schema,
} from './contract.js';
export type { AuthorizationRequest, Authorize, FaultListener, Handler, HandlerContext, Handlers } from './handlers.js';
export { DEFAULT_LIMITS, type SessionLimits } from './limits.js';
export type { CallOptions } from './outgoing.js';
export type { Peer } from './peer.js';
export { type Claim, type PhoneServer, type ServeOptions, serve } from './serve.js';
export { type PeerRecord, Session, type StreamOptions } from './session.js';
export type { SessionOptions } from './session-options.js';
export { rpcError, WIRE_CODES } from './wire-errors.js';
