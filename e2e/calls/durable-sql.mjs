// A Worker whose Durable Object holds its own SQLite to the contracts of ARCP's event logs and artifact stores.

import { durableObjectSql, sqlArtifacts, sqlLog } from 'ringline/arcp/runtime';
import { arcpStoreCases } from '../suite/arcp-stores.mjs';
import { runCases } from '../suite/verdict.mjs';

export class Contracts {
  #storage;

  constructor({ storage }) {
    this.#storage = storage;
  }

  async fetch() {
    const driver = durableObjectSql(this.#storage);
    const empty = () => this.#storage.deleteAll();
    let bounds;
    const log = {
      single: true,
      async create(asked) {
        await empty();
        bounds = asked;
        return sqlLog(driver, bounds);
      },
      again: () => sqlLog(driver, bounds),
    };
    const artifacts = {
      single: true,
      async create() {
        await empty();
        return sqlArtifacts(driver);
      },
      again: () => sqlArtifacts(driver),
    };
    return Response.json(await runCases(arcpStoreCases("a Durable Object's SQLite", log, artifacts)));
  }
}

export default {
  fetch: (request, { CONTRACTS }) => CONTRACTS.get(CONTRACTS.idFromName('contracts')).fetch(request),
};
