// Runs a program for as long as whoever started us lives: when our standard input ends, however that came about, the
// program and everything it started end too. `node leash.mjs PROGRAM ARGUMENTS...`

import { spawn } from 'node:child_process';

const [program = '', ...args] = process.argv.slice(2);
// A process group of its own, where there are such, since some programs are only a wrapper around another.
const ownGroup = process.platform !== 'win32';
const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: ownGroup });

function end() {
  try {
    if (ownGroup && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

child.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
child.on('exit', (code) => {
  // What it left behind in its group goes as well.
  end();
  process.exit(code ?? 1);
});
process.stdin.on('end', end).on('error', end).resume();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
