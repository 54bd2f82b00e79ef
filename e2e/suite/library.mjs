// The built package as the program of a stranger gets it. The last three are below its subpaths: the same modules that
// the subpaths stand on, where a backend can be named.

export * as front from 'ringline';
export * as channel from 'ringline/channel';
export * as codec from 'ringline/codec';
export * as errors from 'ringline/errors';
export * as identity from 'ringline/identity';
export * as noise from 'ringline/noise';
export * as fast from 'ringline/noise/fast';
export * as phone from 'ringline/phone';
export * as storage from 'ringline/storage';
export * as indexeddb from 'ringline/storage/indexeddb';
export * as transport from 'ringline/transport';
export * as vault from 'ringline/vault';
export * as ed25519 from '../../node_modules/ringline/dist/curves/ed25519.js';
export * as x25519 from '../../node_modules/ringline/dist/curves/x25519.js';
export * as seedIdentity from '../../node_modules/ringline/dist/identity/seed-identity.js';
