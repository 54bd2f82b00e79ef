// @ts-check
// `npm run demo`: builds the package, starts an agent and a page, and lets a real browser live through it. This file
// puts the pieces in order and takes them down again.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { build } from '../scripts/build.mjs';
import { EXIT_NO_BROWSER, findChromium, NO_CHROMIUM } from '../scripts/find-browser.mjs';
import { DEFAULT_PORT, HELP, readArguments } from './lib/arguments.mjs';
import { createTerminal, firstLine, StepFailed } from './lib/terminal.mjs';

const EXIT_FAILED = 1;
const EXIT_MISUSE = 2;
const EXIT_INTERRUPTED = 130;

const root = join(import.meta.dirname, '..');

/** Longest wait for one thing to close. */
const CLOSE_WITHIN_MS = 5_000;

/** What is to be closed, last opened first. @type {{ close: () => Promise<unknown> }[]} */
const openThings = [];
const terminal = createTerminal(process.stdout);
let interrupted = () => {};
/** Resolves at the first Ctrl-C or its like. @type {Promise<void>} */
const interruption = new Promise((resolve) => {
  interrupted = resolve;
});
let storyTold = false;

process.exitCode = await main(process.argv.slice(2));

/** @param {readonly string[]} args @returns {Promise<number>} exit code */
async function main(args) {
  let options;
  try {
    options = readArguments(args);
  } catch (error) {
    console.error(`${firstLine(error)} (--help tells what there is)`);
    return EXIT_MISUSE;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, interrupted);
  void interruption.then(() => {
    terminal.line();
    terminal.line('Hanging up.');
    // A step that is cut short has nothing to tell.
    terminal.hush();
  });
  const play = run(options);
  try {
    return await Promise.race([play, interruption.then(() => (storyTold ? play : EXIT_INTERRUPTED))]);
  } catch (error) {
    if (!(error instanceof StepFailed)) console.error(firstLine(error));
    return EXIT_FAILED;
  } finally {
    play.catch(() => {});
    await closeAll();
  }
}

/** @param {import('./lib/arguments.mjs').Arguments} options @returns {Promise<number>} exit code */
async function run({ once, port }) {
  const startedAt = performance.now();
  terminal.line();
  terminal.line(terminal.bold('A browser tab phones an agent'));
  terminal.line();

  let executablePath;
  let lack = NO_CHROMIUM;
  try {
    executablePath = await findChromium({ log: (line) => terminal.line(line) });
  } catch (error) {
    lack = firstLine(error);
  }
  if (executablePath === undefined) {
    console.error(lack);
    return EXIT_NO_BROWSER;
  }
  const scene = await setScene(executablePath, port);
  const { tellStory } = await import('./lib/story.mjs');
  await tellStory({ ...scene, terminal });

  storyTold = true;
  terminal.line();
  terminal.line(`All of it held, in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
  if (once) {
    terminal.line();
    return 0;
  }
  await stay(scene);
  return 0;
}

/**
 * Starts everything the story needs.
 *
 * @param {string} executablePath
 * @param {number | undefined} port
 */
async function setScene(executablePath, port) {
  await terminal.step('package', async () => {
    let told = '';
    const log = (/** @type {string} */ line) => {
      told = line;
    };
    await build({ log }).catch((cause) => {
      throw new Error('it does not build; `npm run build` says why', { cause });
    });
    const bytes = gzipSync(readFileSync(join(root, 'dist/ringline.min.mjs'))).length;
    return `${told}; the whole of it is one module of ${(bytes / 1000).toFixed(1)} kB, gzipped`;
  });

  // What stands on the package can be loaded only now.
  const [
    { startAgent },
    { startImpostor },
    { assemblePage },
    { servePage },
    { hasDisplay, openBrowser },
    { shortDid },
  ] = await Promise.all([
    import('./lib/agent.mjs'),
    import('./lib/impostor.mjs'),
    import('./lib/assemble.mjs'),
    import('./lib/page-server.mjs'),
    import('./lib/browser.mjs'),
    import('./lib/reading.mjs'),
  ]);
  /** @type {import('./lib/agent.mjs').AgentEvent[]} */
  const events = [];
  const agent = await terminal.step(
    'agent',
    () => opened(startAgent((event) => events.push(event))),
    ({ did, url }) => `${shortDid(did)} answers at ${url}`,
  );
  const impostor = await terminal.step(
    'liar',
    () => opened(startImpostor()),
    ({ did, url }) => `${shortDid(did)} answers at ${url} in the agent's name`,
  );

  const assets = await assemblePage();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const directory = { agent: { url: agent.url, did: agent.did }, impostor: { url: impostor.url }, version };
  assets.set('/directory.json', { type: 'application/json', body: JSON.stringify(directory) });

  const visible = hasDisplay();
  return terminal.step(
    'page',
    async () => {
      const options = { port: port ?? DEFAULT_PORT, fallback: port === undefined, handler: agent.serveCard };
      const { url } = await opened(servePage(assets, options));
      const { browser, page } = await openBrowser(executablePath, { visible });
      openThings.push(browser);
      return { browser, page, url, visible, events };
    },
    ({ browser, url }) => `${url} in Chromium ${browser.version().split('.', 1)[0]}${visible ? '' : ', headless'}`,
  );
}

/**
 * Remembers to close what opens.
 *
 * @template {{ close: () => Promise<unknown> }} T
 * @param {Promise<T>} opening
 */
async function opened(opening) {
  const thing = await opening;
  openThings.push(thing);
  return thing;
}

/**
 * Leaves the page to a person until Ctrl-C.
 *
 * @param {Awaited<ReturnType<typeof setScene>>} scene
 */
async function stay({ browser, visible, url }) {
  terminal.line();
  if (visible) {
    terminal.line(`The window is yours. So is any other browser on this machine: ${url}`);
    browser.once('disconnected', () => terminal.line(`The window is closed; the page is still at ${url}`));
  } else {
    await browser.close();
    terminal.line(`Now you: open ${terminal.bold(url)} in a browser on this machine.`);
  }
  terminal.line(terminal.dim('Ctrl-C ends it.'));
  await interruption;
}

/** Closes what was opened, the last first; what fails to close stops nothing. */
async function closeAll() {
  for (const thing of openThings.splice(0).reverse()) {
    await Promise.race([thing.close().catch(() => {}), sleep(CLOSE_WITHIN_MS, undefined, { ref: false })]);
  }
}
