// What the tests of cards share: keys, cards, and comparisons that see every member.

import { deepStrictEqual } from 'node:assert';
import type { AgentCard } from '../../../src/a2a/card/index.js';
import { SdkError } from '../../../src/errors.js';
import keyFile from '../../../vectors/a2a/keys.json' with { type: 'json' };

/** Public keys of the vectors. */
export const { jwks } = keyFile;

/** Private keys of the vectors. */
export const [ed, edNew, ec, ecNew] = keyFile.private as unknown as [TestKey, TestKey, TestKey, TestKey];

/** A private JWK. */
export interface TestKey {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y?: string;
  readonly d: string;
  readonly kid: string;
}

/** The public part of a private JWK. */
export function publicOf({ d: _, ...jwk }: TestKey): Omit<TestKey, 'd'> {
  return jwk;
}

/** A plain card, of which every profile makes the same. */
export const plainCard: AgentCard = {
  name: 'Lock Keeper',
  description: 'Opens and shuts the lock.',
  version: '2.0.0',
  supportedInterfaces: [
    { url: 'https://lock.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    { url: 'https://lock.example/v1', protocolBinding: 'HTTP+JSON', protocolVersion: '1.0', tenant: 'upper' },
  ],
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'open', name: 'Open', description: 'Opens the lock.', tags: ['lock'] }],
};

/**
 * Expects the same JSON: members named `__proto__` or `constructor` are members like any other. Vitest's own comparison
 * asks members of that name for an opinion.
 */
export function sameJson(actual: unknown, expected: unknown): void {
  deepStrictEqual(JSON.parse(JSON.stringify(actual)), JSON.parse(JSON.stringify(expected)));
}

/** Code of the error a promise rejects with; `undefined` when it resolves. Errors that are not ours pass through. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof SdkError) return error.code;
    throw error;
  }
}

/** As {@link codeOf}, of a call. */
export function codeOfCall(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof SdkError) return error.code;
    throw error;
  }
}

/** The long budget, or the one for every day. */
export function runs(everyDay: number, long = everyDay * 20): { numRuns: number } {
  return { numRuns: process.env.RINGLINE_LONG === '1' ? long : everyDay };
}
