// Results of MCP tools held to the schema that their tool promises them by. The schema is a stranger's, as the result is.

import { isObject } from '../../codec/is-object.js';
import type { JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import { type CompiledSchema, compileSchema } from '../schema/json-schema.js';

/**
 * Makes the check of a tool's results. The schema is read when the first result comes; one that is not taken, such as one
 * with a pattern, is told once, and holds nothing.
 *
 * @param maxChars Length of the schema, which was looked at before.
 * @param onFault Told of a schema that is not taken. Must not throw.
 * @returns Throws ERR_ARCP_INTERNAL, not retryable, where `structuredContent` is not what was promised.
 */
export function outputCheck(
  schema: JsonValue | undefined,
  maxChars: number,
  onFault: (error: unknown) => void,
): (result: unknown) => Promise<void> {
  let reading: Promise<CompiledSchema | undefined> | undefined;
  const read = async (): Promise<CompiledSchema | undefined> => {
    try {
      // As UTF-8 it has three bytes a character at most.
      return await compileSchema(schema as JsonValue, { maxBytes: maxChars * 3 });
    } catch (error) {
      onFault(error);
      return undefined;
    }
  };
  return async (result) => {
    if (schema === undefined) return;
    reading ??= read();
    const compiled = await reading;
    if (compiled === undefined) return;
    const structured = isObject(result) ? result.structuredContent : undefined;
    const issue =
      structured === undefined ? { path: '#', issue: 'is missing' } : compiled.check(structured as JsonValue);
    if (issue === undefined) return;
    const details = { path: issue.path, issue: issue.issue };
    throw new ArcpError('INTERNAL', 'the result is not what the MCP tool promises', { retryable: false, details });
  };
}
