import pg from 'pg';
import { createClient } from 'redis';
import { postgresStore } from '../../src/store/postgres/store.js';
import { redisStore } from '../../src/store/redis/store.js';
import { UNHURRIED } from '../support/unhurried.js';

/** The store of one process of races.test.ts, in whichever database the address is of. */
export function raceStore(url: string, prefix: string) {
  if (url.startsWith('redis:')) {
    const client = createClient({ url });
    const store = redisStore(client, {
      ...UNHURRIED,
      prefix,
      initialize: true,
      allowEviction: true,
    });
    return { store, close: () => store.close() };
  }
  const pool = new pg.Pool({ connectionString: url });
  const store = postgresStore(pool, { ...UNHURRIED, prefix, initialize: true });
  return {
    store,
    async close() {
      await store.close();
      await pool.end();
    },
  };
}
