// A program of the tables of AITP, behind `node:http`.

import * as library from '../suite/library.mjs';
import { aitpProgram } from './aitp-program.mjs';
import { listenHttp } from './node-http.mjs';

const [, , backend] = process.argv;
const urls = {};
for (const [suite, answer] of Object.entries(aitpProgram(library, { runtime: 'Node', backend }))) {
  urls[suite] = await listenHttp(answer);
}
console.log(`@${JSON.stringify(urls)}`);
