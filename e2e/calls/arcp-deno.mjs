// A runtime of the table of ARCP behind `ringline/host/deno`.

import { arcpDenoHandler, denoHandler } from 'ringline/host/deno';
import * as library from '../suite/library.mjs';
import { makeRuntime } from './arcp-agent.mjs';

const { runtime, phone, did } = await makeRuntime(library, { runtime: 'Deno' });
const listen = (handler) => {
  const { addr } = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen() {} }, handler);
  return `ws://127.0.0.1:${addr.port}/`;
};
const [url, phoneUrl] = [listen(arcpDenoHandler(runtime)), listen(denoHandler(phone))];
console.log(`@${JSON.stringify({ url, phoneUrl, did })}`);
