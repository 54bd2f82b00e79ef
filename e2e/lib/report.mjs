// What the run tells its reader, and what it adds up to.

import { describe } from '../suite/verdict.mjs';

/** @typedef {import('../suite/verdict.mjs').Verdict} Verdict */

/** Longest a single test may take. */
const TEST_MS = 150_000;

export class Report {
  passed = 0;
  failed = 0;
  /** Runtimes that were not there. */
  skipped = 0;
  noBrowser = false;
  #silent = false;

  /** @param {string} text */
  line(text) {
    if (!this.#silent) console.log(text);
  }

  /** Says no more: what fails from now on fails because the run was interrupted. */
  silence() {
    this.#silent = true;
  }

  /**
   * Counts the verdicts of one runner, and says so in one line; failures in full.
   *
   * @param {string} runner @param {readonly Verdict[]} verdicts @param {string} [what]
   */
  count(runner, verdicts, what = 'cases') {
    const failures = this.#add(verdicts);
    this.line(`${runner}: ${verdicts.length - failures.length} of ${verdicts.length} ${what}`);
    this.#show(runner, failures);
  }

  /**
   * The same for a cell of a table, which is shown elsewhere.
   *
   * @param {string} cell @param {readonly Verdict[]} verdicts
   */
  cell(cell, verdicts) {
    this.#show(cell, this.#add(verdicts));
  }

  /**
   * Runs one test by itself.
   *
   * @param {string} name @param {() => unknown} run
   * @returns {Promise<boolean>} Whether it passed.
   */
  async test(name, run) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const lateness = new Promise((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${TEST_MS / 1000} s`)), TEST_MS);
    });
    try {
      await Promise.race([(async () => run())(), lateness]);
      this.passed++;
      this.line(`  ok  ${name}`);
      return true;
    } catch (error) {
      this.failed++;
      this.#show('', [{ name, error: describe(error) }]);
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Something that is not here, and why. @param {string} name @param {string} reason */
  notRun(name, reason) {
    this.skipped++;
    this.line(`${name}: not run, ${reason}`);
  }

  /** The one browser that the run is about is missing. @param {string} advice */
  noChromium(advice) {
    this.skipped++;
    this.noBrowser = true;
    this.line(advice);
  }

  /** Something that should have worked and did not, outside of any test. @param {string} name @param {unknown} error */
  fault(name, error) {
    this.failed++;
    this.#show('', [{ name, error: describe(error) }]);
  }

  /** @param {readonly Verdict[]} verdicts */
  #add(verdicts) {
    const failures = verdicts.filter(({ error }) => error !== undefined);
    this.passed += verdicts.length - failures.length;
    this.failed += failures.length;
    return failures;
  }

  /** @param {string} where @param {readonly Verdict[]} failures */
  #show(where, failures) {
    for (const { name, error = '' } of failures) {
      this.line(`FAILED  ${where === '' ? '' : `${where}: `}${name}`);
      this.line(error.replace(/^/gm, '        '));
    }
  }
}
