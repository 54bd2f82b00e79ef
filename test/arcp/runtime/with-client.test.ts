// Our client and our runtime together, with the network cut wherever it can be cut.

import { describe, expect, test } from 'vitest';
import { connect } from '../../../src/arcp/client/connect.js';
import type { JobEvent } from '../../../src/arcp/client/job.js';
import { memoryLog } from '../../../src/arcp/log/memory.js';
import { bearerTokens } from '../../../src/arcp/runtime/authenticator.js';
import { createRuntime } from '../../../src/arcp/runtime/runtime.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import type { Transport } from '../../../src/transport/contract.js';
import { memoryTransports } from '../../../src/transport/memory.js';
import { TOKENS } from '../support/raw-peer.js';

const CUTS = 200;
const JOBS = 30;

const steps: Tool = {
  name: 'steps',
  async handler(args, context) {
    for (let i = 0; i < 4; i++) {
      context.progress(i * 25, `step ${i}`);
      await null;
    }
    return args;
  },
};

/** A transport that is cut after so many messages have come in over it. */
function cutAfter(transport: Transport, messages: number): Transport {
  let left = messages;
  return {
    send: (message) => transport.send(message),
    get bufferedBytes() {
      return transport.bufferedBytes;
    },
    drained: (options) => transport.drained(options),
    receive(listener) {
      transport.receive((message) => {
        if (left-- > 0) listener(message);
        if (left === 0) transport.abort();
      });
    },
    close: (code, reason) => transport.close(code, reason),
    abort: () => transport.abort(),
    closed: transport.closed,
  };
}

const TYPES = ['job.accepted', 'job.started', ...Array(4).fill('job.progress'), 'job.completed'];

async function idsOf(events: AsyncIterable<JobEvent>): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const event of events) if ('id' in event) ids.push(event.id);
  return ids;
}

describe('a network that is cut', () => {
  test(`after each of the first ${CUTS} messages in turn loses and repeats nothing`, async () => {
    for (let cut = 1; cut <= CUTS; cut++) {
      const log = memoryLog();
      let runs = 0;
      const count: Tool = {
        ...steps,
        handler(args, context) {
          runs++;
          return steps.handler(args, context);
        },
      };
      const runtime = createRuntime({ tools: [count], log, authenticators: [bearerTokens(TOKENS)] });
      let dials = 0;
      const session = await connect({
        dial: async () => {
          const [near, far] = memoryTransports();
          void runtime.accept(far);
          // The first answer must come, or there is no session to come back to.
          return dials++ === 0 ? cutAfter(near, cut) : near;
        },
        auth: { scheme: 'bearer', token: 'tok-alice' },
        client: { kind: 'test', version: '1.0.0' },
        random: () => 0,
        reconnect: { initialDelayMs: 1 },
      });
      const outcomes = await Promise.all(
        Array.from({ length: JOBS }, async (_, i) => {
          const job = session.invoke('steps', { i });
          const [events, { value }] = await Promise.all([idsOf(job.events), job.result]);
          return { events, value, jobId: await job.id };
        }),
      );
      expect(outcomes.map(({ value }) => value)).toEqual(Array.from({ length: JOBS }, (_, i) => ({ i })));
      expect(runs).toBe(JOBS);
      for (const { events, jobId } of outcomes) {
        const said = await log.read({ after: 0, limit: 10_000, jobIds: [jobId], direction: 'out' });
        expect(said.map(({ type }) => type)).toEqual(TYPES);
        expect([cut, events]).toEqual([cut, said.map(({ id }) => id)]);
      }
      await session.close();
      expect(dials).toBe(2);
      await runtime.close();
    }
  }, 60_000);
});
