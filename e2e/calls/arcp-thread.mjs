// ARCP in a worker that has nothing but ports: a runtime for whoever sends it one, or a client.

import * as library from '../suite/library.mjs';
import { makeRuntime } from './arcp-agent.mjs';
import { checkOver } from './arcp-check.mjs';

const { portTransport } = library.transport;
const violations = [];
self.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
  violations.push(`${effectiveDirective} ${blockedURI}`);
});

const jobs = {
  async serve() {
    const { runtime } = await makeRuntime(library, { runtime: 'worker' });
    self.addEventListener('message', ({ data }) => {
      if (data.port !== undefined) void runtime.accept(portTransport(data.port));
    });
  },
  call() {
    const dial = async () => {
      const { port1, port2 } = new MessageChannel();
      self.postMessage({ port: port2 }, [port2]);
      return portTransport(port1);
    };
    return checkOver(library, dial, 'page');
  },
};

self.addEventListener('message', async ({ data: { job } }) => {
  if (job === undefined) return;
  try {
    self.postMessage({ answered: job, value: await jobs[job](), violations });
  } catch (error) {
    self.postMessage({ answered: job, error: String(error?.stack ?? error) });
  }
});
