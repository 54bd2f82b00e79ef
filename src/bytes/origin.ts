// Origins of http and https addresses (URL standard, section 4.7).

import { parseUrl } from './parse-url.js';

/** The origin of an http or https URL; `undefined` for anything else, and for one of more than 8,192 characters. */
export function originOf(url: string): string | undefined {
  const parsed = parseUrl(url);
  return parsed?.protocol === 'https:' || parsed?.protocol === 'http:' ? parsed.origin : undefined;
}

/** Whether a value is an http or https origin as {@link originOf} gives it: no path, no default port, lower case. */
export function isOrigin(value: unknown): value is string {
  return typeof value === 'string' && originOf(value) === value;
}
