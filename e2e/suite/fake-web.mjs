// A web of our own making: answers by address, and what was asked. Nothing of it leaves the program.

/**
 * @param {Record<string, (init: any) => Response | Promise<Response>>} answers By URL; what is not there is answered 404.
 */
export function fakeWeb(answers) {
  /** @type {{ url: string, init: any }[]} */
  const asked = [];
  return {
    answers,
    asked,
    async fetch(url, init) {
      asked.push({ url, init });
      const answer = answers[url];
      return answer === undefined ? new Response(null, { status: 404 }) : answer(init);
    },
  };
}

/** A body without end, a kilobyte at a time. `cancelled` settles when its reader has let go of it. */
export function endlessBody() {
  let cancel;
  const cancelled = new Promise((resolve) => {
    cancel = resolve;
  });
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1_024).fill(32)),
    cancel,
  });
  return { stream, cancelled };
}
