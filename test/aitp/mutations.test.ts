// Signed artifacts, changed at random: more than twenty thousand times in every run, ten times that with RINGLINE_LONG=1.
// No change is accepted, and none ends in anything but an error of this protocol.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AitpError } from '../../src/aitp/errors.js';
import { type Artifact, makeArtifacts } from './artifacts.js';

const RUNS = process.env.RINGLINE_LONG === '1' ? 10_000 : 1_000;

const artifacts = [...(await makeArtifacts('A')), ...(await makeArtifacts('P'))];

/** A change of a text; positions are parts of its length. */
type Change = (text: string) => string;

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const at = (text: string, where: number) => Math.floor(where * text.length);
const splice = (text: string, from: number, length: number, put: string) =>
  text.slice(0, from) + put + text.slice(from + length);

/** Pieces that mean something to a parser of these texts. */
const piece = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
  fc.constantFrom(
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '.',
    '..',
    '=',
    '-',
    '_',
    '+',
    '/',
    ' ',
    '\n',
    '\ufeff',
    '\0',
  ),
  fc.constantFrom('e0', '.0', '-0', '1e400', '9007199254740993', '\\u0000', '\\ud800', '"__proto__":{},', '"a":1,'),
  fc.constantFrom('"extensions":{},', '"ext":{},', '"signature":"",', '"ver":"aitp/0.2",', '"exp":9999999999,'),
);

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, piece).map(
    ([where, put]): Change =>
      (text) =>
        splice(text, at(text, where), 0, put),
  ),
  fc.tuple(place, piece).map(
    ([where, put]): Change =>
      (text) =>
        splice(text, at(text, where), put.length, put),
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(
    ([where, length]): Change =>
      (text) =>
        splice(text, at(text, where), length, ''),
  ),
  place.map(
    (where): Change =>
      (text) =>
        text.slice(0, at(text, where)),
  ),
  // A part of it once more, somewhere else.
  fc.tuple(place, fc.integer({ min: 1, max: 200 }), place).map(
    ([from, length, to]): Change =>
      (text) =>
        splice(text, at(text, to), 0, text.substr(at(text, from), length)),
  ),
  // Two letters changed for one another.
  fc.tuple(place, place).map(
    ([one, two]): Change =>
      (text) => {
        const [i, j] = [at(text, one), at(text, two)];
        const letters = text.split('');
        [letters[i], letters[j]] = [letters[j] as string, letters[i] as string];
        return letters.join('');
      },
  ),
  // A part of another artifact in its place.
  fc.tuple(fc.nat(artifacts.length - 1), place, fc.integer({ min: 1, max: 300 }), place).map(
    ([other, from, length, to]): Change =>
      (text) => {
        const foreign = (artifacts[other] as Artifact).text;
        const part = foreign.substr(at(foreign, from), length);
        return splice(text, at(text, to), part.length, part);
      },
  ),
);

/** Whether two texts of JSON are one document: then the change was one of spelling, which nobody signs. */
function sameDocument(one: string, two: string): boolean {
  try {
    expect(JSON.parse(one)).toEqual(JSON.parse(two));
    return true;
  } catch {
    return false;
  }
}

let tried = 0;

describe.each(artifacts.map((artifact, i) => [artifact.name, i < artifacts.length / 2 ? 'A' : 'P', artifact] as const))(
  '%s of %s',
  (_name, _key, { text, form, verify }) => {
    it('is accepted as it is, and in no other way', { timeout: 300_000 }, async () => {
      await verify(text);
      const changes = fc.array(change, { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(changes, async (steps) => {
          const changed = steps.reduce((so_far, step) => step(so_far), text);
          fc.pre(changed !== text && !(form === 'json' && sameDocument(changed, text)));
          tried++;
          try {
            await verify(changed);
          } catch (error) {
            if (error instanceof AitpError) return;
            throw error;
          }
          throw new Error('accepted');
        }),
        { numRuns: RUNS },
      );
    });
  },
);

it('those were more than twenty thousand changes', () => {
  expect(tried).toBeGreaterThan(20_000);
});
