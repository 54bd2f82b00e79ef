// Tools: what a `tool.invoke` runs.

import type { JsonValue } from '../../codec/json-value.js';
import type { MaybePromise } from '../log/contract.js';
import type { ArtifactRef } from '../wire/artifact.js';
import type { ToolContext } from './tool-context.js';

/** What a tool returns when its result is kept elsewhere: made by {@link resultRef}. */
export class ToolResult {
  readonly value: JsonValue | undefined;
  readonly resultRef: ArtifactRef | undefined;

  constructor(value: JsonValue | undefined, resultRef: ArtifactRef | undefined) {
    this.value = value;
    this.resultRef = resultRef;
  }
}

/**
 * A result that is an artifact, such as `context.artifact` made it.
 *
 * @param value What `job.completed` says beside it.
 */
export function resultRef(ref: ArtifactRef, value?: JsonValue): ToolResult {
  return new ToolResult(value, ref);
}

/** A tool. */
export interface Tool {
  /** What `tool.invoke` calls it. */
  readonly name: string;
  readonly description?: string | undefined;
  /**
   * JSON Schema of the arguments, for whoever lists the tools, as `compileSchema` takes it; `pattern` included. Arguments that
   * do not fit fail the job with INVALID_ARGUMENT, `details` naming `path` and `issue`, and the handler is not called.
   */
  readonly inputSchema?: JsonValue | undefined;
  /** Whether the runtime holds arguments to the schema. Default true. False where somebody behind the tool does. */
  readonly isInputChecked?: boolean | undefined;
  /**
   * Whether a job that was cut off by a restart of the runtime runs again, from its last checkpoint, under the same id.
   * Default false: such a job fails with UNAVAILABLE.
   */
  readonly restartable?: boolean | undefined;
  /**
   * Whether the tool must show that it lives, by `context.heartbeat()` within each heartbeat interval: two misses in a row
   * count as HEARTBEAT_LOST. Default false: the runtime beats for it.
   */
  readonly supervised?: boolean | undefined;
  /**
   * Runs once per job.
   *
   * @param args As they came: any JSON. Untrusted; a member named `__proto__` is an own member.
   * @returns The result; `undefined` counts as `null`, and after a cancel as the end of cancelled work.
   * @throws {ArcpError} becomes `job.failed` with its code; anything else `INTERNAL`, without its text.
   */
  handler(args: JsonValue, context: ToolContext): MaybePromise<JsonValue | ToolResult | undefined>;
}

/** Tools that come and go, such as those of an MCP server. */
export interface ToolSource {
  /** Finds a tool. Called for every job; must not throw. */
  get(name: string): Tool | undefined;
}

/** The tools of a list, then those of sources, in order. */
export class ToolTable implements ToolSource {
  readonly #own: ReadonlyMap<string, Tool>;
  readonly #sources: readonly ToolSource[];

  /** @throws {TypeError} as {@link toolTable}. */
  constructor(own: readonly Tool[], sources: readonly ToolSource[]) {
    this.#own = toolTable(own);
    this.#sources = sources;
  }

  get(name: string): Tool | undefined {
    const own = this.#own.get(name);
    if (own !== undefined) return own;
    for (const source of this.#sources) {
      const tool = source.get(name);
      if (tool !== undefined) return tool;
    }
    return undefined;
  }
}

/**
 * Indexes tools by name.
 *
 * @throws {TypeError} two of the same name, or one without a handler.
 */
export function toolTable(tools: readonly Tool[]): ReadonlyMap<string, Tool> {
  const table = new Map<string, Tool>();
  for (const tool of tools) {
    if (typeof tool.name !== 'string' || tool.name === '') throw new TypeError('a tool must have a name');
    if (typeof tool.handler !== 'function') throw new TypeError(`tool ${tool.name} must have a handler`);
    if (table.has(tool.name)) throw new TypeError(`there are two tools named ${tool.name}`);
    table.set(tool.name, tool);
  }
  return table;
}
