// The rooms of `src` and their floors: which room may import which. The linter (biome.json) and the import-graph test
// both enforce this table, and test/packaging/layering.test.ts holds the linter to it.

/**
 * Floor of each room. A room is a folder of `src`; the files standing directly in `src` are one room, `ground`, except
 * `errors` and `index`; the two contracts are rooms of their own, one floor below the adapters beside them.
 */
export const FLOORS = {
  errors: 0,
  ground: 0,
  bytes: 0,
  codec: 1,
  curves: 1,
  'transport/contract': 1,
  'storage/contract': 1,
  identity: 2,
  http: 2,
  noise: 2,
  transport: 2,
  storage: 2,
  documents: 3,
  vault: 3,
  channel: 3,
  phone: 4,
  a2a: 5,
  aitp: 5,
  arcp: 5,
  index: 5,
  host: 6,
  testing: 6,
  cli: 7,
};

/**
 * Floors inside `arcp/runtime`, for what runs: types may be named upwards. Files beside these folders are either below them all
 * (limits, contracts) or above (the runtime that puts them together).
 *
 * @type {Readonly<Record<string, number>>}
 */
export const RUNTIME_FLOORS = {
  subscriptions: 0,
  outbox: 1,
  jobs: 2,
  artifacts: 3,
  delegation: 3,
  human: 3,
  schedules: 3,
  sessions: 3,
  streams: 3,
  connections: 4,
};

/** Rooms of adapters: only the front door, the hosts, the testing tools and the command line may name one. */
export const ADAPTERS = /** @type {readonly string[]} */ (['transport', 'storage']);

/**
 * Run-time dependencies, the modules that may name each, and whether it must stay out of what an entry loads at once.
 *
 * @type {Readonly<Record<string, { modules: RegExp, lazy: boolean }>>}
 */
export const DEPENDENCIES = {
  '@cfworker/json-schema': { modules: /^arcp\/schema\//, lazy: true },
  '@noble/ciphers': { modules: /^noise\//, lazy: false },
  '@noble/curves': { modules: /^curves\//, lazy: true },
  '@noble/hashes': { modules: /^(noise|curves|vault)\//, lazy: false },
  '@scure/bip39': { modules: /^vault\//, lazy: true },
  idb: { modules: /^arcp\/(log|artifacts)\/indexeddb/, lazy: false },
  'idb-keyval': { modules: /^storage\/indexeddb/, lazy: false },
  isows: { modules: /^transport\/websocket/, lazy: true },
  'rrule-temporal': { modules: /^arcp\/runtime\//, lazy: true },
  valibot: { modules: /^(vault|phone|a2a|arcp)\//, lazy: false },
  ws: { modules: /^host\/node$/, lazy: false },
};

/** @typedef {keyof typeof FLOORS} Room */

/**
 * The room a module stands in.
 *
 * @param {string} module Path below `src` without extension, such as `phone/session`.
 * @returns {Room}
 * @throws {Error} The room is not in the table.
 */
export function roomOf(module) {
  const folder = module.includes('/') ? module.slice(0, module.indexOf('/')) : 'ground';
  const room = module in FLOORS ? module : folder;
  if (!(room in FLOORS)) throw new Error(`src/${module}: the room ${room} has no floor in scripts/floors.mjs`);
  return /** @type {Room} */ (room);
}

/**
 * Whether a module of one room may import a module of another.
 *
 * @param {Room} from
 * @param {Room} to
 */
export function mayImport(from, to) {
  if (from === to) return true;
  // errors.ts imports nothing, so the rest of the ground floor may stand on it.
  if (to === 'errors') return true;
  if (to === 'index') return false;
  if (ADAPTERS.includes(to) && FLOORS[from] < FLOORS.index) return false;
  return FLOORS[to] < FLOORS[from];
}
