// A program of the tables of AITP in a page, which cannot listen: a relay on this machine listens for it, one address for
// each of its agents. The page fetches what was asked there and sends back what its handlers answer.

import * as library from '../suite/library.mjs';
import { aitpProgram } from './aitp-program.mjs';

/** Answers whatever is asked of one agent, for as long as the page is open. */
async function answerAll(relay, answer) {
  for (;;) {
    const asked = await (await fetch(`${relay}/next`, { method: 'POST' })).json();
    void answerOne(relay, answer, asked);
  }
}

async function answerOne(relay, answer, { id, url, method, headers, body }) {
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const response = await answer(new Request(url, { method, headers, ...(hasBody && { body }) }));
  const { status } = response;
  const said = { status, headers: [...response.headers], body: await response.text() };
  await fetch(`${relay}/answers/${id}`, { method: 'POST', body: JSON.stringify(said) });
}

globalThis.harness.run({
  /** Begins, and goes on after this is answered. */
  async serveAitp({ runtime, backend, relays }) {
    const { violations } = globalThis.harness;
    const handlers = aitpProgram(library, { runtime, backend }, () => ({ violations }));
    for (const [suite, relay] of Object.entries(relays)) void answerAll(relay, handlers[suite]);
    return Object.keys(handlers);
  },
});
