import { beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import { encodeBase64url } from '../../src/codec/base64url.js';
import { type KeySource, keySet } from '../../src/documents/jwks.js';
import { type DetachedSignature, signCompact, signDetached } from '../../src/documents/sign.js';
import { type JwsSigner, signerFromJwk } from '../../src/documents/signer.js';
import { keyFromJwk, type VerificationKey } from '../../src/documents/verification-key.js';
import {
  checkAlgorithm,
  decodeSignature,
  signingInput,
  type VerifyOptions,
  verifyCompact,
  verifyDetached,
} from '../../src/documents/verify.js';
import keys from '../../vectors/jose/keys.json' with { type: 'json' };
import { unhandledDuring } from '../support/unhandled.js';

const payload = encodeUtf8('hello');
const set = keySet(keys.map(({ publicJwk }) => publicJwk));
const verifyError = (code: string) => ({ name: 'VerifyError', code });
const encode = (header: unknown) => encodeBase64url(encodeUtf8(JSON.stringify(header)));

let ed: JwsSigner;
let ec: JwsSigner;
let token: string;
let entry: DetachedSignature;

beforeAll(async () => {
  ed = await signerFromJwk(keys[0]!.privateJwk);
  ec = await signerFromJwk(keys[1]!.privateJwk);
  token = await signCompact(payload, ed);
  entry = await signDetached(payload, ec);
});

/** A source that says what it was asked, and gives what it is told to. */
function scripted(find: KeySource['find']): KeySource & { readonly asked: number } {
  let asked = 0;
  return {
    find(header, search) {
      asked++;
      return find(header, search);
    },
    get asked() {
      return asked;
    },
  };
}

describe('a detached signature', () => {
  it('is verified over the payload given', async () => {
    const verified = await verifyDetached(entry, payload, { keys: set });
    expect(verified.payload).toEqual(payload);
    expect(verified.header).toMatchObject({ alg: 'ES256', kid: 'ec' });
    expect(verified.key.kid).toBe('ec');
    await expect(verifyDetached(entry, encodeUtf8('hallo'), { keys: set })).rejects.toMatchObject(
      verifyError('ERR_VERIFY_SIGNATURE'),
    );
  });

  it('is verified over the payload as it was', async () => {
    const mine = payload.slice();
    const pending = verifyDetached(entry, mine, { keys: set });
    mine.fill(0);
    expect((await pending).payload).toEqual(payload);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'a.b.c'],
    ['a list', []],
    ['no protected', { signature: 'AA' }],
    ['no signature', { protected: 'e30' }],
    ['protected no text', { protected: { alg: 'EdDSA' }, signature: 'AA' }],
    ['signature no text', { protected: 'e30', signature: [1] }],
  ])('is none: %s', async (_, bad) => {
    await expect(verifyDetached(bad as never, payload, { keys: set })).rejects.toMatchObject(
      verifyError('ERR_VERIFY_ENTRY'),
    );
  });

  it('may have an unprotected header, which decides nothing', async () => {
    const header = { jku: 'https://evil.example', typ: 'x', jwk: keys[2]!.publicJwk };
    const verified = await verifyDetached({ ...entry, header }, payload, { keys: set });
    expect(verified.header.jku).toBeUndefined();
    await expect(verifyDetached({ ...entry, header }, payload, { keys: set, typ: 'x' })).rejects.toMatchObject(
      verifyError('ERR_VERIFY_TYPE'),
    );
    await expect(verifyDetached({ ...entry, header: { alg: 'ES256' } }, payload, { keys: set })).rejects.toMatchObject(
      verifyError('ERR_VERIFY_HEADER'),
    );
    await expect(verifyDetached({ ...entry, header: { b64: false } }, payload, { keys: set })).rejects.toMatchObject(
      verifyError('ERR_VERIFY_CRITICAL'),
    );
  });

  it('cannot be turned into a compact token of another meaning', async () => {
    const { protected: segment, signature } = entry;
    const verified = await verifyCompact(`${segment}.${encodeBase64url(payload)}.${signature}`, { keys: set });
    expect(verified.payload).toEqual(payload);
    await expect(verifyCompact(`${segment}..${signature}`, { keys: set })).rejects.toMatchObject(
      verifyError('ERR_VERIFY_SIGNATURE'),
    );
  });
});

