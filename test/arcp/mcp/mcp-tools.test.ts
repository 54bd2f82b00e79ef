// Tools of MCP servers of the official SDK as tools of a runtime: in memory, and over HTTP on the loopback interface.

import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, describe, expect, test } from 'vitest';
import { arcpError } from '../../../src/arcp/errors.js';
import { resultOf } from '../../../src/arcp/mcp/content.js';
import { type McpClient, mcpTools } from '../../../src/arcp/mcp/index.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { ALL_CAPABILITIES, settle } from '../support/raw-peer.js';
import { invoke, mcpBench, mcpClient, mcpServer, runtimeOver, type Served } from './mcp-bench.js';

const PNG = 'iVBORw0KGgo=';
const text = (said: string) => ({ content: [{ type: 'text' as const, text: said }] });

const echo: Served = { echo: ({ args }) => text(JSON.stringify(args)) };

describe('a tool of an MCP server', () => {
  test('is a tool of the runtime: its call is a job, its text the value', async () => {
    const { session, offered } = await mcpBench(echo);
    expect(offered.tools).toMatchObject([{ name: 'echo', inputSchema: { type: 'object' } }]);
    const peer = await session();
    const done = await invoke(peer, 'echo', { a: 1 });
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.completed']);
    expect(done.payload).toEqual({ value: { content: [{ type: 'text', text: '{"a":1}' }] } });
    // Without arguments it gets none.
    expect((await invoke(peer, 'echo', null)).payload.value.content[0].text).toBe('{}');
  });

  test.each([1, 'x', true, [1]])('gets no arguments that are %j', async (args) => {
    const { session } = await mcpBench(echo);
    expect((await invoke(await session(), 'echo', args)).payload.code).toBe('INVALID_ARGUMENT');
  });

  test('keeps a member named __proto__ a member, either way', async () => {
    const { session } = await mcpBench({
      structured: () => ({ content: [], structuredContent: JSON.parse('{"__proto__":{"admin":true}}') }),
      ...echo,
    });
    const peer = await session();
    peer.sendText(
      `{"arcp":"1.0","id":"msg_proto","timestamp":"2026-03-02T08:15:42Z","type":"tool.invoke","payload":{"tool":"echo","arguments":{"__proto__":{"admin":true}}}}`,
    );
    await peer.until('job.completed');
    await invoke(peer, 'structured');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test('tells its progress, in percent where it says how much there is', async () => {
    const { session } = await mcpBench({
      work: async ({ progress }) => {
        await progress(1, 4, 'a quarter');
        await new Promise((resolve) => setTimeout(resolve, 60));
        await progress(2, undefined, 'who knows');
        await progress(4, 4);
        return text('done');
      },
    });
    const peer = await session();
    await invoke(peer, 'work');
    expect(peer.since().flatMap(({ type, payload }) => (type === 'job.progress' ? [payload] : []))).toEqual([
      { percent: 25, message: 'a quarter' },
      { message: 'who knows' },
      { percent: 100 },
    ]);
  });

  test('that tells its progress a thousand times a moment is passed over, but for the first and the last', async () => {
    const clock = fakeClock();
    const { session } = await mcpBench(
      {
        flood: async ({ progress }) => {
          for (let i = 0; i < 1_000; i++) await progress(i, 1_000);
          for (let i = 0; i < 10; i++) await progress(1_000, 1_000);
          return text('done');
        },
      },
      { clock },
    );
    const peer = await session();
    await invoke(peer, 'flood');
    expect(peer.since().flatMap(({ type, payload }) => (type === 'job.progress' ? [payload.percent] : []))).toEqual([
      0, 100,
    ]);
  });

  test('whose progress is nonsense does no harm', async () => {
    const calls: ((progress: never) => void)[] = [];
    const client: McpClient = {
      listTools: async () => ({ tools: [{ name: 'odd', inputSchema: {} }] }),
      callTool: async (_params, _schema, options) => {
        calls.push(options?.onprogress as never);
        for (const odd of [
          { progress: -5, total: 10 },
          { progress: Number.NaN, total: 0 },
          { progress: 'x', total: 'y', message: 7 },
          { progress: 1, total: 1, message: 'm'.repeat(5_000) },
        ]) {
          options?.onprogress?.(odd as never);
        }
        return { content: [] };
      },
    };
    let nowMs = 0;
    const clock = { ...fakeClock(), now: () => (nowMs += 100) };
    const bench = runtimeOver(await mcpTools(client, { clock }));
    const peer = await bench.session();
    expect((await invoke(peer, 'odd')).type).toBe('job.completed');
    const told = peer.since().filter(({ type }) => type === 'job.progress');
    expect(told.map(({ payload }) => payload.percent)).toEqual([0, undefined, undefined, 100]);
    expect(told.at(-1)?.payload.message).toHaveLength(1_024);
    // Nor what comes when the job is over.
    calls[0]?.({ progress: 1, total: 2 } as never);
    await settle();
    expect(peer.types().at(-1)).toBe('job.completed');
  });

  test('is cancelled at the server when its job is', async () => {
    const reasons: unknown[] = [];
    const { session } = await mcpBench({
      wait: ({ extra }) =>
        new Promise((_resolve, reject) => {
          extra.signal.addEventListener('abort', () => {
            reasons.push(extra.signal.reason);
            reject(new Error('stopped'));
          });
        }),
    });
    const peer = await session();
    peer.send('tool.invoke', { tool: 'wait', arguments: {} });
    const { job_id } = await peer.until('job.started');
    await settle();
    peer.send('cancel', { target: 'job', target_id: job_id as string, reason: 'user' });
    expect((await peer.until('job.cancelled')).payload).toEqual({ reason: 'user' });
    await expect.poll(() => reasons).toHaveLength(1);
  });

  test('is not cancelled at the server when its job has ended by itself', async () => {
    const sent: string[] = [];
    const bench = await mcpBench(echo);
    const transport = bench.client.transport as { send(message: { method?: string }): Promise<void> };
    const { send } = transport;
    transport.send = (message) => {
      sent.push(String(message.method));
      return send.call(transport, message);
    };
    await invoke(await bench.session(), 'echo');
    await settle();
    expect(sent).toEqual(['tools/call']);
  });

  test('that says it failed fails its job with its words, made safe to show', async () => {
    const { session } = await mcpBench({
      bad: () => ({ isError: true, ...text(`no such file \u001b[31m${'x'.repeat(5_000)}`) }),
      silent: () => ({ isError: true, content: [] }),
    });
    const peer = await session();
    const { type, payload } = await invoke(peer, 'bad');
    expect(type).toBe('job.failed');
    expect(payload).toMatchObject({ code: 'UNKNOWN', retryable: false });
    expect(payload.message).toMatch(/^no such file \\u001b/);
    expect(payload.message.length).toBeLessThan(1_100);
    expect((await invoke(peer, 'silent')).payload.code).toBe('UNKNOWN');
  });

  test.each([
    [ErrorCode.InvalidParams, 'INVALID_ARGUMENT', false],
    [ErrorCode.MethodNotFound, 'UNIMPLEMENTED', false],
    [ErrorCode.InvalidRequest, 'FAILED_PRECONDITION', false],
    [ErrorCode.InternalError, 'INTERNAL', true],
    [ErrorCode.RequestTimeout, 'DEADLINE_EXCEEDED', true],
    [-32_042, 'UNKNOWN', false],
  ])(
    'that is refused with %j fails with %s, and not with the words of the server',
    async (code, expected, retryable) => {
      const { session } = await mcpBench({
        refused: () => {
          throw new McpError(code, 'password hunter2');
        },
      });
      const { payload } = await invoke(await session(), 'refused');
      expect(payload).toMatchObject({ code: expected, retryable, details: { mcp_code: code } });
      expect(JSON.stringify(payload)).not.toContain('hunter2');
    },
  );

  test('is UNAVAILABLE when the server is gone, before and during a call', async () => {
    const bench = await mcpBench({ wait: () => new Promise(() => {}), ...echo });
    const peer = await bench.session();
    const waiting = invoke(peer, 'wait');
    await peer.until('job.started');
    await settle();
    await bench.server.close();
    expect((await waiting).payload).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect((await invoke(peer, 'echo')).payload).toMatchObject({ code: 'UNAVAILABLE' });
  });

  test.each<readonly [string, unknown]>([
    ['a status of HTTP', Object.assign(new Error('password hunter2'), { code: 502 })],
    ['an error without a code', new TypeError('fetch failed: password hunter2')],
    ['a code that is a name', Object.assign(new Error('x'), { code: 'ECONNREFUSED' })],
    ['no error at all', undefined],
  ])('whose transport fails with %s is UNAVAILABLE', async (_what, error) => {
    const client: McpClient = {
      listTools: async () => ({ tools: [{ name: 'odd', inputSchema: {} }] }),
      callTool: () => Promise.reject(error),
    };
    const { payload } = await invoke(await runtimeOver(await mcpTools(client)).session(), 'odd');
    expect(payload).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(JSON.stringify(payload)).not.toContain('hunter2');
  });

  test('that does not answer in time is DEADLINE_EXCEEDED', async () => {
    const { session } = await mcpBench({ wait: () => new Promise(() => {}) }, { timeoutMs: 20 });
    expect((await invoke(await session(), 'wait')).payload.code).toBe('DEADLINE_EXCEEDED');
  });
});

function members(count: number): JsonObject {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, i]));
}

