// Comments taken out of emitted code: what they say stands in the declarations beside it and in the source. The compiler's
// own `removeComments` will not do: it takes the marks by which bundlers leave unused code out as well.

import { parseSync } from 'rolldown/utils';

/** What tools read (`@__PURE__`, `@vite-ignore`, `webpackIgnore`), and what licences ask to stay. */
const KEPT = /[@#]__[A-Z_]+__|@vite-ignore|webpack[A-Z]|^!|@licen[cs]e|@preserve|@copyright/;

/** What ends a line of a program. */
const LINE_END = /[\n\r\u2028\u2029]/;

/**
 * A module without its comments. All else stays as it is, byte for byte; where a comment had lines of its own, they go too.
 *
 * @param {string} file Name of the module, for errors.
 * @param {string} code
 * @returns {string}
 * @throws {Error} The code cannot be parsed.
 */
export function stripComments(file, code) {
  const { comments, errors } = parseSync(file, code, { sourceType: 'module' });
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  let kept = '';
  let from = 0;
  for (const { value, start, end } of comments) {
    // The first line of a program is told as a comment too.
    if (KEPT.test(value) || code.startsWith('#!', start)) continue;
    const before = kept + code.slice(from, start);
    const indent = /(?:^|\n)([ \t]*)$/.exec(before);
    const blanks = /[ \t]*/y;
    blanks.lastIndex = end;
    blanks.test(code);
    const lineEnd = blanks.lastIndex;
    if (lineEnd < code.length && code[lineEnd] !== '\n') {
      // Within a line. What it stood for between two words was a blank, or the end of a line.
      kept = before + (LINE_END.test(value) ? '\n' : indent || before.endsWith(' ') ? '' : ' ');
      from = end;
    } else if (indent) {
      // Lines of its own.
      kept = before.slice(0, before.length - (indent[1]?.length ?? 0));
      from = lineEnd + 1;
    } else {
      // The end of a line.
      kept = before.trimEnd();
      from = lineEnd;
    }
  }
  return kept + code.slice(from);
}
