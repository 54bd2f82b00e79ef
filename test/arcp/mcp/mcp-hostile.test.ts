// MCP servers that mean no good, and clients that let them: lists and calls that never end, promises that are not kept,
// names that are taken.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { LATEST_PROTOCOL_VERSION } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import { type McpClient, type McpToolsOptions, mcpTools } from '../../../src/arcp/mcp/index.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { settle } from '../support/raw-peer.js';
import { invoke, mcpClient, mcpServer, runtimeOver } from './mcp-bench.js';

const PNG = 'iVBORw0KGgo=';
const never = () => new Promise<never>(() => {});

/** A client whose server has one tool, `odd`, that answers so. */
function answering(answer: () => unknown, facts: JsonObject = {}): McpClient {
  return {
    listTools: async () => ({ tools: [{ name: 'odd', inputSchema: {}, ...facts }] }),
    callTool: async () => answer(),
  };
}

/** A client whose server lists so. */
function listing(page: (cursor: string | undefined) => unknown): McpClient {
  return { listTools: async (params) => page(params?.cursor) as never, callTool: async () => ({}) };
}

async function offering(client: McpClient, options: McpToolsOptions = {}) {
  const faults: { readonly error: unknown; readonly name: string | undefined }[] = [];
  const offered = await mcpTools(client, { onFault: (error, name) => faults.push({ error, name }), ...options });
  return { ...runtimeOver(offered), offered, faults, names: offered.tools.map(({ name }) => name) };
}

describe('a list', () => {
  const tool = (name: string) => ({ name, inputSchema: {} });

  test('whose pages go round is read once round', async () => {
    let pages = 0;
    const { names, faults } = await offering(
      listing((cursor) => ({ tools: [tool(`t${pages++}`)], nextCursor: cursor === 'a' ? 'b' : 'a' })),
    );
    expect(names).toEqual(['t0', 't1', 't2']);
    expect(faults).toHaveLength(1);
  });

  test('that ends with an empty cursor has ended', async () => {
    let pages = 0;
    const { faults } = await offering(listing(() => ({ tools: [tool(`t${pages++}`)], nextCursor: '' })));
    expect(pages).toBe(1);
    expect(faults).toEqual([]);
  });

  test.each<readonly [string, unknown]>([
    ['a cursor of a megabyte', 'x'.repeat(1_048_576)],
    ['a cursor that is no text', { toString: () => 'again' }],
  ])('with %s is not asked for more', async (_what, nextCursor) => {
    let pages = 0;
    const { names } = await offering(listing(() => ({ tools: [tool(`t${pages++}`)], nextCursor })));
    expect(names).toEqual(['t0']);
  });

  test('of a million nothings is given up soon, and the host is not told a million times', async () => {
    const tools = [...Array(1_000_000).fill(null), tool('late')];
    const { names, faults } = await offering(
      listing(() => ({ tools })),
      { limits: { maxTools: 10 } },
    );
    expect(names).toEqual([]);
    expect(faults.length).toBeLessThan(50);
  });

  test('that dribbles page after page has so long in all', async () => {
    const clock = fakeClock();
    let pages = 0;
    const client: McpClient = {
      listTools: async () => {
        const name = `t${pages++}`;
        await new Promise<void>((resolve) => clock.setTimer(resolve, 400));
        return { tools: [tool(name)], nextCursor: name };
      },
      callTool: never,
    };
    const reading = mcpTools(client, { clock, timeoutMs: 1_000 });
    const failed = expect(reading).rejects.toMatchObject({ code: 'ERR_ARCP_DEADLINE_EXCEEDED' });
    for (let i = 0; i < 5; i++) {
      clock.advance(400);
      await settle();
    }
    await failed;
    expect(pages).toBe(3);
  });

  test('that hangs is asked for by one reading and one that waits, however often it is said to change', async () => {
    const clock = fakeClock();
    let asked = 0;
    const client: McpClient = {
      listTools: () => (++asked === 1 ? Promise.resolve({ tools: [] }) : never()),
      callTool: never,
    };
    const faults: unknown[] = [];
    const offered = await mcpTools(client, { clock, timeoutMs: 60_000, onFault: (error) => faults.push(error) });
    for (let i = 0; i < 50; i++) {
      await client.fallbackNotificationHandler?.({ method: 'notifications/tools/list_changed' });
      clock.advance(1_000);
      await settle();
    }
    expect(asked).toBe(2);
    expect(offered.refresh()).toBe(offered.refresh());
    offered.refresh().catch(() => {});
    offered.close();
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });

  test('that its client cannot read fails for good, and not as if the server were away', async () => {
    // A tool whose schema is none: the official client refuses the whole list.
    const server = mcpServer({ bad: () => ({ content: [] }) }, 9, () => ({ inputSchema: 7 as never }));
    await expect(mcpTools(await mcpClient(server))).rejects.toMatchObject({
      code: 'ERR_ARCP_INTERNAL',
      retryable: false,
    });
  });
});

