import assert from 'node:assert/strict';
import type pg from 'pg';
import { type PostgresStore, postgresStore } from 'sallyport/postgres';
import { keyring } from '../../src/crypto/keyring.js';
import { sealCredentials } from '../../src/methods/duo/credentials.js';
import { sealingContext } from '../../src/methods/sealing-context.js';
import { enrollUnder, newKey, sallyport, sealedOf } from '../support/cli.js';
import { closePool, openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';
import { coded } from '../support/redis-store.js';
import { UNHURRIED } from '../support/unhurried.js';

describe('npx sallyport --postgres', () => {
  const [oldKey, newest] = [newKey(), newKey()];
  const old = keyring([oldKey]);
  const env = { SALLYPORT_KEYS: `${newest},${oldKey}` };
  let url: string;
  let pool: pg.Pool;
  let prefix: string;
  let store: PostgresStore;

  before(async () => {
    url = await sharedPostgres();
    pool = openPool(url);
  });
  after(() => closePool(pool));
  beforeEach(() => {
    prefix = uniqueTables();
    store = postgresStore(pool, { ...UNHURRIED, prefix, initialize: false });
  });
  afterEach(() => store.close());

  const command = (name: string, ...rest: string[]) =>
    sallyport([name, ...rest, '--postgres', url, '--prefix', prefix], { env });
  const initialized = async () => {
    assert.equal((await command('init')).code, 0);
    await store.ready();
  };

  it('init makes the tables that a store accepts in production, as often as it is run', async () => {
    await assert.rejects(store.ready(), coded('ERR_STORE_NOT_INITIALIZED'));
    await initialized();
    await store.reset('user1');
    const { code, out } = await command('init');
    assert.equal(code, 0);
    assert.match(out, /^This Postgres is set up\./);
    assert.equal((await store.readSubject('user1')).epoch, 1);
  });

  it('init --print says what it would run, and runs nothing', async () => {
    const { code, out } = await command('init', '--print');
    assert.equal(code, 0);
    await assert.rejects(store.ready(), coded('ERR_STORE_NOT_INITIALIZED'));
    await pool.query(out);
    await store.ready();
    assert.equal((await sallyport(['init', '--print'])).code, 0, 'without any address');
  });

  it('doctor finds a sound store sound', async () => {
    await initialized();
    await enrollUnder(store, keyring([newest]), 'user1');
    const { out, code } = await command('doctor');
    assert.match(out, /^OK {4}postgres +version \d/m);
    assert.match(out, /^OK {4}clock +Postgres is \d+ ms/m);
    assert.match(out, /^OK {4}records/m);
    assert.match(out, /^OK {4}ledger/m);
    // That of the tests goes without fsync.
    assert.match(out, /^FAIL {2}durability +fsync/m);
    assert.equal(code, 1);
  });

  it('doctor names records that are gone, damaged, moved or older ones, of people and organizations', async () => {
    await initialized();
    for (const id of ['gone', 'damaged', 'older', 'sound', 'moved']) {
      await enrollUnder(store, keyring([newest]), id);
    }
    await store.writeSetting('acme', { value: {}, changedBy: 'admin-1', expectedVersion: 0 });
    const execute = (text: string, values: unknown[] = []) =>
      pool.query(text.replaceAll('$RECORDS', `${prefix}records`), values);
    const { rows } = await execute(
      `SELECT body FROM $RECORDS WHERE kind = 'subject' AND id = 'older'`,
    );
    await store.reset('older');
    await execute(`UPDATE $RECORDS SET body = $1 WHERE kind = 'subject' AND id = 'older'`, [
      rows[0].body,
    ]);
    await execute(`DELETE FROM $RECORDS WHERE kind = 'subject' AND id = 'gone'`);
    await execute(`DELETE FROM $RECORDS WHERE kind = 'organization' AND id = 'acme'`);
    await execute(
      `UPDATE $RECORDS SET body = set_byte(body, 20, get_byte(body, 20) # 1)
      WHERE kind = 'subject' AND id = 'damaged'`,
    );
    await execute(`UPDATE $RECORDS SET id = 'stranger' WHERE kind = 'subject' AND id = 'moved'`);
    const { out, code } = await command('doctor');
    assert.equal(code, 1);
    const ledger = out.split('\n').find((line) => /^FAIL {2}ledger/.test(line)) ?? '';
    for (const said of [
      'subject gone is gone',
      'subject damaged is damaged',
      'subject older is an older one',
      'subject stranger is damaged',
      'subject moved is gone',
      'organization acme is gone',
    ]) {
      assert.ok(ledger.includes(said), `${said}: ${ledger}`);
    }
    // And none of them is taken for somebody without a factor.
    const fresh = postgresStore(pool, { ...UNHURRIED, prefix, initialize: false });
    for (const id of ['gone', 'damaged', 'older', 'stranger', 'moved']) {
      await assert.rejects(async () => fresh.readSubject(id), coded('ERR_STORE_RECORD'), id);
    }
    await assert.rejects(async () => fresh.readSetting('acme'), coded('ERR_STORE_RECORD'));
    assert.equal((await fresh.readSubject('sound')).enrollments.length, 1);
    await fresh.close();
  });

  it('reseal seals everything again under the first key, secrets of people and keys for Duo', async () => {
    await initialized();
    const ids = [
      'user1',
      'user 2/{x}',
      'lone\ud800surrogate',
      ...Array.from({ length: 230 }, (_, n) => `user-${n}`),
    ];
    for (const id of ids) await enrollUnder(store, old, id, { codes: false });
    const keys = sealCredentials(old, 'acme', {
      ...{ clientId: 'DIABCDEFGHIJKLMNOPQR', clientSecret: 's'.repeat(40) },
      ...{ apiHost: 'api-12345678.duosecurity.com', version: 'v1' },
    });
    await store.writeSetting('acme', {
      ...{ value: { duo: { keys } }, changedBy: 'admin-1', expectedVersion: 0 },
    });
    const { out, code } = await command('reseal');
    assert.equal(code, 0, out);
    assert.match(out, new RegExp(`^Sealed again: ${ids.length + 1}\\. Current already: 0\\.`));
    const onlyNew = keyring([newest]);
    for (const id of ids.slice(0, 4)) {
      const [sealed] = (await sealedOf(store, id)).values();
      assert.ok(sealed && onlyNew.open(sealed, sealingContext('totp', id, 'phone')));
    }
    const again = await command('reseal');
    assert.match(
      again.out,
      new RegExp(`^Sealed again: 0\\. Current already: ${ids.length + 1}\\.`),
    );
  });

  it('reset removes somebody’s factors, and begins a lost record anew', async () => {
    await initialized();
    for (const id of ['user1', 'lost']) await enrollUnder(store, old, id);
    await pool.query(`DELETE FROM ${prefix}records WHERE kind = 'subject' AND id = 'lost'`);
    assert.match((await command('reset', 'acme', 'user1')).out, /user1: removed Authenticator app/);
    assert.match((await command('reset', 'acme', 'lost')).out, /lost: begun anew/);
    const fresh = postgresStore(pool, { ...UNHURRIED, prefix, initialize: false });
    assert.deepEqual((await fresh.readSubject('user1')).enrollments, []);
    assert.ok((await fresh.readSubject('lost')).epoch > 0);
    assert.equal((await fresh.readEvents('acme', { before: null, limit: 5 })).length, 2);
    await fresh.close();
  });

  it('refuses what is no address, two stores at once, and a schema for Redis', async () => {
    for (const args of [
      ['--postgres', 'mysql://localhost/x'],
      ['--postgres', url, '--redis', 'redis://localhost'],
      ['--redis', 'redis://localhost', '--schema', 'x'],
    ]) {
      const { code, err } = await sallyport(['init', ...args]);
      assert.equal(code, 2, err);
    }
  });
});
