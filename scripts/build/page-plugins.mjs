// What is done to the modules on their way into the two files for a page, beyond what every bundler does.

import { fileURLToPath } from 'node:url';

/**
 * Lets a browser bundle use the browser's own WebSocket: `isows` exists to find one elsewhere, and `node-ws` to make the
 * most of Node's.
 *
 * @type {import('rolldown').Plugin}
 */
export const nativeWebSocket = {
  name: 'native-web-socket',
  resolveId: (id) => (id === 'isows' ? '\0isows' : undefined),
  load(id) {
    if (id === '\0isows') return 'export const WebSocket = globalThis.WebSocket;';
    return /[\\/]transport[\\/]node-ws\.js$/.test(id) ? 'export const optionsOfWs = () => ({});' : undefined;
  },
};

/**
 * Copies plainly what a socket is to keep: sharing slabs pays where somebody answers thousands a second.
 *
 * @type {import('rolldown').Plugin}
 */
export const plainCopies = {
  name: 'plain-copies',
  load: (id) =>
    /[\\/]transport[\\/]pooled-copy\.js$/.test(id)
      ? 'export const pooledCopy = (bytes) => new Uint8Array(bytes);'
      : undefined,
};

/**
 * Packs the list of recovery words, which are in alphabetical order: each as how many letters it shares with the one
 * before, A for none, and the letters behind them. Two kilobytes less to load.
 *
 * @type {import('rolldown').Plugin}
 */
export const packedWords = {
  name: 'packed-words',
  async load(id) {
    if (!/[\\/]@scure[\\/]bip39[\\/]wordlists[\\/]english\.js$/.test(id)) return undefined;
    const { wordlist } = await import('@scure/bip39/wordlists/english.js');
    return `let last = '';
      export const wordlist = ${JSON.stringify(packWords(wordlist))}.match(/[A-Z][a-z]*/g).map(
        (part) => (last = last.slice(0, part.charCodeAt() - 65) + part.slice(1)),
      );`;
  },
};

/** @param {readonly string[]} words Of small letters, in any order; the better sorted, the shorter. */
export function packWords(words) {
  let last = '';
  return words
    .map((word) => {
      let shared = 0;
      while (shared < last.length && shared < 25 && word[shared] === last[shared]) shared++;
      last = word;
      return String.fromCharCode(65 + shared) + word.slice(shared);
    })
    .join('');
}

/**
 * Leaves out PBKDF2 in JavaScript, which stands in where a server caps the iterations of WebCrypto's. No browser does.
 *
 * @type {import('rolldown').Plugin}
 */
export const nativePbkdf2 = {
  name: 'native-pbkdf2',
  load: (id) =>
    /[\\/]vault[\\/]slow-pbkdf2\.js$/.test(id)
      ? "export const slowPbkdf2 = () => Promise.reject(new Error('WebCrypto refused PBKDF2'));"
      : undefined,
};

/**
 * Imports at once what the modules load later: in one file there is no later, and the wrapper around a module that is to
 * run later costs a kilobyte.
 *
 * @type {import('rolldown').Plugin}
 */
export const loadedAtOnce = {
  name: 'loaded-at-once',
  transform(code) {
    /** @type {string[]} */
    const imports = [];
    const eager = code.replace(/\bimport\(('[^']+')\)/g, (_, path) => {
      const name = `part${imports.length}`;
      imports.push(`import * as ${name} from ${path};\n`);
      return `Promise.resolve(${name})`;
    });
    return imports.length === 0 ? undefined : imports.join('') + eager;
  },
};

const LIBRARIES = [
  '@noble/ciphers/chacha.js',
  '@noble/ciphers/_poly1305.js',
  '@noble/hashes/blake2.js',
  '@noble/curves/ed25519.js',
].map((name) => fileURLToPath(import.meta.resolve(name)));

/**
 * The front door behind the libraries it uses: what resembles one another then stands together, within reach of gzip.
 *
 * @param {string} file The front door.
 * @returns {import('rolldown').Plugin}
 */
export function librariesFirst(file) {
  return {
    name: 'libraries-first',
    resolveId: (id) => (id === 'page' ? '\0page' : undefined),
    load: (id) =>
      id === '\0page'
        ? [
            ...LIBRARIES.map((path) => `import ${JSON.stringify(path)};`),
            `export * from ${JSON.stringify(file)};`,
          ].join('')
        : undefined,
  };
}
