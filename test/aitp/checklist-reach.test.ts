// Line 67, of which fixtures there are; and line 68: no verifier reaches for the network or for Node. That the same code runs
// in pages, workers and the edge is shown by the suite of e2e.

import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AitpAgent } from '../../src/aitp/agent.js';
import type { Fixture } from '../../src/aitp/conformance/fixture.js';
import { verifyDelegation } from '../../src/aitp/delegation.js';
import { verifyEnvelope } from '../../src/aitp/envelope-verify.js';
import { verifyManifest } from '../../src/aitp/manifest.js';
import { verifyDelegationMultihop } from '../../src/aitp/multihop.js';
import { pinnedKeys } from '../../src/aitp/pinned-keys.js';
import { ownRevocations } from '../../src/aitp/revocation.js';
import { verifySnapshot } from '../../src/aitp/revocation-snapshot.js';
import { verifySessionBundle } from '../../src/aitp/session-bundle.js';
import { verifyTct } from '../../src/aitp/tct.js';
import { verifyVoucher } from '../../src/aitp/voucher.js';
import primitives from '../../vectors/aitp/primitives.json' with { type: 'json' };
import signed from '../../vectors/aitp/signed.json' with { type: 'json' };
import { fixturesIn, OWN, SHARED } from './conformance/in-process.js';
import { T } from './support.js';

const now = () => T;
const { A, B } = primitives.keys;
const revocation = ownRevocations(new Set());
const pop = { dangerouslySkipPop: true } as const;

describe('[16.67] the 72 fixtures AITP publishes', () => {
  /** Those that are not at hand, the verdict AITP states for each, and the one of ours that shows the same. */
  const STAND_INS: Readonly<Record<string, readonly [verdict: string, ours: string]>> = {
    'env-003': ['KEY_RESOLUTION_FAILED', 'own-env-008'],
    'man-003': ['MANIFEST_EXPIRED', 'own-man-002'],
    'mh-005': ['NONCE_MISMATCH', 'own-hello-007'],
    'mh-007': ['GRANT_OVERFLOW', 'own-commit-003'],
    'id-003': ['IDENTITY_FAILED', 'own-hello-003'],
    'id-009': ['success', 'own-hello-009'],
    'tct-009': ['TOKEN_ALG_MISMATCH', 'own-tct-003'],
    'tct-012': ['success', 'own-tct-001'],
    'vch-002': ['DELEGATION_EXPIRED', 'own-vch-002'],
    'rev-002': ['success', 'own-rev-005'],
    'rev-008': ['REVOCATION_SNAPSHOT_SIGNATURE_INVALID', 'own-rev-003'],
    'del-006': ['DELEGATION_INVALID_VOUCHER', 'own-del-005'],
    'del-mh-004': ['DELEGATION_SOURCE_TCT_REVOKED', 'own-del-mh-002'],
    'bundle-003': ['BUNDLE_EXPIRED', 'own-bundle-006'],
  };
  const own = fixturesIn(OWN);
  const shared = fixturesIn(SHARED);
  const verdictOf = ({ expected }: Fixture) => expected?.errorCode ?? expected?.outcome;

  it.each(Object.entries(STAND_INS))('%s: %s', (_, [verdict, prefix]) => {
    const found = own.filter(({ id }) => id.startsWith(`${prefix}-`));
    expect(found.map(verdictOf)).toEqual([verdict]);
  });

  it.runIf(shared.length > 0)('are all there, themselves or in one of ours', () => {
    expect(new Set([...shared.map(({ id }) => id), ...Object.keys(STAND_INS)]).size).toBe(72);
  });
});

describe('[16.68] no verifier asks the network', () => {
  const asked = vi.fn(() => {
    throw new Error('the network was asked');
  });
  beforeEach(() => {
    for (const name of ['fetch', 'WebSocket', 'XMLHttpRequest', 'EventSource']) vi.stubGlobal(name, asked);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    expect(asked).not.toHaveBeenCalled();
  });

  const issuerManifest = { dangerouslyIgnoreIssuerManifest: true } as const;
  const replay = { dangerouslyAllowReplay: true } as const;
  const { tokens } = signed;

  it.each<[string, () => Promise<unknown>]>([
    ['an envelope', () => verifyEnvelope(JSON.stringify(signed.envelope.envelope), { now, replay })],
    ['a Manifest', () => verifyManifest(JSON.stringify(signed.manifest), { now })],
    ['a token', () => verifyTct(tokens.tct, { issuer: A.aid, audience: B.aid, now, issuerManifest, revocation })],
    ['a voucher', () => verifyVoucher(tokens.voucher, { verifier: A.aid, now })],
    ['a delegation', () => verifyDelegation(tokens.delegation, { verifier: A.aid, now, revocation, pop })],
    [
      'a delegation, with the draft on',
      () =>
        verifyDelegationMultihop(tokens.delegation, {
          verifier: A.aid,
          now,
          revocation,
          hopRevocation: revocation,
          pop,
        }),
    ],
    ['a snapshot', () => verifySnapshot(JSON.stringify(signed.snapshot))],
    ['a bundle', () => verifySessionBundle(JSON.stringify(signed.bundle), { verifier: B.aid, now, revocation })],
  ])('%s', async (_, verify) => {
    await verify();
  });

  it('a whole handshake', async () => {
    const make = (seed: number, options = {}) =>
      AitpAgent.fromSeed(new Uint8Array(32).fill(seed), { revocation, now, ...options });
    const pins = await Promise.all(
      [1, 2].map(async (seed) => ({
        subject: `agent-${seed}`,
        publicKey: (await make(seed)).aid.slice('aid:pubkey:'.length),
      })),
    );
    const [a, b] = await Promise.all([1, 2].map((seed) => make(seed, { pinnedKeys: pinnedKeys(pins) })));
    const published = async (agent: AitpAgent | undefined, name: string) =>
      agent?.buildManifest({
        displayName: name,
        handshakeEndpoint: `https://${name}.example/aitp/`,
        offeredCapabilities: ['read'],
        // An address that somebody who cannot wait would follow.
        addresses: { revocationListUri: `https://${name}.example/revoked` },
      });
    await published(a, 'agent-1');
    const manifest = (await published(b, 'agent-2')) as string;
    const [session, responder] = [(a as AitpAgent).newSession(), (b as AitpAgent).newResponder()];
    const { ackJson } = await responder.processHello(await session.buildHello(manifest, ['read']));
    const answer = await responder.processCommit(await session.processHelloAck(ackJson));
    expect((await session.complete(answer.ackJson)).claims.grants).toEqual(['read']);
  });
});

it('[16.68] no file of AITP names a host, and no file but those of the wires names the network', () => {
  const folder = new URL('../../src/aitp/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(60);
  for (const name of files) {
    const code = readFileSync(new URL(name.replaceAll('\\', '/'), folder), 'utf8').replace(
      /^\s*(\/\/|\*|\/\*).*$/gm,
      '',
    );
    expect([name, /from 'node:|\b(process|Buffer|Deno|Bun|require\()\./.exec(code)?.[0]]).toEqual([name, undefined]);
    if (/^(http|phone)\//.test(name)) continue;
    expect([name, /\bfetch\(|\bWebSocket\b|from '.*\/http\/|globalThis\.fetch/.exec(code)?.[0]]).toEqual([
      name,
      undefined,
    ]);
  }
});
