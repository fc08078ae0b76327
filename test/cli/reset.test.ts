import assert from 'node:assert/strict';
import { keyring } from '../../src/crypto/keyring.js';
import { activationKeyDigests } from '../../src/methods/activation-key.js';
import type { RedisStore } from '../../src/store/redis/store.js';
import { enrollUnder, newKey, sallyport } from '../support/cli.js';
import { sharedRedis, uniquePrefix } from '../support/redis.js';
import { closeStores, openStore } from '../support/redis-store.js';

describe('npx sallyport reset', () => {
  const key = newKey();
  const keys = keyring([key]);
  let url: string;
  let prefix: string;
  let store: RedisStore;

  before(async () => {
    url = await sharedRedis();
  });
  beforeEach(async () => {
    prefix = uniquePrefix();
    store = openStore(url, { prefix, initialize: true, allowEviction: true });
    await store.ready();
  });
  afterEach(closeStores);

  const reset = (args: readonly string[], env: Record<string, string> = {}) =>
    sallyport(['reset', ...args, '--redis', url, '--prefix', prefix], { env });
  /** As the app reads it, which has nothing of it at hand. */
  const fresh = () => openStore(url, { prefix, initialize: false, allowEviction: true });

  it('removes the factors, says which, and voids what sessions have proven', async () => {
    await enrollUnder(store, keys, 'acme-admin');
    await enrollUnder(store, keys, 'user2');
    const limits = { free: 9, waits: [], stop: 99 };
    const attempt = { method: 'totp', stoppable: true };
    for (let n = 0; n < 3; n += 1) await store.reserveAttempt('acme-admin', limits, attempt);
    const before = await store.readSubject('acme-admin');

    const { code, out } = await reset(['acme', 'acme-admin']);
    assert.equal(code, 0);
    assert.match(
      out,
      /^acme-admin: removed Authenticator app \(totp\), 10 recovery codes, the count of 3 wrong answers\.$/m,
    );
    const after = await fresh().readSubject('acme-admin');
    assert.deepEqual(after.enrollments, []);
    assert.deepEqual([after.recoveryCodesLeft, after.failures], [null, 0]);
    assert.equal(after.epoch, before.epoch + 1);
    assert.equal((await fresh().readSubject('user2')).enrollments.length, 1);
  });

  it('leaves an event in the trail of the tenant, by the actor cli', async () => {
    await enrollUnder(store, keys, 'acme-admin');
    await reset(['acme', 'acme-admin']);
    const [event, ...more] = await store.readEvents('acme', { before: null, limit: 10 });
    assert.deepEqual(more, []);
    assert.equal(event?.type, 'enrollment.reset');
    assert.equal(event?.actorId, 'cli');
    assert.deepEqual([event?.subjectId, event?.tenantId], ['acme-admin', 'acme']);
  });

  it('refuses a subject that it does not know, such as a label, and changes nothing', async () => {
    await enrollUnder(store, keys, 'acme-admin');
    for (const unknown of ['admin@acme.example', 'Acme-admin', '']) {
      const { code, out, err } = await reset(['acme', unknown]);
      assert.equal(code, 1);
      assert.match(err, /^sallyport: there is no subject /);
      assert.equal(out, '');
    }
    assert.equal((await fresh().readSubject('acme-admin')).enrollments.length, 1);
    assert.deepEqual(await store.readEvents('acme', { before: null, limit: 10 }), []);
  });

  it('can be done again', async () => {
    await enrollUnder(store, keys, 'acme-admin');
    await reset(['acme', 'acme-admin']);
    const { code, out } = await reset(['acme', 'acme-admin']);
    assert.equal(code, 0);
    assert.match(out, /removed nothing, there were no factors/);
  });

  it('keeps the user’s setting', async () => {
    const value = { mode: 'required' };
    await enrollUnder(store, keys, 'acme-admin');
    await store.writeUserSetting('acme-admin', { value, changedBy: 'x', expectedVersion: null });
    await reset(['acme', 'acme-admin']);
    assert.deepEqual((await fresh().readSubject('acme-admin')).setting?.value, value);
  });

  it('notes a tenant of which there is no trace, since the event goes there', async () => {
    await enrollUnder(store, keys, 'acme-admin');
    await store.writeSetting('acme', {
      ...{ value: { mode: 'required' }, changedBy: 'x', expectedVersion: null },
    });
    assert.equal((await reset(['acme', 'acme-admin'])).err, '');
    assert.match((await reset(['amce', 'acme-admin'])).err, /amce has no setting and no event/);
  });

  it('prints a new activation key when it is asked for one, and only then', async () => {
    await enrollUnder(store, keys, 'acme-admin');
    const asked = await reset(['acme', 'acme-admin', '--activation-key'], { SALLYPORT_KEYS: key });
    assert.equal(asked.code, 0);
    const typed = /Activation key.*: (\S+)$/m.exec(asked.out)?.[1];
    const reservation = await store.reserveAttempt(
      'acme-admin',
      { free: 9, waits: [], stop: 99 },
      { method: 'activation-key', stoppable: true },
    );
    assert.equal(reservation.kind, 'reserved');
    const [digest] = activationKeyDigests(keys, { id: 'acme-admin' }, typed) ?? [];
    assert.ok(reservation.kind === 'reserved' && reservation.activationKey && digest);
    assert.deepEqual([...reservation.activationKey.bytes], [...digest.bytes]);
    const types = (await store.readEvents('acme', { before: null, limit: 10 })).map(
      (one) => one.type,
    );
    assert.deepEqual(types, ['activation-key.issued', 'enrollment.reset']);

    assert.doesNotMatch((await reset(['acme', 'acme-admin'])).out, /Activation key/);
    assert.equal((await reset(['acme', 'acme-admin', '--activation-key'])).code, 2);
  });

  it('stops at a store that is not set up', async () => {
    prefix = 'nobodys:';
    const { code, err } = await reset(['acme', 'acme-admin']);
    assert.equal(code, 1);
    assert.match(err, /ERR_STORE_NOT_INITIALIZED/);
  });
});