describe('keys are asked for', () => {
  it('only once everything else is in order', async () => {
    const keysource = scripted((header) => set.find(header));
    const [segment, body, signature] = token.split('.') as [string, string, string];
    const refused = [
      '',
      `${encode({ alg: 'none', kid: 'ed' })}.${body}.${signature}`,
      `${encode({ alg: 'HS256', kid: 'ed' })}.${body}.${signature}`,
      `${encode({ alg: 'EdDSA' })}.${body}.${signature}`,
      `${encode({ alg: 'EdDSA', kid: 'ed', crit: ['x'] })}.${body}.${signature}`,
      `${segment}.${body}.`,
      `${segment}.${body}=.${signature}`,
    ];
    for (const bad of refused) await expect(verifyCompact(bad, { keys: keysource })).rejects.toThrow();
    await expect(verifyCompact(token, { keys: keysource, algorithms: ['ES256'] })).rejects.toThrow();
    await expect(verifyCompact(token, { keys: keysource, typ: 'x' })).rejects.toThrow();
    await expect(verifyCompact(token, { keys: keysource, maxBytes: 10 })).rejects.toThrow();
    expect(keysource.asked).toBe(0);
    await verifyCompact(token, { keys: keysource });
    expect(keysource.asked).toBe(1);
  });

  it('with the header and the signal', async () => {
    const find = vi.fn<KeySource['find']>((header) => set.find(header));
    const { signal } = new AbortController();
    await verifyCompact(token, { keys: { find }, signal });
    expect(find.mock.calls).toEqual([[expect.objectContaining({ alg: 'EdDSA', kid: 'ed' }), { signal }]]);
  });

  it('and a source is not believed about its keys', async () => {
    const [edKey, ecKey] = keys.map(({ publicJwk }) => keyFromJwk(publicJwk)) as [VerificationKey, VerificationKey];
    const given = (found: readonly VerificationKey[]) => verifyCompact(token, { keys: { find: async () => found } });
    await expect(given([])).rejects.toMatchObject(verifyError('ERR_VERIFY_KEY_NOT_FOUND'));
    await expect(given([ecKey])).rejects.toMatchObject(verifyError('ERR_VERIFY_KEY_UNUSABLE'));
    expect((await given([ecKey, edKey])).key).toBe(edKey);
    const never = vi.fn(async () => false);
    const wrong = Array.from({ length: 4 }, () => ({ ...edKey, verify: never }));
    await expect(given([...wrong, edKey])).rejects.toMatchObject(verifyError('ERR_VERIFY_SIGNATURE'));
    expect(never).toHaveBeenCalledTimes(4);
    expect((await given([...wrong.slice(1), edKey])).key).toBe(edKey);
  });

  it('and what a source throws is passed on', async () => {
    const down = new Error('the store is down');
    await expect(verifyCompact(token, { keys: { find: () => Promise.reject(down) } })).rejects.toBe(down);
    const keySource = {
      find: () => {
        throw down;
      },
    };
    await expect(verifyCompact(token, { keys: keySource })).rejects.toBe(down);
  });
});

