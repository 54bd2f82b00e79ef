// What goes wrong at an MCP server, in the codes of ARCP. The words of its errors stay here: they are a stranger's, and often
// say more than whoever called should know.

import { ArcpError } from '../errors.js';

/** Codes of JSON-RPC, and those that MCP's own libraries add. */
const CODES: Readonly<Record<number, readonly [code: string, message: string]>> = {
  [-32_700]: ['INTERNAL', 'the MCP server could not read the call'],
  [-32_600]: ['FAILED_PRECONDITION', 'the MCP server does not take the call'],
  [-32_601]: ['UNIMPLEMENTED', 'the MCP server has no tools'],
  [-32_602]: ['INVALID_ARGUMENT', 'the MCP server does not take these arguments'],
  [-32_603]: ['INTERNAL', 'the MCP server failed'],
  [-32_000]: ['UNAVAILABLE', 'the connection to the MCP server ended'],
  [-32_001]: ['DEADLINE_EXCEEDED', 'the MCP server did not answer in time'],
  [-32_002]: ['NOT_FOUND', 'the MCP server does not find what was asked for'],
};

/** The error that a failed request to an MCP server stands for. */
export function fromMcpError(cause: unknown): ArcpError {
  const { code, issues } =
    typeof cause === 'object' && cause !== null
      ? (cause as { readonly code?: unknown; readonly issues?: unknown })
      : {};
  // The client's complaint about the shape of an answer: the server is there, and has done what it was asked to.
  if (Array.isArray(issues)) {
    return new ArcpError('INTERNAL', 'the answer of the MCP server is none', { cause, retryable: false });
  }
  if (typeof code !== 'number' || !Number.isSafeInteger(code)) {
    return new ArcpError('UNAVAILABLE', 'the MCP server cannot be reached', { cause });
  }
  // Statuses of HTTP, and whatever else is no code of JSON-RPC.
  if (code > -32_000) return new ArcpError('UNAVAILABLE', 'the MCP server cannot be reached', { cause });
  const [wireCode, message] = CODES[code] ?? ['UNKNOWN', 'the MCP server refused the call'];
  return new ArcpError(wireCode, message, { cause, details: { mcp_code: code } });
}
