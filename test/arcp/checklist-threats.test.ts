// Rows R1 and R2 where no other suite has them: how tokens are compared, and what the log keeps of them.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { bearerTokens } from '../../src/arcp/runtime/authenticator.js';
import * as equal from '../../src/bytes/equal.js';
import { type RawPeer, type Received, testRuntime } from './support/raw-peer.js';

vi.mock('../../src/bytes/equal.js', { spy: true });

afterEach(() => {
  vi.clearAllMocks();
});

const authenticators = [bearerTokens({ 'tok-alice': 'alice', 'tok-bob': 'bob', 'tok-carol': 'carol' })];

function open(peer: RawPeer, token: string): Promise<Received> {
  const client = { kind: 'raw-peer', version: '1.2.3' };
  return peer.answerTo(peer.send('session.open', { auth: { scheme: 'bearer', token }, client }));
}

describe('R1: a bearer token', () => {
  test.each(['tok-alice', 'tok-bob', 'tok-carol', 'tok-alicf', 'xxx', 'tok-alice2'])(
    '%s is compared with every token there is, in constant time, whichever it is',
    async (token) => {
      const peer = testRuntime({ authenticators }).connect();
      await open(peer, token);
      expect(vi.mocked(equal.equalBytes)).toHaveBeenCalledTimes(3);
    },
  );
});

describe('R2: credentials', () => {
  test('are kept by no log, of those that were good and of those that were not', async () => {
    const { connect, log } = testRuntime({ authenticators });
    const peer = connect();
    expect((await open(peer, 'tok-wrong-secret')).type).toBe('session.rejected');
    expect((await open(peer, 'tok-alice')).type).toBe('session.accepted');
    const kept = await log.read({ after: 0, limit: 1_000 });
    expect(kept.map(({ type }) => type)).toContain('session.open');
    const texts = kept.map(({ text }) => text).join();
    for (const secret of ['tok-wrong-secret', 'tok-alice']) expect(texts).not.toContain(secret);
  });
});
