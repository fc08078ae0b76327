import type pg from 'pg';
import { postgresRecordStore } from '../../src/store/postgres/store.js';
import { storeContract } from '../../src/testing/store-contract/store-contract.js';
import { closePool, openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';
import { UNHURRIED } from '../support/unhurried.js';

describe('over Postgres,', function () {
  this.timeout(30_000);
  const prefix = uniqueTables();
  let pools: pg.Pool[] = [];

  before(async () => {
    const url = await sharedPostgres();
    pools = [openPool(url), openPool(url)];
  });
  after(async () => {
    await pools[0]?.query(`DROP TABLE ${prefix}records, ${prefix}events`);
    await Promise.all(pools.map(closePool));
  });

  storeContract('postgresStore', async (now) => {
    const [store, other] = pools.map((pool) =>
      postgresRecordStore(pool, { ...UNHURRIED, now, prefix, initialize: true }),
    ) as [ReturnType<typeof postgresRecordStore>, ReturnType<typeof postgresRecordStore>];
    await Promise.all([store.ready(), other.ready()]);
    return {
      store,
      other,
      async dispose() {
        await Promise.all([store.close(), other.close()]);
        await pools[0]?.query(
          `DELETE FROM ${prefix}records WHERE kind <> 'marker'; DELETE FROM ${prefix}events`,
        );
      },
    };
  });
});
