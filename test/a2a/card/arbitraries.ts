// Cards at random: such as an author writes, and such as peers really send.

import fc from 'fast-check';
import type { AgentCard } from '../../../src/a2a/card/index.js';

const word = fc.constantFrom(
  'a',
  'B',
  'read',
  '',
  '\u00e5',
  '\u{1f319}',
  '\uff01',
  '<b>&"\\',
  'tab\t',
  '\u2028',
  '\u007f',
);
const name = fc
  .oneof(word, fc.string({ unit: 'binary', maxLength: 4 }), fc.constantFrom('constructor', 'toString', '10', '9'))
  // The official SDK loses this one: it has tests of its own.
  .filter((text) => text !== '__proto__');
const flag = fc.boolean();
const words = fc.array(word, { maxLength: 3 });
const number = fc.oneof(
  fc.integer(),
  fc.constantFrom(0, -0, 1.5, 1e21, 1e-7, 2 ** 53 - 1),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** An object with names at random: own data members all, whatever they are called. */
const mapOf = <T>(value: fc.Arbitrary<T>) =>
  fc
    .uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 3 })
    .map((entries) => Object.fromEntries(entries) as Record<string, T>);

const freeJson = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, tie('leaf'), fc.array(tie('value'), { maxLength: 3 }), tie('object')),
  leaf: fc.oneof(word, number, flag, fc.constant(null)),
  object: mapOf(tie('value')),
}));
const struct = freeJson.object as fc.Arbitrary<Record<string, never>>;

type Members = Record<string, fc.Arbitrary<unknown>>;

/** An object with the required members always, and the optional ones now and then. */
const record = (required: Members, optional: Members): fc.Arbitrary<Record<string, unknown>> =>
  fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required) });

const requirement = record({}, { schemes: mapOf(record({}, { list: words })) });
const flow = { tokenUrl: word, scopes: mapOf(word) };
const refresh = { refreshUrl: word };
const oneOf = (members: Record<string, fc.Arbitrary<unknown>>) =>
  fc.oneof(
    ...Object.entries(members).map(([member, value]) => value.map((inner) => ({ [member]: inner }))),
    fc.constant({}),
  );
const flows = oneOf({
  authorizationCode: record({ ...flow, authorizationUrl: word }, { ...refresh, pkceRequired: flag }),
  clientCredentials: record(flow, refresh),
  deviceCode: record({ ...flow, deviceAuthorizationUrl: word }, refresh),
  implicit: record({}, { authorizationUrl: word, scopes: mapOf(word), ...refresh }),
  password: record({}, { ...flow, ...refresh }),
});
const description = { description: word };
const scheme = oneOf({
  apiKeySecurityScheme: record({ location: fc.constantFrom('header', 'query', 'cookie', ''), name: word }, description),
  httpAuthSecurityScheme: record({ scheme: word }, { ...description, bearerFormat: word }),
  oauth2SecurityScheme: record({ flows }, { ...description, oauth2MetadataUrl: word }),
  openIdConnectSecurityScheme: record({ openIdConnectUrl: word }, description),
  mtlsSecurityScheme: record({}, description),
});

/** A card of v1.0 to the letter, with everything there is in it now and then. */
export const cleanCard = record(
  {
    name: word,
    description: word,
    version: word,
    supportedInterfaces: fc.array(
      record({ url: word, protocolBinding: word, protocolVersion: word }, { tenant: word }),
      { maxLength: 2 },
    ),
    capabilities: record(
      {},
      {
        streaming: flag,
        pushNotifications: flag,
        extendedAgentCard: flag,
        extensions: fc.array(record({}, { uri: word, description: word, required: flag, params: struct }), {
          maxLength: 2,
        }),
      },
    ),
    defaultInputModes: words,
    defaultOutputModes: words,
    skills: fc.array(
      record(
        { id: word, name: word, description: word, tags: words },
        {
          examples: words,
          inputModes: words,
          outputModes: words,
          securityRequirements: fc.array(requirement, { maxLength: 2 }),
        },
      ),
      { maxLength: 2 },
    ),
  },
  {
    documentationUrl: word,
    iconUrl: word,
    provider: record({ url: word, organization: word }, {}),
    securitySchemes: mapOf(scheme),
    securityRequirements: fc.array(requirement, { maxLength: 3 }),
  },
) as unknown as fc.Arbitrary<AgentCard>;

const snake = (text: string) => text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What peers do to a card: other spellings, null, members of their own, members left out. */
export const wireCard: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(cleanCard, fc.infiniteStream(fc.nat(99)))
  .map(([card, dice]) => disturb(card, () => dice.next().value as number, true) as Record<string, unknown>);

/** @param isMessage Whether the names are those of v1.0: only those have other spellings. */
function disturb(value: unknown, roll: () => number, isMessage: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => disturb(item, roll, isMessage));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
    const isMap = isMessage && ['securitySchemes', 'schemes', 'scopes'].includes(key);
    const inner =
      key === 'params' && isMessage
        ? member
        : disturb(member, roll, isMap ? false : isMessage || typeof member === 'object');
    if (!isMessage) return [[key, isBareList(member) && roll() < 10 ? (member as { list: unknown }).list : inner]];
    const fate = roll();
    if (fate < 3) return [];
    if (fate < 6) return [[key, null]];
    return [[fate < 14 ? snake(key) : key, inner]];
  });
  if (isMessage && roll() < 8) entries.push(['xOwn', { deep: [1] }]);
  if (isMessage && roll() < 4) entries.push(['security', []]);
  return Object.fromEntries(entries);
}

function isBareList(member: unknown): boolean {
  return typeof member === 'object' && member !== null && Object.keys(member).join() === 'list';
}
