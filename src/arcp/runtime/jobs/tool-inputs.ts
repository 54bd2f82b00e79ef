// Arguments held to the `inputSchema` of their tool before it runs. Each schema is read once, when the first job wants it.

import type { JsonValue } from '../../../codec/json-value.js';
import { ArcpError } from '../../errors.js';
import type { MaybePromise } from '../../log/contract.js';
import { type CompiledSchema, compileSchema, type SchemaIssue } from '../../schema/json-schema.js';
import type { RuntimeLimits } from '../limits.js';
import type { Tool } from '../tools.js';

/** The schemas of a runtime's tools. */
export class ToolInputs {
  readonly #limits: Pick<RuntimeLimits, 'maxSchemaBytes' | 'maxSchemaDepth'>;
  readonly #compiled = new WeakMap<Tool, MaybePromise<CompiledSchema>>();

  constructor(limits: Pick<RuntimeLimits, 'maxSchemaBytes' | 'maxSchemaDepth'>) {
    this.#limits = limits;
  }

  /**
   * Judges arguments. Answers at once, but for the first of a tool.
   *
   * @returns What is wrong with them. Rejects where the schema is not taken.
   */
  check(tool: Tool, args: JsonValue): MaybePromise<SchemaIssue | undefined> {
    if (tool.inputSchema === undefined || tool.isInputChecked === false) return undefined;
    const compiled = this.#compiled.get(tool) ?? this.#compile(tool, tool.inputSchema);
    return compiled instanceof Promise ? compiled.then(({ check }) => check(args)) : compiled.check(args);
  }

  #compile(tool: Tool, schema: JsonValue): Promise<CompiledSchema> {
    const { maxSchemaBytes: maxBytes, maxSchemaDepth: maxDepth } = this.#limits;
    // Whoever writes tools is trusted with more than a pattern.
    const compiling = compileSchema(schema, { maxBytes, maxDepth, allowPatterns: true }).then(
      (compiled) => {
        this.#compiled.set(tool, compiled);
        return compiled;
      },
      (cause: unknown) => {
        // The validator may yet be loaded another time; a schema stays as it is.
        if (!(cause instanceof ArcpError)) this.#compiled.delete(tool);
        throw cause;
      },
    );
    this.#compiled.set(tool, compiling);
    return compiling;
  }
}

/** What a job fails with whose arguments do not fit. */
export function misfit({ path, issue }: SchemaIssue): ArcpError {
  return new ArcpError('INVALID_ARGUMENT', `the arguments are not what the tool takes: ${path} ${issue}`, {
    details: { path, issue },
  });
}
