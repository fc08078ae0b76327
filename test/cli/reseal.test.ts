import assert from 'node:assert/strict';
import { keyIds, keyring } from '../../src/crypto/keyring.js';
import { openCredentials, sealCredentials } from '../../src/methods/duo/credentials.js';
import { recoveryCodeDigests } from '../../src/methods/recovery-code/codes.js';
import { sealingContext } from '../../src/methods/sealing-context.js';
import * as yubikey from '../../src/methods/yubikey-otp/credentials.js';
import type { RedisStore } from '../../src/store/redis/store.js';
import { beginUnder, enrollUnder, newKey, sallyport, sealedOf } from '../support/cli.js';
import { sharedRedis, uniquePrefix } from '../support/redis.js';
import { recordsIn } from '../support/redis-records.js';
import { closeStores, openClient, openStore } from '../support/redis-store.js';

describe('npx sallyport reseal', () => {
  const [oldKey, newest, unknown] = [newKey(), newKey(), newKey()];
  const old = keyring([oldKey]);
  const onlyNew = keyring([newest]);
  const [oldId = '', unknownId = ''] = keyIds([oldKey, unknown]);

  let url: string;
  let prefix: string;
  let store: RedisStore;

  before(async () => {
    url = await sharedRedis();
  });
  beforeEach(async () => {
    // With what is special in a pattern of SCAN: a prefix is taken as it is.
    prefix = `${uniquePrefix()}[*]?:`;
    store = openStore(url, { prefix, initialize: true, allowEviction: true });
    await store.ready();
  });
  afterEach(closeStores);

  const reseal = (keys = `${newest},${oldKey}`) =>
    sallyport(['reseal', '--redis', url, '--prefix', prefix], { env: { SALLYPORT_KEYS: keys } });

  it('seals every secret again under the first key, and the old key then opens none', async () => {
    const ids = ['user1', 'user 2/{x}', 'usér3', 'lone\ud800surrogate', ...named(40)];
    const secrets = new Map<string, Buffer>();
    for (const id of ids) secrets.set(id, (await enrollUnder(store, old, id)).secret);

    const { code, out } = await reseal();
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Sealed again: ${ids.length}\\. Current already: 0\\.`));
    for (const id of ids) {
      const [sealed] = (await sealedOf(store, id)).values();
      assert.ok(sealed);
      assert.deepEqual(onlyNew.open(sealed, sealingContext('totp', id, 'phone')), secrets.get(id));
      assert.throws(() => old.open(sealed, sealingContext('totp', id, 'phone')), {
        code: 'ERR_SEALED',
      });
    }
  });

  it('can be run again, and then has nothing to do', async () => {
    for (const id of named(5)) await enrollUnder(store, old, id, { codes: false });
    await reseal();
    const before = await sealedOf(store, 'user-0');
    const { code, out } = await reseal();
    assert.equal(code, 0);
    assert.match(out, /^Sealed again: 0\. Current already: 5\./);
    assert.match(out, new RegExp(`Key ${oldId} holds nothing any more`));
    assert.deepEqual(await sealedOf(store, 'user-0'), before);
  });

  it('run twice at once seals everything once', async () => {
    for (const id of named(30)) await enrollUnder(store, old, id);
    const both = await Promise.all([reseal(), reseal()]);
    assert.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
    );
    const times = both.map(({ out }) => Number(/Sealed again: (\d+)/.exec(out)?.[1]));
    assert.equal(
      times.reduce((sum, one) => sum + one),
      30,
    );
  });

  it('keeps the step, so that a code that was used stays used', async () => {
    await enrollUnder(store, old, 'user1');
    await reseal();
    const again = await store.commitAttempt('user1', {
      enrollmentId: 'phone',
      step: 1000,
      epoch: 0,
    });
    assert.equal(again.kind, 'replayed');
  });

  it('renews what is pending, and a second authenticator', async () => {
    await enrollUnder(store, old, 'user1');
    await beginUnder(store, old, 'user1', { id: 'next' });
    const { out } = await reseal();
    assert.match(out, /^Sealed again: 2\./);
    const pending = await store.resumeEnrollment('user1', 'y'.repeat(43));
    assert.ok(pending && onlyNew.isCurrent(pending.sealed));
  });

  it('renews the secret keys of Duo, and nothing that readers of the setting see', async () => {
    const credentials = {
      clientId: 'DI'.padEnd(20, 'X'),
      clientSecret: 's'.repeat(40),
      apiHost: 'api-5150cafe.duosecurity.com',
      version: 'v1',
    };
    const keys = sealCredentials(old, 'acme', credentials);
    const duo = { keys, whenUnavailable: 'deny', lendToClients: false };
    const value = { mode: 'required', duo, note: 'ü'.repeat(70) };
    await store.writeSetting('acme', { value, changedBy: 'admin', expectedVersion: null });
    await store.writeSetting('globex', {
      ...{ value: { mode: 'off' }, changedBy: 'admin', expectedVersion: null },
    });
    const before = await store.readSetting('acme');

    const { code, out, err } = await reseal();
    assert.equal(code, 0, err);
    assert.match(out, /^Sealed again: 1\./);
    // As another process reads it, which has nothing at hand.
    const other = openStore(url, { prefix, initialize: false, allowEviction: true });
    const after = await other.readSetting('acme');
    assert.ok(after);
    const stored = (after.value as typeof value).duo.keys;
    assert.deepEqual(openCredentials(onlyNew, 'acme', stored), credentials);
    assert.deepEqual(
      { ...after, value: { ...after.value, duo: { ...duo, keys } } },
      { ...before, value },
    );
  });

  it('renews the secret keys of YubiKeys as well', async () => {
    const secret = Buffer.alloc(20, 7).toString('base64');
    const known = { clientId: '4711', clientSecret: secret, servers: [], version: 'v1' };
    const credentials = yubikey.sealCredentials(old, 'acme', known);
    const setting = { credentials, lendToClients: true };
    const value = { mode: 'required', 'yubikey-otp': setting };
    await store.writeSetting('acme', { value, changedBy: 'admin', expectedVersion: null });
    const { code, out, err } = await reseal();
    assert.equal(code, 0, err);
    assert.match(out, /^Sealed again: 1\./);
    const other = openStore(url, { prefix, initialize: false, allowEviction: true });
    const stored = (await other.readSetting('acme'))?.value as typeof value;
    const { credentials: renewed, ...rest } = stored['yubikey-otp'];
    assert.deepEqual(rest, { lendToClients: true });
    assert.deepEqual(
      yubikey.openCredentials(onlyNew, 'acme', renewed, () => false),
      known,
    );
  });

  it('says what an old key still holds: digests of codes, which go as they are spent', async () => {
    const { recoveryCodes } = await enrollUnder(store, old, 'user1');
    const spent = recoveryCodeDigests(old, { id: 'user1' }, recoveryCodes[0]);
    await store.spendRecoveryCode('user1', spent ?? [], 0);
    await store.putActivationKey('user2', {
      digest: old.digest('A', 'x'),
      lifetimeMs: 600_000,
    });
    const { code, out } = await reseal();
    assert.equal(code, 0);
    assert.match(out, new RegExp(`Key ${oldId} still holds 9 recovery codes, 1 activation key`));
  });

  it('leaves alone what it cannot open, names it, goes on, and exits with 1', async () => {
    await enrollUnder(store, keyring([unknown]), 'lost', { codes: false });
    await enrollUnder(store, old, 'user1', { codes: false });
    await enrollUnder(store, old, 'moved', { codes: false });
    const client = (await openClient(url)).withTypeMapping({ 36: Buffer });
    const records = recordsIn(client, prefix);
    const theirs = (await records.read('subject', 'user1')).enrollments[0]?.sealed;
    assert.ok(theirs, 'the record is where this test looks for it');
    await records.put('subject', 'broken', Buffer.from('nothing of ours'));
    await records.alter('subject', 'moved', ({ enrollments }) => ({
      enrollments: enrollments.map((one) => ({ ...one, sealed: theirs })),
    }));
    const lost = await sealedOf(store, 'lost');

    const { code, out, err } = await reseal();
    assert.equal(code, 1);
    assert.match(out, /^Sealed again: 1\. .* Could not be opened: 3\.$/m);
    assert.match(err, new RegExp(`^subject lost, totp: sealed with key ${unknownId}`, 'm'));
    assert.match(err, /^subject moved, totp: .*altered/m);
    assert.match(err, /^subject broken: .*is damaged/m);
    assert.match(out, new RegExp(`Key ${unknownId}, which is not among .* 1 sealed secret`));
    assert.deepEqual(await sealedOf(store, 'lost'), lost);
  });

  it('touches nothing under another prefix', async () => {
    const prefixOfOthers = `${prefix}other:`;
    const others = openStore(url, {
      prefix: prefixOfOthers,
      initialize: true,
      allowEviction: true,
    });
    await others.ready();
    await enrollUnder(others, old, 'user1');
    const before = await sealedOf(others, 'user1');
    const { out } = await reseal();
    assert.match(out, /^Sealed again: 0\./);
    assert.deepEqual(await sealedOf(others, 'user1'), before);
  });

  it('needs the keys, prints none, and stops at a store that is not set up', async () => {
    const none = await sallyport(['reseal', '--redis', url, '--prefix', prefix]);
    assert.equal(none.code, 2);
    assert.match(none.err, /SALLYPORT_KEYS/);
    const wrong = await reseal(`${newest},hunter2`);
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /ERR_KEYS: keys\[1\] must decode to 32 bytes/);
    const empty = await sallyport(['reseal', '--redis', url, '--prefix', 'nobody:'], {
      env: { SALLYPORT_KEY: newest },
    });
    assert.equal(empty.code, 1);
    assert.match(empty.err, /ERR_STORE_NOT_INITIALIZED/);
    const done = await reseal();
    for (const { out, err } of [none, wrong, empty, done]) {
      for (const secret of [oldKey, newest, 'hunter2']) assert.ok(!`${out}${err}`.includes(secret));
    }
  });
});

function named(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `user-${n}`);
}
