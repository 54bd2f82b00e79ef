// The published ports, each behind a small peer of ours with one command line. Built outside the checkout's sources, in
// its cache folder.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runToEnd } from './process.mjs';

/** @typedef {{ name: string, command: readonly string[], missing?: undefined, pairs?: 'ed25519' }} Port */
/** @typedef {{ name: string, missing: string }} MissingPort */

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const cache = fileURLToPath(new URL('../../.cache/interop/', import.meta.url));

/** Prepares one port of the agent-phone protocol after the other. @returns {AsyncGenerator<Port | MissingPort>} */
export async function* portsToTry() {
  mkdirSync(cache, { recursive: true });
  yield await rust('crate agent-phone 0.1.0', 'rust', 'interop-peer');
  yield await python('package agent-phone 0.1.0 (Python)', 'python');
}

/**
 * The same for AITP. 0.13.2 is what our reading of AITP 0.2 rests on; 0.16.0 is the last to speak it.
 *
 * @returns {AsyncGenerator<Port | MissingPort>}
 */
export async function* aitpPortsToTry() {
  mkdirSync(cache, { recursive: true });
  yield await rust('crate aitp 0.13.2', 'aitp/rust', 'interop-aitp-peer');
  yield await python('package aitp-sdk 0.13.2 (Python)', 'aitp/python');
  const last = await python('package aitp-sdk 0.16.0 (Python), Ed25519', 'aitp/python', 'requirements-0.16.txt');
  yield last.missing === undefined ? { ...last, pairs: 'ed25519' } : last;
  yield* AITP_ELSEWHERE;
}

/** What is published and cannot be tried, each with the reason. @type {readonly MissingPort[]} */
const AITP_ELSEWHERE = [
  {
    name: 'package aitp-sdk 0.16.0 (Python), P-256',
    missing:
      'since 0.14 it hashes once what P-256 signs in the JCS profile; up to 0.13, and in AITP 0.2 as we follow it, twice',
  },
  {
    name: 'crate aitp and package aitp-sdk from 0.17 on',
    missing: 'they speak aitp/0.3 alone, and we aitp/0.2',
  },
  {
    name: 'package aitp-verifier 0.1 (Python), conformance adapter',
    missing: 'every published version speaks aitp/0.3 alone, and we aitp/0.2',
  },
  { name: 'crate aitp-rs-adapter, conformance adapter', missing: 'it is not published' },
];

/**
 * The same for ARCP v1.0.
 *
 * @returns {AsyncGenerator<Port | MissingPort>}
 */
export async function* arcpPortsToTry() {
  mkdirSync(cache, { recursive: true });
  yield await rust('crate arcp 2.0.0, v1.0 as far as it still has it', 'arcp/rust', 'interop-arcp-peer');
  yield* ARCP_ELSEWHERE;
}

/** What cannot be tried, each with the reason. @type {readonly MissingPort[]} */
const ARCP_ELSEWHERE = [
  {
    name: 'crate arcp 0.1.0, which speaks ARCP v1.0',
    missing: 'crates.io offers arcp 2.0.0 alone, which says 1.1 of its messages',
  },
  {
    name: 'crate arcp 2.0.0, human input and choice',
    missing: 'it has dropped the messages about humans, and ends its connection at the first of them',
  },
  {
    name: 'crate arcp 2.0.0, fetching artifacts',
    missing: 'it answers with artifact.put, and v1.0 as we follow it with artifact.ref and the data',
  },
];

/** @param {string} name @param {string} folder @param {string} program @returns {Promise<Port | MissingPort>} */
async function rust(name, folder, program) {
  if ((await runToEnd(['cargo', '--version'])).code !== 0) return { name, missing: 'cargo is not installed' };
  console.log(`${name}: building (the first time takes minutes)`);
  const target = `${cache}${folder.replace('/', '-')}`;
  const manifest = here(`${folder}/Cargo.toml`);
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
  return { name, command: [`${target}/release/${program}`] };
}

/**
 * @param {string} name
 * @param {string} folder
 * @param {string} [requirements] Each list of packages has an environment of its own.
 * @returns {Promise<Port | MissingPort>}
 */
async function python(name, folder, requirements = 'requirements.txt') {
  const environment = `${cache}${`${folder}/${requirements}`.replace(/\/requirements\.txt$/, '').replaceAll('/', '-')}`;
  const interpreter = `${environment}/bin/python`;
  const made = await runToEnd(['python3', '-m', 'venv', environment]);
  if (made.code !== 0) return { name, missing: 'python3 with venv is not installed' };
  const pip = [interpreter, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const installed = await runToEnd([...pip, '-r', here(`${folder}/${requirements}`)]);
  if (installed.code !== 0) return { name, missing: `pip cannot have it: ${lastLine(installed.output)}` };
  return { name, command: [interpreter, here(`${folder}/peer.py`)] };
}

/** @param {string} output */
const lastLine = (output) => output.trim().split('\n').at(-1) ?? '';
