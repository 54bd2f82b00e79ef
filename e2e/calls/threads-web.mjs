// Calls over ports between a program and its worker, in Deno and Bun.

import * as library from '../suite/library.mjs';
import { bothWays } from './beside.mjs';

const start = () => new Worker(new URL('thread.mjs', import.meta.url), { type: 'module' });
console.log(`@${JSON.stringify(await bothWays(library, start))}`);
