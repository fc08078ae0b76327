import assert from 'node:assert/strict';
import { createClient } from 'redis';
import { Browser, codeAt } from '../support/browser.js';
import { type HostProcess, hostProcess } from '../support/processes.js';
import { sharedRedis, uniquePrefix } from '../support/redis.js';
import { sessionIdOf } from '../support/worlds.js';

/**
 * express-session saves at the end of a request what it read at its beginning. A slow request that overlaps a
 * logout or an elevation thus writes the old session back. All of it on a real Redis, with connect-redis, the
 * slow request on one process and what it overlaps on another.
 */
describe('a slow request that overlaps', () => {
  const started: HostProcess[] = [];
  const pairs = new Map<string, Promise<Pair>>();
  let redisUrl: string;
  let redis: ReturnType<typeof createClient>;
  let people = 0;

  before(async () => {
    redisUrl = await sharedRedis();
    redis = createClient({ url: redisUrl });
    await redis.connect();
  });
  after(async () => {
    await Promise.all(started.map((one) => one.stop()));
    await redis.close();
  });

  interface Pair {
    readonly slow: HostProcess;
    readonly quick: HostProcess;
    readonly prefix: string;
  }

  async function start(guarded: boolean, resave: boolean): Promise<Pair> {
    const settings = { redisUrl, prefix: uniquePrefix(), guarded, resave };
    const both = await Promise.all([hostProcess(settings), hostProcess(settings)]);
    started.push(...both);
    const [slow, quick] = both as [HostProcess, HostProcess];
    return { slow, quick, prefix: settings.prefix };
  }

  /** Two processes of one installation, started once for all tests, and somebody who is nobody else's. */
  async function twoProcesses(guarded: boolean, resave: boolean) {
    const settings = `${guarded} ${resave}`;
    const pair = pairs.get(settings) ?? start(guarded, resave);
    pairs.set(settings, pair);
    people += 1;
    return { ...(await pair), username: `user${people}@acme` };
  }

  /** Sends the slow request, waits until it has its session, does something elsewhere, and lets it end. */
  async function overlapped(
    slow: HostProcess,
    browser: Browser,
    write: boolean,
    meanwhile: () => Promise<unknown>,
  ) {
    const name = sessionIdOf(browser);
    const request = browser
      .copy(slow.url)
      .get(`/slow?name=${name}&write=${write ? 1 : 0}`)
      .then((response) => response);
    await slow.waiting(name);
    await meanwhile();
    slow.go(name);
    assert.equal((await request).text, 'done');
  }

  const whoami = async (browser: Browser) => (await browser.json('get', '/whoami')).body;

  /** Whether connect-redis still has the session of this cookie. */
  const isStored = async (prefix: string, browser: Browser) =>
    (await redis.exists(`${prefix}sess:${sessionIdOf(browser)}`)) === 1;

  /** Whether a slow request saves at its end: it wrote, or the host has `resave`. */
  const WAYS = [
    { resave: true, write: false },
    { resave: true, write: true },
    { resave: false, write: true },
  ];
  const way = ({ resave, write }: (typeof WAYS)[number]) =>
    `resave: ${resave}, ${write ? 'writes' : 'only reads'}`;

  describe('a logout, on a plain session store: the race is real', () => {
    for (const one of WAYS) {
      it(`revives the old cookie, its second factor included (${way(one)})`, async () => {
        const { slow, quick, username } = await twoProcesses(false, one.resave);
        const browser = new Browser(quick.url);
        await browser.post('/login', { username, password: 'x' });
        await browser.post('/verify');
        const old = browser.copy();
        await overlapped(slow, old, one.write, () => browser.post('/logout'));
        const { user, verified } = await whoami(old);
        assert.deepEqual({ user, verified }, { user: username, verified: true });
      });
    }
  });

  describe('an elevation, on a plain session store: the race is real', () => {
    for (const one of WAYS) {
      it(`revives the cookie from before (${way(one)})`, async () => {
        const { slow, quick, username } = await twoProcesses(false, one.resave);
        const browser = new Browser(quick.url);
        await browser.post('/login', { username, password: 'x' });
        const old = browser.copy();
        await overlapped(slow, old, one.write, () => browser.post('/verify'));
        assert.equal((await whoami(old)).user, username);
      });
    }
  });

  const BEHIND_THE_DOOR = [...WAYS, { resave: false, write: false }];

  describe('a logout, behind the door', () => {
    for (const one of BEHIND_THE_DOOR) {
      it(`brings nothing back (${way(one)})`, async () => {
        const { slow, quick, prefix, username } = await twoProcesses(true, one.resave);
        const browser = new Browser(quick.url);
        await browser.activate(username, Date.now());
        assert.equal((await browser.get('/reports')).text, 'inside');
        const old = browser.copy();
        await overlapped(slow, old, one.write, () => browser.post('/logout'));
        for (const { url } of [slow, quick]) {
          const revived = old.copy(url);
          assert.equal((await whoami(revived)).user, null);
          assert.equal((await revived.get('/reports')).headers.location, '/login');
        }
        assert.equal(await isStored(prefix, old), false);
      });
    }
  });

  describe('an elevation, behind the door', () => {
    for (const one of BEHIND_THE_DOOR) {
      it(`neither revives the old session nor touches the new one (${way(one)})`, async () => {
        const { slow, quick, prefix, username } = await twoProcesses(true, one.resave);
        const browser = new Browser(quick.url);
        await browser.post('/login', { username, password: 'x' });
        const { key, enrollment, _csrf } = await browser.totpForm();
        const old = browser.copy();
        await overlapped(slow, old, one.write, async () => {
          const code = codeAt(key, Date.now());
          const answer = await browser.post('/two-factor/activate/totp', {
            code,
            enrollment,
            _csrf,
          });
          assert.equal(answer.status, 303);
        });
        for (const { url } of [slow, quick]) {
          const revived = old.copy(url);
          assert.equal((await whoami(revived)).user, null);
          assert.equal((await revived.tryAgain('/reports')).headers.location, '/login');
          const proven = browser.copy(url);
          assert.equal((await proven.get('/reports')).text, 'inside');
          assert.equal((await whoami(proven)).user, username);
        }
        assert.equal(await isStored(prefix, old), false);
        assert.equal(await isStored(prefix, browser), true);
      });
    }

    it('lets only one of a logout and an elevation have its way, whichever comes first', async () => {
      const { slow, quick, prefix, username } = await twoProcesses(true, false);
      const browser = new Browser(quick.url);
      await browser.post('/login', { username, password: 'x' });
      const { key, enrollment, _csrf } = await browser.totpForm();
      const [left, right] = [browser.copy(slow.url), browser.copy(quick.url)];
      const code = codeAt(key, Date.now());
      const [, elevated] = await Promise.all([
        left.post('/logout'),
        right.post('/two-factor/activate/totp', { code, enrollment, _csrf }),
      ]);
      const inside = (await right.get('/reports')).text === 'inside';
      assert.equal(inside, elevated.headers.location === '/');
      assert.equal((await whoami(browser)).user, null, 'the old cookie is dead in any case');
      assert.equal(await isStored(prefix, browser), false);
    });
  });
});
