// The built package as the program of a stranger gets it. The last ones are below its subpaths: the same modules that the
// subpaths stand on, where a backend can be named, or bytes be fed by hand.

export * as front from 'ringline';
export * as a2a from 'ringline/a2a';
export * as cards from 'ringline/a2a/card';
export * as a2aClient from 'ringline/a2a/client';
export * as discovery from 'ringline/a2a/discovery';
export * as a2aPhone from 'ringline/a2a/phone';
export * as a2aServer from 'ringline/a2a/server';
export * as aitp from 'ringline/aitp';
export * as aitpHttp from 'ringline/aitp/http';
export * as aitpPhone from 'ringline/aitp/phone';
export * as channel from 'ringline/channel';
export * as codec from 'ringline/codec';
export * as documents from 'ringline/documents';
export * as errors from 'ringline/errors';
export * as identity from 'ringline/identity';
export * as noise from 'ringline/noise';
export * as fast from 'ringline/noise/fast';
export * as phone from 'ringline/phone';
export * as storage from 'ringline/storage';
export * as indexeddb from 'ringline/storage/indexeddb';
export * as transport from 'ringline/transport';
export * as vault from 'ringline/vault';
export * as aitpAid from '../../node_modules/ringline/dist/aitp/aid.js';
export * as aitpSigner from '../../node_modules/ringline/dist/aitp/signer.js';
export * as ed25519 from '../../node_modules/ringline/dist/curves/ed25519.js';
export * as p256 from '../../node_modules/ringline/dist/curves/p256.js';
export * as verifier from '../../node_modules/ringline/dist/curves/verifier.js';
export * as x25519 from '../../node_modules/ringline/dist/curves/x25519.js';
export * as sseParser from '../../node_modules/ringline/dist/http/sse-parser.js';
export * as sseStream from '../../node_modules/ringline/dist/http/sse-stream.js';
export * as seedIdentity from '../../node_modules/ringline/dist/identity/seed-identity.js';
