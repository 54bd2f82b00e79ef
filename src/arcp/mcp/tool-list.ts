// The list of an MCP server's tools, read page by page: what is none is left out, and what never ends is given up.

import { isObject } from '../../codec/is-object.js';
import type { JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import type { Tool } from '../runtime/tools.js';
import type { McpClient, McpRequestOptions, McpToolFacts } from './client-port.js';
import { fromMcpError } from './errors.js';
import type { McpLimits } from './limits.js';

/** Pages of the list. */
const MAX_PAGES = 64;
/** Tools that are looked at for each that is taken. */
const MAX_SEEN_FACTOR = 4;
const MAX_CURSOR_CHARS = 4_096;
const MAX_NAME_CHARS = 128;
const MAX_DESCRIPTION_CHARS = 4_096;

/** How the list is read. */
export interface ListOptions {
  /** What stands before each name. */
  readonly prefix: string;
  readonly limits: McpLimits;
  /** Options of each request. */
  readonly request: McpRequestOptions;
  /** Told of what is left out. Must not throw. */
  readonly onFault: (error: unknown, name?: string) => void;
  /** Makes the handler of a tool. @param outputSchema Absent: it promises nothing. */
  readonly handlerOf: (name: string, outputSchema: JsonValue | undefined) => Tool['handler'];
}

/**
 * Reads the list.
 *
 * @returns Tools by name.
 * @throws {ArcpError} It cannot be read.
 */
export async function readToolList(client: McpClient, options: ListOptions): Promise<ReadonlyMap<string, Tool>> {
  const { maxTools } = options.limits;
  const table = new Map<string, Tool>();
  const cursors = new Set<string>();
  let seen = 0;
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { tools, nextCursor } = await readPage(client, cursor, options.request);
    // Its client may not have stopped when it was told to.
    options.request.signal?.throwIfAborted();
    for (const facts of tools) {
      if (table.size >= maxTools) return givenUp(table, options, `there are more than ${maxTools} tools`, facts);
      if (++seen > maxTools * MAX_SEEN_FACTOR)
        return givenUp(table, options, 'too many of the list are no tools', facts);
      addTool(table, facts, options);
    }
    // Some write the end as an empty text.
    if (typeof nextCursor !== 'string' || nextCursor === '') return table;
    if (cursors.has(nextCursor)) return givenUp(table, options, 'the pages go round');
    if (nextCursor.length > MAX_CURSOR_CHARS) return givenUp(table, options, 'the next page has too long a name');
    cursors.add(nextCursor);
    cursor = nextCursor;
  }
  return givenUp(table, options, `there are more than ${MAX_PAGES} pages`);
}

/** What was read stands. */
function givenUp(
  table: ReadonlyMap<string, Tool>,
  options: ListOptions,
  why: string,
  facts?: unknown,
): ReadonlyMap<string, Tool> {
  leaveOut(options, facts, why);
  return table;
}

async function readPage(
  client: McpClient,
  cursor: string | undefined,
  request: McpRequestOptions,
): ReturnType<McpClient['listTools']> {
  let page: Awaited<ReturnType<McpClient['listTools']>>;
  try {
    page = await client.listTools(cursor === undefined ? {} : { cursor }, request);
  } catch (error) {
    throw fromMcpError(error);
  }
  if (Array.isArray(page?.tools)) return page;
  throw new ArcpError('UNAVAILABLE', 'the MCP server sent no list of tools');
}

function addTool(table: Map<string, Tool>, facts: McpToolFacts, options: ListOptions): void {
  const { prefix, limits, handlerOf } = options;
  if (!isObject(facts) || typeof facts.name !== 'string' || facts.name === '') {
    return leaveOut(options, facts, 'it has no name');
  }
  const name = `${prefix}${facts.name.replace(/[^\w.-]/gu, '_')}`;
  if (name.length > MAX_NAME_CHARS) return leaveOut(options, facts, 'its name is too long');
  // Which of two comes first is the server's to say, but none takes the place of another.
  if (table.has(name)) return leaveOut(options, facts, 'another has its name');
  const inputSchema = jsonOf(facts.inputSchema, limits.maxSchemaChars);
  if (inputSchema === undefined) return leaveOut(options, facts, 'its schema is none, or too long');
  const outputSchema = jsonOf(facts.outputSchema, limits.maxSchemaChars);
  if (facts.outputSchema !== undefined && outputSchema === undefined) {
    options.onFault(new ArcpError('INVALID_ARGUMENT', 'the schema of its results is none, or too long'), facts.name);
  }
  const description = facts.description ?? facts.title;
  table.set(name, {
    name,
    description: typeof description === 'string' ? description.slice(0, MAX_DESCRIPTION_CHARS) : undefined,
    inputSchema,
    // The server does, and a stranger's schema may have what is not taken here.
    isInputChecked: false,
    handler: handlerOf(facts.name, outputSchema),
  });
}

function leaveOut({ onFault }: ListOptions, facts: unknown, why: string): void {
  const name = isObject(facts) && typeof facts.name === 'string' ? facts.name.slice(0, MAX_NAME_CHARS) : undefined;
  onFault(new ArcpError('INVALID_ARGUMENT', `a tool is left out: ${why}`), name);
}

/** A value as JSON of a bounded length: `undefined` where it is none. */
function jsonOf(value: unknown, maxChars: number): JsonValue | undefined {
  if (!isObject(value)) return undefined;
  try {
    const text = JSON.stringify(value);
    return text.length > maxChars ? undefined : (JSON.parse(text) as JsonValue);
  } catch {
    return undefined;
  }
}
