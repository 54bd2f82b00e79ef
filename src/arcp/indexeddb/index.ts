// `ringline/arcp/indexeddb`: where a runtime in a page keeps its log and its artifacts.

export { indexedDbArtifacts } from '../artifacts/indexeddb.js';
export { type IndexedDbLogOptions, indexedDbLog } from '../log/indexeddb.js';
