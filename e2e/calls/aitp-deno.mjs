// A program of the tables of AITP, behind `Deno.serve`.

import * as library from '../suite/library.mjs';
import { aitpProgram } from './aitp-program.mjs';

const [backend] = Deno.args;
const urls = {};
for (const [suite, answer] of Object.entries(aitpProgram(library, { runtime: 'Deno', backend }))) {
  const { addr } = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen() {} }, answer);
  urls[suite] = `http://127.0.0.1:${addr.port}`;
}
console.log(`@${JSON.stringify(urls)}`);
