// The tools of an MCP server as tools of a runtime (ARCP v1.0, section 20): a tool's schema stays its schema, a call becomes
// a job, its progress the job's, a cancel the cancellation of the request.

import { onAbort } from '../../abort.js';
import { assertInteger } from '../../bytes/assert.js';
import { printable } from '../../bytes/printable.js';
import { type Clock, systemClock } from '../../clock.js';
import { isObject } from '../../codec/is-object.js';
import type { JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import type { ToolContext } from '../runtime/tool-context.js';
import type { Tool, ToolResult, ToolSource } from '../runtime/tools.js';
import type { McpClient, McpProgress, McpRequestOptions, McpToolFacts } from './client-port.js';
import { resultOf, textOf } from './content.js';
import { fromMcpError } from './errors.js';

/** How much is taken of an MCP server. Each is 1 or more. */
export interface McpLimits {
  /** Tools; more are left out. Default 256. */
  readonly maxTools: number;
  /** Characters of a tool's schema as JSON; a tool with more is left out. Default 65,536. */
  readonly maxSchemaChars: number;
  /** Blocks of content of one result; more are left out. Default 256. */
  readonly maxBlocks: number;
  /** Characters of text and structured content in one result; what is beyond becomes artifacts. Default 1,048,576. */
  readonly maxValueChars: number;
}

const DEFAULT_LIMITS: McpLimits = {
  maxTools: 256,
  maxSchemaChars: 65_536,
  maxBlocks: 256,
  maxValueChars: 1_048_576,
};

/** Options of {@link mcpTools}. */
export interface McpToolsOptions {
  /** What stands before each name, such as `github.`: letters, digits, `_`, `.`, `-`; at most 64. Default none. */
  readonly prefix?: string | undefined;
  /** How long the server may be silent during a call, in milliseconds; progress counts as a sign of life. Default 300,000. */
  readonly timeoutMs?: number | undefined;
  /** How long a call may take in all, in milliseconds. Default 3,600,000. */
  readonly maxTotalMs?: number | undefined;
  readonly limits?: Partial<McpLimits> | undefined;
  readonly clock?: Clock | undefined;
  /** Told when the list has changed. */
  readonly onChange?: ((tools: readonly Tool[]) => void) | undefined;
  /** Told of tools that are left out, by the server's name of them, and of a list that could not be read again. */
  readonly onFault?: ((error: unknown, name?: string) => void) | undefined;
  /** Ends the first reading of the list, which then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The tools of an MCP server: for `createRuntime({ toolSources: [...] })`. */
export interface McpTools extends ToolSource {
  /** As the server listed them last. */
  readonly tools: readonly Tool[];
  /**
   * Reads the list again. The adapter does so by itself where the server says that it has changed, unless the client has a
   * handler of its own for that.
   *
   * @throws {ArcpError} The list cannot be read; the one of before stands.
   */
  refresh(): Promise<void>;
  /** Stops listening to the client, which is the caller's to close. */
  close(): void;
}

const LIST_CHANGED = 'notifications/tools/list_changed';
/** Pages of the list. */
const MAX_PAGES = 64;
/** The list is read no more often than this, however often it is said to change. */
const REFRESH_GAP_MS = 1_000;
/** Progress closer than this, in milliseconds, is passed over. */
const PROGRESS_GAP_MS = 50;
const MAX_NAME_CHARS = 128;
const MAX_DESCRIPTION_CHARS = 4_096;
const MAX_MESSAGE_CHARS = 1_024;

/**
 * Offers the tools of an MCP server. Names keep letters, digits, `_`, `.` and `-`; whatever else is in them becomes `_`.
 *
 * @param client Connected. Borrowed: its `fallbackNotificationHandler` is listened to until `close`.
 * @throws {ArcpError} The list cannot be read.
 * @throws {TypeError} @throws {RangeError} An option that is none.
 *
 * @example
 * ```ts
 * const files = await mcpTools(client, { prefix: 'files.' });
 * const runtime = createRuntime({ toolSources: [files], services: [artifactService()], authenticators });
 * ```
 */
export async function mcpTools(client: McpClient, options: McpToolsOptions = {}): Promise<McpTools> {
  const { prefix = '', timeoutMs = 300_000, maxTotalMs = 3_600_000 } = options;
  if (!/^[\w.-]{0,64}$/.test(prefix)) throw new TypeError('prefix must be at most 64 letters, digits, _, . or -');
  assertInteger(timeoutMs, 'timeoutMs', 1, 2_147_483_647);
  assertInteger(maxTotalMs, 'maxTotalMs', 1, 2_147_483_647);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  for (const [name, limit] of Object.entries(limits)) assertInteger(limit, `limits.${name}`, 1);
  const adapter = new McpAdapter(client, { ...options, prefix, timeoutMs, maxTotalMs, limits });
  await adapter.start(options.signal);
  return adapter;
}

interface Resolved extends McpToolsOptions {
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly maxTotalMs: number;
  readonly limits: McpLimits;
}

class McpAdapter implements McpTools {
  readonly #client: McpClient;
  readonly #options: Resolved;
  readonly #clock: Clock;
  #table: ReadonlyMap<string, Tool> = new Map();
  #reading: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #unlisten: () => void = () => {};

  constructor(client: McpClient, options: Resolved) {
    this.#client = client;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get tools(): readonly Tool[] {
    return [...this.#table.values()];
  }

  get(name: string): Tool | undefined {
    return this.#table.get(name);
  }

  async start(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    // Listened to before the list is read: a change in between is not missed.
    this.#unlisten = this.#listen();
    try {
      this.#table = await this.#read(signal);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  refresh(): Promise<void> {
    // One that reads already may have read what has changed since.
    const before = this.#reading?.catch(() => {}) ?? Promise.resolve();
    const reading = before
      .then(() => this.#read(undefined))
      .then((table) => {
        this.#table = table;
        this.#options.onChange?.(this.tools);
      })
      .finally(() => {
        if (this.#reading === reading) this.#reading = undefined;
      });
    this.#reading = reading;
    return reading;
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#unlisten();
  }

  #listen(): () => void {
    const client = this.#client;
    const others = client.fallbackNotificationHandler;
    const handler = async (notification: { method: string }): Promise<void> => {
      if (notification.method === LIST_CHANGED) this.#refreshSoon();
      else await others?.(notification);
    };
    let isListening = true;
    client.fallbackNotificationHandler = (notification) =>
      isListening ? handler(notification) : (others?.(notification) ?? Promise.resolve());
    return () => {
      isListening = false;
    };
  }

  #refreshSoon(): void {
    this.#cancelTimer ??= this.#clock.setTimer(() => {
      this.#cancelTimer = undefined;
      this.refresh().catch((error: unknown) => this.#options.onFault?.(error));
    }, REFRESH_GAP_MS);
  }

  async #read(signal: AbortSignal | undefined): Promise<ReadonlyMap<string, Tool>> {
    const { maxTools } = this.#options.limits;
    const table = new Map<string, Tool>();
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const { tools, nextCursor } = await this.#page(cursor, signal);
      for (const facts of tools) {
        if (table.size >= maxTools) {
          this.#leaveOut(facts, `there are more than ${maxTools} tools`);
          return table;
        }
        this.#add(table, facts);
      }
      if (typeof nextCursor !== 'string') return table;
      cursor = nextCursor;
    }
    this.#leaveOut(undefined, `there are more than ${MAX_PAGES} pages`);
    return table;
  }

  async #page(cursor: string | undefined, signal: AbortSignal | undefined): ReturnType<McpClient['listTools']> {
    const { timeoutMs } = this.#options;
    try {
      const options: McpRequestOptions = { timeout: timeoutMs, ...(signal === undefined ? undefined : { signal }) };
      const page = await this.#client.listTools(cursor === undefined ? {} : { cursor }, options);
      if (Array.isArray(page?.tools)) return page;
    } catch (error) {
      signal?.throwIfAborted();
      throw fromMcpError(error);
    }
    throw new ArcpError('UNAVAILABLE', 'the MCP server sent no list of tools');
  }

  #add(table: Map<string, Tool>, facts: McpToolFacts): void {
    const { prefix, limits } = this.#options;
    if (!isObject(facts) || typeof facts.name !== 'string' || facts.name === '') {
      return this.#leaveOut(facts, 'it has no name');
    }
    const name = `${prefix}${facts.name.replace(/[^\w.-]/gu, '_')}`;
    if (name.length > MAX_NAME_CHARS) return this.#leaveOut(facts, 'its name is too long');
    // Which of two comes first is the server's to say, but none takes the place of another.
    if (table.has(name)) return this.#leaveOut(facts, 'another has its name');
    const inputSchema = jsonOf(facts.inputSchema, limits.maxSchemaChars);
    if (inputSchema === undefined) return this.#leaveOut(facts, 'its schema is none, or too long');
    const description = facts.description ?? facts.title;
    table.set(name, {
      name,
      description: typeof description === 'string' ? description.slice(0, MAX_DESCRIPTION_CHARS) : undefined,
      inputSchema,
      // The server does, and a stranger's schema may have what is not taken here.
      isInputChecked: false,
      handler: (args, context) => this.#call(facts.name, args, context),
    });
  }

  #leaveOut(facts: unknown, why: string): void {
    const name = isObject(facts) && typeof facts.name === 'string' ? facts.name.slice(0, MAX_NAME_CHARS) : undefined;
    this.#options.onFault?.(new ArcpError('INVALID_ARGUMENT', `a tool is left out: ${why}`), name);
  }

  async #call(name: string, args: JsonValue, context: ToolContext): Promise<JsonValue | ToolResult> {
    if (args !== null && !isObject(args)) throw new ArcpError('INVALID_ARGUMENT', 'the arguments must be an object');
    const result = await this.#request(name, args ?? {}, context);
    if (isObject(result) && result.isError === true) {
      const said = textOf(result, MAX_MESSAGE_CHARS);
      throw new ArcpError('UNKNOWN', said === '' ? 'the tool failed' : printable(said), { retryable: false });
    }
    return resultOf(result, context, this.#options.limits);
  }

  async #request(name: string, args: Record<string, unknown>, { signal, progress }: ToolContext): Promise<unknown> {
    signal.throwIfAborted();
    // A signal of its own: the job's aborts with the end of every job, when there is nothing left to cancel.
    const request = new AbortController();
    const stopListening = onAbort(signal, (reason) => request.abort(reason));
    const onprogress = this.#progressTo(progress, request.signal);
    const { timeoutMs, maxTotalMs } = this.#options;
    try {
      return await this.#client.callTool({ name, arguments: args }, undefined, {
        signal: request.signal,
        onprogress,
        timeout: timeoutMs,
        resetTimeoutOnProgress: true,
        maxTotalTimeout: maxTotalMs,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw fromMcpError(error);
    } finally {
      stopListening();
    }
  }

  #progressTo(tell: ToolContext['progress'], signal: AbortSignal): (progress: McpProgress) => void {
    let lastMs = Number.NEGATIVE_INFINITY;
    let wasLast = false;
    return ({ progress, total, message }) => {
      const nowMs = this.#clock.now();
      const isLast = typeof total === 'number' && progress >= total && !wasLast;
      if (signal.aborted || (nowMs - lastMs < PROGRESS_GAP_MS && !isLast)) return;
      lastMs = nowMs;
      wasLast ||= isLast;
      const percent = typeof total === 'number' && total > 0 ? (progress / total) * 100 : Number.NaN;
      const text = typeof message === 'string' ? message.slice(0, MAX_MESSAGE_CHARS) : undefined;
      tell(Number.isNaN(percent) ? undefined : Math.min(Math.max(percent, 0), 100), text);
    };
  }
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
