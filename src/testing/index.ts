// `ringline/testing`: a clock, links and a peer under a test's control, to see what one's own agent makes of a bad day.

export { type DelayedPair, type DelayedPairOptions, delayedPair } from './delayed-pair.js';
export { type FakeClock, fakeClock } from './fake-clock.js';
export {
  type HostileLink,
  type HostileLinkOptions,
  type HostilePair,
  hostileLink,
  hostileLinkBetween,
  type LinkRecord,
} from './hostile-link.js';
export {
  type FaultRates,
  type LinkAction,
  type LinkDirection,
  type LinkMessage,
  type LinkPolicy,
  type LinkStep,
  randomFaults,
} from './link-faults.js';
export { HANDSHAKE_BYTES, type HandshakeNumber, type Misbehaviour } from './misbehaviour.js';
export {
  type HandshakeOutcome,
  type ReceivedFrame,
  type ScriptedFrame,
  ScriptedPeer,
  type ScriptedPeerOptions,
} from './scripted-peer.js';
