// The schemas are the one description of a card: valibot and our own walk must read them alike.

import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import * as cards from '../../../src/a2a/card/index.js';
import { cardRule, type MessageRule, type Rule } from '../../../src/a2a/card/rules.js';
import { cleanCard } from './arbitraries.js';
import { codeOfCall, plainCard, runs, sameJson } from './helpers.js';

const { agentCardSchema, parseAgentCard } = cards;

describe('schemas', () => {
  it('take and give back a card of v1.0', () => {
    fc.assert(
      fc.property(cleanCard, (card) => {
        // valibot passes over names of Object.prototype, as keys of a record.
        fc.pre(!JSON.stringify(card).includes('"constructor":'));
        sameJson(v.parse(agentCardSchema, card), parseAgentCard(card));
      }),
      runs(500),
    );
    expect(agentCardSchema['~standard']).toMatchObject({ version: 1, vendor: 'valibot' });
  });

  it('refuse what the parser refuses, value by value', () => {
    const values = ['', 'x', true, 7, {}, [], ['x'], [7]] as const;
    const paths = placesIn(fullCard);
    for (const path of paths) {
      for (const value of values) {
        const card = structuredClone(fullCard) as never;
        const parent = path.slice(0, -1).reduce<Record<string, unknown>>((at, step) => at[step] as never, card);
        parent[path.at(-1) as string] = value;
        // To valibot an array is an object like any other; and the bare list of Go is a reading of ours.
        if (Array.isArray(value)) continue;
        const ours = codeOfCall(() => parseAgentCard(card)) === undefined;
        expect([path.join('/'), value, v.safeParse(agentCardSchema, card).success]).toEqual([
          path.join('/'),
          value,
          ours,
        ]);
      }
    }
  });

  it('are there for every object of the protocol', () => {
    const exported = Object.keys(cards).filter((name) => name.endsWith('Schema'));
    expect(exported).toHaveLength(21);
    const seen = new Set<Rule>();
    const count = (rule: Rule): number => {
      if (seen.has(rule)) return 0;
      seen.add(rule);
      if (rule.kind === 'message') return 1 + rule.members.reduce((sum, member) => sum + count(member.rule), 0);
      return rule.kind === 'list' || rule.kind === 'map' ? count(rule.of) : 0;
    };
    expect(count(cardRule())).toBe(exported.length);
  });
});

