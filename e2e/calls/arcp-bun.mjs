// A runtime of the table of ARCP behind `ringline/host/bun`, over the SQL of Bun's own.

import { Database } from 'bun:sqlite';
import { arcpBunHost, bunHost } from 'ringline/host/bun';
import * as library from '../suite/library.mjs';
import { makeRuntime } from './arcp-agent.mjs';

const { bunSqlite, sqlArtifacts, sqlLog } = library.arcpRuntime;
const driver = bunSqlite(new Database(':memory:'));
const kept = { log: sqlLog(driver), artifacts: sqlArtifacts(driver) };
const { runtime, phone, did } = await makeRuntime(library, { runtime: 'Bun', ...kept });
const listen = (host) => {
  const { port } = Bun.serve({ hostname: '127.0.0.1', port: 0, ...host });
  return `ws://127.0.0.1:${port}/`;
};
const [url, phoneUrl] = [listen(arcpBunHost(runtime)), listen(bunHost(phone))];
console.log(`@${JSON.stringify({ url, phoneUrl, did })}`);