function deep(levels: number): JsonObject {
  let value: JsonObject = {};
  for (let i = 1; i < levels; i++) value = { value };
  return value;
}

describe('a result', () => {
  test('of bytes is an artifact, the result itself where it is the only block', async () => {
    const { session } = await mcpBench({
      shot: () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }),
    });
    const peer = await session();
    const { payload } = await invoke(peer, 'shot');
    expect(payload.result_ref).toMatchObject({ media_type: 'image/png', size: 8 });
    expect(payload.value.content).toEqual([{ type: 'image', mimeType: 'image/png', artifact: payload.result_ref }]);
    peer.send('artifact.fetch', { artifact_id: payload.result_ref.artifact_id });
    expect((await peer.until('artifact.ref', ({ payload: { data } }) => data !== undefined)).payload.data).toBe(PNG);
  });

  test('of many blocks keeps their order, text and links in the value, bytes as artifacts', async () => {
    const { session } = await mcpBench({
      all: () => ({
        content: [
          { type: 'text', text: 'one' },
          { type: 'audio', data: PNG, mimeType: 'audio/wav' },
          { type: 'resource', resource: { uri: 'file:///a.txt', mimeType: 'text/plain', text: 'hi' } },
          { type: 'resource', resource: { uri: 'file:///b.bin', blob: PNG } },
          { type: 'resource_link', uri: 'file:///c', name: 'c', description: 'a link', size: 7 },
        ],
        structuredContent: { n: 1 },
      }),
    });
    const { payload } = await invoke(await session(), 'all');
    expect(payload.result_ref).toBeUndefined();
    expect(payload.value).toMatchObject({
      content: [
        { type: 'text', text: 'one' },
        { type: 'audio', mimeType: 'audio/wav', artifact: { media_type: 'audio/wav', size: 8 } },
        { type: 'resource', uri: 'file:///a.txt', mimeType: 'text/plain', text: 'hi' },
        { type: 'resource', uri: 'file:///b.bin', artifact: { media_type: 'application/octet-stream', size: 8 } },
        { type: 'resource_link', uri: 'file:///c', name: 'c', description: 'a link', size: 7 },
      ],
      structuredContent: { n: 1 },
    });
  });

  test('too long for the value goes on as artifacts', async () => {
    const { session } = await mcpBench(
      {
        long: () => ({ ...text('x'.repeat(90)), structuredContent: { y: 'y'.repeat(20) } }),
        longer: () => text('z'.repeat(101)),
      },
      { limits: { maxValueChars: 100 } },
    );
    const peer = await session();
    expect((await invoke(peer, 'long')).payload.value).toMatchObject({
      content: [{ type: 'text', text: 'x'.repeat(90) }],
      structuredContent: { artifact: { media_type: 'application/json', size: 28 } },
    });
    const longer = (await invoke(peer, 'longer')).payload;
    expect(longer.result_ref).toMatchObject({ media_type: 'text/plain;charset=utf-8', size: 101 });
  });

  test('where artifacts were not negotiated leaves bytes out, and says so', async () => {
    const { session } = await mcpBench({
      shot: () => ({
        content: [
          { type: 'image', data: PNG, mimeType: 'image/png' },
          { type: 'text', text: 'seen' },
        ],
      }),
    });
    const peer = await session({ capabilities: { ...ALL_CAPABILITIES, artifacts: false } });
    expect((await invoke(peer, 'shot')).payload).toEqual({
      value: {
        content: [
          { type: 'image', mimeType: 'image/png', omitted: 'UNIMPLEMENTED' },
          { type: 'text', text: 'seen' },
        ],
      },
    });
  });

  test('of more than an artifact holds, or over the quota, leaves bytes out', async () => {
    const big = Buffer.alloc(4_194_305).toString('base64');
    const { session } = await mcpBench(
      {
        big: () => ({ content: [{ type: 'image', data: big, mimeType: 'image/png' }] }),
        small: () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }),
      },
      {},
      { limits: { maxArtifacts: 1 } },
    );
    const peer = await session();
    expect((await invoke(peer, 'big')).payload.value.content[0].omitted).toBe('INVALID_ARGUMENT');
    expect((await invoke(peer, 'small')).payload.value.content[0].artifact.size).toBe(8);
    expect((await invoke(peer, 'small')).payload.value.content[0].omitted).toBe('RESOURCE_EXHAUSTED');
  });

  // What the official client would not let through; another may.
  test.each<readonly [string, unknown, unknown]>([
    ['nothing', undefined, { content: [] }],
    ['null', null, { content: [] }],
    ['content that is no list', { content: 'x' }, { content: [] }],
    [
      'a block that is none',
      { content: [7, null] },
      {
        content: [
          { type: 'unknown', omitted: 'UNIMPLEMENTED' },
          { type: 'unknown', omitted: 'UNIMPLEMENTED' },
        ],
      },
    ],
    [
      'a block of a later version',
      { content: [{ type: 'video', data: 'x' }] },
      { content: [{ type: 'video', omitted: 'UNIMPLEMENTED' }] },
    ],
    [
      'text that is none',
      { content: [{ type: 'text', text: 7 }] },
      { content: [{ type: 'text', omitted: 'INVALID_ARGUMENT' }] },
    ],
    [
      'base64 that is none',
      { content: [{ type: 'image', data: '%%%', mimeType: 'image/png' }] },
      { content: [{ type: 'image', mimeType: 'image/png', omitted: 'INVALID_ARGUMENT' }] },
    ],
    [
      'data that is none',
      { content: [{ type: 'image', mimeType: 7 }] },
      { content: [{ type: 'image', omitted: 'INVALID_ARGUMENT' }] },
    ],
    [
      'a resource that is none',
      { content: [{ type: 'resource', resource: 'x' }] },
      { content: [{ type: 'resource', omitted: 'INVALID_ARGUMENT' }] },
    ],
    [
      'a lone surrogate',
      { content: [{ type: 'text', text: 'a\ud800' }] },
      { content: [{ type: 'text', text: 'a\ufffd' }] },
    ],
    [
      'names as long as books',
      { content: [{ type: 'resource_link', uri: 'x'.repeat(9_999), name: 'n' }] },
      { content: [{ type: 'resource_link', name: 'n' }] },
    ],
    [
      'a size that is none',
      { content: [{ type: 'resource_link', uri: 'u', name: 'n', size: Number.NaN }] },
      { content: [{ type: 'resource_link', uri: 'u', name: 'n' }] },
    ],
    [
      'a number that only its text is',
      { content: [], structuredContent: JSON.parse('{"n":1e400}') },
      { content: [], structuredContent: { omitted: 'INVALID_ARGUMENT' } },
    ],
    [
      'what JSON cannot say',
      { content: [], structuredContent: { n: 1n } },
      { content: [], structuredContent: { omitted: 'INVALID_ARGUMENT' } },
    ],
  ])('that is %s does not fail the call', async (_what, answer, value) => {
    const client: McpClient = {
      listTools: async () => ({ tools: [{ name: 'odd', inputSchema: {} }] }),
      callTool: async () => answer,
    };
    const bench = runtimeOver(await mcpTools(client));
    const { type, payload } = await invoke(await bench.session(), 'odd');
    expect(type).toBe('job.completed');
    expect(payload.value).toEqual(value);
  });

  test('whose media type is none is declared as bytes', async () => {
    const { session } = await mcpBench({
      shot: () => ({ content: [{ type: 'image', data: PNG, mimeType: 'text/html\r\nx: y' }] }),
    });
    expect((await invoke(await session(), 'shot')).payload.result_ref.media_type).toBe('application/octet-stream');
  });

  test('of too many blocks is cut, and says by how many', async () => {
    const { session } = await mcpBench(
      { many: () => ({ content: Array.from({ length: 12 }, () => ({ type: 'text' as const, text: 'x' })) }) },
      { limits: { maxBlocks: 5 } },
    );
    const { value } = (await invoke(await session(), 'many')).payload;
    expect(value.content).toHaveLength(5);
    expect(value.omittedBlocks).toBe(7);
  });

  test('makes no more artifacts once its job has ended', async () => {
    let made = 0;
    const keeper = {
      artifact: () => {
        made++;
        return Promise.reject(arcpError('CANCELLED', 'the job has ended'));
      },
    };
    const image = { type: 'image', data: PNG, mimeType: 'image/png' };
    const reading = resultOf({ content: [image, image, image] }, keeper, {
      maxBlocks: 9,
      maxValueChars: 9,
      maxArtifactBytes: 99,
    });
    await expect(reading).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    expect(made).toBe(1);
  });

  test.each<readonly [string, JsonObject]>([
    ['that nests 500 levels deep', deep(500)],
    ['of 10,001 members', members(10_001)],
  ])('%s, which no message holds, goes on as an artifact', async (_what, structuredContent) => {
    const { session } = await mcpBench({ odd: () => ({ content: [], structuredContent }) });
    const peer = await session();
    const { type, payload } = await invoke(peer, 'odd');
    expect(type).toBe('job.completed');
    const { artifact_id } = payload.value.structuredContent.artifact;
    const { payload: fetched } = await peer.answerTo(peer.send('artifact.fetch', { artifact_id }));
    expect(JSON.parse(Buffer.from(fetched.data, 'base64').toString())).toEqual(structuredContent);
  });

  test('as wide and deep as a message holds stays in the value', async () => {
    const structuredContent = { ...members(4_900), deep: deep(98) };
    const { session } = await mcpBench({ odd: () => ({ content: [], structuredContent }) });
    const { payload } = await invoke(await session(), 'odd');
    expect(payload.value.structuredContent).toEqual(structuredContent);
  });
});

