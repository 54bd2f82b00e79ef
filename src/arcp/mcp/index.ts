// `ringline/arcp/mcp`: the tools of an MCP server as tools of a runtime of ARCP v1.0.

export type { McpClient, McpProgress, McpRequestOptions, McpToolFacts } from './client-port.js';
export type { McpLimits } from './limits.js';
export { type McpTools, type McpToolsOptions, mcpTools } from './tools.js';
