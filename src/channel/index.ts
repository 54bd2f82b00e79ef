// `ringline/channel`: authenticated, encrypted frames between two agents, for protocols of one's own.

export {
  type Channel,
  type ChannelCloseInfo,
  MAX_FRAME_BYTES,
  MAX_PLAINTEXT_BYTES,
} from './contract.js';
export { type InitiateOptions, initiate } from './initiate.js';
export { SUBPROTOCOL } from './parties.js';
export { type RespondOptions, respond } from './respond.js';
export type { SecureChannel } from './secure-channel.js';
