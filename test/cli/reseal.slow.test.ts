import assert from 'node:assert/strict';
import { keyIds, keyring } from '../../src/crypto/keyring.js';
import { openCredentials, sealCredentials } from '../../src/methods/duo/credentials.js';
import { sealingContext } from '../../src/methods/sealing-context.js';
import type { RedisStore } from '../../src/store/redis/store.js';
import { enrollUnder, newKey, sallyport, sealedOf, startSallyport } from '../support/cli.js';
import { type SlowWay, startProxy } from '../support/proxy.js';
import { eventually, type RedisServer, startRedis } from '../support/redis.js';
import { recordsIn } from '../support/redis-records.js';
import { closeStores, openClient, openStore } from '../support/redis-store.js';

describe('npx sallyport reseal, killed halfway', function () {
  this.timeout(40_000);
  const [oldKey, newest] = [newKey(), newKey()];
  const [old, onlyNew, both] = [keyring([oldKey]), keyring([newest]), keyring([newest, oldKey])];
  // More than it works on at once.
  const people = Array.from({ length: 600 }, (_, n) => `user-${n}`);
  const DUO = {
    ...{ clientId: 'DI'.padEnd(20, 'X'), clientSecret: 's'.repeat(40), version: '1' },
    apiHost: 'api-5150cafe.duosecurity.com',
  };
  const env = { SALLYPORT_KEYS: `${newest},${oldKey}` };
  let server: RedisServer;
  let url: string;
  let store: RedisStore;
  let proxied: SlowWay;

  before(async () => {
    server = await startRedis();
    url = server.url;
    proxied = await startProxy(server.port);
    store = openStore(url, { initialize: true });
    await store.ready();
  });
  after(async () => {
    await closeStores();
    await proxied.stop();
    await server.stop();
  });

  it('leaves each secret under one of the keys with its step, and the next run does the rest', async () => {
    const secrets = new Map<string, Buffer>();
    for (const id of people) {
      secrets.set(id, (await enrollUnder(store, old, id, { codes: false })).secret);
    }
    const duo = { keys: sealCredentials(old, 'acme', DUO) };
    const setting = { value: { mode: 'off', duo }, changedBy: 'admin', expectedVersion: null };
    await store.writeSetting('acme', setting);

    const client = await openClient(url);
    const binary = client.withTypeMapping({ 36: Buffer });
    const resealed = async () => {
      const records = await Promise.all(people.map((id) => recordsIn(binary).read('subject', id)));
      const sealed = records.map(({ enrollments }) => enrollments[0]?.sealed);
      return sealed.filter((one) => one && onlyNew.isCurrent(one)).length;
    };
    const connections = async () =>
      Number(/^connected_clients:(\d+)/m.exec(await client.info())?.[1]);
    const connected = await connections();
    const run = startSallyport(['reseal', '--redis', proxied.url], { env });
    // Not at the first write: the store tries out its commands before.
    proxied.holdWhen(async () => (await resealed()) > 0 && run.kill());
    const { signal, err: complaint } = await run.ended;
    assert.equal(signal, 'SIGKILL', complaint);
    // What it had sent is done by then.
    await eventually(async () => (await connections()) === connected);
    const done = await resealed();
    assert.ok(done > 0 && done < people.length, `${done} were sealed again`);

    const assertWhole = async (keys: typeof both) => {
      for (const [id, secret] of secrets) {
        const [sealed = Buffer.alloc(0)] = (await sealedOf(store, id)).values();
        assert.deepEqual(keys.open(sealed, sealingContext('totp', id, 'phone')), secret);
        const again = await store.commitAttempt(id, {
          enrollmentId: 'phone',
          step: 1000,
          epoch: 0,
        });
        assert.equal(again.kind, 'replayed', id);
      }
    };
    await assertWhole(both);

    const { code, out, err } = await sallyport(['reseal', '--redis', url], { env });
    assert.equal(code, 0, err);
    const [first] = out.split('\n');
    assert.equal(
      first,
      `Sealed again: ${people.length - done + 1}. Current already: ${done}. ` +
        'Changed meanwhile: 0. Could not be opened: 0.',
    );
    assert.match(out, new RegExp(`Key ${keyIds([oldKey])[0]} holds nothing any more`));
    await assertWhole(onlyNew);
    const other = openStore(url);
    const stored = (await other.readSetting('acme'))?.value as typeof setting.value;
    assert.deepEqual(openCredentials(onlyNew, 'acme', stored.duo.keys), DUO);
  });
});
