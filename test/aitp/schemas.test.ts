// The protocol's own JSON schemas, where they are at hand: what is made here is valid by them, and nothing is accepted here
// that they refuse. Decisions that differ on purpose are named.

import { Validator } from '@cfworker/json-schema';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { AitpError } from '../../src/aitp/errors.js';
import { verifyTct } from '../../src/aitp/tct.js';
import { verifyVoucher } from '../../src/aitp/voucher.js';
import { canonicalize } from '../../src/codec/jcs.js';
import { sharedVectors } from '../support/shared-vectors.js';
import { type Artifact, makeArtifacts } from './artifacts.js';
import { makeSession, runTo } from './parties.js';
import { forge, GRANT, KEYS, NOW, TCT, tctClaims, voucherClaims } from './tokens-oracle.js';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const NAMES = [
  'delegation',
  'envelope',
  'grant-voucher',
  'identity',
  'manifest',
  'mutual-handshake',
  'revocation-list',
  'session-bundle',
  'tct',
] as const;
type Name = (typeof NAMES)[number];

const schemas = Object.fromEntries(
  NAMES.map((name) => [name, sharedVectors<object>(`aitp/schemas/aitp-${name}.schema.json`)]),
) as Record<Name, object | undefined>;
const found = Object.values(schemas).every((schema) => schema !== undefined);

/** What a schema finds wrong: keywords and places. */
function faults(name: Name, value: unknown): string[] {
  const { errors } = new Validator(schemas[name] as object, '2020-12', false).validate(value);
  return errors.map(({ keyword, instanceLocation }) => `${keyword} ${instanceLocation}`);
}

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

describe.skipIf(!found)('what is made here is valid by the schemas', () => {
  it.each(['A', 'P'] as const)('each artifact, signed by %s', async (granting) => {
    const made = new Map((await makeArtifacts(granting)).map(({ name, form, text }) => [name, { form, text }]));
    const valid = (name: string, schema: Name) => {
      const { form, text } = made.get(name) as Artifact;
      expect([name, faults(schema, form === 'token' ? claimsOf(text) : JSON.parse(text))]).toEqual([name, []]);
    };
    valid('TCT', 'tct');
    valid('voucher', 'grant-voucher');
    valid('delegation', 'delegation');
    valid('multihop delegation', 'delegation');
    valid('Manifest', 'manifest');
    valid('revocation snapshot', 'revocation-list');
    valid('session bundle', 'session-bundle');
    for (const name of ['envelope', 'PoP challenge', 'PoP response']) valid(name, 'envelope');
    // Its type is the one thing outside the schema: section 9.3.
    const invocation = JSON.parse(made.get('invocation')?.text ?? '');
    expect(faults('envelope', invocation)).toContain('enum #/message_type');
    expect(faults('envelope', { ...invocation, message_type: 'tct' })).toEqual([]);
  });

  it.each([
    ['pinned keys', {}],
    ['oidc', { a: { identity: 'oidc', suite: 'p256' }, b: { identity: 'oidc' } }],
  ] as const)('the messages of a handshake with %s', async (_, setup) => {
    const session = await makeSession(setup);
    const commit = await runTo(session, 'commit');
    const other = await makeSession(setup);
    const ack = await runTo(other, 'ack');
    const { ackJson } = await session.responder.processCommit(commit);
    for (const text of [await runTo(await makeSession(setup), 'hello'), ack, commit, ackJson]) {
      const message = JSON.parse(text);
      expect(faults('envelope', message)).toEqual([]);
      expect([message.message_type, faults('mutual-handshake', message.payload)]).toEqual([message.message_type, []]);
      if (message.payload.manifest !== undefined) {
        expect(faults('manifest', { manifest: message.payload.manifest })).toEqual([]);
        expect(faults('identity', message.payload.identity)).toEqual([]);
      }
    }
  });
});

const value: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, -1, 1, 0.5, 1e15, '', ' ', 'x', 'aitp/0.2', 'oidc', [], {}, ['x', 'x']),
  fc.constantFrom<Json>(
    'aid:pubkey:x',
    KEYS.A.aid,
    `${KEYS.A.aid}=`,
    'https://x.example',
    'http://x.example',
    'A'.repeat(22),
  ),
  fc.constantFrom<Json>(
    'A'.repeat(43),
    'A'.repeat(86),
    '550e8400-e29b-41d4-a716-446655440000',
    'a b',
    ['a b'],
    [1],
    [[]],
  ),
);

