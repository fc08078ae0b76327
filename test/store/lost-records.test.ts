import assert from 'node:assert/strict';
import { emptySubject } from '../../src/contracts.js';
import { sharedRedis, uniquePrefix } from '../support/redis.js';
import { recordsIn } from '../support/redis-records.js';
import { closeStores, coded, enroll, openClient, openStore } from '../support/redis-store.js';

const lost = coded('ERR_STORE_RECORD');
const LIMITS = { free: 5, waits: [1000], stop: 100 };
const TOTP = { method: 'totp', stoppable: true };

describe('a record that Redis has lost', () => {
  afterEach(closeStores);

  async function setUp() {
    const url = await sharedRedis();
    const prefix = uniquePrefix();
    const open = () => openStore(url, { prefix, initialize: true, allowEviction: true });
    const store = open();
    await store.ready();
    const client = (await openClient(url)).withTypeMapping({ 36: Buffer });
    return { store, open, client, ...recordsIn(client, prefix) };
  }
  type World = Awaited<ReturnType<typeof setUp>>;
  const setting = (value: Record<string, unknown> | null, expectedVersion: number | null) => ({
    ...{ value, expectedVersion, changedBy: 'admin' },
  });

  /** Every way in which one key can be lost, whose record of a subject or an organization it is. */
  const ways: Record<string, (world: World, kind: 'subject' | 'organization') => Promise<unknown>> =
    {
      'is deleted': ({ client, keyOf }, kind) => client.del(keyOf(kind, 'one')),
      'is empty': ({ put }, kind) => put(kind, 'one', Buffer.alloc(0)),
      'is nonsense': ({ put }, kind) => put(kind, 'one', Buffer.from('nonsense, and long enough')),
      'is another kind of value': async ({ client, keyOf }, kind) => {
        await client.del(keyOf(kind, 'one'));
        await client.hSet(keyOf(kind, 'one'), 'a', 'b');
      },
    };

  /** No process takes it for nothing, and none writes over it but to begin it anew. */
  async function assertLostSubject({ open, store }: World): Promise<void> {
    for (const one of [open(), store]) {
      await assert.rejects(async () => one.readSubject('one'), lost);
      for (const write of [
        () => one.reserveAttempt('one', LIMITS, TOTP),
        () => one.raiseEpoch('one'),
        () => one.unlock('one'),
        () => one.resumeEnrollment('one', 'x'),
        () => one.writeUserSetting('one', setting({}, null)),
        () => enroll(one, 'one'),
      ]) {
        await assert.rejects(write, lost);
      }
    }
  }

  for (const [how, lose] of Object.entries(ways)) {
    it(`of a subject, since it ${how}, is an error until it is reset, beyond every epoch it had`, async () => {
      const world = await setUp();
      const { store, open } = world;
      await enroll(store, 'one');
      for (let epoch = 1; epoch <= 5; epoch += 1) await store.raiseEpoch('one');
      await lose(world, 'subject');
      await assertLostSubject(world);
      const { epoch } = await store.reset('one');
      assert.ok(epoch > 5, `epoch ${epoch}`);
      const found = await open().readSubject('one');
      const { epochRoseAt } = found;
      assert.ok(epochRoseAt !== null && Math.abs(Date.now() - epochRoseAt) < 60_000);
      assert.deepEqual(found, { ...emptySubject, epoch, epochRoseAt, legacyDue: false });
      assert.deepEqual(await store.reset('one'), { epoch: epoch + 1 });
    });

    it(`of an organization, since it ${how}, is an error until the setting is saved over it`, async () => {
      const world = await setUp();
      const { store, open } = world;
      for (let n = 0; n < 3; n += 1) await store.writeSetting('one', setting({ n }, n));
      await lose(world, 'organization');
      for (const one of [open(), store]) {
        await assert.rejects(async () => one.readSetting('one'), lost);
        for (const expected of [0, 3]) {
          await assert.rejects(one.writeSetting('one', setting({}, expected)), lost);
        }
      }
      const saved = await store.writeSetting('one', setting({ mode: 'required' }, null));
      assert.ok(saved.kind === 'saved' && saved.version > 3, JSON.stringify(saved));
      assert.deepEqual((await open().readSetting('one'))?.value, { mode: 'required' });
    });
  }

  it('of a deleted subject is begun anew by deleting the subject, too', async () => {
    const world = await setUp();
    await enroll(world.store, 'one');
    await ways['is deleted']?.(world, 'subject');
    await world.store.deleteSubject('one');
    assert.equal((await world.open().readSubject('one')).epoch, 2);
  });

  it('is begun anew once, by whichever of many resets, and each of them raises the epoch', async () => {
    const world = await setUp();
    await enroll(world.store, 'one');
    await ways['is deleted']?.(world, 'subject');
    const other = world.open();
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? world.store : other).reset('one')),
    );
    assert.equal(new Set(all.map(({ epoch }) => epoch)).size, 20);
    assert.equal((await world.open().readSubject('one')).epoch, 21);
  });

  it('was brought back from before a reset, a removal, a setting or a code: is an error, not that record', async () => {
    const world = await setUp();
    const { store, bytes, put } = world;
    const code = { keyId: Buffer.alloc(4), bytes: Buffer.alloc(10, 7) };
    await enroll(store, 'one');
    await store.replaceRecoveryCodes('one', [code]);
    const changes: Record<string, () => Promise<unknown>> = {
      'a code': () => store.spendRecoveryCode('one', [code], 0),
      'a setting': () => store.writeUserSetting('one', setting({ mode: 'required' }, null)),
      'an activation key': () =>
        store.putActivationKey('one', { digest: code, lifetimeMs: 60_000 }),
      'the end of an activation key': () => store.revokeActivationKey('one'),
      'an epoch': () => store.raiseEpoch('one'),
      'a reset': () => store.reset('one'),
    };
    for (const [what, change] of Object.entries(changes)) {
      const before = (await bytes('subject', 'one')) ?? Buffer.alloc(0);
      await change();
      const after = (await bytes('subject', 'one')) ?? Buffer.alloc(0);
      await put('subject', 'one', before);
      await assert.rejects(async () => world.open().readSubject('one'), lost, what);
      await put('subject', 'one', after);
      await world.open().readSubject('one');
    }
    await store.writeSetting('one', setting({ mode: 'required' }, 0));
    const before = (await bytes('organization', 'one')) ?? Buffer.alloc(0);
    await store.writeSetting('one', setting({ mode: 'off' }, 1));
    await put('organization', 'one', before);
    await assert.rejects(async () => world.open().readSetting('one'), lost);
  });

  it('was removed as a setting, is told from one that never was', async () => {
    const world = await setUp();
    await world.store.writeSetting('one', setting({ mode: 'off' }, 0));
    await world.store.writeSetting('one', setting(null, 1));
    assert.equal(await world.open().readSetting('one'), null);
    await ways['is deleted']?.(world, 'organization');
    await assert.rejects(async () => world.open().readSetting('one'), lost);
    assert.equal(await world.open().readSetting('another'), null);
  });

  it('of a ledger leaves people as they are, and is put right by the next change', async () => {
    const world = await setUp();
    const { store, client, ledgerOf } = world;
    await enroll(store, 'one');
    const { key, field } = ledgerOf('subject', 'one');
    const entry = async () => String(await client.hGet(key, field));
    for (const damage of [
      () => client.del(key),
      () => client.hDel(key, field),
      () => client.hSet(key, field, '0'),
      () => client.hSet(key, field, 'u'),
    ]) {
      await damage();
      assert.equal((await world.open().readSubject('one')).enrollments.length, 1);
      await world.open().reserveAttempt('one', LIMITS, TOTP);
      await world.open().unlock('one');
      assert.equal(await entry(), '1');
    }
    await client.hSet(key, field, '9');
    await assertLostSubject(world);
    assert.equal((await store.reset('one')).epoch, 10);
    await client.del(key);
    await client.set(key, 'no hash');
    await assert.rejects(world.open().raiseEpoch('one'), lost);
    await client.del(key);
  });

  it('of attempts alone reads as nobody: there was nothing to lose', async () => {
    const world = await setUp();
    await world.store.reserveAttempt('one', LIMITS, TOTP);
    await ways['is deleted']?.(world, 'subject');
    assert.equal(await world.open().readSubject('one'), emptySubject);
  });

  it('of remembered devices only has their person asked again, and brings none back', async () => {
    const world = await setUp();
    const { store, bytes, put } = world;
    const device = { label: 'x', method: 'totp', epoch: 0, tenantId: 'acme', lifetimeMs: 60_000 };
    const use = (token: string) =>
      world.open().useDevice('one', { id: 'a', token, next: 'next', graceMs: 1000 });
    await store.putDevice('one', { ...device, id: 'a', token: 'one' });
    const before = (await bytes('devices', 'one')) ?? Buffer.alloc(0);
    await store.removeDevice('one', 'a');
    await put('devices', 'one', before);
    assert.deepEqual(await use('one'), { kind: 'unknown' });
    assert.deepEqual(await world.open().readDevices('one'), []);
    await put('devices', 'one', Buffer.from('nonsense'));
    assert.deepEqual(await world.open().readDevices('one'), []);
    await world.open().putDevice('one', { ...device, id: 'a', token: 'two' });
    assert.equal((await use('two')).kind, 'rotated');
  });

  it('of a session that cannot be read is no pass, and the session can still be ended', async () => {
    const world = await setUp();
    const { store, put } = world;
    const proof = { subjectId: 'one', epoch: 0, login: 'a', factors: [], lifetimeMs: 60_000 };
    await store.prove('digest', proof);
    await put('session', 'digest', Buffer.from('nonsense'));
    await assert.rejects(async () => world.open().readAssurance('digest'), lost);
    await assert.rejects(world.open().prove('digest', proof), lost);
    assert.equal(await world.open().end('digest', 60_000), true);
    assert.equal((await world.open().readAssurance('digest'))?.state, 'ended');
  });
});