describe('the list', () => {
  const offering = async (names: readonly string[], options = {}) => {
    const left: (string | undefined)[] = [];
    const served = Object.fromEntries(names.map((name) => [name, () => text(name)]));
    const client = await mcpClient(mcpServer(served, 3));
    const offered = await mcpTools(client, { onFault: (_error, name) => left.push(name), ...options });
    return { offered, left, names: offered.tools.map(({ name }) => name) };
  };

  test('is read page by page', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    expect((await offering(names)).names).toEqual(names);
  });

  test('has names of letters, digits, _, . and -, behind the prefix', async () => {
    const { names, offered } = await offering(['read/file', 'zwei wörter', 'ok-1.x', '\u202egro'], { prefix: 'fs.' });
    expect(names).toEqual(['fs.read_file', 'fs.zwei_w_rter', 'fs.ok-1.x', 'fs._gro']);
    const peer = await runtimeOver(offered).session();
    // The server hears its own name of it.
    expect((await invoke(peer, 'fs.read_file')).payload.value.content[0].text).toBe('read/file');
  });

  test('leaves out whose name is taken, too long or none, and tells the host', async () => {
    const { names, left } = await offering(['a b', 'a/b', 'x'.repeat(129), 'fine']);
    expect(names).toEqual(['a_b', 'fine']);
    expect(left).toEqual(['a/b', 'x'.repeat(128)]);
  });

  test('ends at the most tools that are taken', async () => {
    const { names, left } = await offering(['a', 'b', 'c', 'd'], { limits: { maxTools: 2 } });
    expect(names).toEqual(['a', 'b']);
    expect(left).toEqual(['c']);
  });

  test('leaves out a tool whose schema is too long, and cuts descriptions', async () => {
    const schema = { type: 'object' as const, description: 'x'.repeat(70_000) };
    const server = mcpServer({ big: () => text(''), told: () => text('') }, 9, (name) =>
      name === 'big' ? { inputSchema: schema } : { description: 'y'.repeat(9_000) },
    );
    const left: (string | undefined)[] = [];
    const { tools } = await mcpTools(await mcpClient(server), { onFault: (_error, name) => left.push(name) });
    expect(left).toEqual(['big']);
    expect(tools.map(({ name, description }) => [name, description?.length])).toEqual([['told', 4_096]]);
  });

  test.each<readonly [string, unknown]>([
    ['no list', {}],
    ['a list that is none', { tools: 'x' }],
    ['nothing', undefined],
  ])('that is %s rejects', async (_what, page) => {
    const client: McpClient = { listTools: async () => page as never, callTool: async () => ({}) };
    await expect(mcpTools(client)).rejects.toMatchObject({ code: 'ERR_ARCP_UNAVAILABLE' });
  });

  test('of tools that are none leaves them out', async () => {
    const tools = [null, 7, {}, { name: '' }, { name: 7 }, { name: 'no-schema' }, { name: 'ok', inputSchema: {} }];
    const client: McpClient = { listTools: async () => ({ tools: tools as never }), callTool: async () => ({}) };
    expect((await mcpTools(client)).tools.map(({ name }) => name)).toEqual(['ok']);
  });

  test('whose pages never end is given up', async () => {
    let pages = 0;
    const client: McpClient = {
      listTools: async () => ({ tools: [{ name: `t${pages++}`, inputSchema: {} }], nextCursor: `page-${pages}` }),
      callTool: async () => ({}),
    };
    expect((await mcpTools(client)).tools).toHaveLength(64);
    expect(pages).toBe(64);
  });

  test('is not waited for when the signal aborts', async () => {
    const controller = new AbortController();
    const client: McpClient = {
      listTools: (_params, options) =>
        new Promise((_resolve, reject) =>
          options?.signal?.addEventListener('abort', () => reject(new Error('stopped'))),
        ),
      callTool: async () => ({}),
    };
    const reading = mcpTools(client, { signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await expect(mcpTools(client, { signal: controller.signal })).rejects.toBe(reason);
  });

  test('is read again when the server says that it has changed: tools come and go', async () => {
    const clock = fakeClock();
    const served: Served = { ...echo };
    const changes: string[][] = [];
    const bench = await mcpBench(served, {
      clock,
      onChange: (tools: readonly Tool[]) => changes.push(tools.map(({ name }) => name)),
    });
    const peer = await bench.session();
    expect((await invoke(peer, 'late')).payload.code).toBe('NOT_FOUND');
    served.late = () => text('here');
    delete served.echo;
    // However often it says so, it is read once.
    for (let i = 0; i < 50; i++) await bench.server.sendToolListChanged();
    await settle();
    clock.advance(1_000);
    await expect.poll(() => changes).toEqual([['late']]);
    expect((await invoke(peer, 'late')).type).toBe('job.completed');
    expect((await invoke(peer, 'echo')).payload.code).toBe('NOT_FOUND');
  });

  test('that cannot be read again stands as it was, and the host is told', async () => {
    const clock = fakeClock();
    const faults: unknown[] = [];
    const bench = await mcpBench({ ...echo }, { clock, onFault: (error) => faults.push(error) });
    await bench.server.sendToolListChanged();
    await settle();
    await bench.server.close();
    clock.advance(1_000);
    await expect.poll(() => faults).toMatchObject([{ code: 'ERR_ARCP_UNAVAILABLE' }]);
    expect(bench.offered.tools).toHaveLength(1);
    await expect(bench.offered.refresh()).rejects.toMatchObject({ code: 'ERR_ARCP_UNAVAILABLE' });
  });

  test('leaves other notifications to whom they were for, also after close', async () => {
    const clock = fakeClock();
    const heard: string[] = [];
    const client = await mcpClient(mcpServer({ ...echo }));
    client.fallbackNotificationHandler = async ({ method }) => {
      heard.push(method);
    };
    const offered = await mcpTools(client, { clock });
    await client.fallbackNotificationHandler?.({ method: 'notifications/other' });
    await client.fallbackNotificationHandler?.({ method: 'notifications/tools/list_changed' });
    expect(clock.pendingTimers).toBe(1);
    offered.close();
    expect(clock.pendingTimers).toBe(0);
    await client.fallbackNotificationHandler?.({ method: 'notifications/tools/list_changed' });
    expect(clock.pendingTimers).toBe(0);
    expect(heard).toEqual(['notifications/other', 'notifications/tools/list_changed']);
  });

  test('two refreshes at once read one after the other, so that an older list never comes out on top', async () => {
    const answers: ((name: string) => void)[] = [];
    let isFirst = true;
    const client: McpClient = {
      listTools: () => {
        if (isFirst) return Promise.resolve({ tools: [] });
        return new Promise((resolve) => {
          answers.push((name) => resolve({ tools: [{ name, inputSchema: {} }] }));
        });
      },
      callTool: async () => ({}),
    };
    const offered = await mcpTools(client);
    isFirst = false;
    const both = Promise.all([offered.refresh(), offered.refresh()]);
    await settle();
    // The second has not been asked: it could be answered first.
    expect(answers).toHaveLength(1);
    answers[0]?.('older');
    await settle();
    answers[1]?.('newer');
    await both;
    expect(offered.tools.map(({ name }) => name)).toEqual(['newer']);
  });
});

test('options that are none are refused before anything is asked', async () => {
  const client: McpClient = {
    listTools: () => Promise.reject(new Error('asked')),
    callTool: () => Promise.reject(new Error('asked')),
  };
  for (const prefix of ['a b', 'x'.repeat(65), 'ä'])
    await expect(mcpTools(client, { prefix })).rejects.toThrow(TypeError);
  for (const options of [{ timeoutMs: 0 }, { maxTotalMs: 1.5 }, { limits: { maxTools: 0 } }]) {
    await expect(mcpTools(client, options)).rejects.toThrow(RangeError);
  }
});

describe('over HTTP', () => {
  const closing: (() => Promise<unknown> | unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** A server of the SDK on the loopback interface, and its client. */
  async function overHttp(served: Served) {
    const server = mcpServer(served);
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => 'session-1' });
    await server.connect(transport as never);
    const http: HttpServer = createServer((request, response) => void transport.handleRequest(request, response));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      http.closeAllConnections();
      return new Promise((resolve) => http.close(resolve));
    });
    const client = new Client({ name: 'adapter', version: '1.0.0' });
    const { port } = http.address() as AddressInfo;
    await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)) as never);
    closing.push(() => client.close());
    const offered = await mcpTools(client);
    return { http, server, offered, ...runtimeOver(offered) };
  }

  test('calls, progress, bytes and cancellation go as they do in memory', async () => {
    const aborted: string[] = [];
    const { session } = await overHttp({
      ...echo,
      shot: () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }),
      work: async ({ progress }) => {
        await progress(1, 2, 'half');
        return text('done');
      },
      wait: ({ extra }) =>
        new Promise((_resolve, reject) => {
          extra.signal.addEventListener('abort', () => {
            aborted.push('wait');
            reject(new Error('stopped'));
          });
        }),
    });
    const peer = await session();
    expect((await invoke(peer, 'echo', { a: 1 })).payload.value.content[0].text).toBe('{"a":1}');
    expect((await invoke(peer, 'shot')).payload.result_ref.size).toBe(8);
    expect((await invoke(peer, 'work')).payload.value.content[0].text).toBe('done');
    expect(peer.since().find(({ type }) => type === 'job.progress')?.payload).toEqual({ percent: 50, message: 'half' });
    peer.forget();
    peer.send('tool.invoke', { tool: 'wait', arguments: {} });
    const { job_id } = await peer.until('job.started');
    // The request has to reach the server before its cancellation does.
    await invoke(peer, 'echo');
    peer.send('cancel', { target: 'job', target_id: job_id as string });
    await peer.until('job.cancelled');
    await expect.poll(() => aborted).toEqual(['wait']);
  });

  test('a server that goes away is UNAVAILABLE', async () => {
    const { session, http } = await overHttp({ ...echo });
    const peer = await session();
    expect((await invoke(peer, 'echo')).type).toBe('job.completed');
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
    expect((await invoke(peer, 'echo')).payload).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });
});
