// Every bit of every byte of every signed artifact, flipped one at a time, complete: none is accepted, and none is refused
// in any other way than with an error of this protocol. Not one of an extension slot that nobody signs: there is none here.

import { describe, expect, it } from 'vitest';
import { AitpError } from '../../src/aitp/errors.js';
import { type Artifact, makeArtifacts } from './artifacts.js';
import type { KeyName } from './support.js';

/** Places at which a flipped bit was taken, or broke something. */
async function takenFlips({ text, verify }: Artifact): Promise<string[]> {
  const original = new TextEncoder().encode(text);
  const taken: string[] = [];
  const flip = async (at: number, bit: number) => {
    const bytes = original.slice();
    bytes[at] = (bytes[at] as number) ^ (1 << bit);
    try {
      await verify(bytes);
      taken.push(`byte ${at}, bit ${bit}: accepted`);
    } catch (error) {
      if (!(error instanceof AitpError)) taken.push(`byte ${at}, bit ${bit}: ${error}`);
    }
  };
  for (let at = 0; at < original.length; at++) {
    await Promise.all(Array.from({ length: 8 }, (_, bit) => flip(at, bit)));
  }
  return taken;
}

const suites: readonly [string, KeyName][] = [
  ['Ed25519', 'A'],
  ['P-256', 'P'],
];

describe.each(suites)('signed with %s', async (_, granting) => {
  const artifacts = await makeArtifacts(granting);

  it.each(artifacts.map((artifact) => [artifact.name, artifact] as const))(
    'no flipped bit is accepted: %s',
    { timeout: 120_000 },
    async (_name, artifact) => {
      await artifact.verify(artifact.text);
      expect(await takenFlips(artifact)).toEqual([]);
    },
  );
});

it('no artifact is accepted where another kind is wanted', async () => {
  const artifacts = await makeArtifacts();
  const taken: string[] = [];
  for (const wanted of artifacts) {
    for (const { name, text } of artifacts) {
      // A delegation of one hop is one a verifier of several takes as well.
      const fits = name === wanted.name || (name === 'delegation' && wanted.name === 'multihop delegation');
      try {
        await wanted.verify(text);
        if (!fits) taken.push(`${name} as ${wanted.name}`);
      } catch (error) {
        if (fits || !(error instanceof AitpError)) taken.push(`${name} as ${wanted.name}: ${error}`);
      }
    }
  }
  expect(taken).toEqual([]);
});
