// The far side of a page or program: a worker that runs the suite, calls, and can be called over ports.

import * as library from '../suite/library.mjs';
import { runInBrowser } from '../suite/suite.mjs';
import { checkA2a } from './a2a-check.mjs';
import { makeAgent } from './agent.mjs';
import { checkAgent } from './check.mjs';
import { answerPorts, overPorts, overWebSocket } from './dialling.mjs';

const violations = [];
self.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
  violations.push(`${effectiveDirective} ${blockedURI}`);
});

const works = {
  suite: () => runInBrowser(library),
  callByWebSocket: (addresses) => checkAgent(library, overWebSocket(library, addresses)),
  callA2a: (target) => checkA2a(library, target),
  callOverPorts: (did) => checkAgent(library, overPorts(library, did, self)),
  async serveOverPorts() {
    const agent = await makeAgent(library);
    self.addEventListener('message', answerPorts(library, agent));
    return agent.did;
  },
};

self.addEventListener('message', async ({ data: { work, data } }) => {
  if (work === undefined) return;
  try {
    self.postMessage({ done: work, value: await works[work](data), violations });
  } catch (error) {
    self.postMessage({ done: work, error: String(error?.stack ?? error) });
  }
});
