// The one difference between runtimes that a fetch has to know.

/**
 * Whether this runs in a page or a worker of a browser, which has an HTTP cache of its own and asks servers for leave
 * before it sends unusual headers.
 *
 * Only there do scripts have an address. Elsewhere the member `cache` of a request must be left out: workerd throws.
 */
export function isBrowser(): boolean {
  return typeof location === 'object' && location !== null && /^(?:https?|blob|file):/.test(location.href);
}
