// The table of a benchmark run.

/**
 * @typedef {object} Figure
 * @property {string} name
 * @property {number} median
 * @property {number} min
 * @property {number} max
 * @property {number} [floor] The median should be at least this.
 * @property {number} [ceiling] The median should be at most this.
 * @property {string} note An absolute figure of the same run, for orientation.
 */

/** Whether a figure keeps what it should. @param {Figure} figure */
export function keeps({ median, floor, ceiling }) {
  return (floor === undefined || median >= floor) && (ceiling === undefined || median <= ceiling);
}

/** @param {readonly Figure[]} figures */
export function table(figures) {
  const number = (/** @type {number} */ value) => value.toFixed(Math.abs(value) < 10 ? 2 : 1);
  const rows = figures.map((figure) => [
    figure.name,
    number(figure.median),
    `${number(figure.min)} to ${number(figure.max)}`,
    figure.floor !== undefined ? `>= ${figure.floor}` : figure.ceiling !== undefined ? `<= ${figure.ceiling}` : '',
    figure.floor === undefined && figure.ceiling === undefined ? '' : keeps(figure) ? 'yes' : 'NO',
    figure.note,
  ]);
  const head = ['figure', 'median', 'spread', 'wanted', 'kept', 'in this run'];
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
