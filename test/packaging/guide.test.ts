// Every snippet of the guide to ARCP runs as it stands there, against the built package; and what its tables say of codes,
// services and capabilities is so.

import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { connect } from '../../src/arcp/client/connect.js';
import { isArcpCode, isRetryable } from '../../src/arcp/errors.js';
import * as runtimeRoom from '../../src/arcp/runtime/index.js';
import { run } from '../../src/cli/run.js';
import type { DurableObjectStateLike } from '../../src/host/arcp-machine.js';
import { socketTransport, type WebSocketLike } from '../../src/transport/socket-transport.js';
import { MemoryIo } from '../cli/memory-io.js';
import { DurableWorld } from '../support/durable-object.js';

const root = join(import.meta.dirname, '../..');
const text = await readFile(join(root, 'docs/arcp.md'), 'utf8');
const snippets = new Map(
  Array.from(text.matchAll(/^```js ([\w-]+)\n([\s\S]*?)^```$/gm), ([, kind = '', code = '']) => [kind, code]),
);
const KINDS = ['runtime', 'client', 'durable-object', 'port', 'stdio', 'mcp'];

let folder = '';
let files = 0;

beforeAll(async () => {
  const { build } = await import('../../scripts/build.mjs');
  await build({ log: () => {} });
  // Inside the package, which then knows itself by its name.
  await mkdir(join(root, '.cache'), { recursive: true });
  folder = await mkdtemp(join(root, '.cache/guide-'));
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => {
  vi.unstubAllGlobals();
});

const snippet = (kind: string) => snippets.get(kind) ?? '';

async function file(code: string): Promise<string> {
  const path = join(folder, `snippet-${files++}.mjs`);
  await writeFile(path, code);
  return path;
}

/** Lines a program printed until it ended by itself, well. */
async function output(code: string): Promise<string[]> {
  const child = spawn(process.execPath, [await file(code)], { stdio: ['ignore', 'pipe', 'pipe'], cwd: root });
  let out = '';
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (out += data));
  const exit = await new Promise((resolve, reject) => child.on('error', reject).on('exit', resolve));
  if (exit !== 0) throw new Error(`it ended with ${exit}\n${out}`);
  return out.trimEnd().split('\n');
}

describe('the guide to ARCP', () => {
  test('has no snippet of JavaScript that is not run here', () => {
    const fences = Array.from(text.matchAll(/^```(js.*)$/gm), ([, kind = '']) => kind);
    expect(fences.filter((kind) => kind !== 'jsonc')).toEqual(KINDS.map((kind) => `js ${kind}`));
  });

  test('runtime, and client', { timeout: 30_000 }, async () => {
    // What the first one exports the second one takes for granted.
    const code = `${snippet('runtime').replaceAll('export const', 'const')}\n${snippet('client')}\nawait runtime.close();\n`;
    expect(await output(code)).toEqual([
      'thought The oldest files first.',
      "event { name: 'a.tmp' }",
      "event { name: 'b.tmp' }",
      '{ deleted: 2 }',
      'sent',
      'filed: the minutes',
      'ERR_ARCP_NOT_FOUND false',
    ]);
  });

  test('port', { timeout: 30_000 }, async () => {
    expect(await output(snippet('port'))).toEqual(['my page']);
  });

  test('stdio: a program that a command talks to', { timeout: 30_000 }, async () => {
    const io = new MemoryIo();
    const address = `stdio:"${process.execPath}" "${await file(snippet('stdio'))}"`;
    expect(await run(['arcp', 'invoke', address, 'echo', '{"a":1}'], io)).toBe(0);
    expect(io.lines).toEqual(['{"a":1}']);
  });

  test('mcp', { timeout: 30_000 }, async () => {
    const before = `import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
const token = 'a-token';
const [transport, far] = InMemoryTransport.createLinkedPair();
const server = new McpServer({ name: 'files', version: '1.0.0' });
server.registerTool('list', {}, () => ({ content: [{ type: 'text', text: 'a.txt' }] }));
await server.connect(far);
`;
    const after = `
import { connect } from 'ringline/arcp';
import { memoryTransports } from 'ringline/transport/memory';
const session = await connect({
  dial: async () => {
    const [near, other] = memoryTransports();
    void runtime.accept(other);
    return near;
  },
  auth: { scheme: 'bearer', token },
  client: { kind: 'test', version: '1' },
});
console.log(JSON.stringify((await session.invoke('files.list').result).value));
await session.close();
await runtime.close();
files.close();
await client.close();
`;
    const [tools, value] = await output(before + snippet('mcp') + after);
    expect(tools).toBe("[ 'files.list' ]");
    expect(JSON.parse(value ?? '')).toEqual({ content: [{ type: 'text', text: 'a.txt' }] });
  });

  test('durable-object: the token lets in, and only that', { timeout: 30_000 }, async () => {
    const made = await import(/* @vite-ignore */ pathToFileURL(await file(snippet('durable-object'))).href);
    const env = { TOKEN: 'the-token-of-alice' };
    const world = new DurableWorld(
      () =>
        class extends made.Machine {
          constructor(state: DurableObjectStateLike) {
            super(state, env);
          }
        } as never,
    );
    vi.stubGlobal('WebSocketPair', world.WebSocketPair);
    vi.stubGlobal(
      'Response',
      class {
        constructor(_body: unknown, init: object) {
          Object.assign(this, init);
        }
      },
    );
    const open = (token: string) =>
      connect({
        dial: async () => socketTransport((await world.ask()).socket as WebSocketLike),
        auth: { scheme: 'bearer', token },
        client: { kind: 'test', version: '1' },
        reconnect: false,
      });
    await expect(open('another')).rejects.toMatchObject({ code: 'ERR_ARCP_UNAUTHENTICATED' });
    const session = await open(env.TOKEN);
    expect((await session.invoke('echo', { a: 1 }).result).value).toEqual({ a: 1 });
    await session.close();
    // The Worker before it finds the one object of the name.
    const names: string[] = [];
    const namespace = {
      idFromName: (name: string) => names.push(name),
      get: () => ({ fetch: async () => 'answered' }),
    };
    const headers = { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': '13' };
    const request = new Request('https://machine.example/', { headers });
    expect(await made.default.fetch(request, { MACHINES: namespace })).toBe('answered');
    expect(names).toEqual(['alice']);
  });

  test('lists every code, and which of them may be tried again', () => {
    const rows = Array.from(text.matchAll(/^\| `([A-Z_]+)` \|.*\| (yes|no) \|$/gm), ([, code, again]) => [code, again]);
    expect(rows).toHaveLength(21);
    for (const [code, again] of rows) {
      expect(isArcpCode(code)).toBe(true);
      expect([code, again]).toEqual([code, isRetryable(code as string) ? 'yes' : 'no']);
    }
  });

  test('lists every service, with the capabilities it offers', () => {
    const rows = new Map(
      Array.from(text.matchAll(/^\| `(\w+Service)` \|.*\| ([^|]*) \|$/gm), ([, name = '', said = '']) => [
        name,
        Array.from(said.matchAll(/`(\w+)`/g), ([, flag]) => flag),
      ]),
    );
    const services = Object.entries(runtimeRoom).filter(([name]) => name.endsWith('Service'));
    expect([...rows.keys()].sort()).toEqual(services.map(([name]) => name).sort());
    for (const [name, make] of services) {
      const service = (make as (options: object) => { offers?: readonly string[] })({ workflows: [] });
      expect([name, rows.get(name)]).toEqual([name, [...(service.offers ?? [])]]);
    }
  });
});