describe('an abort', () => {
  const reason = new Error('enough');

  it('before the start asks for nothing', async () => {
    const keysource = scripted((header) => set.find(header));
    await expect(verifyCompact(token, { keys: keysource, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(verifyDetached(entry, payload, { keys: keysource, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(keysource.asked).toBe(0);
  });

  it('ends the wait for a source that does not listen, and drops what comes later', async () => {
    const unhandled = await unhandledDuring(async () => {
      for (const late of ['resolve', 'reject'] as const) {
        const controller = new AbortController();
        const { promise, ...settle } = withResolvers<readonly VerificationKey[]>();
        const pending = verifyCompact(token, { keys: { find: () => promise }, signal: controller.signal });
        controller.abort(reason);
        await expect(pending).rejects.toBe(reason);
        settle[late](late === 'resolve' ? [] : (new Error('too late') as never));
      }
    });
    expect(unhandled).toEqual([]);
  });

  it('leaves no listener behind', async () => {
    const controller = new AbortController();
    const add = vi.spyOn(controller.signal, 'addEventListener');
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    await verifyCompact(token, { keys: set, signal: controller.signal });
    await Promise.resolve();
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
  });
});

describe('the size', () => {
  it('of a token is bounded', async () => {
    const limit = (maxBytes: number) => verifyCompact(token, { keys: set, maxBytes });
    expect((await limit(token.length)).payload).toEqual(payload);
    expect((await limit(token.length + 1)).payload).toEqual(payload);
    await expect(limit(token.length - 1)).rejects.toMatchObject({
      code: 'ERR_LIMIT_EXCEEDED',
      limit: 'maxBytes',
      allowed: token.length - 1,
      seen: token.length,
    });
    await expect(verifyCompact('.'.repeat(262_145), { keys: set })).rejects.toMatchObject({ allowed: 262_144 });
    await expect(verifyCompact('.'.repeat(262_144), { keys: set })).rejects.toMatchObject(
      verifyError('ERR_VERIFY_ENTRY'),
    );
  });

  it('of a detached payload is bounded', async () => {
    expect((await verifyDetached(entry, payload, { keys: set, maxBytes: 5 })).payload).toEqual(payload);
    await expect(verifyDetached(entry, payload, { keys: set, maxBytes: 4 })).rejects.toMatchObject({
      code: 'ERR_LIMIT_EXCEEDED',
    });
  });
});

describe('arguments', () => {
  it('are checked before anything is done', async () => {
    const bad: [VerifyOptions | undefined, typeof Error][] = [
      [undefined, TypeError],
      [{} as never, TypeError],
      [{ keys: keys as never }, TypeError],
      [{ keys: set, algorithms: 'EdDSA' as never }, TypeError],
      [{ keys: set, typ: 7 as never }, TypeError],
      [{ keys: set, maxBytes: '5' as never }, TypeError],
      [{ keys: set, maxBytes: 0 }, RangeError],
      [{ keys: set, maxBytes: Number.NaN }, RangeError],
      [{ keys: set, signal: {} as never }, TypeError],
    ];
    for (const [options, kind] of bad) {
      await expect(verifyCompact(token, options as never)).rejects.toThrow(kind);
      await expect(verifyDetached(entry, payload, options as never)).rejects.toThrow(kind);
    }
    await expect(verifyCompact(7 as never, { keys: set })).rejects.toThrow(TypeError);
    await expect(verifyDetached(entry, 'hello' as never, { keys: set })).rejects.toThrow(TypeError);
    expect(() => signingInput(7 as never, payload)).toThrow(TypeError);
    expect(() => signingInput('e30', 'hello' as never)).toThrow(TypeError);
    expect(() => decodeSignature(7 as never)).toThrow(TypeError);
  });
});

describe('an algorithm', () => {
  it('is allowed by its exact name', () => {
    for (const alg of ['EdDSA', 'Ed25519', 'ES256']) {
      expect(checkAlgorithm(alg)).toBe(alg);
      expect(checkAlgorithm(alg, [alg])).toBe(alg);
      for (const list of [[], ['none'], [alg.toLowerCase()], [`${alg} `]]) {
        expect(() => checkAlgorithm(alg, list)).toThrow(expect.objectContaining(verifyError('ERR_VERIFY_ALGORITHM')));
      }
    }
  });

  it('that we do not know is refused even where it is listed', () => {
    for (const alg of ['none', 'HS256', 'HS384', 'HS512', 'RS256', 'ES384', 'es256', '', '__proto__']) {
      expect(() => checkAlgorithm(alg, [alg])).toThrow(expect.objectContaining(verifyError('ERR_VERIFY_ALGORITHM')));
    }
  });
});

function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: T) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
