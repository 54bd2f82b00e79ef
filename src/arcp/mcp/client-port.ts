// What the adapter needs of an MCP client: the `Client` of `@modelcontextprotocol/sdk` has it, and so may any other. Nothing
// that comes through it is trusted to be of the shape written here.

/** A tool as an MCP server lists it. */
export interface McpToolFacts {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema?: unknown;
  /** What its `structuredContent` promises to be. */
  readonly outputSchema?: unknown;
}

/** Progress of a call. */
export interface McpProgress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

/** Options of a request. */
export interface McpRequestOptions {
  /** Has the client send `notifications/cancelled`. */
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: McpProgress) => void;
  /** In milliseconds. */
  readonly timeout?: number;
  readonly resetTimeoutOnProgress?: boolean;
  readonly maxTotalTimeout?: number;
}

/** An MCP client that is connected. */
export interface McpClient {
  listTools(
    params?: { readonly cursor?: string },
    options?: McpRequestOptions,
  ): Promise<{ readonly tools: readonly McpToolFacts[]; readonly nextCursor?: string | undefined }>;
  /**
   * @param resultSchema What a client that holds results to a schema is to hold this one to: it has `parse` and `safeParse`,
   *   as schemas of Zod have, and lets everything through. Others pass over it.
   */
  callTool(
    params: { readonly name: string; readonly arguments?: Record<string, unknown> },
    resultSchema?: unknown,
    options?: McpRequestOptions,
  ): Promise<unknown>;
  /**
   * Called with notifications that nobody else handles: the adapter listens here for `notifications/tools/list_changed`, and
   * passes the others on to what was there.
   */
  fallbackNotificationHandler?: ((notification: { method: string }) => Promise<void>) | undefined;
}
