// `ringline/host/node-http`: a handler of standard requests behind Node's HTTP server. Bodies flow both ways, and either
// side hears of the other's end.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isOrigin } from '../bytes/origin.js';

/** Answers a request; `undefined` leaves it to others. Every runtime but Node's HTTP server speaks this form. */
export type FetchHandler = (request: Request) => Promise<Response | undefined> | Response | undefined;

/** Options of {@link nodeListener}. */
export interface NodeListenerOptions {
  /**
   * Origin in the URLs of requests, such as `https://agents.example`, for a server behind a proxy. Default: `http:` or
   * `https:`, as the connection is, and the `Host` header, which the client chose.
   */
  readonly origin?: string | undefined;
}

/**
 * Makes a listener for the event `request` of a Node HTTP server.
 *
 * Asks the handlers in turn; where none answers, the answer is 404. A handler that throws is a 500 without a word about
 * why. The request's signal aborts when the client is gone, and the answer's body is cancelled then.
 *
 * A body that nobody reads runs by, so that there can still be an answer on a connection that lives. `Readable.toWeb` is no
 * way to do this: cancelling its stream ends the whole process on Node 20 (nodejs/node, issue 64529).
 *
 * @throws {TypeError} not an http(s) origin.
 * @example
 * ```ts
 * createServer(nodeListener([serveAitp({ agent, ... })])).listen(8080, '127.0.0.1')
 * ```
 */
export function nodeListener(
  handlers: readonly FetchHandler[],
  options: NodeListenerOptions = {},
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const { origin } = options;
  if (origin !== undefined && !isOrigin(origin)) throw new TypeError('options.origin must be an http or https origin');
  return (incoming, outgoing) => {
    // Its errors come by `close` too.
    outgoing.on('error', () => {});
    answer(handlers, origin, incoming, outgoing).catch(() => outgoing.destroy());
  };
}

async function answer(
  handlers: readonly FetchHandler[],
  origin: string | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort(new DOMException('the client is gone', 'AbortError'));
  });
  const body = new IncomingBody(incoming);
  const request = requestOf(incoming, body, origin, gone.signal);
  const response = request === undefined ? new Response(null, { status: 400 }) : await firstAnswer(handlers, request);
  // A handler that has begun to read may go on while it answers.
  if (request?.bodyUsed !== true) body.discard();
  try {
    await send(response, incoming.method === 'HEAD', outgoing, gone.signal);
  } finally {
    body.discard();
  }
}

async function firstAnswer(handlers: readonly FetchHandler[], request: Request): Promise<Response> {
  try {
    for (const handler of handlers) {
      const response = await handler(request);
      if (response !== undefined) return response;
    }
  } catch {
    return new Response(null, { status: 500 });
  }
  return new Response('not found\n', { status: 404 });
}

/** @returns `undefined`: what came cannot be a request of the kind browsers make. */
function requestOf(
  incoming: IncomingMessage,
  body: IncomingBody,
  origin: string | undefined,
  signal: AbortSignal,
): Request | undefined {
  const { method = 'GET', url = '', rawHeaders } = incoming;
  // A path, and no other address: which server was dialled is not for the request line to say.
  if (!url.startsWith('/')) return undefined;
  try {
    const headers = new Headers();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      headers.append(rawHeaders[i] as string, rawHeaders[i + 1] as string);
    }
    const scheme = 'encrypted' in incoming.socket ? 'https' : 'http';
    const base = origin ?? new URL(`${scheme}://${headers.get('host') ?? 'localhost'}`).origin;
    const init: RequestInit = { method, headers, signal };
    if (method === 'GET' || method === 'HEAD') return new Request(base + url, init);
    // A body that is streamed has to be half-duplex, a member that Node's own types do not know.
    return new Request(base + url, { ...init, body: body.stream(), duplex: 'half' } as RequestInit);
  } catch {
    return undefined;
  }
}

/** The body of a request: read as it is asked for, or let run by. */
class IncomingBody {
  readonly #incoming: IncomingMessage;
  #over = false;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
  }

  /** For the one reader. */
  stream(): ReadableStream<Uint8Array> {
    const incoming = this.#incoming;
    const source: UnderlyingDefaultSource<Uint8Array> = {
      start: (controller) => {
        incoming.on('data', (chunk: Uint8Array) => {
          if (this.#over) return;
          controller.enqueue(new Uint8Array(chunk));
          incoming.pause();
        });
        incoming.pause();
        incoming.once('end', () => this.#end(() => controller.close()));
        const lost = () => controller.error(new TypeError('the client went away before the end of the body'));
        incoming.once('close', () => this.#end(lost));
      },
      pull: () => void incoming.resume(),
      cancel: () => this.discard(),
    };
    return new ReadableStream(source, { highWaterMark: 0 });
  }

  /** Nobody wants the rest. */
  discard(): void {
    this.#over = true;
    this.#incoming.resume();
  }

  #end(act: () => void): void {
    if (this.#over) return;
    this.#over = true;
    act();
  }
}

async function send(
  response: Response,
  headOnly: boolean,
  outgoing: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const headers: [string, string][] = [];
  for (const [name, value] of response.headers) headers.push([name, value]);
  outgoing.writeHead(response.status, headers.flat());
  if (headOnly || response.body === null) {
    await response.body?.cancel();
    outgoing.end();
    return;
  }
  // What has a body may be long in coming, and its head is news already.
  outgoing.flushHeaders();
  const reader = response.body.getReader();
  const stop = (): void => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!outgoing.write(value) && !signal.aborted) await drained(outgoing);
  }
  outgoing.end();
}

/** Waits for room, or for the end. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done);
      outgoing.off('close', done);
      resolve();
    };
    outgoing.on('drain', done);
    outgoing.on('close', done);
  });
}
