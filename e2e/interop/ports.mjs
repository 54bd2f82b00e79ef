// The published ports, each behind a small peer of ours with one command line. Built outside the checkout's sources, in
// its cache folder.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runToEnd } from './process.mjs';

/** @typedef {{ name: string, command: readonly string[], missing?: undefined }} Port */
/** @typedef {{ name: string, missing: string }} MissingPort */

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const cache = fileURLToPath(new URL('../../.cache/interop/', import.meta.url));

/** Prepares one port after the other. @returns {AsyncGenerator<Port | MissingPort>} */
export async function* portsToTry() {
  mkdirSync(cache, { recursive: true });
  yield await rust();
  yield await python();
}

async function rust() {
  const name = 'crate agent-phone 0.1.0';
  if ((await runToEnd(['cargo', '--version'])).code !== 0) return { name, missing: 'cargo is not installed' };
  console.log(`${name}: building (the first time takes minutes)`);
  const target = `${cache}rust`;
  const manifest = here('rust/Cargo.toml');
  const built = await runToEnd([
    'cargo',
    'build',
    '--release',
    '--quiet',
    '--manifest-path',
    manifest,
    '--target-dir',
    target,
  ]);
  if (built.code !== 0) return { name, missing: `cargo build failed: ${lastLine(built.output)}` };
  return { name, command: [`${target}/release/interop-peer`] };
}

async function python() {
  const name = 'package agent-phone 0.1.0 (Python)';
  const interpreter = `${cache}python/bin/python`;
  const made = await runToEnd(['python3', '-m', 'venv', `${cache}python`]);
  if (made.code !== 0) return { name, missing: 'python3 with venv is not installed' };
  const pip = [interpreter, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const installed = await runToEnd([...pip, '-r', here('python/requirements.txt')]);
  if (installed.code !== 0) return { name, missing: `pip cannot have it: ${lastLine(installed.output)}` };
  return { name, command: [interpreter, here('python/peer.py')] };
}

/** @param {string} output */
const lastLine = (output) => output.trim().split('\n').at(-1) ?? '';
