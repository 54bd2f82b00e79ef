#!/usr/bin/env node
// The program `ringline`. Runs on Node, Bun and Deno; no other room imports this one.

import { nodeIo } from './node-io.js';
import { run } from './run.js';

// Without `exit` a connection that is still being torn down, or an open standard input, would hold the process.
process.exit(await run(process.argv.slice(2), nodeIo()));
