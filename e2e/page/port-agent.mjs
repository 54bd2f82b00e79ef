// An agent in a frame or a service worker: whoever posts a control port gets its DID, and ports to it.

import { makeAgent } from '../calls/agent.mjs';
import { answerPorts } from '../calls/dialling.mjs';
import * as library from '../suite/library.mjs';

globalThis.addEventListener('message', async ({ data }) => {
  if (data?.control === undefined) return;
  const agent = await makeAgent(library);
  data.control.onmessage = answerPorts(library, agent);
  data.control.postMessage({ did: agent.did });
});
