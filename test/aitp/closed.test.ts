// What a stranger's text may do to the messages we write about it, and to the memory we keep.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { aidText, closedObject, listOf, parseSigned, readClosed, text, uriText } from '../../src/aitp/closed.js';
import type { AitpError } from '../../src/aitp/errors.js';
import { readManifestAddresses, writeManifestAddresses } from '../../src/aitp/extensions.js';
import { MAX_URL_CHARACTERS } from '../../src/bytes/parse-url.js';
import { parseJsonStrict } from '../../src/codec/json.js';
import primitives from '../../vectors/aitp/primitives.json' with { type: 'json' };

const thrown = (run: () => unknown): AitpError => {
  try {
    run();
  } catch (error) {
    return error as AitpError;
  }
  throw new Error('nothing was thrown');
};
const PLAIN = /^[ -~]{1,200}$/;

describe('a stranger does not write into our messages', () => {
  it('with the name of a member that holds a fraction', () => {
    const name = `\\u001b[31m${'x'.repeat(30_000)}`;
    const { message, wireCode } = thrown(() => parseSigned(`{"${name}":0.5}`, 'INVALID_ENVELOPE', 65_536));
    expect(wireCode).toBe('INVALID_ENVELOPE');
    expect(message).toMatch(PLAIN);
  });

  it.each([
    ['an escape sequence', '\u001b[31m'],
    ['one of eight bits', '\u009b31m'],
    ['text from right to left', '\u202egnp.exe'],
    ['a line separator', '\u2028'],
    ['a tag', '\u{e0041}'],
    ['delete', '\u007f'],
    ['fifty thousand letters', 'x'.repeat(50_000)],
  ])('with the name of a member nobody knows: %s', (_, name) => {
    const value = parseJsonStrict(JSON.stringify({ a: '', [name]: 1 }));
    const shape = closedObject({ a: text });
    const { message, wireCode } = thrown(() => readClosed(shape, value, 'MANIFEST_INVALID', 'thing'));
    expect(wireCode).toBe('UNKNOWN_FIELD');
    expect(message).toMatch(PLAIN);
  });
});

describe('limits', () => {
  it('a limit that is none is the fault of the caller, not of the text', () => {
    expect(() => parseSigned('{}', 'INVALID_ENVELOPE', 0)).toThrow(RangeError);
    expect(() => parseSigned('{}', 'INVALID_ENVELOPE', Number.NaN)).toThrow(RangeError);
  });

  it('whoever raises the length of a text raises the number of its members', () => {
    const list = JSON.stringify(Array.from({ length: 30_000 }, () => ({ a: 1 })));
    expect(() => parseSigned(list, 'INVALID_ENVELOPE', 262_144)).toThrow(
      expect.objectContaining({ wireCode: 'INVALID_ENVELOPE' }),
    );
    expect(parseSigned(list, 'INVALID_ENVELOPE', 1_048_576)).toHaveLength(30_000);
  });
});

it('a name that is read out of a message does not keep the message in memory', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const held: string[] = [];
  const usedMb = () => {
    collect();
    return process.memoryUsage().heapUsed / 1e6;
  };
  const { aid } = primitives.keys.A;
  const before = usedMb();
  for (let i = 0; i < 500; i++) {
    const padding = `${i}`.padEnd(60_000, 'x');
    const { agent } = parseJsonStrict(JSON.stringify({ agent: aid, padding })) as { agent: string };
    held.push(readClosed(aidText, agent, 'INVALID_ENVELOPE', 'name'));
  }
  expect(usedMb() - before).toBeLessThan(10);
  expect(held).toHaveLength(500);
});

describe('an address that is too long', () => {
  afterEach(() => vi.unstubAllGlobals());

  /** Lengths of what the URL parser is shown, which takes quadratic time over some hosts. */
  function watchParser(): number[] {
    const shown: number[] = [];
    const Parser = URL;
    vi.stubGlobal(
      'URL',
      class extends Parser {
        constructor(address: string, base?: string) {
          shown.push(address.length);
          super(address, base);
        }
      },
    );
    return shown;
  }

  const address = (length: number) => `https://${'xn--a.'.repeat(length)}`.slice(0, length);
  const slow = `https://${'xn--a-'.repeat(10_000)}.example/`;

  it('is no address in a closed object, alone or in a list, and is not shown to the parser', () => {
    const shown = watchParser();
    const shape = closedObject({ one: uriText, many: listOf(uriText) });
    const read = (one: string, many: string[]) => readClosed(shape, { one, many }, 'MANIFEST_INVALID', 'thing');
    const plain = 'https://a.example/';
    expect(thrown(() => read(slow, [])).wireCode).toBe('MANIFEST_INVALID');
    expect(thrown(() => read(plain, [plain, slow])).wireCode).toBe('MANIFEST_INVALID');
    const longest = `${plain}${'x'.repeat(MAX_URL_CHARACTERS - plain.length)}`;
    expect(read(longest, []).one).toBe(longest);
    expect(thrown(() => read(`${longest}x`, [])).wireCode).toBe('MANIFEST_INVALID');
    expect(Math.max(...shown)).toBe(MAX_URL_CHARACTERS);
    expect(shown.length).toBe(3);
  });

  it('in the extensions of a Manifest is left out, and cannot be put there', () => {
    const shown = watchParser();
    const extensions = { 'rfc-aitp-0005.renew_uri': slow, 'rfc-aitp-0005.verify_uri': 'https://a.example/' };
    expect(readManifestAddresses(extensions)).toEqual({ verifyUri: 'https://a.example/' });
    expect(() => writeManifestAddresses({ renewUri: address(MAX_URL_CHARACTERS + 1) })).toThrow(TypeError);
    expect(shown).toEqual(['https://a.example/'.length]);
  });
});
