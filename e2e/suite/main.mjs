// Runs the portable suite in a runtime with a console, and prints the verdicts on one line.

import * as library from './library.mjs';
import { portableCases } from './suite.mjs';
import { runCases } from './verdict.mjs';

console.log(`@${JSON.stringify(await runCases(portableCases(library)))}`);
