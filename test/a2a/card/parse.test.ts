import { describe, expect, it } from 'vitest';
import { type AgentCard, type CardWarning, parseAgentCard } from '../../../src/a2a/card/index.js';
import { encodeUtf8 } from '../../../src/bytes/utf8.js';
import { plainCard, sameJson } from './helpers.js';

/** The pointer of the refusal of a card. */
function pointerOf(card: unknown, options?: Parameters<typeof parseAgentCard>[1]): string | undefined {
  try {
    parseAgentCard(card, options);
  } catch (error) {
    expect(error).toMatchObject({ name: 'A2aError', code: 'ERR_A2A_INVALID_CARD', wireCode: 'invalid_card' });
    return (error as { pointer?: string }).pointer;
  }
  return expect.fail('the card was taken');
}

const warningsOf = (card: unknown, options = {}): CardWarning[] => {
  const warnings: CardWarning[] = [];
  parseAgentCard(card, { ...options, onWarning: (warning) => warnings.push(warning) });
  return warnings;
};

/** A copy with one value changed. */
function changed(path: readonly (string | number)[], value: unknown, card: object = fullCard): unknown {
  const copy = structuredClone(card);
  let at = copy as Record<string | number, never>;
  for (const step of path.slice(0, -1)) at = at[step] as never;
  at[path.at(-1) as string] = value as never;
  return copy;
}

const fullCard: AgentCard = {
  ...plainCard,
  iconUrl: 'https://lock.example/icon',
  provider: { url: 'https://river.example', organization: 'River Board' },
  capabilities: { streaming: true, extensions: [{ uri: 'urn:x', required: true, params: { a: [1] } }] },
  securitySchemes: {
    key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key' } },
    code: {
      oauth2SecurityScheme: {
        flows: {
          authorizationCode: { authorizationUrl: 'a', tokenUrl: 't', scopes: { read: 'Read' }, pkceRequired: true },
        },
      },
    },
  },
  securityRequirements: [{ schemes: { code: { list: ['read'] } } }],
  signatures: [{ protected: 'e30', signature: 'AA', header: { any: 'thing' } }],
};

