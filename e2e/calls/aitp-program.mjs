// A program of the tables of AITP: two agents, one for each kind of key, each at an origin of its own; and what the program
// is asked to do itself, under /jobs at either of them. The same behind every host.

import { SUITES } from '../suite/aitp-agents.mjs';
import { answering, nameOf } from './aitp-agent.mjs';
import { settleBackend } from './aitp-backend.mjs';
import { checkAitp } from './aitp-check.mjs';
import { mint, verifyMinted } from './aitp-mint.mjs';

/**
 * @param {any} library Not used for anything before.
 * @param {{ runtime: string, backend: string }} own
 * @param {() => object} [more] What else it says about itself at the end.
 * @returns {Record<string, (request: Request) => Promise<Response>>} Handlers, by suite.
 */
export function aitpProgram(library, own, more = () => ({})) {
  const used = settleBackend(own.backend);
  const jobs = {
    mint: () => mint(library, own),
    verify: (minted) => verifyMinted(library, minted, own.backend),
    call: (target) => checkAitp(library, own, target),
    used: () => ({ ...used(), ...more() }),
  };
  const handler = (suite) => {
    const answer = answering(library, { name: nameOf(own.runtime, own.backend, suite), suite });
    return async (request) => {
      const [, folder, job] = new URL(request.url).pathname.split('/');
      if (folder !== 'jobs') return answer(request);
      try {
        return Response.json(await jobs[job](await request.json()));
      } catch (error) {
        return new Response(String(error?.stack ?? error), { status: 500 });
      }
    };
  };
  return Object.fromEntries(SUITES.map((suite) => [suite, handler(suite)]));
}