describe('names', () => {
  test('of our own tools, and of a server before it, are not taken by another', async () => {
    const said = (who: string) => () => ({ content: [{ type: 'text', text: who }] });
    const both = async (who: string) => {
      const client: McpClient = {
        listTools: async () => ({ tools: ['own', 'shared', who].map((name) => ({ name, inputSchema: {} })) }),
        callTool: async () => said(who)(),
      };
      return mcpTools(client);
    };
    const own: Tool = { name: 'own', handler: () => 'ours' };
    const [first, second] = [await both('first'), await both('second')];
    const peer = await runtimeOver(first, { tools: [own], toolSources: [first, second] }).session();
    expect((await invoke(peer, 'own')).payload.value).toBe('ours');
    expect((await invoke(peer, 'shared')).payload.value.content[0].text).toBe('first');
    expect((await invoke(peer, 'second')).payload.value.content[0].text).toBe('second');
  });

  test('that are members of every object are tools like others', async () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const { names: listed, session } = await offering({
      ...answering(() => ({ content: [] })),
      listTools: async () => ({ tools: names.map((name) => ({ name, inputSchema: {} })) }),
    });
    expect(listed).toEqual(names);
    const peer = await session();
    expect((await invoke(peer, 'constructor')).type).toBe('job.completed');
    expect((await invoke(peer, 'hasOwnProperty')).payload.code).toBe('NOT_FOUND');
  });
});

describe('a call', () => {
  test('that hangs in a client which hears no signal keeps no job that is cancelled, and no place', async () => {
    const { session, clock } = await offering(answering(never));
    const peer = await session();
    for (let i = 0; i < 200; i++) {
      peer.send('tool.invoke', { tool: 'odd', arguments: {} });
      const { job_id } = await peer.until('job.started');
      peer.send('cancel', { target: 'job', target_id: job_id as string });
      await peer.until('job.cancelled');
    }
    expect(clock.pendingTimers).toBeLessThan(10);
  });

  test('that hangs in a client which keeps no time ends when its time is over, and progress does not prolong it', async () => {
    const clock = fakeClock();
    let tell: ((progress: { progress: number }) => void) | undefined;
    const client: McpClient = {
      ...answering(never),
      callTool: (_params, _schema, options) => {
        tell = options?.onprogress;
        return never();
      },
    };
    const offered = await mcpTools(client, { clock, maxTotalMs: 10_000 });
    const peer = await runtimeOver(offered, { clock }).session();
    const call = invoke(peer, 'odd');
    await peer.until('job.started');
    for (let i = 0; i < 10; i++) {
      tell?.({ progress: i });
      clock.advance(1_000);
      await settle();
    }
    expect((await call).payload).toMatchObject({ code: 'DEADLINE_EXCEEDED', retryable: true });
    expect(peer.types().filter((type) => /^job\.(completed|failed)$/.test(type))).toHaveLength(1);
  });

  test('whose result its client does not know, such as one of a later version, has done its work', async () => {
    // The official server would not let it through, and its client neither.
    const client = new Client({ name: 'adapter', version: '1.0.0' });
    const [near, far] = InMemoryTransport.createLinkedPair();
    const results: Record<string, Record<string, unknown>> = {
      initialize: {
        protocolVersion: LATEST_PROTOCOL_VERSION,
        capabilities: { tools: {} },
        serverInfo: { name: 'later', version: '9.0.0' },
      },
      'tools/list': { tools: [{ name: 'shot', inputSchema: { type: 'object' } }] },
      'tools/call': {
        content: [
          { type: 'video', data: PNG },
          { type: 'text', text: 'seen' },
        ],
      },
    };
    far.onmessage = (message) => {
      if (!('method' in message && 'id' in message)) return;
      void far.send({ jsonrpc: '2.0', id: message.id, result: results[message.method] ?? {} });
    };
    await client.connect(near);
    const { session } = await offering(client);
    const { type, payload } = await invoke(await session(), 'shot');
    expect(type).toBe('job.completed');
    expect(payload.value.content).toEqual([
      { type: 'video', omitted: 'UNIMPLEMENTED' },
      { type: 'text', text: 'seen' },
    ]);
  });

  test('whose answer its client cannot read fails for good: a retry would do the work again', async () => {
    const complaint = Object.assign(new Error('password hunter2'), { issues: [{ path: ['content'] }] });
    const { session } = await offering(answering(() => Promise.reject(complaint)));
    const { payload } = await invoke(await session(), 'odd');
    expect(payload).toMatchObject({ code: 'INTERNAL', retryable: false });
    expect(JSON.stringify(payload)).not.toContain('hunter2');
  });
});

