// One agent of the tables of AITP as a Worker in workerd, whose bindings say which: `BACKEND` and `SUITE`.

import * as library from '../suite/library.mjs';
import { aitpProgram } from './aitp-program.mjs';

let handlers;

export default {
  fetch(request, { BACKEND: backend, SUITE: suite }) {
    handlers ??= aitpProgram(library, { runtime: 'workerd', backend });
    return handlers[suite](request);
  },
};
