// What the tests of fetching share: a server on loopback that misbehaves as told, a fetch that answers from a script,
// and bodies that tell what became of them.

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { SdkError } from '../../src/errors.js';

/** Starts a server for the test that is running. */
export async function loopbackServer(
  listener: RequestListener,
): Promise<{ url: string; port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, asked };
}

export interface Asked {
  readonly url: string;
  readonly init: RequestInit;
  readonly headers: Headers;
}

/** A fetch that answers from a script and remembers what it was asked. */
export function scriptedFetch(answer: (asked: Asked, index: number) => Response | Promise<Response>) {
  const asked: Asked[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const request = { url, init, headers: new Headers(init.headers) };
    asked.push(request);
    return answer(request, asked.length - 1);
  };
  return { fetch, asked };
}

/** A body under a test's control. */
export function watchedBody(pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void = () => {}) {
  const state = { pulled: 0, cancelled: false, reason: undefined as unknown };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        state.pulled++;
        pull(controller);
      },
      cancel(reason) {
        state.cancelled = true;
        state.reason = reason;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, state };
}

/** Code of the error a promise rejects with; `undefined` when it settles well. Errors that are not ours pass through. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof SdkError) return error.code;
    throw error;
  }
}
