// What we emit, held against the schemas AITP publishes, where they are at hand: both suites, both identities, all four
// messages. A schema nobody asks, or one that takes everything, fails.

import { type Schema, Validator } from '@cfworker/json-schema';
import { describe, expect, it } from 'vitest';
import { issueDelegation } from '../../src/aitp/delegation.js';
import { extendDelegation } from '../../src/aitp/multihop.js';
import { buildSnapshot } from '../../src/aitp/revocation-snapshot.js';
import { buildSessionBundle } from '../../src/aitp/session-bundle-shape.js';
import { issueTct } from '../../src/aitp/tct.js';
import { sharedVectors } from '../support/shared-vectors.js';
import { makeSession, NOW, OFFERED, REQUESTED, type SessionOptions, signerOf } from './parties.js';

// biome-ignore lint/suspicious/noExplicitAny: what we emit is read back as any JSON.
type Loose = any;

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

const schemas = new Map(
  NAMES.map((name) => [name, sharedVectors<Schema>(`aitp/schemas/aitp-${name}.schema.json`)] as const),
);

/** What a schema finds wrong. */
function faults(name: Name, value: unknown, schema = schemas.get(name) as Schema): readonly string[] {
  const { valid, errors } = new Validator(schema, '2020-12', false).validate(value);
  return valid ? [] : errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
}

const claimsOf = (token: string): Loose =>
  JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());

const PARTIES: readonly (readonly [string, SessionOptions])[] = [
  ['Ed25519, pinned', {}],
  ['P-256, oidc', { a: { identity: 'oidc', suite: 'p256' }, b: { identity: 'oidc', suite: 'p256' } }],
];

describe.runIf(schemas.get('tct') !== undefined)('published schemas', () => {
  it.each(PARTIES)('all of a handshake: %s', async (_, setup) => {
    const { initiator, responder, b } = await makeSession(setup);
    const hello = await initiator.buildHello(b.manifestJson, REQUESTED);
    const { ackJson: ack } = await responder.processHello(hello);
    const commit = await initiator.processHelloAck(ack);
    const { ackJson } = await responder.processCommit(commit);
    expect(faults('manifest', JSON.parse(b.manifestJson))).toEqual([]);
    const messages: Loose[] = [hello, ack, commit, ackJson].map((text) => JSON.parse(text));
    for (const [at, kind] of ['MutualHello', 'MutualHelloAck', 'MutualCommit', 'MutualCommitAck'].entries()) {
      const { payload } = messages[at];
      expect([kind, faults('envelope', messages[at])]).toEqual([kind, []]);
      const all = schemas.get('mutual-handshake') as Schema;
      const one = { $schema: all.$schema, $defs: all.$defs, $ref: `#/$defs/${kind}Payload` } as Schema;
      expect([kind, faults('mutual-handshake', payload, one)]).toEqual([kind, []]);
      if (at < 2) expect(faults('identity', payload.identity)).toEqual([]);
      else {
        expect(faults('tct', claimsOf(payload.tct))).toEqual([]);
        expect(faults('grant-voucher', claimsOf(payload.grant_voucher))).toEqual([]);
      }
    }
  });

  it.each(['ed25519', 'p256'] as const)('delegations, lists and bundles: %s', async (suite) => {
    const now = () => NOW;
    const [a, b, c, d] = await Promise.all([1, 2, 3, 4].map((seed) => signerOf(seed, suite)));
    if (!a || !b || !c || !d) throw new Error('four signers');
    const issuerManifest = { dangerouslyIgnoreIssuerManifest: true } as const;
    const { tct, voucher } = await issueTct(a, { subject: b.aid, grants: OFFERED, now, issuerManifest });
    const scope = ['calendar.read'];
    const first = await issueDelegation(b, { voucher: voucher as string, delegatee: c.aid, scope, now });
    expect(faults('delegation', claimsOf(first))).toEqual([]);
    const jti = '550e8400-e29b-41d4-a716-446655440011';
    const named = await issueDelegation(b, { voucher: voucher as string, delegatee: c.aid, scope, now, jti });
    const last = await extendDelegation(c, { prior: named, delegatee: d.aid, scope, now });
    expect(faults('delegation', claimsOf(last))).toEqual([]);
    for (const entries of [[], [{ jti: tct.jti, revokedAtSec: NOW, reason: 'lost' }]]) {
      const list = await buildSnapshot({ publishedAtSec: NOW, expiresAtSec: NOW + 60, entries }, a);
      expect(faults('revocation-list', JSON.parse(list))).toEqual([]);
    }
    expect(faults('session-bundle', JSON.parse(await buildSessionBundle(a, { tcts: [tct], now })))).toEqual([]);
  });

  it.each(NAMES)('%s refuses an empty object', (name) => {
    expect(faults(name, {})).not.toEqual([]);
  });
});
