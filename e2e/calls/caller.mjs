// A caller in a runtime with a console: calls the agent it is told of, and prints the verdicts on one line.

import * as library from '../suite/library.mjs';
import { checkAgent } from './check.mjs';
import { overWebSocket } from './dialling.mjs';

const [, , addresses = ''] = process.argv;
console.log(`@${JSON.stringify(await checkAgent(library, overWebSocket(library, JSON.parse(addresses))))}`);
