// The tools of one MCP server, as they were listed last, and listening for changes of the list.

import type { Clock } from '../../clock.js';
import { ArcpError } from '../errors.js';
import type { Tool, ToolSource } from '../runtime/tools.js';
import { bounded } from './bounded.js';
import { toolHandler } from './call.js';
import type { McpClient } from './client-port.js';
import type { McpLimits } from './limits.js';
import { readToolList } from './tool-list.js';

/** Options, resolved. */
export interface AdapterOptions {
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly maxTotalMs: number;
  readonly limits: McpLimits;
  readonly clock: Clock;
  readonly onChange: ((tools: readonly Tool[]) => void) | undefined;
  readonly onFault: ((error: unknown, name?: string) => void) | undefined;
}

const LIST_CHANGED = 'notifications/tools/list_changed';
/** The list is read no more often than this, however often it is said to change. */
const REFRESH_GAP_MS = 1_000;

/** The adapter. */
export class McpAdapter implements ToolSource {
  readonly #client: McpClient;
  readonly #options: AdapterOptions;
  readonly #closing = new AbortController();
  #table: ReadonlyMap<string, Tool> = new Map();
  /** The reading that goes on, and the one that waits for its end. */
  #reading: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #unlisten: () => void = () => {};

  constructor(client: McpClient, options: AdapterOptions) {
    this.#client = client;
    this.#options = options;
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
    this.#unlisten = listen(this.#client, () => this.#refreshSoon());
    try {
      this.#table = await this.#read(signal);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  refresh(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closing.signal.reason);
    // One that reads already may have read what has changed since. One that waits has not.
    if (this.#waiting !== undefined) return this.#waiting;
    if (this.#reading === undefined) return this.#readAgain();
    const waiting = this.#reading
      .catch(() => {})
      .then(() => {
        this.#waiting = undefined;
        return this.#readAgain();
      });
    this.#waiting = waiting;
    return waiting;
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#unlisten();
    this.#closing.abort(new ArcpError('CANCELLED', 'the adapter was closed'));
  }

  #readAgain(): Promise<void> {
    const reading = this.#read(this.#closing.signal)
      .then((table) => {
        this.#table = table;
        this.#tell(() => this.#options.onChange?.(this.tools));
      })
      .finally(() => {
        if (this.#reading === reading) this.#reading = undefined;
      });
    this.#reading = reading;
    return reading;
  }

  #refreshSoon(): void {
    this.#cancelTimer ??= this.#options.clock.setTimer(() => {
      this.#cancelTimer = undefined;
      this.refresh().catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#fault(error);
      });
    }, REFRESH_GAP_MS);
  }

  #read(signal: AbortSignal | undefined): Promise<ReadonlyMap<string, Tool>> {
    const { prefix, timeoutMs, maxTotalMs, limits, clock } = this.#options;
    const onFault = (error: unknown, name?: string) => this.#fault(error, name);
    const call = { clock, timeoutMs, maxTotalMs, limits, onFault };
    return bounded(clock, timeoutMs, signal, (own) =>
      readToolList(this.#client, {
        prefix,
        limits,
        request: { timeout: timeoutMs, signal: own },
        onFault,
        handlerOf: (name, outputSchema) => toolHandler(this.#client, name, outputSchema, call),
      }),
    );
  }

  #fault(error: unknown, name?: string): void {
    this.#tell(() => this.#options.onFault?.(error, name));
  }

  /** What the host's own callbacks throw costs nobody a tool. */
  #tell(callback: () => void): void {
    try {
      callback();
    } catch {
      // Told, and that is all there is to do.
    }
  }
}

/** Listens for changes of the list, and passes other notifications on. @returns Stops listening. */
function listen(client: McpClient, onChanged: () => void): () => void {
  const others = client.fallbackNotificationHandler;
  let isListening = true;
  const handler = async (notification: { method: string }): Promise<void> => {
    if (isListening && notification.method === LIST_CHANGED) onChanged();
    else await others?.(notification);
  };
  client.fallbackNotificationHandler = handler;
  return () => {
    isListening = false;
    // Where somebody else listens through ours it stays, and passes everything on.
    if (client.fallbackNotificationHandler === handler) client.fallbackNotificationHandler = others;
  };
}
