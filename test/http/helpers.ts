// What the tests of fetching share: a fetch that answers from a script, and bodies that tell what became of them.

export { codeOf } from '../support/code-of.js';

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
