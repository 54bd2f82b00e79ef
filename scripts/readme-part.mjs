// A part of README.md that a program writes, between two lines that mark it.

/**
 * @param {string} readme
 * @param {string} begin
 * @param {string} end
 * @returns {{ before: string, part: string, after: string }} The marks go with what is around them; the part is trimmed.
 * @throws {Error} The marks are not there.
 */
export function partOfReadme(readme, begin, end) {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md needs the lines ${begin} and ${end}`);
  return {
    before: readme.slice(0, from + begin.length),
    part: readme.slice(from + begin.length, to).trim(),
    after: readme.slice(to),
  };
}
