// A file that is not there, in words that say what to do.

/**
 * What to say instead of Node's ENOENT. The code stays; other errors stay altogether.
 *
 * @param remedy What the person can do, such as a command that makes the file.
 */
export function missingFile(path: string, remedy: string, cause: unknown): unknown {
  const { code } = cause as { code?: unknown };
  if (code !== 'ENOENT') return cause;
  return Object.assign(new Error(`there is no ${path}: ${remedy}`, { cause }), { code });
}
