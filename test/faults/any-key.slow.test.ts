import assert from 'node:assert/strict';
import { MemoryStore } from 'express-session';
import { UnavailableError } from 'sallyport';
import { administration } from '../support/admin.js';
import { type Host, host, testClock } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { startRedis } from '../support/redis.js';
import { closeStores, openClient, openStore } from '../support/redis-store.js';
import { set } from '../support/tenancy.js';

type Undo = () => Promise<unknown>;

/** SECURITY.md: any key deleted, any byte flipped, any record of yesterday, for people and organizations alike. */
describe('whichever single key of Redis is lost or altered', function () {
  this.timeout(120_000);
  const { now } = testClock();
  const sessions = new MemoryStore();
  let url: string;
  let client: Awaited<ReturnType<typeof openClient>>;
  /** Whom the gate does not let in, each for another reason. */
  const shut = new Map<string, Browser>();

  const process = async (): Promise<Host> => {
    const store = openStore(url, { now, initialize: true });
    await store.ready();
    return host({ store, sessions, ...administration() });
  };
  const send = (...args: (string | Buffer)[]): Promise<unknown> =>
    client.withTypeMapping({ 36: Buffer, 37: Array }).sendCommand(args);
  const keys = async () => (await client.keys('sp:*')).map(String).sort();

  before(async () => {
    ({ url } = await startRedis());
    client = await openClient(url);
    const { app } = await process();
    const store = openStore(url, { now });
    const login = async (name: string) => {
      const browser = new Browser(app);
      await browser.login(name);
      return browser;
    };
    await set(store, 'acme', { mode: 'required', methods: ['totp'] });
    const floor = { mode: 'required', methods: null, enrollment: 'self' } as const;
    const rest = { graceUntil: null, maxAgeSeconds: null, rememberDays: null };
    await set(store, 'south', { clientsMust: { ...floor, ...rest } });
    await set(store, 'north', { mode: 'off' });
    await set(store, 'globex', { mode: 'optional', methods: ['totp'] });
    const change = { value: { mode: 'required', graceUntil: null }, changedBy: 'x' };
    await store.writeUserSetting('user2@globex', { ...change, expectedVersion: null });
    await new Browser(app).activate('user1@acme', now());
    await new Browser(app).activate('user1@globex', now());
    shut.set('an organization requires it', await login('user2@acme'));
    shut.set('a partner requires it of its clients', await login('user1@initech'));
    shut.set('a user is switched on alone', await login('user2@globex'));
    shut.set('enrolled where it is required', await login('user1@acme'));
    shut.set('enrolled where it is optional', await login('user1@globex'));
    for (const [why, browser] of shut) {
      assert.equal((await browser.get('/reports')).status, 303, why);
    }
  });
  after(closeStores);

  /** By a process that has nothing at hand, everybody stays out. */
  async function assertShut(what: string): Promise<void> {
    const store = openStore(url, { now, allowEviction: true });
    const made = await host({ store, sessions, ...administration() }).catch((error) => {
      assert.ok(error instanceof UnavailableError, String(error));
      return null;
    });
    // A process that does not start lets nobody in either.
    for (const [why, browser] of made ? shut : []) {
      const { status } = await browser.copy(made?.app).get('/reports');
      assert.notEqual(status, 200, `${what}: ${why}`);
    }
    await made?.door.close();
    await store.close();
  }

  async function kept(key: string): Promise<Undo> {
    const dump = (await send('DUMP', key)) as Buffer;
    return () => send('RESTORE', key, '0', dump, 'REPLACE');
  }

  it('is deleted, the gate stays shut for whoever it was shut for', async () => {
    const all = await keys();
    assert.ok(all.length > 12, all.join());
    for (const key of all) {
      const undo = await kept(key);
      await client.del(key);
      await assertShut(`${key} is deleted`);
      await undo();
    }
  });

  it('has a byte flipped, in a value or in the name of a field', async () => {
    for (const key of await keys()) {
      const undo = await kept(key);
      if (String(await client.type(key)) === 'hash') {
        const pairs = (await send('HGETALL', key)) as Buffer[];
        for (let at = 0; at < Math.min(pairs.length, 4); at += 2) {
          const [field, value] = [Buffer.from(pairs[at]!), Buffer.from(pairs[at + 1]!)];
          await send('HSET', key, field, flipped(value, 0));
          await assertShut(`${key}: a value`);
          await send('HDEL', key, field);
          await send('HSET', key, flipped(field, 1), value);
          await assertShut(`${key}: the name of a field`);
          await undo();
        }
        continue;
      }
      const whole = (await send('GET', key)) as Buffer;
      for (const at of [0, 8, whole.length >> 1, whole.length - 1]) {
        await send('SET', key, flipped(whole, Math.min(at, whole.length - 1)));
        await assertShut(`${key}: byte ${at}`);
      }
      await undo();
    }
  });

  it('is brought back from yesterday, when all of this was not set yet', async () => {
    const store = openStore(url, { now });
    // Yesterday: nobody has to do anything.
    const off = { mode: 'off' } as const;
    await store.reset('user1@acme');
    await store.writeUserSetting('user2@globex', {
      ...{ value: null, changedBy: 'x', expectedVersion: null },
    });
    for (const id of ['acme', 'globex', 'south']) await set(store, id, off);
    const yesterday = new Map<string, Undo>();
    for (const key of await keys()) yesterday.set(key, await kept(key));
    // Today's is what was written last.
    for (const id of ['acme', 'globex']) {
      await set(store, id, { mode: 'required', methods: ['totp'] });
    }
    const rest = { graceUntil: null, maxAgeSeconds: null, rememberDays: null };
    const floor = { mode: 'required', methods: null, enrollment: 'self' } as const;
    await set(store, 'south', { clientsMust: { ...floor, ...rest } });
    await assertShut('as it is');
    const today = new Map<string, Undo>();
    for (const key of await keys()) today.set(key, await kept(key));
    for (const [key, back] of yesterday) {
      await back();
      await assertShut(`${key} of yesterday`);
      await today.get(key)?.();
    }
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const place = Math.min(at, copy.length - 1);
  copy[place] = (copy[place] as number) ^ 1;
  return copy;
}
