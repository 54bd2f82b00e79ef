// A client of ARCP in a runtime with a console: talks to each runtime it is told of, and prints the verdicts on one line.

import * as library from '../suite/library.mjs';
import { checkArcp } from './arcp-check.mjs';

const [, , targets = ''] = process.argv;
const verdicts = [];
for (const target of JSON.parse(targets)) verdicts.push(await checkArcp(library, target));
console.log(`@${JSON.stringify(verdicts)}`);
