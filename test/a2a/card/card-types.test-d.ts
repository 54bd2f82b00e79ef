// What the compiler promises about cards. Checked by `tsc -p tsconfig.node.json`; nothing here runs.

import type { InferOutput } from 'valibot';
import { expectTypeOf } from 'vitest';
import {
  type AgentCard,
  type agentCardSchema,
  type CanonicalProfile,
  canonicalSigningPayload,
  parseAgentCard,
  type SecurityScheme,
  signAgentCard,
  type VerifiedAgentCard,
  verifyAgentCard,
} from '../../../src/a2a/card/index.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import { remoteJwks } from '../../../src/documents/remote-jwks.js';
import type { Verified } from '../../../src/documents/verified.js';
import type { Identity } from '../../../src/identity/identity.js';

// A literal from a document of v1.0 is a card.
const literal: AgentCard = {
  name: 'Lock Keeper',
  description: 'Opens and shuts the lock.',
  supportedInterfaces: [
    { url: 'https://lock.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    {
      url: 'https://lock.example/q',
      protocolBinding: 'https://bindings.example/q',
      protocolVersion: '1.0',
      tenant: 't',
    },
  ],
  provider: { organization: 'River Board', url: 'https://river.example' },
  version: '1.2.0',
  documentationUrl: 'https://lock.example/docs',
  iconUrl: 'https://lock.example/icon.png',
  capabilities: {
    streaming: true,
    pushNotifications: false,
    extendedAgentCard: true,
    extensions: [{ uri: 'urn:x', description: 'd', required: false, params: { a: [1, null, { b: '' }] } }],
  },
  securitySchemes: {
    key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key', description: 'd' } },
    bearer: { httpAuthSecurityScheme: { scheme: 'Bearer', bearerFormat: 'JWT' } },
    login: { openIdConnectSecurityScheme: { openIdConnectUrl: 'https://login.example' } },
    tls: { mtlsSecurityScheme: {} },
    code: {
      oauth2SecurityScheme: {
        flows: {
          authorizationCode: { authorizationUrl: 'a', tokenUrl: 't', scopes: { read: 'Read' }, pkceRequired: true },
        },
      },
    },
  },
  securityRequirements: [{ schemes: { code: { list: ['read'] }, key: {} } }, {}],
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [
    {
      id: 's',
      name: 'n',
      description: 'd',
      tags: ['t'],
      examples: ['e'],
      inputModes: ['text/plain'],
      outputModes: ['text/plain'],
      securityRequirements: [{ schemes: { key: { list: [] } } }],
    },
  ],
  signatures: [{ protected: 'e30', signature: 'AA', header: { note: 'n' } }],
};

// One that lost its literal types on the way is one as well, an imported JSON file for instance.
const widened = {
  ...literal,
  securitySchemes: { key: { apiKeySecurityScheme: { location: 'header' as string, name: 'X' } } },
};
widened satisfies AgentCard;

// @ts-expect-error a required member is missing
const incomplete: AgentCard = { name: 'n' };
// @ts-expect-error a member is spelled wrongly
const misspelt: SecurityScheme = { apikeySecurityScheme: { location: 'header', name: 'X' } };

export { incomplete, misspelt };

// The interfaces and the schemas say the same.
expectTypeOf<InferOutput<typeof agentCardSchema>>().toExtend<Loose<AgentCard>>();
expectTypeOf<AgentCard>().toExtend<Loose<InferOutput<typeof agentCardSchema>>>();

declare const json: JsonObject;
declare const identity: Identity;
expectTypeOf(parseAgentCard(json)).toEqualTypeOf<AgentCard>();
canonicalSigningPayload(literal, {
  name: 'own',
  canonicalize: (card: JsonObject) => `${card.name}`,
} satisfies CanonicalProfile);
expectTypeOf(signAgentCard(literal, identity)).resolves.toExtend<AgentCard>();

// Verified data is a type of its own, which nothing else makes.
declare function trust(card: Verified<VerifiedAgentCard>): void;
trust(await verifyAgentCard(json, { keys: [remoteJwks('https://keys.example/jwks.json'), 'did:key:z6Mk'] }));
const result = await verifyAgentCard(json, { keys: 'did:key:z6Mk' });
// @ts-expect-error a copy is not verified
trust({ ...result });
// @ts-expect-error nor can it be changed
result.card.name = 'other';

/** Free JSON has no end: it is compared as it is. */
type Free = 'params' | 'header';
/** The same with `undefined` allowed where a member may be absent, as valibot infers it, and nothing to write to. */
type Loose<T> = T extends readonly (infer Item)[]
  ? readonly Loose<Item>[]
  : T extends object
    ? {
        readonly [K in keyof T]: K extends Free
          ? T[K] | undefined
          : undefined extends T[K]
            ? Loose<T[K]> | undefined
            : LooseMember<T, K>;
      }
    : T;
type LooseMember<T, K extends keyof T> =
  Record<never, never> extends Pick<T, K> ? Loose<T[K]> | undefined : Loose<T[K]>;
