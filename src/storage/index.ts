// Places to keep things: the contract, and a store in memory. IndexedDB has a subpath of its own.

export type { Persistence, Store } from './contract.js';
export { memoryStore } from './memory.js';
