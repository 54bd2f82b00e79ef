import { expect, it } from 'vitest';
import type { Aid } from '../../src/aitp/aid.js';
import { decideGrants } from '../../src/aitp/policy.js';
import { codeOf } from './parties.js';

const peer = {
  aid: 'aid:pubkey:x' as Aid,
  identityType: 'oidc',
  subject: 's',
  issuer: 'https://idp.example.com',
} as const;

it('grants what is asked for and offered, in the order asked for, each once', async () => {
  const decision = { requested: ['b', 'x', 'a', 'b'], offered: ['a', 'b', 'c'], peer };
  expect(await decideGrants(decision)).toEqual(['b', 'a']);
});

it('lets a policy narrow, and never widen', async () => {
  const decision = { requested: ['a', 'b'], offered: ['a', 'b', 'c'], peer };
  expect(await decideGrants({ ...decision, policy: async () => ['c', 'b', 'root'] })).toEqual(['b']);
});

it('is not widened by a policy that writes into the list it is handed', async () => {
  const policy = (_peer: unknown, grants: readonly string[]) => {
    (grants as string[]).push('root');
    return grants;
  };
  expect(await decideGrants({ requested: ['a'], offered: ['a'], peer, policy })).toEqual(['a']);
});

it('keeps within what a pinned key may have', async () => {
  const decision = { requested: ['a', 'b'], offered: ['a', 'b'], peer, allowedCapabilities: ['b', 'c'] };
  expect(await decideGrants(decision)).toEqual(['b']);
});

it.each([
  ['nothing asked for', { requested: [], offered: ['a'] }],
  ['nothing offered', { requested: ['a'], offered: [] }],
  ['a prefix', { requested: ['a'], offered: ['a.b'] }],
  ['another case', { requested: ['A'], offered: ['a'] }],
  ['a wildcard', { requested: ['*'], offered: ['a'] }],
  ['a pinned key that may have nothing', { requested: ['a'], offered: ['a'], allowedCapabilities: [] }],
  ['a policy that says no', { requested: ['a'], offered: ['a'], policy: () => [] }],
])('[16.56] grants nothing for %s', async (_what, decision) => {
  expect(await codeOf(decideGrants({ ...decision, peer }))).toBe('POLICY_VIOLATION');
});

it('asks the policy about nothing where nothing is left to ask about', async () => {
  let asked = false;
  const policy = () => {
    asked = true;
    return ['a'];
  };
  expect(await codeOf(decideGrants({ requested: ['x'], offered: ['a'], peer, policy }))).toBe('POLICY_VIOLATION');
  expect(asked).toBe(false);
});
