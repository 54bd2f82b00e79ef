// A runtime of the table of ARCP in a Durable Object of workerd, over its SQL: sessions of one runtime hear of each other,
// which two requests of a plain Worker cannot. And, beside it, a client.

import { arcpWorkerHandler, workerHandler } from 'ringline/host/cloudflare';
import * as library from '../suite/library.mjs';
import { makeRuntime } from './arcp-agent.mjs';
import { checkArcp } from './arcp-check.mjs';

export class ArcpRuntime {
  #storage;
  #started;

  constructor({ storage }) {
    this.#storage = storage;
  }

  async fetch(request) {
    this.#started ??= this.#start();
    const { did, answer, answerCalls } = await this.#started;
    const { pathname } = new URL(request.url);
    if (pathname === '/did') return Response.json(did);
    return pathname === '/phone' ? answerCalls(request) : answer(request);
  }

  async #start() {
    const { durableObjectSql, sqlArtifacts, sqlLog } = library.arcpRuntime;
    const driver = durableObjectSql(this.#storage);
    const kept = { log: sqlLog(driver), artifacts: sqlArtifacts(driver) };
    const { runtime, phone, did } = await makeRuntime(library, { runtime: 'workerd', ...kept });
    return { did, answer: arcpWorkerHandler(runtime), answerCalls: workerHandler(phone) };
  }
}

export default {
  async fetch(request, { RUNTIME: runtime }) {
    if (new URL(request.url).pathname === '/call') {
      return Response.json(await checkArcp(library, await request.json()));
    }
    return runtime.get(runtime.idFromName('the only one')).fetch(request);
  },
};
