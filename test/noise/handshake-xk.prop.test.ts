// Any order of calls with any messages: whoever follows the table gets a session, everybody else an error.

import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { NoiseSuite } from '../../src/noise/suite.js';
import { faultOf, parties, SUITES } from './support.js';

vi.setConfig({ testTimeout: 120_000 }); // for the long runs

const numRuns = process.env.RINGLINE_LONG === '1' ? 2_000 : 40;

type Act = 'write1' | 'read1' | 'write2' | 'read2' | 'write3' | 'read3' | 'splitNear' | 'splitFar';
const ORDER: readonly Act[] = ['write1', 'read1', 'write2', 'read2', 'write3', 'read3', 'splitNear', 'splitFar'];
/** The turns of one party, in order. */
const NEAR: readonly Act[] = ['write1', 'read2', 'write3', 'splitNear'];
const FAR: readonly Act[] = ['read1', 'write2', 'read3', 'splitFar'];

it.each(SUITES)('a party does its steps in their order or not at all, $name suite', async (suite: NoiseSuite) => {
  const acts = fc.array(fc.constantFrom(...ORDER), { maxLength: 24 });
  await fc.assert(
    fc.asyncProperty(acts, async (sequence) => {
      const { initiator, responder } = await parties(suite);
      const said: Partial<Record<Act, Uint8Array>> = {};
      const heard = (act: Act, bytes: number) => said[act] ?? new Uint8Array(bytes);
      const run: Record<Act, () => unknown> = {
        write1: async () => {
          said.write1 = await initiator.writeMessage1();
        },
        read1: () => responder.readMessage1(heard('write1', 48)),
        write2: () => {
          said.write2 = responder.writeMessage2();
        },
        read2: () => initiator.readMessage2(heard('write2', 48)),
        write3: () => {
          said.write3 = initiator.writeMessage3();
        },
        read3: () => responder.readMessage3(heard('write3', 64)),
        splitNear: () => initiator.split(),
        splitFar: () => responder.split(),
      };
      const dead = { near: false, far: false };
      const due = { near: 0, far: 0 };
      for (const act of sequence) {
        const side = NEAR.includes(act) ? 'near' : 'far';
        const turns = side === 'near' ? NEAR : FAR;
        const inTurn = turns[due[side]] === act;
        const forged = inTurn && act.startsWith('read') && said[`write${act.at(-1)}` as Act] === undefined;
        const expected = dead[side]
          ? 'ERR_NOISE_DEAD'
          : !inTurn
            ? 'TypeError'
            : forged
              ? 'ERR_NOISE_HANDSHAKE'
              : undefined;
        expect([act, await faultOf(run[act])]).toEqual([act, expected]);
        if (expected === undefined) due[side]++;
        if (expected === 'ERR_NOISE_HANDSHAKE') dead[side] = true;
      }
    }),
    { numRuns, examples: [[[...ORDER]]] },
  );
});
