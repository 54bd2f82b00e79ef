// Bytes that name whose they are: the tag of who sends them and their place, then what no text can be, of some length.

import { encodeUtf8 } from '../../../src/bytes/utf8.js';
import { Random } from './random.js';

/** Makes the bytes of a chunk: 1 to some 300, now and then some 5,000, and sometimes none. */
export function bytesOf(tag: string, index: number): Uint8Array<ArrayBuffer> {
  const random = new Random([...`${tag} ${index}`].reduce((sum, char) => Math.imul(sum, 31) + char.charCodeAt(0), 7));
  if (random.chance(0.05)) return new Uint8Array();
  const name = encodeUtf8(`${tag} ${index} `);
  const noise = random.bytes(random.chance(0.05) ? 5_000 : random.int(250));
  const bytes = new Uint8Array(name.length + noise.length);
  bytes.set(name);
  bytes.set(noise, name.length);
  return bytes;
}
