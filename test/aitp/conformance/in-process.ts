// An adapter in memory, as a runner and a test see it.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { conformanceAdapter } from '../../../src/aitp/conformance/adapter.js';
import { type Fixture, readFixture } from '../../../src/aitp/conformance/fixture.js';
import type { AdapterRequest, AdapterResponse } from '../../../src/aitp/conformance/request.js';
import type { AdapterChannel } from '../../../src/aitp/conformance/runner.js';
import type { JsonObject } from '../../../src/codec/json-value.js';

export const T = 1_711_900_000;
export const DRAFTS = ['experimental-session-bundle', 'experimental-multihop-delegation'];

/** Folder of our own fixtures. */
export const OWN = fileURLToPath(new URL('../../../vectors/aitp/fixtures', import.meta.url));

/** Folder of the published fixtures, where there is one. */
export const SHARED = join(
  process.env.RINGLINE_SHARED_VECTORS ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url)),
  'aitp/fixtures',
);

/** Every fixture of a folder; none where there is no such folder. */
export function fixturesIn(folder: string): readonly Fixture[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => readFixture(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
}

/** A fresh adapter. */
export function channel(): AdapterChannel {
  const adapter = conformanceAdapter({ now: () => T });
  return { request: (request: AdapterRequest) => adapter.handle(request) };
}

/** A fresh adapter to ask by op and params: gives the result, or the code of the failure. */
export function asking() {
  const { request } = channel();
  // biome-ignore lint/suspicious/noExplicitAny: results are whatever their op says.
  const ask = async (op: string, params: JsonObject = {}): Promise<any> => {
    const answer: AdapterResponse = await request({ id: 'x', op, params });
    return answer.ok ? (answer.result ?? {}) : answer.error_code;
  };
  return ask;
}
