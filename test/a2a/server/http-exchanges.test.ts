// Exchanges between the official client and the official server, played again to ours: recordings where there are some
// outside the repository, and always the ones written here.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { AgentCard } from '../../../src/a2a/card/agent-card.js';
import type { Executor } from '../../../src/a2a/server/index.js';
import { type Exchange, expectSame, Replay } from './exchange.js';
import { OWN_EXCHANGES } from './own-exchanges.js';
import { CARD, serverOf } from './support.js';

const shared =
  process.env.RINGLINE_SHARED_VECTORS ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url));
const path = join(shared, 'a2a/http-exchanges.json');

const text = (words: string) => ({ text: words, mediaType: 'text/plain' });

/** The agent that was recorded. */
const recordedExecutor: Executor = async function* (context) {
  const { message, reply, working, artifact, inputRequired, completed } = context;
  const said = message.parts[0]?.text;
  if (said === 'direct') {
    yield reply(text('direct reply'));
    return;
  }
  yield working(text('working on it'));
  if (said === 'boom') throw new Error('executor exploded');
  if (said === 'ask') {
    yield inputRequired(text('which account?'));
    return;
  }
  const reused = { artifactId: 'a-1', name: 'reply' };
  yield artifact(text('Hello, '), reused);
  yield artifact(text('world \u2014 \u00fcn\u00ef \u{1f600}'), { ...reused, append: true, lastChunk: true });
  yield completed();
};

/**
 * Steps that our server answers otherwise on purpose: errors of the way here have an HTTP status, and what is no request
 * is called so.
 */
const DIFFERENT: Readonly<Record<string, { status?: number; code?: number }>> = {
  'jsonrpc: not a request object': { code: -32600 },
  'jsonrpc: batch array': { code: -32600 },
  'jsonrpc: wrong content type': { status: 415 },
};

function play(name: string, exchanges: readonly Exchange[]): void {
  describe(`[7.69] ${name}`, () => {
    const replay = new Replay(serverOf({ card: CARD, executor: recordedExecutor }));

    it.each(exchanges.map((exchange) => [exchange.step, exchange] as const))('%s', async (step, exchange) => {
      const { recorded, ours } = await replay.play(exchange);
      const different = DIFFERENT[step];
      if (different !== undefined) {
        expect(ours.status).toBe(different.status ?? recorded.status);
        expect(ours.body.error.code).toBe(different.code ?? recorded.body.error.code);
        return;
      }
      // Both say which kind of error it is; ours says more of why.
      for (const { body } of [recorded, ours]) {
        const error = body?.error;
        const details = error?.data ?? error?.details;
        if (Array.isArray(details)) details.length = 1;
      }
      // Theirs gives malformed JSON the reason of bad parameters, which the protocol does not.
      if (step === 'rest: malformed JSON') delete recorded.body.error.details;
      if (step.includes('discovery') || step.startsWith('card:')) {
        expect(ours.status).toBe(recorded.status);
        expect(namesOf(ours.body)).toEqual(namesOf(recorded.body));
        return;
      }
      expectSame({ recorded, ours });
    });
  });
}

function namesOf(card: AgentCard): unknown {
  return card.supportedInterfaces.map(({ url, protocolBinding }) => [url, protocolBinding]);
}

if (existsSync(path)) {
  play('recorded exchanges', JSON.parse(readFileSync(path, 'utf8')));
} else {
  console.log(`not run: recorded exchanges (no ${path})`);
  it.skip('recorded exchanges', () => {});
}

play('exchanges of our own', OWN_EXCHANGES);