describe('a card of v1.0', () => {
  it('comes out as it is, from text, bytes or a value, and as a copy', () => {
    for (const input of [JSON.stringify(fullCard), encodeUtf8(JSON.stringify(fullCard, undefined, 2)), fullCard]) {
      const card = parseAgentCard(input);
      expect(card).toEqual(fullCard);
      const copy = card as unknown as {
        capabilities: { extensions: [{ params: { a: number[] } }] };
        signatures: [{ header: { any: string } }];
      };
      copy.capabilities.extensions[0].params.a.push(2);
      copy.signatures[0].header.any = 'other';
    }
    expect(fullCard.capabilities.extensions?.[0]?.params).toEqual({ a: [1] });
    expect(fullCard.signatures?.[0]?.header).toEqual({ any: 'thing' });
  });

  it('loses what v1.0 does not know', () => {
    expect(parseAgentCard({ ...fullCard, xOwn: 1, url: 'https://old.example' })).toEqual(fullCard);
    expect(parseAgentCard(changed(['skills', 0, 'xOwn'], []))).toEqual(fullCard);
  });

  it('keeps explicit defaults', () => {
    const card = changed(['supportedInterfaces', 0, 'tenant'], '');
    expect(parseAgentCard(card).supportedInterfaces[0]?.tenant).toBe('');
  });

  it('may have schemes and scopes with names of Object.prototype', () => {
    const text = JSON.stringify(fullCard).replace(
      '"securitySchemes":{',
      '"securitySchemes":{"__proto__":{"mtlsSecurityScheme":{}},"constructor":{"mtlsSecurityScheme":{}},',
    );
    const { securitySchemes = {} } = parseAgentCard(text);
    expect(Object.keys(securitySchemes).sort()).toEqual(['__proto__', 'code', 'constructor', 'key']);
    sameJson(parseAgentCard(text), JSON.parse(text));
    const wrong = text.replace('"__proto__":{"mtlsSecurityScheme":{}}', '"__proto__":{"mtlsSecurityScheme":7}');
    expect(pointerOf(wrong)).toBe('/securitySchemes/__proto__/mtlsSecurityScheme');
  });

  it('is found lacking by pointer', () => {
    for (const name of ['name', 'description', 'version', 'supportedInterfaces', 'capabilities', 'skills']) {
      const { [name as 'name']: _, ...rest } = fullCard;
      expect(pointerOf(rest)).toBe(`/${name}`);
      expect(pointerOf({ ...fullCard, [name]: 7 })).toBe(`/${name}`);
    }
    expect(pointerOf(changed(['skills', 0, 'tags', 0], 7))).toBe('/skills/0/tags/0');
    expect(pointerOf(changed(['supportedInterfaces', 1], 'https://lock.example'))).toBe('/supportedInterfaces/1');
    expect(pointerOf(changed(['supportedInterfaces', 1], { url: 'u', protocolBinding: 'b' }))).toBe(
      '/supportedInterfaces/1/protocolVersion',
    );
    expect(pointerOf(changed(['capabilities', 'streaming'], 'true'))).toBe('/capabilities/streaming');
    expect(pointerOf(changed(['capabilities', 'extensions', 0, 'params'], []))).toBe(
      '/capabilities/extensions/0/params',
    );
    expect(pointerOf(changed(['securitySchemes'], { 'a/b~c': 7 }))).toBe('/securitySchemes/a~1b~0c');
    expect(pointerOf(changed(['securitySchemes', 'key', 'mtlsSecurityScheme'], {}))).toBe('/securitySchemes/key');
    const flows = ['securitySchemes', 'code', 'oauth2SecurityScheme', 'flows'];
    expect(
      pointerOf(changed([...flows, 'deviceCode'], { tokenUrl: 't', scopes: {}, deviceAuthorizationUrl: 'd' })),
    ).toBe(`/${flows.join('/')}`);
    expect(pointerOf(changed([...flows, 'authorizationCode', 'scopes', 'read'], 1))).toBe(
      `/${flows.join('/')}/authorizationCode/scopes/read`,
    );
    expect(pointerOf(changed(['signatures', 0], null))).toBe('/signatures/0');
    expect(pointerOf(changed(['signatures', 0], { protected: 'e30' }))).toBe('/signatures/0/signature');
    expect(pointerOf(changed(['skills', 0, 'tags'], [null]))).toBe('/skills/0/tags/0');
  });

  it.each([
    null,
    undefined,
    7,
    true,
    'null',
    '7',
    '[]',
    [],
    '',
    '{',
    '{"name":"a","name":"b"}',
    '\ufeff{}',
    '{"a":"\\ud800"}',
  ])('is not %j', (input) => {
    expect(pointerOf(input)).toBe('');
  });

  it('is not what JSON cannot say', () => {
    for (const value of [1n, Number.NaN, new Date(), () => 1, '\ud800', undefined]) {
      const card = { ...plainCard, capabilities: { extensions: [{ uri: 'u', params: { value } }] } };
      expect(pointerOf(card)).toBe('');
    }
  });

  it('is at most so long', () => {
    const text = JSON.stringify(plainCard);
    expect(parseAgentCard(text, { maxBytes: text.length })).toEqual(plainCard);
    expect(pointerOf(text, { maxBytes: text.length - 1 })).toBe('');
    expect(() => parseAgentCard(text, { maxBytes: 0 })).toThrow(RangeError);
  });
});

