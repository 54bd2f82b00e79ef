// A program of the tables of AITP, behind `Bun.serve`.

import * as library from '../suite/library.mjs';
import { aitpProgram } from './aitp-program.mjs';

const [, , backend] = Bun.argv;
const urls = {};
for (const [suite, answer] of Object.entries(aitpProgram(library, { runtime: 'Bun', backend }))) {
  const { port } = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 120, fetch: (request) => answer(request) });
  urls[suite] = `http://127.0.0.1:${port}`;
}
console.log(`@${JSON.stringify(urls)}`);
