// A refusal as bytes of HTTP/1.1, for hosts that hand over the bare socket of an upgrade (RFC 9112, section 4).

import { encodeUtf8 } from '../bytes/utf8.js';
import type { Refusal } from './upgrade.js';

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  426: 'Upgrade Required',
  503: 'Service Unavailable',
};

/** The whole response; the connection ends with it. */
export function refusalText({ status, headers, body }: Refusal): string {
  const fields = { connection: 'close', ...headers, 'content-length': encodeUtf8(body).length };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${REASONS[status] ?? ''}`, ...lines, '', body].join('\r\n');
}
