// Running a case, and saying what went wrong.

/** @typedef {{ name: string, run: () => unknown }} Case */
/** @typedef {{ name: string, error?: string, ms?: number }} Verdict */

const CASE_TIMEOUT_MS = 30_000;

/**
 * Runs cases one after the other.
 *
 * @param {readonly Case[]} cases @returns {Promise<Verdict[]>}
 */
export async function runCases(cases) {
  const verdicts = [];
  for (const { name, run } of cases) {
    const since = performance.now();
    verdicts.push({ name, ...(await verdictOf(run)), ms: Math.round(performance.now() - since) });
  }
  return verdicts;
}

/** @param {() => unknown} run @returns {Promise<{ error?: string }>} */
export async function verdictOf(run) {
  let timer;
  const lateness = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${CASE_TIMEOUT_MS / 1000} s`)), CASE_TIMEOUT_MS);
  });
  try {
    await Promise.race([(async () => run())(), lateness]);
    return {};
  } catch (error) {
    return { error: describe(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** What went wrong, with what was underneath. @param {any} error @returns {string} */
export function describe(error) {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  // Some engines repeat the message at the top of the stack, some do not.
  const trace = String(error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s*at |@/.test(line));
  const cause = error.cause === undefined ? '' : `\ncaused by ${describe(error.cause)}`;
  return `${error.name}: ${error.message}${code}\n${trace.slice(0, 6).join('\n')}${cause}`;
}
