import { describe, expect, it } from 'vitest';
import { encodePreamble, parsePreamble } from '../../src/transport/preamble.js';

const DID = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';

describe('preamble', () => {
  it('is the subprotocol, one space and the DID', () => {
    expect(encodePreamble('agent-phone.v1', DID)).toBe(`agent-phone.v1 ${DID}`);
    expect(parsePreamble(`agent-phone.v1 ${DID}`, 'agent-phone.v1')).toBe(DID);
  });

  it('is 300 bytes at most, both ways', () => {
    for (const [bytes, fits] of [
      [299, true],
      [300, true],
      [301, false],
    ] as const) {
      const did = 'd'.repeat(bytes - 'p '.length);
      if (fits) {
        expect(parsePreamble(encodePreamble('p', did), 'p')).toBe(did);
      } else {
        expect(() => encodePreamble('p', did)).toThrow(RangeError);
        expect(() => parsePreamble(`p ${did}`, 'p')).toThrow(expect.objectContaining({ code: 'ERR_CHANNEL_PROTOCOL' }));
      }
    }
  });

  it('is not written from words that are none', () => {
    for (const word of ['', ' ', 'a b', 'a\n', '\u00e9', '\ud800', 'a\u007f']) {
      expect(() => encodePreamble(word, DID)).toThrow(RangeError);
      expect(() => encodePreamble('p', word)).toThrow(RangeError);
    }
    for (const word of [undefined, null, 1, {}, new Uint8Array(1)]) {
      expect(() => encodePreamble(word as never, DID)).toThrow(TypeError);
      expect(() => encodePreamble('p', word as never)).toThrow(TypeError);
    }
  });
});
