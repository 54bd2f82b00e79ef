// The runner (section 13.8): known answers first, then fixture by fixture against an adapter, ours or anybody's.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { type Expectation, type Fixture, stepsOf } from './fixture.js';
import { differingAnswers } from './known-answers.js';
import { mintInput } from './mint.js';
import { REFERENCE_SEC } from './mint-values.js';
import type { AdapterRequest, AdapterResponse } from './request.js';

/** Whoever answers requests, one at a time. */
export interface AdapterChannel {
  /** @throws whatever keeps the adapter from answering; the fixture then fails, and the next one is tried. */
  request(request: AdapterRequest): Promise<AdapterResponse>;
}

/** What became of one fixture. */
export interface FixtureResult {
  readonly id: string;
  readonly verdict: 'pass' | 'fail' | 'skip';
  /** Why it failed or was skipped. */
  readonly reason?: string;
}

/** How a run is made. */
export interface RunOptions {
  /** Drafts to turn on. */
  readonly features?: readonly string[];
  /** Called after each fixture. */
  readonly onResult?: (result: FixtureResult) => void | Promise<void>;
  /** Ends the run between two requests. */
  readonly signal?: AbortSignal;
}

const MULTIHOP = 'experimental-multihop-delegation';

/**
 * Runs fixtures.
 *
 * @param fixtures In the order in which they are to run. All are minted before the first runs.
 * @returns One result for each, in the same order.
 * @throws {Error} our own rules do not give the known answers: nothing that follows would mean anything.
 * @throws {TypeError} a placeholder that is not known, or a fixture that makes no sense: nothing was run.
 * @throws `signal.reason`, untouched.
 */
export async function runFixtures(
  fixtures: readonly Fixture[],
  channel: AdapterChannel,
  options: RunOptions = {},
): Promise<readonly FixtureResult[]> {
  const wrong = await differingAnswers();
  if (wrong.length > 0) throw new Error(`known answers that came out otherwise: ${wrong.join(', ')}`);
  const minted: (readonly [Fixture, JsonObject])[] = [];
  for (const fixture of fixtures) minted.push([fixture, await mintFixture(fixture)]);

  const run = new Run(channel, options);
  await run.begin();
  const results: FixtureResult[] = [];
  for (const [fixture, input] of minted) {
    const result = await run.judge(fixture, input);
    results.push(result);
    await options.onResult?.(result);
  }
  return results;
}

/**
 * Fills the placeholders of one fixture.
 *
 * @throws {TypeError} naming the fixture.
 */
export async function mintFixture(fixture: Fixture): Promise<JsonObject> {
  try {
    const input = await mintInput(fixture.input);
    stepsOf(fixture, input);
    return input;
  } catch (cause) {
    throw new TypeError(`${fixture.id}: ${(cause as Error).message}`, { cause });
  }
}

class Run {
  readonly #channel: AdapterChannel;
  readonly #options: RunOptions;
  #features: readonly string[] = [];
  #requests = 0;

  constructor(channel: AdapterChannel, options: RunOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  /** Turns drafts on, once. What the adapter does not know stays off, and its fixtures are skipped. */
  async begin(): Promise<void> {
    const features = [...(this.#options.features ?? [])];
    await this.#ask('init', { version: '1' });
    const answer = await this.#ask('set_features', { features });
    const enabled = answer.ok ? answer.result?.enabled : undefined;
    this.#features = Array.isArray(enabled) ? features.filter((feature) => enabled.includes(feature)) : [];
  }

  async judge(fixture: Fixture, input: JsonObject): Promise<FixtureResult> {
    const { id } = fixture;
    const reason = this.#reasonToSkip(fixture, input);
    if (reason !== undefined) return { id, verdict: 'skip', reason };
    try {
      return { id, ...(await this.#play(fixture, input)) };
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      return { id, verdict: 'fail', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  #reasonToSkip(fixture: Fixture, input: JsonObject): string | undefined {
    const { status, feature } = fixture;
    if (feature !== undefined && !this.#features.includes(feature)) return `${feature} is off`;
    if (status !== 'core' && feature === undefined) return `${status}, and not part of the core`;
    const refused = stepsOf(fixture, input).some(
      ({ expected }) => expected.errorCode === 'DELEGATION_MULTIHOP_NOT_SUPPORTED',
    );
    return refused && this.#features.includes(MULTIHOP) ? `${MULTIHOP} is on` : undefined;
  }

  async #play(fixture: Fixture, input: JsonObject): Promise<Omit<FixtureResult, 'id'>> {
    await this.#ask('set_clock', { now_unix_secs: REFERENCE_SEC });
    for (const [op, params] of fixture.preconditions) {
      const answer = await this.#ask(op, params);
      if (!answer.ok) return { verdict: 'fail', reason: `precondition ${op}: ${answer.error_code}` };
    }
    const steps = stepsOf(fixture, input);
    for (const [at, { op, params, expected }] of steps.entries()) {
      const answer = await this.#ask(op, params);
      if (!answer.ok && answer.error_code === 'OP_NOT_SUPPORTED') {
        // What is required has to be there.
        return { verdict: fixture.required ? 'fail' : 'skip', reason: `${op} is not supported` };
      }
      const reason = differenceOf(expected, answer);
      if (reason === undefined) continue;
      return { verdict: 'fail', reason: steps.length === 1 ? reason : `step ${at + 1}, ${op}: ${reason}` };
    }
    return { verdict: 'pass' };
  }

  async #ask(op: string, params: JsonObject): Promise<AdapterResponse> {
    this.#options.signal?.throwIfAborted();
    const id = `r${++this.#requests}`;
    const answer = await this.#channel.request({ id, op, params });
    if (answer.id !== id) throw new Error(`an answer to another request than ${id}`);
    return answer;
  }
}

/** In what an answer differs from what is expected; `undefined` where it does not. What is not reported is not judged. */
export function differenceOf(expected: Expectation, answer: AdapterResponse): string | undefined {
  const { outcome, errorCode, grants, sideEffects = {} } = expected;
  if (answer.ok !== (outcome === 'success')) {
    const wanted = outcome === 'success' ? outcome : (errorCode ?? outcome);
    return `expected ${wanted}, got ${answer.ok ? 'success' : `${answer.error_code} (${answer.message})`}`;
  }
  if (!answer.ok && errorCode !== undefined && answer.error_code !== errorCode) {
    return `expected ${errorCode}, got ${answer.error_code} (${answer.message})`;
  }
  const result: JsonObject = answer.ok ? (answer.result ?? {}) : {};
  const reported = answer.ok ? result.side_effects : answer.side_effects;
  for (const [name, value] of Object.entries(sideEffects)) {
    const seen = isObject(reported) ? reported[name] : undefined;
    if (seen !== undefined && seen !== value) return `expected ${name} to be ${value}, got ${JSON.stringify(seen)}`;
  }
  if (grants !== undefined && Array.isArray(result.grants) && !sameSet(grants, result.grants)) {
    return `expected the grants ${JSON.stringify(grants)}, got ${JSON.stringify(result.grants)}`;
  }
  return undefined;
}

function sameSet(wanted: readonly string[], got: readonly JsonValue[]): boolean {
  return wanted.length === got.length && wanted.every((grant) => got.includes(grant));
}
