// Public entry `ringline/transport`: the contract and every adapter.

export type {
  Acceptor,
  Dialer,
  DialOffer,
  IncomingCall,
  Message,
  Transport,
  TransportCloseInfo,
} from './contract.js';
export type { TransportOptions } from './core.js';
export { memoryPair, memoryTransports } from './memory.js';
export { messagePort, type PortEvent, type PortLike, portTransport } from './message-port.js';
export { type NdjsonOptions, type NdjsonStreams, ndjson } from './ndjson.js';
export type { PairEnd } from './preamble-end.js';
export {
  type SocketTransportOptions,
  socketTransport,
  type WebSocketEvent,
  type WebSocketLike,
} from './socket-transport.js';
export {
  type OpenWebSocketOptions,
  openWebSocket,
  type WebSocketConstructor,
  type WebSocketOptions,
  webSocket,
} from './websocket.js';
export { type AcceptWebSocketOptions, acceptWebSocket, callerFromUrl } from './websocket-accept.js';
