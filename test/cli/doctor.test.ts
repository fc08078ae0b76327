import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duoKeys, duoSimulator } from 'sallyport/testing';
import { keyIds, keyring } from '../../src/crypto/keyring.js';
import { sealCredentials } from '../../src/methods/duo/credentials.js';
import { sealCredentials as sealYubikeyCredentials } from '../../src/methods/yubikey-otp/credentials.js';
import type { RedisStore } from '../../src/store/redis/store.js';
import {
  beginUnder,
  type CliOptions,
  enrollUnder,
  newKey,
  sallyport,
  sealedOf,
} from '../support/cli.js';
import { type RedisServer, startRedis, uniquePrefix } from '../support/redis.js';
import { recordsIn } from '../support/redis-records.js';
import { closeStores, openClient, openStore } from '../support/redis-store.js';
import { CLIENT, OWN_HOSTS, serverAt, startYubico } from '../support/yubikey.js';

describe('npx sallyport doctor', function () {
  this.timeout(30_000);
  const [oldKey, newest, unknown] = [newKey(), newKey(), newKey()];
  const [newestId = '', oldId = '', unknownId = ''] = keyIds([newest, oldKey, unknown]);
  const old = keyring([oldKey]);
  const rotated = keyring([newest, oldKey]);

  let redis: RedisServer;
  let prefix: string;
  let store: RedisStore;

  before(async () => {
    redis = await startRedis({ persist: true });
  });
  after(() => redis.stop());
  beforeEach(async () => {
    prefix = uniquePrefix();
    store = openStore(redis.url, { prefix, initialize: true });
    await store.ready();
  });
  afterEach(closeStores);

  const doctor = (options: CliOptions = {}, args: readonly string[] = []) =>
    sallyport(['doctor', '--redis', redis.url, '--prefix', prefix, ...args], {
      ...options,
      env: { SALLYPORT_KEYS: `${newest},${oldKey}`, ...options.env },
    });
  const lineFor = (out: string, about: string) =>
    out.split('\n').filter((line) => line.slice(6).startsWith(`${about} `));

  it('finds a sound installation sound, and exits with 0', async () => {
    await enrollUnder(store, rotated, 'user1');
    const { code, out, err } = await doctor();
    assert.equal(code, 0, `${out}${err}`);
    for (const about of [
      'views',
      'redis',
      'eviction',
      'persistence',
      'clock',
      'store',
      'records',
      'ledger',
    ]) {
      assert.match(lineFor(out, about).join('\n'), /^OK /, about);
    }
    assert.deepEqual(lineFor(out, 'keys'), [
      `OK    keys         key ${newestId} (the first) holds 1 sealed secret, 10 recovery codes`,
      `OK    keys         key ${oldId} (older) holds nothing: it can go, unless it is new and is to be put first`,
    ]);
  });

  it('counts what an older key still holds, and says what to do about it', async () => {
    await enrollUnder(store, old, 'user1');
    await enrollUnder(store, old, 'user2', { codes: false });
    await beginUnder(store, old, 'user3');
    await enrollUnder(store, rotated, 'user4', { codes: false });
    const { code, out } = await doctor();
    assert.equal(code, 0);
    assert.ok(
      out.includes(
        `WARN  keys         key ${oldId} (older) holds 3 sealed secrets, 10 recovery codes: run npx sallyport reseal`,
      ),
      out,
    );
    const env = { SALLYPORT_KEYS: `${newest},${oldKey}` };
    await sallyport(['reseal', '--redis', redis.url, '--prefix', prefix], { env });
    assert.match((await doctor()).out, /holds 10 recovery codes: keep it until/);
  });

  it('finds FIDO metadata that a door would refuse', async () => {
    const { code, out } = await doctor({}, ['--fido-metadata', 'package.json']);
    assert.equal(code, 1);
    assert.match(lineFor(out, 'metadata').join(), /^FAIL .* got 'package\.json': it is not three/);
  });

  it('finds a key that is missing, and exits with 1', async () => {
    await enrollUnder(store, keyring([unknown]), 'user1');
    const { code, out, err } = await doctor();
    assert.equal(code, 1);
    assert.match(
      out,
      new RegExp(`FAIL  keys .*key ${unknownId} is not among .* 1 sealed secret, 10 recovery`),
    );
    assert.match(out, /whoever depends on it gets a 503$/m);
    assert.match(err, /1 thing has to be put right/);
  });

  it('says of a missing key that holds codes alone what its owners see', async () => {
    await enrollUnder(store, keyring([unknown]), 'user1');
    await sallyport(['reseal', '--redis', redis.url, '--prefix', prefix], {
      env: { SALLYPORT_KEYS: `${newest},${unknown}` },
    });
    const { code, out } = await doctor();
    assert.equal(code, 1);
    assert.match(out, /FAIL {2}keys .* holds 10 recovery codes: put it back .*refused as wrong$/m);
    assert.doesNotMatch(out, /503/);
  });

  it('finds a secret that was moved to somebody else, or altered', async () => {
    await enrollUnder(store, rotated, 'user1');
    await enrollUnder(store, rotated, 'user2');
    const client = (await openClient(redis.url)).withTypeMapping({ 36: Buffer });
    const [sealed] = (await sealedOf(store, 'user1')).values();
    const put = (subject: string, bytes: Uint8Array) =>
      recordsIn(client, prefix).alter('subject', subject, ({ enrollments }) => ({
        enrollments: enrollments.map((one) => ({ ...one, sealed: bytes })),
      }));
    await put('user2', sealed ?? Buffer.alloc(0));
    const first = await doctor();
    assert.equal(first.code, 1);
    assert.deepEqual(lineFor(first.out, 'records'), [
      'FAIL  records      altered, or belong to another: totp of subject user2',
    ]);
    const flipped = Buffer.from(sealed ?? []);
    flipped[25] = (flipped[25] ?? 0) ^ 1;
    await put('user1', flipped);
    assert.match((await doctor()).out, /totp of subject user1; totp|totp of subject user2; totp/);
  });

  it('finds records that are damaged, gone or older ones, and says whose where it can be told', async () => {
    for (const who of ['user1', 'user2', 'user3', 'sound']) await enrollUnder(store, rotated, who);
    const change = { value: { mode: 'off' }, changedBy: 'admin', expectedVersion: null };
    for (const id of ['acme', 'globex']) await store.writeSetting(id, change);
    const client = (await openClient(redis.url)).withTypeMapping({ 36: Buffer });
    const records = recordsIn(client, prefix);
    const older = (await records.bytes('subject', 'user2')) ?? Buffer.alloc(0);
    await store.raiseEpoch('user2');
    await records.put('subject', 'user2', older);
    await records.put('subject', 'user1', Buffer.from('damaged'));
    await client.del([records.keyOf('subject', 'user3'), records.keyOf('organization', 'acme')]);
    const { code, out } = await doctor();
    assert.equal(code, 1);
    const [line = ''] = lineFor(out, 'ledger');
    assert.match(line, /^FAIL/);
    for (const said of [
      'The record of subject user1 is damaged',
      'The record of subject user2 is an older one',
      'The record of organization acme is gone',
      '1 record of subjects that cannot be named is gone',
    ]) {
      assert.ok(line.includes(said), `${said}: ${line}`);
    }
    assert.doesNotMatch(out, /sound|globex/);
  });

  it('finds a store that is not set up, or was emptied', async () => {
    prefix = 'nobodys:';
    const { code, out } = await doctor();
    assert.equal(code, 1);
    assert.match(out, /^FAIL {2}store .*npx sallyport init/m);
  });

  it('warns when it has no keys, and counts all the same', async () => {
    await enrollUnder(store, old, 'user1');
    const { code, out } = await doctor({ env: { SALLYPORT_KEYS: '' } });
    assert.equal(code, 0);
    assert.match(out, /^WARN {2}keys .*SALLYPORT_KEYS is not set/m);
    assert.match(out, new RegExp(`key ${oldId} holds 1 sealed secret`));
  });

  for (const [offset, level] of [
    [1000, 'OK'],
    [-10_000, 'WARN'],
    [3_600_000, 'FAIL'],
  ] as const) {
    it(`says ${level} of a clock that is ${offset} ms off`, async () => {
      const { out } = await doctor({ now: () => Date.now() + offset });
      const [line = ''] = lineFor(out, 'clock');
      assert.ok(line.startsWith(level), line);
      const size = Number(/is (\d+) ms/.exec(line)?.[1]);
      assert.ok(Math.abs(size - Math.abs(offset)) < 900, line);
      assert.match(line, offset > 0 ? /behind/ : /ahead/);
    });
  }

  it('finds what a careless Redis is set to', async () => {
    const client = await openClient(redis.url);
    await client.configSet('maxmemory-policy', 'allkeys-lru');
    await client.configSet('appendonly', 'no');
    try {
      const none = await doctor();
      assert.equal(none.code, 1);
      assert.match(none.out, /^FAIL {2}eviction .*allkeys-lru/m);
      assert.match(none.out, /^FAIL {2}persistence .*none: a restart loses every enrollment/m);
      await client.configSet('save', '3600 1');
      assert.match((await doctor()).out, /^WARN {2}persistence .*snapshots only/m);
    } finally {
      await client.configSet('save', '');
      await client.configSet('appendonly', 'yes');
      await client.configSet('maxmemory-policy', 'noeviction');
    }
  });

  it('says what it may not look at, and goes on', async () => {
    const client = await openClient(redis.url);
    await client.sendCommand([
      ...['ACL', 'SETUSER', 'careful', 'on', '>hunter2', '~*', '+@all', '-info', '-config'],
    ]);
    const url = redis.url.replace('redis://', 'redis://careful:hunter2@');
    const { out } = await sallyport(['doctor', '--redis', url, '--prefix', prefix]);
    assert.match(out, /^WARN {2}redis .*may not run INFO/m);
    assert.match(out, /^OK {4}clock/m);
    assert.doesNotMatch(out, /hunter2/);
  });

  it('compiles the views of the host as well', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-views-'));
    try {
      await writeFile(join(folder, 'message.ejs'), '<% if (');
      const { code, out } = await doctor({}, ['--views', folder]);
      assert.equal(code, 1);
      assert.match(out, /^FAIL {2}views .*message\.ejs/m);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('asks Duo with each organization’s own keys', async () => {
    const app = duoKeys();
    const duo = await duoSimulator({ apps: [app], users: {}, now: Date.now });
    try {
      const save = (organizationId: string, clientSecret: string) =>
        store.writeSetting(organizationId, {
          ...{ changedBy: 'admin', expectedVersion: null },
          value: {
            mode: 'required',
            duo: {
              keys: sealCredentials(rotated, organizationId, {
                ...{ clientId: app.clientId, clientSecret },
                ...{ apiHost: duo.apiHost, version: organizationId },
              }),
            },
          },
        });
      await save('acme', app.clientSecret);
      await save('globex', 'w'.repeat(40));
      const { code, out } = await doctor({ httpsAgent: duo.agent });
      assert.equal(code, 1);
      assert.match(out, /^OK {4}duo +acme: .* accepts the keys/m);
      assert.match(out, /^FAIL {2}duo +globex: .*refused/m);
      assert.match(out, /keys .*holds 2 Duo keys/);
      assert.ok(!out.includes(app.clientSecret));

      duo.set({ endpoint: 'healthCheck', fault: '503' });
      assert.match(
        (await doctor({ httpsAgent: duo.agent })).out,
        /^WARN {2}duo +acme: .*status 5/m,
      );
    } finally {
      await duo.close();
    }
  });

  it('asks validation servers of YubiKeys with each organization’s own credentials', async () => {
    const yubico = await startYubico(Date.now);
    try {
      const save = (id: string, clientSecret: string, servers: readonly string[] = []) => {
        const credentials = { clientId: CLIENT.clientId, clientSecret, servers, version: id };
        const sealed = sealYubikeyCredentials(rotated, id, credentials);
        const setting = { credentials: sealed, lendToClients: false };
        const value = { mode: 'required', 'yubikey-otp': setting };
        return store.writeSetting(id, { value, changedBy: 'admin', expectedVersion: null });
      };
      await save('acme', CLIENT.clientSecret);
      await save('globex', Buffer.alloc(20, 9).toString('base64'));
      await save('initech', CLIENT.clientSecret, [serverAt(OWN_HOSTS[0])]);
      yubico.set({ fault: '500', host: OWN_HOSTS[0] });
      const { code, out } = await doctor({ httpsAgent: yubico.agent });
      assert.equal(code, 1);
      assert.match(out, /^OK {4}yubikey-otp +acme: api\.yubico\.com answers and takes the secret/m);
      assert.match(out, /^FAIL {2}yubikey-otp +globex: .*BAD_SIGNATURE/m);
      assert.match(out, /^WARN {2}yubikey-otp +initech: .*status 500/m);
      assert.match(out, /keys .*holds 3 YubiKey secrets/);
      assert.ok(!out.includes(CLIENT.clientSecret));
      // Moved to another organization, it opens no longer.
      const stolen = (await store.readSetting('acme'))?.value ?? {};
      const change = { value: stolen, changedBy: 'thief', expectedVersion: null };
      await store.writeSetting('umbrella', change);
      const moved = await doctor({ httpsAgent: yubico.agent });
      assert.match(moved.out, /umbrella/);
      assert.doesNotMatch(moved.out, /yubikey-otp +umbrella: .*answers/);
    } finally {
      await yubico.close();
    }
  });

  it('prints no key', async () => {
    await enrollUnder(store, old, 'user1');
    const { out, err } = await doctor();
    for (const key of [newest, oldKey]) assert.ok(!`${out}${err}`.includes(key));
  });
});

describe('npx sallyport doctor, where Redis does not answer', function () {
  this.timeout(30_000);
  afterEach(closeStores);

  it('says so of one that is not there, still looks at the views, and exits with 1', async () => {
    const { code, out } = await sallyport(['doctor', '--redis', 'redis://127.0.0.1:1']);
    assert.equal(code, 1);
    assert.match(out, /^OK {4}views/m);
    assert.match(out, /^FAIL {2}redis .*cannot be reached/m);
  });

  it('says so of one that hangs, in time', async () => {
    const redis = await startRedis();
    try {
      redis.pause();
      const { code, out } = await sallyport(['doctor', '--redis', redis.url]);
      assert.equal(code, 1);
      assert.match(out, /^FAIL {2}redis .*does not answer/m);
    } finally {
      redis.resume();
      await redis.stop();
    }
  });

  it('is told which Redis, or exits with 2', async () => {
    assert.equal((await sallyport(['doctor'])).code, 2);
  });
});
