// What must not ride along: a page that imports one room does not pay for the words of another.

/**
 * Per entry, what its static bundle must not contain: words of the minified code, and modules by path.
 *
 * @type {Readonly<Record<string, { words?: RegExp, modules?: RegExp }>>}
 */
const FORBIDDEN = {
  'browser client': { words: /\bindexedDB\b/, modules: /@noble\/curves|@scure\/bip39|valibot|idb-keyval/ },
  '.': { modules: /@noble\/curves|@scure\/bip39/ },
  './errors': { modules: /node_modules/ },
  './codec': { words: /\bWebSocket\b|\bindexedDB\b|\bsubtle\b/, modules: /@noble/ },
  './identity': { words: /\bWebSocket\b|\bindexedDB\b/, modules: /@noble\/curves|@noble\/ciphers|valibot/ },
  './documents': { words: /\bWebSocket\b|\bindexedDB\b/, modules: /@noble|valibot/ },
  './vault': { words: /\bWebSocket\b/, modules: /@noble\/curves|@scure\/bip39/ },
  './storage': { words: /\bWebSocket\b/ },
  './storage/durable-object': { words: /\bindexedDB\b|\bWebSocket\b/, modules: /node_modules/ },
  './storage/memory': { words: /\bindexedDB\b|\bWebSocket\b/, modules: /node_modules/ },
  './noise': { words: /\bindexedDB\b|\bWebSocket\b/, modules: /@noble\/curves|valibot/ },
  './noise/fast': { words: /\bindexedDB\b|\bWebSocket\b/, modules: /@noble\/curves|@noble\/ciphers|valibot/ },
  './transport': { words: /\bindexedDB\b/, modules: /@noble/ },
  './transport/memory': { words: /\bindexedDB\b|\bisows\b/, modules: /node_modules/ },
  './channel': { words: /\bindexedDB\b/, modules: /@noble\/curves|valibot/ },
  './a2a': { words: /\bindexedDB\b/, modules: /@noble/ },
  './a2a/card': {
    words: /\bWebSocket\b|\bindexedDB\b/,
    modules: /@noble|[\\/]phone[\\/]|a2a[\\/](client|server|discovery|wire)/,
  },
  './a2a/discovery': {
    words: /\bWebSocket\b|\bindexedDB\b/,
    modules: /@noble|[\\/]phone[\\/]|a2a[\\/](client|server)/,
  },
  './a2a/client': { words: /\bWebSocket\b|\bindexedDB\b/, modules: /@noble|[\\/]phone[\\/]|a2a[\\/]server/ },
  './a2a/server': { words: /\bWebSocket\b|\bindexedDB\b/, modules: /@noble|[\\/]phone[\\/]|a2a[\\/]client/ },
  './aitp': { words: /\bWebSocket\b|\bindexedDB\b/, modules: /@noble|valibot|[\\/]phone[\\/]|[\\/]a2a[\\/]/ },
  './aitp/tct': {
    words: /\bWebSocket\b|\bindexedDB\b/,
    modules: /@noble|valibot|[\\/]phone[\\/]|[\\/]a2a[\\/]|[\\/]http[\\/]|aitp[\\/]handshake/,
  },
  './host/durable-replay': {
    words: /\bindexedDB\b|\bWebSocket\b/,
    modules: /node_modules|[\\/](?:phone|documents|http)[\\/]|aitp[\\/](?:handshake|tct)/,
  },
  './arcp': {
    words: /\bnew WebSocket\b|\bindexedDB\b/,
    modules: /@noble|[\\/]phone[\\/]|[\\/]a2a[\\/]|[\\/]aitp[\\/]|cfworker|rrule/,
  },
  './arcp/client': {
    words: /\bindexedDB\b|\bnew WebSocket\b/,
    modules: /@noble|[\\/]phone[\\/]|arcp[\\/](runtime|log|artifacts)|cfworker|rrule/,
  },
  './arcp/runtime': {
    words: /\bindexedDB\b|\bnew WebSocket\b/,
    modules: /@noble|[\\/]phone[\\/]|arcp[\\/]client|cfworker|rrule/,
  },
  './host/arcp-durable-object': {
    words: /\bindexedDB\b|\bnew WebSocket\b/,
    modules: /node_modules|[\\/]phone[\\/](?!admission)|arcp[\\/](client|wire|streams)/,
  },
  './phone': { words: /\bindexedDB\b|\bnew WebSocket\b/, modules: /@noble\/curves|@scure\/bip39/ },
};

/**
 * @param {string} name Entry.
 * @param {import('./measure.mjs').Measure} measured
 * @returns {string[]} What rides along and must not, one line each.
 */
export function bleed(name, measured) {
  const { words, modules } = FORBIDDEN[name] ?? {};
  const word = words?.exec(measured.code)?.[0];
  const module = modules && measured.modules.find(({ id }) => modules.test(id))?.id;
  return [
    ...(word ? [`${name} contains the word ${word}`] : []),
    ...(module ? [`${name} contains ${module.replace(/.*node_modules\//, '')}`] : []),
  ];
}
