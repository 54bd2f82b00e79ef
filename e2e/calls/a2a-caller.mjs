// A client of A2A in a runtime with a console: talks to each agent it is told of, and prints the verdicts on one line.

import * as library from '../suite/library.mjs';
import { checkA2a } from './a2a-check.mjs';

const [, , targets = ''] = process.argv;
const verdicts = [];
for (const target of JSON.parse(targets)) verdicts.push(await checkA2a(library, target));
console.log(`@${JSON.stringify(verdicts)}`);
