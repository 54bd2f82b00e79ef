// One small frame through the whole codec: encode, seal, open, decode, with every limit on; against the same frame
// through noble's AEAD as it comes, npm canonicalize and a schema library.

import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import canonicalize from 'canonicalize';
import * as v from 'valibot';
import { CipherState } from '../../dist/noise/cipher-state.js';
import { fastSuite } from '../../dist/noise/fast.js';
import { HEADROOM_BYTES, TAILROOM_BYTES } from '../../dist/noise/suite.js';
import { nobleSuite } from '../../dist/noise/suite-noble.js';
import { decodeFrame } from '../../dist/phone/frame-decode.js';
import { requestHead, requestText, writeText } from '../../dist/phone/frame-encode.js';
import { DEFAULT_LIMITS } from '../../dist/phone/limits.js';
import { interleave, median, ratio, timed } from './rounds.mjs';

const PARAMS = { a: 1, b: 'hello' };
const KEY = new Uint8Array(32).fill(7);
const MAX_PLAINTEXT_BYTES = 65_519;

/** @param {typeof nobleSuite} suite */
function ours(suite) {
  const send = new CipherState(suite.aead(KEY));
  const receive = new CipherState(suite.aead(KEY));
  const sealed = new Uint8Array(HEADROOM_BYTES + MAX_PLAINTEXT_BYTES + TAILROOM_BYTES);
  const opened = new Uint8Array(sealed.length);
  let streamId = 1;
  return () => {
    const text = requestText(requestHead('echo', PARAMS, undefined), streamId);
    streamId += 2;
    const plain = writeText(text, sealed.subarray(HEADROOM_BYTES, HEADROOM_BYTES + MAX_PLAINTEXT_BYTES));
    const frame = sealed.slice(HEADROOM_BYTES, HEADROOM_BYTES + send.seal(sealed, plain));
    opened.set(frame, HEADROOM_BYTES);
    const bytes = receive.open(opened, frame.length);
    return decodeFrame(opened.subarray(HEADROOM_BYTES, HEADROOM_BYTES + bytes), DEFAULT_LIMITS);
  };
}

const unsigned = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const envelope = v.object({
  stream_id: unsigned,
  type: v.picklist(['req', 'res', 'stream_chunk', 'stream_end', 'cancel', 'error']),
  seq: unsigned,
  credits: v.optional(unsigned),
  method: v.optional(v.string()),
  params: v.optional(v.unknown()),
  result: v.optional(v.unknown()),
  reason: v.optional(v.string()),
  error: v.optional(v.object({ code: v.number(), message: v.string() })),
});

function libraries() {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let counter = 0n;
  let streamId = 1;
  const nonce = () => {
    const bytes = new Uint8Array(12);
    new DataView(bytes.buffer).setBigUint64(4, counter, true);
    return bytes;
  };
  return () => {
    const request = { stream_id: streamId, type: 'req', seq: 0, method: 'echo', params: PARAMS };
    streamId += 2;
    const plain = encoder.encode(canonicalize(v.parse(envelope, request)));
    const frame = chacha20poly1305(KEY, nonce()).encrypt(plain);
    const opened = chacha20poly1305(KEY, nonce()).decrypt(frame);
    counter++;
    return v.parse(envelope, JSON.parse(decoder.decode(opened)));
  };
}

/** @param {{ rounds: number, onRound: () => void }} options @returns {Promise<import('./report.mjs').Figure[]>} */
export async function codec({ rounds, onRound }) {
  const series = await interleave(
    { libraries: timed(libraries()), default: timed(ours(nobleSuite)), fast: timed(ours(fastSuite)) },
    rounds,
    onRound,
  );
  const about = (/** @type {keyof typeof series} */ name) => `${(median(series[name]) / 1000).toFixed(2)} us a frame`;
  return [
    {
      name: 'small frame, default suite',
      ...ratio(series.libraries, series.default),
      floor: 1.5,
      note: about('default'),
    },
    { name: 'small frame, fast suite', ...ratio(series.libraries, series.fast), floor: 4.5, note: about('fast') },
  ];
}
