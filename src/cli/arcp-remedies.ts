// What goes wrong with the `arcp` commands, in words that say what to do. The codes stay what they are.

import { ArcpError } from '../arcp/errors.js';
import { missingFile } from './missing-file.js';

/**
 * A failure to open a session.
 *
 * @param scheme How we said who we are.
 */
export function notAdmitted(scheme: string, cause: unknown): unknown {
  if (!(cause instanceof ArcpError) || cause.code !== 'ERR_ARCP_UNAUTHENTICATED') return cause;
  const remedy =
    scheme === 'none'
      ? 'it wants to know who you are: --bearer-file FILE with a token it knows'
      : `check the token${scheme === 'bearer' ? '; add --jwt if it is a signed JWT, and leave it out where strangers may come in' : ', its time and its audience'}`;
  const { wireCode, details, message } = cause;
  return new ArcpError(wireCode, `the runtime refuses you (${message}); ${remedy}`, { details, cause });
}

/** A program that could not be started. */
export function notStarted(program: string, cause: unknown): unknown {
  return missingFile(program, 'name a program after stdio:, with its path or on your PATH', cause);
}

const LISTENING: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (_host, port) => `port ${port} is taken; --port N takes another one, --port 0 any that is free`,
  EACCES: (_host, port) =>
    `you may not listen on port ${port}; --port takes one from 1024 on, or 0 for any that is free`,
  EADDRNOTAVAIL: (host) => `this machine has no address ${host}; --host takes one of its own`,
  ENOTFOUND: (host) => `there is no host ${host}; --host takes an address of this machine`,
};

/** A failure to listen. */
export function notListening(host: string, port: number, cause: unknown): unknown {
  const { code } = cause as { code?: unknown };
  const words = typeof code === 'string' && Object.hasOwn(LISTENING, code) ? LISTENING[code] : undefined;
  return words === undefined ? cause : withCode(words(host, port), code, cause);
}

/** A file that is there already. */
export function fileIsThere(path: string, cause?: unknown): Error {
  return withCode(`${path} is there already, and nothing is written over: name another file`, 'EEXIST', cause);
}

function withCode(message: string, code: unknown, cause: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}