describe('rules', () => {
  const rule = cardRule();
  const presenceOf = (of: MessageRule) =>
    Object.fromEntries(of.members.map(({ name, presence }) => [name, presence[0]]));
  const inside = (of: MessageRule, ...names: string[]): MessageRule =>
    names.reduce((at, name) => {
      let next: Rule = at.byName.get(name)?.rule ?? expect.fail(name);
      while (next.kind === 'list' || next.kind === 'map') next = next.of;
      return next as MessageRule;
    }, of);

  it('say what absence means, as in the tables of the protocol', () => {
    expect(presenceOf(rule)).toEqual({
      name: 'r',
      description: 'r',
      supportedInterfaces: 'r',
      provider: 'i',
      version: 'r',
      documentationUrl: 'e',
      capabilities: 'r',
      securitySchemes: 'i',
      securityRequirements: 'i',
      defaultInputModes: 'r',
      defaultOutputModes: 'r',
      skills: 'r',
      signatures: 'i',
      iconUrl: 'e',
    });
    expect(presenceOf(inside(rule, 'supportedInterfaces'))).toEqual({
      url: 'r',
      protocolBinding: 'r',
      tenant: 'i',
      protocolVersion: 'r',
    });
    expect(presenceOf(inside(rule, 'capabilities'))).toEqual({
      streaming: 'e',
      pushNotifications: 'e',
      extensions: 'i',
      extendedAgentCard: 'e',
    });
    expect(presenceOf(inside(rule, 'capabilities', 'extensions'))).toEqual({
      uri: 'i',
      description: 'i',
      required: 'i',
      params: 'i',
    });
    expect(presenceOf(inside(rule, 'skills'))).toEqual({
      id: 'r',
      name: 'r',
      description: 'r',
      tags: 'r',
      examples: 'i',
      inputModes: 'i',
      outputModes: 'i',
      securityRequirements: 'i',
    });
    expect(presenceOf(inside(rule, 'signatures'))).toEqual({ protected: 'r', signature: 'r', header: 'i' });
    const scheme = inside(rule, 'securitySchemes');
    expect(presenceOf(inside(scheme, 'apiKeySecurityScheme'))).toEqual({ description: 'i', location: 'r', name: 'r' });
    expect(presenceOf(inside(scheme, 'httpAuthSecurityScheme'))).toEqual({
      description: 'i',
      scheme: 'r',
      bearerFormat: 'i',
    });
    expect(presenceOf(inside(scheme, 'oauth2SecurityScheme'))).toEqual({
      description: 'i',
      flows: 'r',
      oauth2MetadataUrl: 'i',
    });
    expect(presenceOf(inside(scheme, 'openIdConnectSecurityScheme'))).toEqual({
      description: 'i',
      openIdConnectUrl: 'r',
    });
    expect(presenceOf(inside(scheme, 'mtlsSecurityScheme'))).toEqual({ description: 'i' });
    const flows = inside(scheme, 'oauth2SecurityScheme', 'flows');
    expect(presenceOf(inside(flows, 'authorizationCode'))).toEqual({
      authorizationUrl: 'r',
      tokenUrl: 'r',
      refreshUrl: 'i',
      scopes: 'r',
      pkceRequired: 'i',
    });
    expect(presenceOf(inside(flows, 'clientCredentials'))).toEqual({ tokenUrl: 'r', refreshUrl: 'i', scopes: 'r' });
    expect(presenceOf(inside(flows, 'deviceCode'))).toEqual({
      deviceAuthorizationUrl: 'r',
      tokenUrl: 'r',
      refreshUrl: 'i',
      scopes: 'r',
    });
    expect(presenceOf(inside(flows, 'implicit'))).toEqual({ authorizationUrl: 'i', refreshUrl: 'i', scopes: 'i' });
    expect(presenceOf(inside(flows, 'password'))).toEqual({ tokenUrl: 'i', refreshUrl: 'i', scopes: 'i' });
    expect([scheme.oneOf, flows.oneOf, rule.oneOf]).toEqual(['scheme', 'flow', undefined]);
  });

  it('know the names that protobuf gives', () => {
    for (const [camel, snake] of [
      ['supportedInterfaces', 'supported_interfaces'],
      ['securitySchemes', 'security_schemes'],
    ] as const) {
      expect(rule.byName.get(snake)).toBe(rule.byName.get(camel));
    }
    const scheme = inside(rule, 'securitySchemes');
    expect([...scheme.byName.keys()].filter((name) => name.includes('_'))).toEqual([
      'api_key_security_scheme',
      'http_auth_security_scheme',
      'mtls_security_scheme',
      'oauth2_security_scheme',
      'open_id_connect_security_scheme',
    ]);
  });
});

const flow = { tokenUrl: 't', refreshUrl: 'r', scopes: { s: 'd' } };
const fullCard = {
  ...plainCard,
  provider: { url: 'u', organization: 'o' },
  documentationUrl: 'd',
  iconUrl: 'i',
  capabilities: { streaming: true, extensions: [{ uri: 'u', required: true, params: { a: 1 } }] },
  securitySchemes: {
    key: { apiKeySecurityScheme: { location: 'header', name: 'n', description: 'd' } },
    code: {
      oauth2SecurityScheme: { flows: { authorizationCode: { ...flow, authorizationUrl: 'a', pkceRequired: true } } },
    },
    device: { oauth2SecurityScheme: { flows: { deviceCode: { ...flow, deviceAuthorizationUrl: 'a' } } } },
    tls: { mtlsSecurityScheme: { description: 'd' } },
  },
  securityRequirements: [{ schemes: { code: { list: ['s'] } } }],
  signatures: [{ protected: 'p', signature: 's', header: { a: 1 } }],
};

function placesIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([name, member]) => placesIn(member, [...path, name]));
  return path.length === 0 ? inner : [path, ...inner];
}