describe('a schema of results', () => {
  const outputSchema = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };

  test.each<readonly [string, JsonObject, string]>([
    ['that is kept', { content: [], structuredContent: { n: 1 } }, ''],
    ['that is broken', { content: [], structuredContent: { n: 'x' } }, '#/n'],
    ['whose content is not there', { content: [] }, '#'],
    ['whose content is no object', { content: [], structuredContent: 7 }, '#'],
  ])('%s is answered so', async (_what, answer, path) => {
    const { session } = await offering(answering(() => answer, { outputSchema }));
    const { payload } = await invoke(await session(), 'odd');
    if (path === '') expect(payload.value.structuredContent).toEqual({ n: 1 });
    else expect(payload).toMatchObject({ code: 'INTERNAL', retryable: false, details: { path } });
  });

  test('does not hold what failed', async () => {
    const { session } = await offering(answering(() => ({ isError: true, content: [] }), { outputSchema }));
    expect((await invoke(await session(), 'odd')).payload.code).toBe('UNKNOWN');
  });

  test.each<readonly [string, JsonObject]>([
    ['a pattern that takes for ever', { type: 'object', properties: { n: { pattern: '^(a+)+$' } } }],
    ['a reference to elsewhere', { $ref: 'http://169.254.169.254/latest/meta-data' }],
    ['nonsense', { type: 'nonsense' }],
    ['a megabyte', { type: 'object', description: 'x'.repeat(1_048_576) }],
  ])('with %s holds nothing, and the host is told once', async (_what, schema) => {
    const content = { n: `${'a'.repeat(40)}!` };
    const { session, faults } = await offering(
      answering(() => ({ content: [], structuredContent: content }), { outputSchema: schema }),
    );
    const peer = await session();
    for (let i = 0; i < 3; i++) expect((await invoke(peer, 'odd')).payload.value.structuredContent).toEqual(content);
    expect(faults.map(({ name }) => name)).toEqual(['odd']);
  });

  test('of the official server that is broken is not the fault of the arguments', async () => {
    const described = { outputSchema: { type: 'object' as const, properties: { n: { type: 'integer' } } } };
    const server = mcpServer({ odd: () => ({ content: [], structuredContent: { n: 'x' } }) }, 9, () => described);
    const { session } = await offering(await mcpClient(server));
    expect((await invoke(await session(), 'odd')).payload).toMatchObject({ code: 'INTERNAL', retryable: false });
  });
});

describe('a result', () => {
  test('of names as long as books, block after block, takes no more room than text does', async () => {
    const link = {
      type: 'resource_link',
      uri: 'u'.repeat(2_000),
      name: 'n'.repeat(2_000),
      description: 'd'.repeat(2_000),
    };
    const { session } = await offering(
      answering(() => ({ content: Array(256).fill(link) })),
      {
        limits: { maxValueChars: 10_000 },
      },
    );
    const { type, payload } = await invoke(await session(), 'odd');
    expect(type).toBe('job.completed');
    expect(JSON.stringify(payload.value).length).toBeLessThan(20_000);
    expect(payload.value.content[0]).toEqual(link);
  });

  test('of image after image fills no quota but up to what one result may have', async () => {
    const image = { type: 'image', data: PNG, mimeType: 'image/png' };
    const { session } = await offering(
      answering(() => ({ content: Array(5).fill(image) })),
      {
        limits: { maxArtifactBytes: 20 },
      },
    );
    const { content } = (await invoke(await session(), 'odd')).payload.value;
    expect(content.map(({ omitted }: JsonObject) => omitted)).toEqual([
      undefined,
      undefined,
      'RESOURCE_EXHAUSTED',
      'RESOURCE_EXHAUSTED',
      'RESOURCE_EXHAUSTED',
    ]);
  });
});

describe('the host', () => {
  test('whose callbacks throw loses no tool by it', async () => {
    let round = 0;
    const client = listing(() => ({ tools: [null, { name: `t${round++}`, inputSchema: {} }] }));
    const throwing = () => {
      throw new Error('ours');
    };
    const offered = await mcpTools(client, { onFault: throwing, onChange: throwing });
    expect(offered.tools.map(({ name }) => name)).toEqual(['t0']);
    await offered.refresh();
    expect(offered.tools.map(({ name }) => name)).toEqual(['t1']);
  });

  test('that closes the adapter gets its handler back, and no list that was under way', async () => {
    let answer: (page: unknown) => void = () => {};
    let changes = 0;
    const client = listing((cursor) => cursor ?? { tools: [{ name: 'old', inputSchema: {} }] });
    const own = async () => {};
    client.fallbackNotificationHandler = own;
    const offered = await mcpTools(client, { onChange: () => changes++ });
    client.listTools = () =>
      new Promise((resolve) => {
        answer = resolve as never;
      });
    const reading = offered.refresh();
    await settle();
    offered.close();
    await expect(reading).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    answer({ tools: [{ name: 'new', inputSchema: {} }] });
    await settle();
    expect(offered.tools.map(({ name }) => name)).toEqual(['old']);
    expect(changes).toBe(0);
    expect(client.fallbackNotificationHandler).toBe(own);
    await expect(offered.refresh()).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
  });

  test('that opens and closes adapters on one client a thousand times leaves nothing there', async () => {
    const client = listing(() => ({ tools: [] }));
    for (let i = 0; i < 1_000; i++) (await mcpTools(client)).close();
    expect(client.fallbackNotificationHandler).toBeUndefined();
  });
});
