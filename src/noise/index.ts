export { CipherState, MAX_MESSAGES } from './cipher-state.js';
export {
  XK_MESSAGE_BYTES,
  XkInitiator,
  type XkInitiatorOptions,
  type XkOptions,
  XkResponder,
  type XkResult,
} from './handshake-xk.js';
export { buildPrologue } from './prologue.js';
export {
  type AeadKey,
  type DhKeyPair,
  type EphemeralKeyPair,
  HEADROOM_BYTES,
  MAX_MESSAGE_BYTES,
  type NoiseSuite,
  TAG_BYTES,
  TAILROOM_BYTES,
} from './suite.js';
export { nobleSuite } from './suite-noble.js';
export { PROTOCOL_NAME } from './symmetric-state.js';
