// The whole story from the command line: A grants to B, B delegates to C, A takes it back, and nobody takes it any more.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { aitp, claims, Stage, setClock } from './aitp-files.js';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.make();
});
afterEach(() => stage.remove());

it('[16.43] a token and the delegation on it hold until its issuer takes the token back, and then neither does', async () => {
  const { a, b, c } = stage;
  const manifest = await stage.keep('manifest.json', stage.manifestWords());
  const token = await stage.keep('token.txt', stage.tokenWords('--manifest', manifest, '--voucher'));
  const list = stage.at('list.json');
  expect((await aitp(['revoke', list, '--new', '--identity', a.file])).code).toBe(0);

  const verifyToken = ['verify', token, '--manifest', manifest, '--audience', b.did, '--revocation', list, '--json'];
  const held = await aitp(verifyToken);
  expect([held.code, held.err]).toEqual([0, '']);
  const [tct = ''] = (await stage.read('token.txt')).split('\n');
  expect(JSON.parse(held.out)).toEqual({ ok: true, kind: 'tct', claims: claims(tct), unproved: ['possession'] });

  const delegation = await stage.keep('delegation.txt', stage.delegateWords(token, '--grant', 'read'));
  const verifyDelegation = [
    'verify',
    delegation,
    '--audience',
    a.aid,
    '--issuer',
    b.aid,
    '--revocation',
    list,
    '--json',
  ];
  const passed = await aitp(verifyDelegation);
  expect([passed.code, passed.err]).toEqual([0, '']);
  expect(JSON.parse(passed.out)).toMatchObject({
    ok: true,
    kind: 'delegation',
    claims: { iss: b.aid, sub: c.aid, aud: a.aid, scope: ['read'] },
    unproved: ['possession', 'exchange'],
  });

  setClock(10);
  expect((await aitp(['revoke', list, '--token', token, '--identity', a.file])).code).toBe(0);
  const refused = await aitp(verifyToken);
  expect([refused.code, JSON.parse(refused.out)]).toEqual([
    1,
    { ok: false, kind: 'tct', code: 'TCT_REVOKED', message: expect.any(String) },
  ]);
  const gone = await aitp(verifyDelegation);
  expect([gone.code, JSON.parse(gone.out)]).toEqual([
    1,
    { ok: false, kind: 'delegation', code: 'DELEGATION_SOURCE_TCT_REVOKED', message: expect.any(String) },
  ]);
});
