// How much is taken of an MCP server, which is a stranger.

import { assertInteger } from '../../bytes/assert.js';

/** How much is taken of an MCP server. Each is an integer of 1 or more. */
export interface McpLimits {
  /** Tools; more are left out. Default 256. */
  readonly maxTools: number;
  /** Characters of a tool's schema as JSON; a tool with more is left out. Default 65,536. */
  readonly maxSchemaChars: number;
  /** Blocks of content of one result; more are left out. Default 256. */
  readonly maxBlocks: number;
  /** Characters of text, names and structured content in one result; text beyond becomes artifacts. Default 1,048,576. */
  readonly maxValueChars: number;
  /** Bytes of one result that become artifacts; more are left out. Default 33,554,432. */
  readonly maxArtifactBytes: number;
}

const DEFAULTS: McpLimits = {
  maxTools: 256,
  maxSchemaChars: 65_536,
  maxBlocks: 256,
  maxValueChars: 1_048_576,
  maxArtifactBytes: 33_554_432,
};

/** The limits, with defaults. @throws {TypeError} @throws {RangeError} one that is none. */
export function mcpLimits(limits: Partial<McpLimits> = {}): McpLimits {
  const all = { ...DEFAULTS, ...limits };
  for (const [name, limit] of Object.entries(all)) assertInteger(limit, `limits.${name}`, 1);
  return all;
}
