// Calls of an MCP server's tools, each for a job: bounded in time, cancelled with it, and read without trust.

import { printable } from '../../bytes/printable.js';
import type { Clock } from '../../clock.js';
import { isObject } from '../../codec/is-object.js';
import type { JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import { pacedProgress } from '../runtime/paced-progress.js';
import type { ToolContext } from '../runtime/tool-context.js';
import type { Tool } from '../runtime/tools.js';
import { bounded } from './bounded.js';
import type { McpClient, McpProgress } from './client-port.js';
import { resultOf, textOf } from './content.js';
import { fromMcpError } from './errors.js';
import type { McpLimits } from './limits.js';
import { outputCheck } from './output.js';

/** How tools are called. */
export interface CallOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly maxTotalMs: number;
  readonly limits: McpLimits;
  /** Must not throw. */
  readonly onFault: (error: unknown, name?: string) => void;
}

const MAX_MESSAGE_CHARS = 1_024;

/** Makes the handler of a tool. @param name As the server has it. */
export function toolHandler(
  client: McpClient,
  name: string,
  outputSchema: JsonValue | undefined,
  options: CallOptions,
): Tool['handler'] {
  const { limits, onFault } = options;
  const checkOutput = outputCheck(outputSchema, limits.maxSchemaChars, (error) => onFault(error, name));
  return async (args, context) => {
    if (args !== null && !isObject(args)) throw new ArcpError('INVALID_ARGUMENT', 'the arguments must be an object');
    const result = await request(client, name, args ?? {}, context, options);
    if (isObject(result) && result.isError === true) {
      const said = textOf(result, MAX_MESSAGE_CHARS);
      throw new ArcpError('UNKNOWN', said === '' ? 'the tool failed' : printable(said), { retryable: false });
    }
    await checkOutput(result);
    return resultOf(result, context, limits);
  };
}

async function request(
  client: McpClient,
  name: string,
  args: Record<string, unknown>,
  { signal, progress }: ToolContext,
  { clock, timeoutMs, maxTotalMs }: CallOptions,
): Promise<unknown> {
  const tell = pacedProgress(progress, clock);
  return bounded(clock, maxTotalMs, signal, async (own) => {
    const onprogress = (said: McpProgress) => {
      if (!own.aborted) tell(percentOf(said), said.message);
    };
    const reader = new RawResult();
    const requestOptions = {
      signal: own,
      onprogress,
      timeout: timeoutMs,
      resetTimeoutOnProgress: true,
      maxTotalTimeout: maxTotalMs,
    };
    try {
      const answer = await client.callTool({ name, arguments: args }, reader, requestOptions);
      return reader.isRead ? reader.value : answer;
    } catch (error) {
      // The tool has done its work, and what its client does not like about the result is looked at here.
      if (reader.isRead) return reader.value;
      throw fromMcpError(error);
    }
  });
}

/**
 * Lets a client that knows results by a schema hand any over: it may know only those of its own version, and would fail a
 * call that has done its work.
 */
class RawResult {
  value: unknown;
  isRead = false;

  parse(value: unknown): unknown {
    this.value = value;
    this.isRead = true;
    return value;
  }

  safeParse(value: unknown): { readonly success: true; readonly data: unknown } {
    return { success: true, data: this.parse(value) };
  }
}

/** How far it is, in percent, where it says how much there is. */
function percentOf({ progress, total }: McpProgress): number | undefined {
  return typeof total === 'number' && total > 0 ? (progress / total) * 100 : undefined;
}
