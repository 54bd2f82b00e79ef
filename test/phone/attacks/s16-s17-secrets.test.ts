// Rows S16 and S17: what an inspector of our objects sees, and how secrets are compared. What errors and logs say of a
// peer's content is in s09-s12-content.test.ts.

import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { equalBytes } from '../../../src/bytes/equal.js';
import { identityFromSeed } from '../../../src/identity/seed-identity.js';
import { connect } from '../../../src/phone/connect.js';
import { serve } from '../../../src/phone/serve.js';
import { memoryPair } from '../../../src/transport/memory.js';
import { consoleLines } from '../../support/console-lines.js';
import { hex } from '../../support/hex.js';
import { CALLEE_SEED, CALLER_SEED, securePair } from '../../support/secure-pair.js';
import { allTextOf } from '../../support/text-of.js';

const PLAINTEXT = 'zqzqzqzqzqzqzqzqzqzqzqzq';

describe('S16: nothing leaks', () => {
  let logged: unknown[][];
  beforeEach(() => {
    logged = consoleLines();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Seeds in every spelling a dump could have. */
  const spellings = [CALLER_SEED, CALLEE_SEED].flatMap((seed) => [
    hex(seed),
    Buffer.from(seed).toString('base64').slice(0, 40),
    seed.join(', '),
    Array.from(seed.slice(0, 12)).join(',\n'),
  ]);
  const clean = (text: string) => {
    for (const spelling of spellings) expect(text).not.toContain(spelling);
    expect(text).not.toContain('zqz');
  };

  test('from the objects of a session in full swing, shown to the last hidden member', async () => {
    const { caller, callee, callerChannel, calleeChannel } = await securePair({
      handlers: {
        hang: () => new Promise(() => {}),
        async *secrets() {
          for (;;) yield PLAINTEXT;
        },
      },
    });
    caller.call('hang', PLAINTEXT).catch(() => {});
    const items = caller.stream('secrets', PLAINTEXT);
    await items.next();
    for (const thing of [caller, callee, callerChannel, calleeChannel, items]) {
      clean(allTextOf(thing));
      clean(JSON.stringify(thing) ?? '');
    }
    await caller.close();
    expect(logged).toEqual([]);
  });

  test('from a handshake that fails, on either side', async () => {
    const [alice, bob] = await Promise.all([identityFromSeed(CALLER_SEED), identityFromSeed(CALLEE_SEED)]);
    const carol = await identityFromSeed(new Uint8Array(32).fill(9));
    const refused: unknown[] = [];
    for (const [caller, named] of [
      [alice, carol.did],
      [{ ...alice, did: carol.did }, bob.did],
    ] as const) {
      const [near, far] = memoryPair();
      serve({ identity: bob, transport: far, onRefused: (error) => refused.push(error) });
      const error = await connect({ identity: caller, transport: near, remoteDid: named }).catch((reason) => reason);
      expect(error).toHaveProperty('code');
      clean(allTextOf(error));
    }
    for (const error of refused) clean(allTextOf(error));
    for (const identity of [alice, bob]) clean(allTextOf(identity));
    expect(logged).toEqual([]);
  });
});

describe('S17: comparisons', () => {
  /** Bytes that count how often one looks at them. */
  function watched(bytes: Uint8Array) {
    let looks = 0;
    const proxy = new Proxy(bytes, {
      get(target, name) {
        if (typeof name === 'string' && /^\d+$/.test(name)) looks++;
        return Reflect.get(target, name, target);
      },
    });
    return { proxy, looks: () => looks };
  }

  test('equalBytes looks at every byte, wherever the difference is', () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i);
    const looks = [undefined, 0, 15, 31].map((differsAt) => {
      const other = key.slice();
      if (differsAt !== undefined) other[differsAt] = 255;
      const { proxy, looks } = watched(key);
      expect(equalBytes(proxy, other)).toBe(differsAt === undefined);
      return looks();
    });
    expect(looks).toEqual([32, 32, 32, 32]);
  });

  const sources = ['noise', 'noise/fast', 'channel', 'curves', 'identity', 'phone'].flatMap((room) => {
    const folder = new URL(`../../../src/${room}/`, import.meta.url);
    return readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .map((name): [string, string] => [`${room}/${name}`, readFileSync(new URL(name, folder), 'utf8')]);
  });

  test('no key, tag, secret or signature meets === or an early exit', () => {
    // What holds bytes, by its usual names; lengths, kinds and absence may be compared.
    const secret =
      /\b(?:\w*(?:[kK]ey|[tT]ag|[mM]ac|[sS]ecret|[sS]ignature|[hH]ash)|rs|ck|h|k)(?:\[\w+\])?\s*[!=]==?\s*(\S+)/g;
    const harmless = /^(?:undefined|null|'(?:string|object|function)')/;
    const found = sources.flatMap(([name, text]) =>
      [...text.matchAll(secret)].filter(([, right = '']) => !harmless.test(right)).map(([hit]) => `${name}: ${hit}`),
    );
    expect(found).toEqual([]);
    // The net holds what it is meant to catch.
    for (const bad of ['tag === other', 'remoteStaticKey !== key', 'k[i] != b[i]'])
      expect(bad.match(secret)).not.toBeNull();
    for (const [name, text] of sources) {
      expect(text, name).not.toMatch(/\.every\(\s*\(\s*\w+\s*,\s*\w+\s*\)\s*=>\s*\w+\s*===/);
      expect(text, name).not.toMatch(/indexedDB\.cmp|Buffer\.compare|toString\(\)\s*===/);
    }
  });

  test('the keys that decide who somebody is are compared in constant time', () => {
    const of = (name: string) => sources.find(([file]) => file === name)?.[1] ?? '';
    expect(of('channel/respond.ts')).toContain('equalBytes(keys.remoteStaticKey, claimedKey)');
    expect(of('identity/prove.ts')).toContain('equalBytes(ours, theirs)');
    expect(of('noise/noble-aead.ts')).toMatch(/equalBytes\(\w*[tT]ag\w*,/);
    expect(of('noise/fast/aead.ts')).toMatch(/difference \|= /);
  });
});
