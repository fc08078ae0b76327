import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { redisStore } from 'sallyport/redis';
import { sallyport, startSallyport } from '../support/cli.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { redisClient } from '../support/redis-client.js';
import { UNHURRIED } from '../support/unhurried.js';

describe('npx sallyport', () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis();
  });
  after(() => redis.stop());

  it('says what it can do', async () => {
    const { code, out } = await sallyport(['help']);
    assert.equal(code, 0);
    for (const name of [
      'init',
      'keygen',
      'doctor',
      'reseal',
      'reset TENANT USER',
      'duo-simulator',
    ]) {
      assert.match(out, new RegExp(`^  ${name}  `, 'm'));
    }
  });

  it('exits with 2 for a command it does not have, an argument too many, an unknown option', async () => {
    for (const args of [
      ['bogus'],
      ['toString'],
      ['init', 'x'],
      ['reset', 'acme'],
      ['--frobnicate'],
      [],
    ]) {
      assert.equal((await sallyport(args)).code, 2, args.join(' '));
    }
  });

  it('keygen prints one key that the keyring takes, and another one the next time', async () => {
    const first = await sallyport(['keygen']);
    const second = await sallyport(['keygen']);
    assert.equal(Buffer.from(first.out, 'base64').length, 32);
    assert.notEqual(first.out, second.out);
  });

  it('init sets up a Redis that the store then accepts in production', async () => {
    const prefix = 'cli-init:';
    const fresh = () =>
      redisStore(redisClient({ url: redis.url }), { ...UNHURRIED, prefix, initialize: false });
    const before = fresh();
    await assert.rejects(before.ready(), { code: 'ERR_STORE_NOT_INITIALIZED' });
    await before.close();

    const { code } = await sallyport(['init', '--prefix', prefix], {
      env: { REDIS_URL: redis.url },
    });
    assert.equal(code, 0);
    const after = fresh();
    await after.ready();
    await after.close();
  });

  it('says in one line that Redis is not there, or that none was named', async () => {
    const absent = await sallyport(['init', '--redis', 'redis://:hunter2@127.0.0.1:1']);
    assert.equal(absent.code, 1);
    assert.match(absent.err, /^sallyport: ERR_STORE_UNAVAILABLE: [^\n]*$/);
    assert.doesNotMatch(absent.err, /hunter2/);
    assert.equal((await sallyport(['init'])).code, 2);
    const nonsense = await sallyport(['init', '--redis', 'http://hunter2@x']);
    assert.equal(nonsense.code, 2);
    assert.doesNotMatch(nonsense.err, /hunter2/);
  });

  it('is a program with the same exit codes', async function () {
    this.timeout(20_000);
    const [made, unnamed, sound] = await Promise.all([
      startSallyport(['keygen']).ended,
      startSallyport(['doctor']).ended,
      startSallyport(['doctor', '--redis', 'redis://127.0.0.1:1']).ended,
    ]);
    assert.deepEqual([made.code, unnamed.code, sound.code], [0, 2, 1]);
    assert.equal(Buffer.from(made.out.trim(), 'base64').length, 32);
  });

  it('names the package that is missing, and how to install it', async () => {
    const without = fileURLToPath(new URL('../support/without-peers.mjs', import.meta.url));
    for (const [args, says] of [
      [['--postgres', 'postgres://127.0.0.1:1/none'], 'npm install pg@8'],
      [['--redis', 'redis://127.0.0.1:1'], 'npm install redis@6'],
    ] as const) {
      const env = { NODE_OPTIONS: `--import=tsx --import=${without}` };
      const { code, err } = await startSallyport(['init', ...args], { env }).ended;
      assert.equal(code, 1, err);
      assert.match(err, /^sallyport: ERR_DEPENDENCY: /m);
      assert.ok(err.includes(says), err);
    }
  });
});
