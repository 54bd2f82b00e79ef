// The tools of an MCP server as tools of a runtime (ARCP v1.0, section 20): a tool's schema stays its schema, a call becomes
// a job, its progress the job's, a cancel the cancellation of the request.

import { assertInteger } from '../../bytes/assert.js';
import { type Clock, systemClock } from '../../clock.js';
import type { Tool, ToolSource } from '../runtime/tools.js';
import { McpAdapter } from './adapter.js';
import type { McpClient } from './client-port.js';
import { type McpLimits, mcpLimits } from './limits.js';

/** Options of {@link mcpTools}. */
export interface McpToolsOptions {
  /** What stands before each name, such as `github.`: letters, digits, `_`, `.`, `-`; at most 64. Default none. */
  readonly prefix?: string | undefined;
  /**
   * How long the server may be silent during a call, in milliseconds; progress counts as a sign of life. Its list has as long
   * in all. Default 300,000.
   */
  readonly timeoutMs?: number | undefined;
  /** How long a call may take in all, in milliseconds, whatever the client says of it. Default 3,600,000. */
  readonly maxTotalMs?: number | undefined;
  readonly limits?: Partial<McpLimits> | undefined;
  readonly clock?: Clock | undefined;
  /** Told when the list has been read again. What it throws is lost. */
  readonly onChange?: ((tools: readonly Tool[]) => void) | undefined;
  /**
   * Told of tools that are left out, by the server's name of them, of a list that could not be read again, and of a schema of
   * results that is not taken. What it throws is lost.
   */
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
   * @throws {ArcpError} The list cannot be read; the one of before stands. ERR_ARCP_CANCELLED: the adapter is closed.
   */
  refresh(): Promise<void>;
  /**
   * Stops listening to the client, which is the caller's to close, and reading the list. The tools stay as they are.
   */
  close(): void;
}

/**
 * Offers the tools of an MCP server. Names keep letters, digits, `_`, `.` and `-`; whatever else is in them becomes `_`.
 *
 * A result that is not what the tool's `outputSchema` promises fails its job with INTERNAL, not retryable.
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
  const { prefix = '', timeoutMs = 300_000, maxTotalMs = 3_600_000, clock = systemClock, onChange, onFault } = options;
  if (!/^[\w.-]{0,64}$/.test(prefix)) throw new TypeError('prefix must be at most 64 letters, digits, _, . or -');
  assertInteger(timeoutMs, 'timeoutMs', 1, 2_147_483_647);
  assertInteger(maxTotalMs, 'maxTotalMs', 1, 2_147_483_647);
  const limits = mcpLimits(options.limits);
  const adapter = new McpAdapter(client, { prefix, timeoutMs, maxTotalMs, limits, clock, onChange, onFault });
  await adapter.start(options.signal);
  return adapter;
}
