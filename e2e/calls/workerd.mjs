// A Worker in workerd: the agent behind `ringline/host/cloudflare`, its side of A2A, callers, and the portable suite.

import { workerHandler } from 'ringline/host/cloudflare';
import * as library from '../suite/library.mjs';
import { portableCases } from '../suite/suite.mjs';
import { runCases } from '../suite/verdict.mjs';
import { tideAgent } from './a2a-agent.mjs';
import { checkA2a } from './a2a-check.mjs';
import { makeAgent } from './agent.mjs';
import { checkAgent } from './check.mjs';
import { answerPorts, overPorts, overWebSocket } from './dialling.mjs';

// Made with the first request: a Worker has no randomness before.
let agent;

/** Over ports, with nobody but ourselves: this runtime has no threads. */
async function callOurselves() {
  const own = await makeAgent(library);
  const answer = answerPorts(library, own);
  return checkAgent(library, overPorts(library, own.did, { postMessage: (data) => answer({ data }) }));
}

async function startAgent() {
  const { did, identity, server, impostor } = await makeAgent(library);
  const answerA2a = tideAgent(library, identity, (origin) => `${origin.replace('http:', 'ws:')}/`);
  return { did, answer: workerHandler(server), answerFalsely: workerHandler(impostor), answerA2a };
}

export default {
  async fetch(request, _env, context) {
    const { pathname } = new URL(request.url);
    if (pathname === '/suite') return Response.json(await runCases(portableCases(library)));
    if (pathname === '/call')
      return Response.json(await checkAgent(library, overWebSocket(library, await request.json())));
    if (pathname === '/call-a2a') return Response.json(await checkA2a(library, await request.json()));
    if (pathname === '/ports') return Response.json(await callOurselves());
    agent ??= startAgent();
    const { did, answer, answerFalsely, answerA2a } = await agent;
    if (pathname === '/did') return Response.json(did);
    if (/^\/(?:a2a|\.well-known)\//.test(pathname)) return answerA2a(request, context);
    return pathname === '/impostor' ? answerFalsely(request) : answer(request);
  },
};
