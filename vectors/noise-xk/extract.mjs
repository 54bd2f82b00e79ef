// Makes cacophony.json and snow.json: of the two vector files in the Rust crate snow, the entries of our one protocol.
// Run: node vectors/noise-xk/extract.mjs PATH_OF_THE_UNPACKED_CRATE

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'Noise_XK_25519_ChaChaPoly_BLAKE2s';

for (const file of ['cacophony', 'snow']) {
  const all = JSON.parse(readFileSync(join(process.argv[2], 'tests/vectors', `${file}.txt`), 'utf8'));
  const vectors = all.vectors.filter((vector) => vector.protocol_name === NAME);
  writeFileSync(new URL(`${file}.json`, import.meta.url), `${JSON.stringify({ vectors }, null, 2)}\n`);
}
