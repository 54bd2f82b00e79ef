// Further vectors from a folder outside the repository, where there is one: RINGLINE_SHARED_VECTORS, or the default below.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import { encodeBase64url } from '../../src/codec/base64url.js';
import { canonicalize } from '../../src/codec/jcs.js';
import { parseJsonStrict } from '../../src/codec/json.js';
import { hex } from '../support/hex.js';
import { codeOf, doubleOf } from './helpers.js';

const folder =
  process.env.RINGLINE_SHARED_VECTORS ?? fileURLToPath(new URL('../../../shared/vectors', import.meta.url));

/** Runs the cases of one file, or says in a line that it is not there. */
function withFile<T>(name: string, run: (content: T) => void): void {
  const path = join(folder, name);
  if (existsSync(path)) {
    describe(name, () => run(JSON.parse(readFileSync(path, 'utf8')) as T));
    return;
  }
  console.log(`not run: extra vectors ${name} (no such file in ${folder})`);
  it.skip(name, () => {});
}

interface JcsVectors {
  numbers: { ieee754: string; text: string }[];
  texts: { input: string; canonical: string }[];
  rejected: { input: string; why: string }[];
}

withFile<JcsVectors>('a2a/jcs.json', ({ numbers, texts, rejected }) => {
  it.each(numbers)('writes the double $ieee754 as $text', ({ ieee754, text }) => {
    expect(canonicalize(doubleOf(ieee754))).toBe(text);
  });

  it.each(texts)('canonicalizes $input', ({ input, canonical }) => {
    expect(canonicalize(JSON.parse(input))).toBe(canonical);
    const code = codeOf(() => parseJsonStrict(input));
    // One text has integers of more than 53 bits, which the strict parser refuses on purpose.
    expect(code).toBe(/\d{17}/.test(input) ? 'ERR_CODEC_JSON_NUMBER' : undefined);
    if (code === undefined) expect(canonicalize(parseJsonStrict(input))).toBe(canonical);
  });

  it.each(rejected)('refuses $input: $why', ({ input }) => {
    expect(codeOf(() => parseJsonStrict(input))).toMatch(/^ERR_CODEC_JSON_/);
  });
});

interface AitpVector {
  id: string;
  object?: unknown;
  jcs_canonical_hex: string;
  jcs_canonical_len_bytes: number;
  sha256_hex: string;
  sha256_b64url: string;
  chain_entry_sha256_b64url?: string[];
  digest_array_jcs: string;
  chain_hash: string;
}

withFile<{ vectors: AitpVector[] }>('aitp/known-answer/jcs-sha256.json', ({ vectors }) => {
  const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());

  it.each(vectors.filter(({ object }) => object !== undefined))('$id', (vector) => {
    const bytes = encodeUtf8(canonicalize(vector.object));
    expect(hex(bytes)).toBe(vector.jcs_canonical_hex);
    expect(bytes).toHaveLength(vector.jcs_canonical_len_bytes);
    expect(hex(sha256(bytes))).toBe(vector.sha256_hex);
    expect(encodeBase64url(sha256(bytes))).toBe(vector.sha256_b64url);
    expect(canonicalize(parseJsonStrict(bytes))).toBe(canonicalize(vector.object));
  });

  it.each(vectors.filter(({ digest_array_jcs }) => digest_array_jcs !== undefined))('$id', (vector) => {
    const text = canonicalize(vector.chain_entry_sha256_b64url);
    expect(text).toBe(vector.digest_array_jcs);
    expect(encodeBase64url(sha256(encodeUtf8(text)))).toBe(vector.chain_hash);
  });
});