describe('[7.53] shapes of peers', () => {
  it('reads snake_case, and not both spellings', () => {
    const card = {
      name: 'n',
      description: 'd',
      version: 'v',
      supported_interfaces: [{ url: 'u', protocol_binding: 'GRPC', protocol_version: '1.0' }],
      capabilities: { push_notifications: true, extended_agent_card: false },
      default_input_modes: [],
      default_output_modes: [],
      skills: [],
      security_schemes: {
        a: {
          oauth2_security_scheme: {
            flows: { device_code: { device_authorization_url: 'd', token_url: 't', scopes: {} } },
          },
        },
      },
    };
    expect(parseAgentCard(card)).toEqual({
      name: 'n',
      description: 'd',
      version: 'v',
      supportedInterfaces: [{ url: 'u', protocolBinding: 'GRPC', protocolVersion: '1.0' }],
      capabilities: { pushNotifications: true, extendedAgentCard: false },
      defaultInputModes: [],
      defaultOutputModes: [],
      skills: [],
      securitySchemes: {
        a: {
          oauth2SecurityScheme: { flows: { deviceCode: { deviceAuthorizationUrl: 'd', tokenUrl: 't', scopes: {} } } },
        },
      },
    });
    expect(pointerOf({ ...card, supportedInterfaces: [] })).toBe('/supported_interfaces');
    expect(pointerOf({ ...card, supported_interfaces: [{ ...plainCard.supportedInterfaces[0], url: 1 }] })).toBe(
      '/supported_interfaces/0/url',
    );
  });

  it('reads null as absence, and as an empty list where one is required', () => {
    const card = {
      ...plainCard,
      provider: null,
      iconUrl: null,
      securitySchemes: null,
      skills: null,
      defaultInputModes: null,
    };
    expect(parseAgentCard(card)).toEqual({ ...plainCard, skills: [], defaultInputModes: [] });
    expect(pointerOf({ ...plainCard, name: null })).toBe('/name');
    expect(pointerOf({ ...plainCard, capabilities: null })).toBe('/capabilities');
  });

  it('reads scopes as Go writes them', () => {
    const card = {
      ...plainCard,
      securityRequirements: [{ schemes: { a: ['read'], b: [], c: null, d: { list: null } } }],
    };
    expect(parseAgentCard(card).securityRequirements).toEqual([
      { schemes: { a: { list: ['read'] }, b: { list: [] }, c: {}, d: {} } },
    ]);
    expect(pointerOf({ ...plainCard, securityRequirements: [{ schemes: { a: [7] } }] })).toBe(
      '/securityRequirements/0/schemes/a/list/0',
    );
  });

  it('reads schemes as the official JS server writes them', () => {
    const flow = { $case: 'clientCredentials', value: { tokenUrl: 't', refreshUrl: '', scopes: {} } };
    const card = {
      ...plainCard,
      securitySchemes: {
        key: { scheme: { $case: 'apiKeySecurityScheme', value: { description: '', location: 'header', name: 'X' } } },
        code: {
          scheme: { $case: 'oauth2SecurityScheme', value: { description: '', flows: { flow }, oauth2MetadataUrl: '' } },
        },
        other: { scheme: { $case: 'constructor', value: {} } },
        more: { scheme: 'Bearer' },
      },
    };
    expect(parseAgentCard(card).securitySchemes).toEqual({
      key: { apiKeySecurityScheme: { description: '', location: 'header', name: 'X' } },
      code: {
        oauth2SecurityScheme: {
          description: '',
          flows: { clientCredentials: { tokenUrl: 't', refreshUrl: '', scopes: {} } },
          oauth2MetadataUrl: '',
        },
      },
      other: {},
      more: {},
    });
    const wrong = { ...plainCard, securitySchemes: { key: { scheme: { $case: 'apiKeySecurityScheme', value: 7 } } } };
    expect(pointerOf(wrong)).toBe('/securitySchemes/key/apiKeySecurityScheme');
  });

  it('reads what is left out when empty, if asked to', () => {
    const { skills: _, defaultInputModes: __, ...rest } = plainCard;
    expect(pointerOf(rest)).toBe('/defaultInputModes');
    expect(parseAgentCard(rest, { missing: 'fill' })).toEqual({ ...plainCard, skills: [], defaultInputModes: [] });
    expect(parseAgentCard('{}', { missing: 'fill' })).toEqual({
      name: '',
      description: '',
      version: '',
      supportedInterfaces: [],
      capabilities: {},
      defaultInputModes: [],
      defaultOutputModes: [],
      skills: [],
    });
  });

  it('reads a card of 0.3', () => {
    const card = {
      protocolVersion: '0.3.0',
      name: 'Old Lock',
      description: 'd',
      version: '1',
      url: 'https://old.example/rpc',
      preferredTransport: 'JSONRPC',
      additionalInterfaces: [
        { url: 'https://old.example/rpc', transport: 'JSONRPC' },
        { url: 'https://old.example/v1', transport: 'HTTP+JSON' },
      ],
      provider: { organization: 'o', url: 'u' },
      capabilities: { streaming: true, stateTransitionHistory: true },
      supportsAuthenticatedExtendedCard: true,
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
      security: [{ code: ['read'] }, { key: [], tls: [] }],
      securitySchemes: {
        key: { type: 'apiKey', in: 'cookie', name: 'k', description: 'c' },
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        code: {
          type: 'oauth2',
          oauth2MetadataUrl: 'm',
          flows: {
            password: { tokenUrl: 'p', scopes: {} },
            authorizationCode: { authorizationUrl: 'a', tokenUrl: 't', scopes: { read: 'r' } },
          },
        },
        login: { type: 'openIdConnect', openIdConnectUrl: 'o' },
        tls: { type: 'mutualTLS' },
        odd: { type: 'constructor' },
      },
      skills: [{ id: 's', name: 'n', description: 'd', tags: [], security: [{ code: ['read'] }] }],
      signatures: [{ protected: 'e30', signature: 'AA' }],
    };
    const requirement = { schemes: { code: { list: ['read'] } } };
    expect(parseAgentCard(JSON.stringify(card))).toEqual({
      name: 'Old Lock',
      description: 'd',
      version: '1',
      supportedInterfaces: [
        { url: 'https://old.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
        { url: 'https://old.example/v1', protocolBinding: 'HTTP+JSON', protocolVersion: '0.3' },
      ],
      provider: { organization: 'o', url: 'u' },
      capabilities: { streaming: true, extendedAgentCard: true },
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
      securityRequirements: [requirement, { schemes: { key: { list: [] }, tls: { list: [] } } }],
      securitySchemes: {
        key: { apiKeySecurityScheme: { location: 'cookie', name: 'k', description: 'c' } },
        bearer: { httpAuthSecurityScheme: { scheme: 'bearer', bearerFormat: 'JWT' } },
        code: {
          oauth2SecurityScheme: {
            oauth2MetadataUrl: 'm',
            flows: { authorizationCode: { authorizationUrl: 'a', tokenUrl: 't', scopes: { read: 'r' } } },
          },
        },
        login: { openIdConnectSecurityScheme: { openIdConnectUrl: 'o' } },
        tls: { mtlsSecurityScheme: {} },
        odd: {},
      },
      skills: [{ id: 's', name: 'n', description: 'd', tags: [], securityRequirements: [requirement] }],
      signatures: [{ protected: 'e30', signature: 'AA' }],
    });
    expect(warningsOf(card)).toContainEqual({ code: 'old_card', pointer: '' });
    // The least there may be.
    const least = {
      name: 'n',
      description: 'd',
      version: 'v',
      url: 'u',
      capabilities: {},
      defaultInputModes: [],
      defaultOutputModes: [],
      skills: [],
    };
    expect(parseAgentCard(least).supportedInterfaces).toEqual([
      { url: 'u', protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
    ]);
    expect(pointerOf({ ...card, capabilities: 7 })).toBe('/capabilities');
    expect(pointerOf({ ...card, skills: ['open'] })).toBe('/skills/0');
    expect(pointerOf({ ...card, securitySchemes: { key: { type: 'apiKey', in: 7, name: 'k' } } })).toBe(
      '/securitySchemes/key/apiKeySecurityScheme/location',
    );
  });

  it('reads a card of v1.0 with members of 0.3 beside its own', () => {
    const merged = {
      ...fullCard,
      url: 'https://lock.example/rpc',
      preferredTransport: 'JSONRPC',
      security: [{ key: [] }],
      securitySchemes: {
        ...fullCard.securitySchemes,
        key: { ...fullCard.securitySchemes?.key, type: 'apiKey', in: 'header', name: 'X-Key' },
      },
    };
    expect(parseAgentCard(merged)).toEqual(fullCard);
  });
});

describe('warnings', () => {
  it('say what is required and empty, without refusing it', () => {
    const card = {
      ...plainCard,
      description: '',
      skills: [],
      supportedInterfaces: [{ url: '', protocolBinding: 'b', protocolVersion: 'v' }],
    };
    expect(warningsOf(card)).toEqual([
      { code: 'empty_required', pointer: '/description' },
      { code: 'empty_required', pointer: '/skills' },
      { code: 'empty_required', pointer: '/supportedInterfaces/0/url' },
    ]);
    expect(warningsOf(plainCard)).toEqual([]);
  });

  it('say which schemes are of no kind we know', () => {
    const card = {
      ...plainCard,
      securitySchemes: { new: { quantumSecurityScheme: {} }, tls: { mtlsSecurityScheme: {} } },
    };
    expect(warningsOf(card)).toEqual([{ code: 'unknown_scheme', pointer: '/securitySchemes/new' }]);
  });
});
