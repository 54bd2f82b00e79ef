// Arguments that are not what a tool takes: the handler never sees them.

import { describe, expect, test } from 'vitest';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import type { JsonValue } from '../../../../src/codec/json-value.js';
import { settle, testRuntime } from '../../support/raw-peer.js';

const SCHEMA: JsonValue = {
  type: 'object',
  properties: { path: { type: 'string', pattern: '^/' }, depth: { type: 'integer', minimum: 0 } },
  required: ['path'],
  additionalProperties: false,
};

function bench(inputSchema: JsonValue, more: Partial<Tool> = {}) {
  const seen: JsonValue[] = [];
  const tools: Tool[] = [
    {
      name: 'list',
      inputSchema,
      handler: (args) => {
        seen.push(args);
        return 'listed';
      },
      ...more,
    },
  ];
  return { seen, ...testRuntime({ tools }) };
}

describe('arguments', () => {
  test.each([
    ['of another type', 'text', '#'],
    ['without what is required', {}, '#'],
    ['with a member too many', { path: '/', admin: true }, '#'],
    ['with a member named __proto__', JSON.parse('{"path":"/","__proto__":{"admin":true}}'), '#'],
    ['that break a pattern', { path: 'etc' }, '#/path'],
    ['below a minimum', { path: '/', depth: -1 }, '#/depth'],
  ])('%s fail the job with INVALID_ARGUMENT, saying where, and are never handled', async (_title, args, path) => {
    const { session, seen } = bench(SCHEMA);
    const peer = await session();
    // The second is judged at once, the schema being read by then.
    for (let i = 0; i < 2; i++) {
      const id = peer.send('tool.invoke', { tool: 'list', arguments: args as JsonValue });
      const failed = await peer.until('job.failed');
      expect(failed).toMatchObject({ correlation_id: id, payload: { code: 'INVALID_ARGUMENT', details: { path } } });
      expect(failed.payload.details.issue).toEqual(expect.any(String));
    }
    expect(peer.types()).toEqual(['job.accepted', 'job.failed', 'job.accepted', 'job.failed']);
    expect(seen).toEqual([]);
  });

  test('that fit are handled as they came', async () => {
    const { session, seen } = bench(SCHEMA);
    const peer = await session();
    peer.send('tool.invoke', { tool: 'list', arguments: { path: '/etc', depth: 2 } });
    await peer.until('job.completed');
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.completed']);
    expect(seen).toEqual([{ path: '/etc', depth: 2 }]);
  });

  test('that take too long to judge do not fit', async () => {
    const { session, seen } = bench({ type: 'array', uniqueItems: true });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'list', arguments: Array.from({ length: 5_000 }, (_, i) => [i]) });
    expect((await peer.until('job.failed')).payload.code).toBe('INVALID_ARGUMENT');
    expect(seen).toEqual([]);
  });

  test('of a tool that has them judged elsewhere are handled whatever they are', async () => {
    const { session, seen } = bench(SCHEMA, { isInputChecked: false });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'list', arguments: 7 });
    await peer.until('job.completed');
    expect(seen).toEqual([7]);
  });
});

describe('a schema', () => {
  test('that is not taken fails the job, and is told to the host', async () => {
    const { session, seen, faults } = bench({ $dynamicRef: '#x' });
    const peer = await session();
    for (let i = 0; i < 2; i++) {
      peer.send('tool.invoke', { tool: 'list', arguments: {} });
      expect((await peer.until('job.failed')).payload).toMatchObject({ code: 'INTERNAL', retryable: false });
    }
    expect(seen).toEqual([]);
    expect(faults.map(({ where }) => where)).toEqual(Array(2).fill('inputSchema of list'));
  });

  test('that is still read when the job is cancelled leaves one end, and its place', async () => {
    const { session, seen } = bench(SCHEMA);
    const peer = await session();
    peer.send('tool.invoke', { tool: 'list', arguments: { path: '/' } });
    peer.send('session.close');
    await peer.closed;
    await settle();
    expect(peer.types().filter((type) => type === 'job.cancelled')).toHaveLength(1);
    expect(seen).toEqual([]);
  });
});
