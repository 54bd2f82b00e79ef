import { describe, expect, it } from 'vitest';
import { Ledger } from '../../demo/worker/src/ledger.js';

const NOW = 1_800_000_000;
const grant = (jti: string, expiresAtSec = NOW + 3_600) => ({ jti, expiresAtSec });

describe('the books of the agent on Workers', () => {
  it('take back every token of one holder, and of nobody else', () => {
    const ledger = new Ledger();
    ledger.remember('ann', grant('1'));
    ledger.remember('ann', grant('2'));
    ledger.remember('bob', grant('3'));
    expect(ledger.takeBack('ann', NOW)).toBe(2);
    expect(['1', '2', '3'].map((jti) => ledger.has(jti))).toEqual([true, true, false]);
    expect(ledger.revocations(NOW)).toEqual([
      { jti: '1', revokedAtSec: NOW },
      { jti: '2', revokedAtSec: NOW },
    ]);
    expect([ledger.takeBack('ann', NOW), ledger.takeBack('carol', NOW)]).toEqual([0, 0]);
  });

  it('do not list a token whose time is over', () => {
    const ledger = new Ledger();
    ledger.remember('ann', grant('1', NOW + 10));
    ledger.takeBack('ann', NOW);
    expect(ledger.revocations(NOW + 9)).toHaveLength(1);
    expect(ledger.revocations(NOW + 10)).toEqual([]);
    expect(ledger.has('1')).toBe(false);
  });

  it('do not grow without end, whoever shakes hands how often', () => {
    const ledger = new Ledger();
    for (let holder = 0; holder <= 10_000; holder++) ledger.remember(`holder ${holder}`, grant(`of ${holder}`));
    expect([ledger.takeBack('holder 0', NOW), ledger.takeBack('holder 1', NOW)]).toEqual([0, 1]);
    for (let token = 0; token < 40; token++) ledger.remember('ann', grant(`token ${token}`));
    expect(ledger.takeBack('ann', NOW)).toBe(16);
    expect([ledger.has('token 23'), ledger.has('token 24')]).toEqual([false, true]);
  });
});
