// Clauses C2 to C4 of agent-phone v1 over the real channel, each with either side as the producer. C1, the impostors, is
// a matter of the handshake.

import { describe, expect, test, vi } from 'vitest';
import { decodeUtf8 } from '../../src/bytes/utf8.js';
import type { Channel } from '../../src/channel/contract.js';
import c4 from '../../vectors/phone/c4.json' with { type: 'json' };
import { settle } from '../support/frame-peer.js';
import { hex } from '../support/hex.js';
import { securePair } from '../support/secure-pair.js';

vi.setConfig({ testTimeout: 120_000 });

interface WireFrame {
  readonly type: string;
  readonly seq: number;
  readonly reason?: string;
}

/** Shows every frame that a channel sends, as it is written. */
function tap(channel: Channel, look: (frame: WireFrame) => void): void {
  const write = channel.write.bind(channel);
  channel.write = (encode) =>
    write((target) => {
      const bytes = encode(target);
      look(JSON.parse(decodeUtf8(target.subarray(0, bytes))) as WireFrame);
      return bytes;
    });
}

const handlers = {
  async *count(to: number) {
    for (let n = 0; n < to; n++) yield n;
  },
  echo: (value: unknown) => value,
};

/** A pair in which one side produces and the other consumes, and what the producer sends. */
async function inRole(producer: 'initiator' | 'responder') {
  const pair = await securePair({ handlers }, { handlers });
  const responds = producer === 'responder';
  const sent: WireFrame[] = [];
  let outstanding = 0;
  let most = 0;
  tap(responds ? pair.calleeChannel : pair.callerChannel, (frame) => {
    sent.push(frame);
    if (frame.type === 'stream_chunk') most = Math.max(most, ++outstanding);
  });
  return {
    consuming: responds ? pair.caller : pair.callee,
    sent,
    /** The application has taken a chunk. */
    consumed: () => void outstanding--,
    most: () => most,
  };
}

describe.each(['responder', 'initiator'] as const)('the %s produces', (producer) => {
  test('C2: 10,000 chunks at 8 credits arrive in order, and never more than 8 are outstanding', async () => {
    const { consuming, consumed, most } = await inRole(producer);
    let count = 0;
    for await (const n of consuming.stream('count', 10_000, { credits: 8 })) {
      if (n !== count++) throw new Error(`${n} came where ${count - 1} was due`);
      consumed();
      // Now and then the consumer dawdles, so that the producer runs as far ahead as it may.
      if (count % 100 === 0) await settle(2);
    }
    expect(count).toBe(10_000);
    expect(most()).toBe(8);
    await consuming.close();
  });

  test('C3: after a cancel at most one more chunk, then the end as cancelled, and the session lives', async () => {
    const { consuming, sent } = await inRole(producer);
    let atCancel = 0;
    for await (const n of consuming.stream('count', 1_000_000, { credits: 1_000 })) {
      if (n !== 500) continue;
      atCancel = sent.filter(({ type }) => type === 'stream_chunk').length;
      break;
    }
    await settle(20);
    const chunks = sent.filter(({ type }) => type === 'stream_chunk').length;
    expect(chunks - atCancel).toBeLessThanOrEqual(1);
    expect(sent.at(-1)).toMatchObject({ type: 'stream_end', reason: 'cancelled', seq: chunks });
    expect(await consuming.call('echo', 'alive')).toBe('alive');
    // And nothing more of the stream comes, however long one waits.
    await settle(20);
    expect(sent.filter(({ type }) => type === 'stream_chunk')).toHaveLength(chunks);
    await consuming.close();
  });
});

test('C4: the known envelope is, byte for byte, what a session sends', async () => {
  const { caller, callerChannel } = await securePair({ handlers });
  const written: string[] = [];
  const write = callerChannel.write.bind(callerChannel);
  callerChannel.write = (encode) =>
    write((target) => {
      const bytes = encode(target);
      written.push(hex(target.subarray(0, bytes)));
      return bytes;
    });
  const { method, params, stream_id } = c4.envelope;
  expect(stream_id).toBe(1);
  expect(await caller.call(method, params)).toEqual(params);
  expect(written).toEqual([c4.hex]);
  await caller.close();
});
