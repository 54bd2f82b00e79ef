// A Worker in workerd: the agent behind `ringline/host/cloudflare`, a caller, and the portable suite.

import { workerHandler } from 'ringline/host/cloudflare';
import * as library from '../suite/library.mjs';
import { portableCases } from '../suite/suite.mjs';
import { runCases } from '../suite/verdict.mjs';
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
  const { did, server, impostor } = await makeAgent(library);
  return { did, answer: workerHandler(server), answerFalsely: workerHandler(impostor) };
}

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/suite') return Response.json(await runCases(portableCases(library)));
    if (pathname === '/call')
      return Response.json(await checkAgent(library, overWebSocket(library, await request.json())));
    if (pathname === '/ports') return Response.json(await callOurselves());
    agent ??= startAgent();
    const { did, answer, answerFalsely } = await agent;
    if (pathname === '/did') return Response.json(did);
    return pathname === '/impostor' ? answerFalsely(request) : answer(request);
  },
};
