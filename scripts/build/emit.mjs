// One ES module and one declaration file per source module, by the TypeScript compiler: the output is the source less
// its types, so it stays readable, keeps its dynamic imports, and a class has one identity whichever subpath it came by.

import { spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** The compiler's own entry, without a shell or a `.bin` link. */
const TSC = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');

/**
 * Runs the compiler. @param {string} root @param {string[]} args
 * @returns {Promise<void>} Rejects with what the compiler said.
 */
function tsc(root, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [TSC, '--pretty', 'false', ...args], { cwd: root });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`tsc ${args.join(' ')}\n${said}`))));
  });
}

/**
 * Emits `src` into a folder. The core is compiled without Node's types and without a window, so neither can leak into
 * its declarations; the command line and the Node host are compiled apart and only their own files are taken.
 *
 * @param {string} root Project root, absolute.
 * @param {string} outDir Absolute; made by the compiler.
 */
export async function emitModules(root, outDir) {
  const nodeDir = `${outDir}.node`;
  /** @param {string} project @param {string} target */
  const emit = (project, target) =>
    tsc(root, ['-p', project, '--noEmit', 'false', '--declaration', '--outDir', target]);
  const hasNodePart = ['src/cli/main.ts', 'src/host/node.ts'].some((file) => existsSync(join(root, file)));
  try {
    // Both to their end, even if one fails: a compiler left running would write into a folder that is being removed.
    const results = await Promise.allSettled([
      emit('tsconfig.json', outDir),
      hasNodePart ? emit('tsconfig.build.node.json', nodeDir) : undefined,
    ]);
    const failed = results.filter((result) => result.status === 'rejected');
    if (failed.length > 0) throw new Error(failed.map(({ reason }) => reason.message).join('\n'));
    const hostDir = join(nodeDir, 'host');
    const hosts = existsSync(hostDir) ? readdirSync(hostDir).filter((name) => /^node[.-]/.test(name)) : [];
    for (const part of ['cli', ...hosts.map((name) => join('host', name))]) {
      const from = join(nodeDir, part);
      if (existsSync(from)) cpSync(from, join(outDir, part), { recursive: true });
    }
  } finally {
    rmSync(nodeDir, { recursive: true, force: true });
  }
}
