import assert from 'node:assert/strict';
import type pg from 'pg';
import { postgresStore } from 'sallyport/postgres';
import { postgresRun, type Run } from '../../src/store/postgres/run.js';
import { postgresTables } from '../../src/store/postgres/schema.js';
import { sweeper } from '../../src/store/postgres/sweeper.js';
import { closePool, openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';

const NOW = 1_700_000_000_000;

describe('the sweep of records that have ended in Postgres', () => {
  let pool: pg.Pool;
  let tables: ReturnType<typeof postgresTables>;

  beforeEach(async () => {
    const prefix = uniqueTables();
    pool = openPool(await sharedPostgres());
    tables = postgresTables({ schema: undefined, prefix });
    await postgresStore(pool, { prefix }).initialize();
    const add = (how: string, many: number, until: string) =>
      pool.query(
        `INSERT INTO ${tables.records} (kind, id, body, kept_until)
        SELECT 'session', '${how}-' || n, '', ${until} FROM generate_series(1, ${many}) AS n`,
      );
    await add('ended', 1200, `to_timestamp(${NOW / 1000} - n)`);
    await add('young', 30, `to_timestamp(${NOW / 1000} + n)`);
    await add('kept', 20, 'NULL');
  });
  afterEach(() => closePool(pool));

  const names = async () => {
    const { rows } = await pool.query(
      `SELECT split_part(id, '-', 1) AS how, count(*)::int AS n FROM ${tables.records}
      WHERE kind <> 'marker' GROUP BY 1 ORDER BY 1`,
    );
    return Object.fromEntries(rows.map(({ how, n }) => [how, n]));
  };

  /** A process of its own; what each of its statements has removed. */
  function process() {
    const batches: number[] = [];
    const plain = postgresRun(pool, { timeout: 5000 });
    const run: Run = async (...all) => {
      const rows = await plain(...all);
      batches.push(rows.length);
      return rows;
    };
    return { batches, ...sweeper({ connection: { run }, tables, now: () => NOW }) };
  }

  it('removes what has ended and nothing else, in batches of 500', async () => {
    const { sweep, batches } = process();
    assert.equal(await sweep(), 1200);
    assert.deepEqual(batches, [500, 500, 200]);
    assert.deepEqual(await names(), { kept: 20, young: 30 });
    assert.equal(await sweep(), 0);
  });

  it('is done by one process at a time: who has no lock removes nothing, and waits for nobody', async () => {
    const holder = await pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `${tables.records} sweep`,
    ]);
    assert.equal(await process().sweep(), 0);
    assert.equal((await names()).ended, 1200);
    await holder.query('COMMIT');
    holder.release();
    const [one, other] = [process(), process()];
    const removed = await Promise.all([one.sweep(), other.sweep()]);
    assert.equal(removed[0] + removed[1] + (await process().sweep()), 1200);
  });

  it('waits for no record that somebody is changing, and takes it the next time', async () => {
    const holder = await pool.connect();
    await holder.query('BEGIN');
    await holder.query(`SELECT FROM ${tables.records} WHERE id = 'ended-7' FOR UPDATE`);
    assert.equal(await process().sweep(), 1199);
    await holder.query('COMMIT');
    holder.release();
    assert.equal(await process().sweep(), 1);
  });

  it('finds them by the index on their end, and never reads the table', async () => {
    await pool.query(`INSERT INTO ${tables.records} (kind, id, body)
      SELECT 'subject', 's-' || n, '' FROM generate_series(1, 20000) AS n`);
    await pool.query(`ANALYZE ${tables.records}`);
    const plans: string[] = [];
    const run: Run = async (text, values = []) => {
      const { rows } = await pool.query(`EXPLAIN ${text}`, [...values]);
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
      return [];
    };
    await sweeper({ connection: { run }, tables, now: () => NOW }).sweep();
    assert.match(plans[0] ?? '', /records_kept_until/);
    assert.doesNotMatch(plans[0] ?? '', /Seq Scan/);
  });
});
