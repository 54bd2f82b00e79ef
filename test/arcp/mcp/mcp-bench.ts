// An MCP server of the official SDK, which says what a test makes it say, and a runtime that offers its tools.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  type Tool as ServedTool,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { type McpTools, type McpToolsOptions, mcpTools } from '../../../src/arcp/mcp/index.js';
import { artifactService } from '../../../src/arcp/runtime/artifacts/artifacts-service.js';
import type { RuntimeOptions } from '../../../src/arcp/runtime/runtime.js';
import type { JsonValue } from '../../../src/codec/json-value.js';
import { type RawPeer, type Received, testRuntime } from '../support/raw-peer.js';

/** What a tool of the server gets. */
export interface Call {
  readonly args: Record<string, unknown>;
  readonly extra: RequestHandlerExtra<ServerRequest, ServerNotification>;
  /** Tells how far it is, where the client asked to be told. */
  progress(progress: number, total?: number, message?: string): Promise<void>;
}

/** The tools of a server, by name; what changes in it shows in the next list. */
export type Served = Record<string, (call: Call) => CallToolResult | Promise<CallToolResult>>;

/** Makes a server. @param page How many tools a page of the list has. */
export function mcpServer(
  served: Served,
  page = 1_000,
  describe: (name: string) => Partial<ServedTool> = () => ({}),
): Server {
  const server = new Server({ name: 'bench', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } });
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
    const at = Number(params?.cursor ?? 0);
    const names = Object.keys(served);
    const tools = names.slice(at, at + page).map((name) => ({
      name,
      inputSchema: { type: 'object' as const },
      ...describe(name),
    }));
    return at + page < names.length ? { tools, nextCursor: String(at + page) } : { tools };
  });
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tool = served[params.name];
    if (tool === undefined) throw new Error(`unknown tool ${params.name}`);
    const progressToken = params._meta?.progressToken;
    return tool({
      args: params.arguments ?? {},
      extra,
      async progress(progress, total, message) {
        if (progressToken === undefined) return;
        const facts = { progressToken, progress, ...(total !== undefined && { total }), ...(message && { message }) };
        await extra.sendNotification({ method: 'notifications/progress', params: facts });
      },
    });
  });
  return server;
}

/** A client that is connected to a server in memory. */
export async function mcpClient(server: Server): Promise<Client> {
  const client = new Client({ name: 'adapter', version: '1.0.0' });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(far), client.connect(near)]);
  return client;
}

/** A runtime that offers the tools of a server in memory. */
export async function mcpBench(served: Served, options: McpToolsOptions = {}, runtime: RuntimeOptions = {}) {
  const server = mcpServer(served);
  const client = await mcpClient(server);
  const offered = await mcpTools(client, options);
  return { server, client, offered, ...runtimeOver(offered, runtime) };
}

/** A runtime that offers tools of MCP servers. */
export function runtimeOver(offered: McpTools, options: RuntimeOptions = {}) {
  return testRuntime({ toolSources: [offered], services: [artifactService()], ...options });
}

/** Invokes a tool. @returns Its terminal event. */
export async function invoke(peer: RawPeer, tool: string, args: JsonValue = {}): Promise<Received> {
  const id = peer.send('tool.invoke', { tool, arguments: args });
  const isEnd = ({ type, correlation_id }: Received) =>
    correlation_id === id && /^job\.(completed|failed|cancelled)$/.test(type);
  for (;;) {
    const found = peer.received.find(isEnd);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