/** One edit of a document, somewhere in it. */
interface Edit {
  readonly where: readonly number[];
  readonly what: 'replace' | 'remove' | 'add' | 'repeat';
  readonly value: Json;
}
const edits = fc.array(
  fc.record<Edit>({
    where: fc.array(fc.nat(20), { maxLength: 4 }),
    what: fc.constantFrom('replace', 'remove', 'add', 'repeat'),
    value,
  }),
  { minLength: 1, maxLength: 2 },
);

function edit(document: Json, { where, what, value: put }: Edit): Json {
  const copy = structuredClone(document);
  let parent = copy as Record<string, Json> | Json[];
  let keys = Object.keys(parent);
  let key = '';
  for (const step of [0, ...where]) {
    keys = Object.keys(parent);
    key = keys[step % Math.max(1, keys.length)] ?? '';
    const child = (parent as Record<string, Json>)[key];
    if (step === where.at(-1) || typeof child !== 'object' || child === null) break;
    parent = child;
  }
  if (Array.isArray(parent)) {
    if (what === 'remove') parent.splice(Number(key), 1);
    else if (what === 'repeat') parent.push(parent[0] ?? put);
    else parent[what === 'add' ? parent.length : Number(key)] = put;
  } else if (what === 'remove') delete parent[key];
  else parent[what === 'replace' ? key : 'more'] = put;
  return copy;
}

describe.skipIf(!found)('nothing is taken that the schemas refuse', () => {
  let artifacts: Map<string, Artifact>;
  beforeAll(async () => {
    artifacts = new Map((await makeArtifacts()).map((artifact) => [artifact.name, artifact]));
  });

  /** Codes that say the shape was in order, and something else was not. */
  const BEYOND_SHAPE =
    /^(INVALID_SIGNATURE|.*_SIGNATURE_INVALID|BUNDLE_.*|.*_EXPIRED|MANIFEST_POP_FAILED|AUDIENCE_MISMATCH|REPLAY.*)$/;
  // Empty anchors are taken (section 15, row 14); an empty list of participants, another version and a token that is no
  // token have codes of their own; and the form of a signature or of a token is part of the verdict on it.
  const DECIDED =
    /^(minItems #\/(manifest\/accepted_trust_anchors|session_bundle\/participants)|(const|type|pattern|minLength) .*\/(signature|tct|version))$/;

  const leaves = (found_: readonly string[]) =>
    found_.filter((fault) => !/^(properties|items|\$ref|then|if|allOf|anyOf) /.test(fault));

  it.each<[string, Name]>([
    ['Manifest', 'manifest'],
    ['revocation snapshot', 'revocation-list'],
    ['session bundle', 'session-bundle'],
    ['envelope', 'envelope'],
  ])('%s', async (name, schema) => {
    const { text, verify } = artifacts.get(name) as Artifact;
    await fc.assert(
      fc.asyncProperty(edits, async (steps) => {
        const document = steps.reduce<Json>(edit, JSON.parse(text));
        const wrong = leaves(faults(schema, document)).filter((fault) => !DECIDED.test(fault));
        fc.pre(wrong.length > 0);
        try {
          await verify(canonicalize(document));
        } catch (error) {
          if (error instanceof AitpError && !BEYOND_SHAPE.test(error.wireCode)) return;
          throw new Error(`${(error as AitpError).wireCode} for ${wrong.join(', ')}`);
        }
        throw new Error(`accepted, with ${wrong.join(', ')}`);
      }),
      { numRuns: 500 },
    );
  });

  // Signed by another implementation over whatever the claims say.
  it.each<[string, Name, string, object, (token: string) => Promise<unknown>]>([
    [
      'TCT',
      'tct',
      TCT,
      tctClaims(KEYS.A, KEYS.B, { ext: { x: 1 } }),
      (token) =>
        verifyTct(token, {
          issuer: { dangerouslyAcceptAnyIssuer: true },
          audience: { dangerouslyAcceptAnyHolder: true },
          now: () => NOW,
          issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
          revocation: { dangerouslyIgnoreRevocation: true },
        }),
    ],
    [
      'voucher',
      'grant-voucher',
      GRANT,
      voucherClaims(KEYS.A, KEYS.B, { ext: { x: 1 } }),
      (token) => verifyVoucher(token, { verifier: KEYS.A.aid, now: () => NOW }),
    ],
  ])('%s', async (_, schema, typ, claims, verify) => {
    await fc.assert(
      fc.asyncProperty(edits, async (steps) => {
        const changed = steps.reduce<Json>(edit, structuredClone(claims) as Json);
        fc.pre(faults(schema, changed).length > 0);
        await expect(verify(forge(KEYS.A, typ, changed as object))).rejects.toBeInstanceOf(AitpError);
      }),
      { numRuns: 300 },
    );
  });
});
