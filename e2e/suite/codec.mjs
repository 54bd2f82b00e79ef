// Texts and their bytes.

import c4 from '../../vectors/phone/c4.json' with { type: 'json' };
import jcsDocuments from '../../vectors/rfc8785/documents.json' with { type: 'json' };
import jcs from '../../vectors/rfc8785/rfc.json' with { type: 'json' };
import { equal, hex, ok, refuses, unhex } from './assert.mjs';

const utf8 = new TextEncoder();

/** @param {any} library */
export function codecCases({ codec, errors }) {
  const { canonicalize, parseJsonStrict, decodeBase64url, encodeBase64url, decodeBase58btc, encodeBase58btc } = codec;
  return [
    {
      name: 'base64url: there and back, and only the one spelling',
      async run() {
        for (let length = 0; length < 70; length++) {
          const bytes = Uint8Array.from({ length }, (_, i) => i * 37 + length);
          equal(decodeBase64url(encodeBase64url(bytes)), bytes);
        }
        equal(encodeBase64url(Uint8Array.of(0xfb, 0xff)), '-_8');
        for (const text of ['-_8=', '+/8', '-_9', 'A', ' -_8', '\u00e9']) {
          await refuses(() => decodeBase64url(text), 'ERR_CODEC_BASE64URL', text);
        }
      },
    },
    {
      name: 'base58btc: there and back, leading zeros, a known text',
      async run() {
        for (let length = 1; length < 40; length++) {
          const bytes = Uint8Array.from({ length }, (_, i) => (i < length % 4 ? 0 : i * 73 + length));
          equal(decodeBase58btc(encodeBase58btc(bytes)), bytes);
        }
        equal(encodeBase58btc(utf8.encode('Hello World!')), '2NEpo7TZRRrLZSi2U');
        for (const text of ['0', 'O', 'I', 'l', ' 2'])
          await refuses(() => decodeBase58btc(text), 'ERR_CODEC_BASE58', text);
      },
    },
    {
      name: 'JCS: the numbers of RFC 8785, appendix B',
      async run() {
        for (const { bits, text } of jcs.numbers) equal(canonicalize(doubleOf(bits)), text);
        for (const bits of jcs.refusedNumbers) {
          await refuses(() => canonicalize(doubleOf(bits)), 'ERR_CODEC_JCS_VALUE', bits);
        }
      },
    },
    {
      name: 'JCS: the published documents',
      async run() {
        const examples = [...jcsDocuments, ...jcs.documents.filter((example) => example.canonicalHex !== undefined)];
        ok(examples.length >= 7);
        for (const { input, canonicalHex } of examples) {
          equal(hex(utf8.encode(canonicalize(parseJsonStrict(input)))), canonicalHex);
        }
      },
    },
    {
      name: 'JCS: what JSON cannot say is refused',
      async run() {
        const cycle = [];
        cycle.push(cycle);
        for (const value of [
          undefined,
          Number.NaN,
          1n,
          '\ud800',
          new Map(),
          new Date(0),
          [undefined],
          cycle,
          () => {},
        ]) {
          await refuses(() => canonicalize(value), 'ERR_CODEC_JCS_VALUE');
        }
      },
    },
    {
      name: 'C4: the known envelope encodes to the known bytes',
      run: () => equal(hex(utf8.encode(canonicalize(c4.envelope))), c4.hex),
    },
    {
      name: 'strict JSON: what two parsers could read differently is refused',
      async run() {
        const refused = {
          '{"a":1,"a":2}': 'ERR_CODEC_JSON_DUPLICATE_KEY',
          '{"a":1,"\\u0061":2}': 'ERR_CODEC_JSON_DUPLICATE_KEY',
          '"\\ud800"': 'ERR_CODEC_JSON_SURROGATE',
          '9007199254740993': 'ERR_CODEC_JSON_NUMBER',
          '1e400': 'ERR_CODEC_JSON_NUMBER',
          '[1,]': 'ERR_CODEC_JSON_SYNTAX',
          '\ufeff1': 'ERR_CODEC_JSON_SYNTAX',
          [`${'['.repeat(65)}${']'.repeat(65)}`]: 'ERR_CODEC_JSON_DEPTH',
        };
        for (const [text, code] of Object.entries(refused)) await refuses(() => parseJsonStrict(text), code, text);
        await refuses(() => parseJsonStrict(unhex('22fffe22')), 'ERR_CODEC_UTF8');
        await refuses(() => parseJsonStrict('[0,0]', { maxBytes: 4 }), 'ERR_CODEC_JSON_SIZE');
        const parsed = parseJsonStrict('{"__proto__":{"admin":true},"n":-0.5}');
        equal(Object.keys(parsed), ['__proto__', 'n']);
        equal(parsed.admin, undefined);
      },
    },
    {
      name: 'errors carry a stable code, a name and their brand',
      async run() {
        const error = await parseError(parseJsonStrict);
        ok(error instanceof errors.CodecError && error instanceof errors.SdkError && error instanceof Error);
        equal([error.name, error.code], ['CodecError', 'ERR_CODEC_JSON_SYNTAX']);
        ok(errors.isSdkError(error) && !errors.isSdkError(new Error('x')) && !errors.isSdkError(null));
      },
    },
  ];
}

function parseError(parse) {
  try {
    parse('{');
  } catch (error) {
    return error;
  }
  throw new Error('it parsed');
}

/** @param {string} bits 16 hexadecimal digits. */
function doubleOf(bits) {
  return new DataView(unhex(bits).buffer).getFloat64(0);
}
