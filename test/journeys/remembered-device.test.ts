import assert from 'node:assert/strict';
import type { PolicyInput } from 'sallyport';
import type { Host } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { journeysOnAllStores } from '../support/worlds.js';

const DAY = 24 * 60 * 60 * 1000;
const CHALLENGE = '/two-factor/challenge/totp';

journeysOnAllStores('a remembered device', (world) => {
  let policy: PolicyInput;
  let console: Host;
  let key: string;

  beforeEach(async () => {
    policy = { mode: 'required', rememberDeviceSeconds: 30 * 24 * 3600 };
    console = await world().host({ policy: () => policy });
    key = await new Browser(console.app).activate('user1@acme', world().clock.now());
  });

  /** Signs in with password and code, and has the device remembered. */
  async function remembered(): Promise<Browser> {
    const { clock } = world();
    clock.advance(30_000);
    const browser = new Browser(console.app);
    await browser.login('user1@acme');
    const answer = await browser.post(CHALLENGE, {
      code: codeAt(key, clock.now()),
      remember: '1',
      _csrf: await browser.csrf(),
    });
    assert.equal(answer.status, 303);
    return browser;
  }

  /** A new session on the same device: only what outlives the session is left. */
  function laterOn(browser: Browser): Browser {
    const later = browser.copy();
    later.cookies.delete('connect.sid');
    return later;
  }

  async function signIn(browser: Browser, user = 'user1@acme') {
    await browser.login(user);
    return browser.get('/x');
  }

  it('is not asked for a code again, and stays where it was going', async () => {
    const later = laterOn(await remembered());
    const answer = await signIn(later);
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.location, '/x');
    assert.equal((await later.get('/x')).text, 'inside GET /x');
    const me = await later.json('get', '/api/me');
    assert.deepEqual(
      me.body.assurance.map(({ method }: { method: string }) => method),
      ['remembered-device'],
    );
  });

  for (const path of ['/two-factor/challenge', CHALLENGE, '/two-factor/challenge/recovery-code']) {
    it(`is recognized at ${path} as well, by a browser and by a program`, async () => {
      const device = await remembered();
      const later = laterOn(device);
      await later.login('user1@acme');
      const page = await later.get(path);
      assert.deepEqual([page.status, page.headers.location], [303, '/']);
      assert.equal((await later.get('/x')).text, 'inside GET /x');
      const program = laterOn(later);
      await program.login('user1@acme');
      const { body } = await program.json('get', path);
      assert.equal(body.next, 'done');
      assert.equal((await program.json('get', '/api/me')).status, 200);
    });
  }

  it('is recognized at the gate by a program, which sends its request again', async () => {
    const later = laterOn(await remembered());
    await later.login('user1@acme');
    for (const method of ['get', 'post'] as const) {
      const program = method === 'get' ? later : laterOn(later);
      if (method === 'post') await program.login('user1@acme');
      const first = await program.json(method, '/api/me');
      assert.deepEqual([first.status, first.body.error], [409, 'session_renewed']);
      assert.equal((await program.json(method, '/api/me')).status, 200);
    }
  });

  it('is recognized by a POST that has no code, and never in the place of a wrong one', async () => {
    const device = await remembered();
    const later = laterOn(device);
    await later.login('user1@acme');
    const _csrf = await later.csrf();
    const wrong = await later.json('post', CHALLENGE, { code: '000000', _csrf });
    assert.equal(wrong.status, 422);
    const none = await later.json('post', CHALLENGE, { _csrf });
    assert.equal(none.body.next, 'done');
  });

  it('is recognized at no address by whoever did not type the password', async () => {
    const later = laterOn(await remembered());
    assert.equal((await later.json('get', CHALLENGE)).status, 401);
    assert.equal((await later.json('get', '/api/me')).status, 401);
  });

  it('notices a copy at the challenge too, and goes on to ask for a code', async () => {
    const browser = await remembered();
    const thief = laterOn(browser);
    await signIn(laterOn(browser));
    world().clock.advance(60_000);
    await thief.login('user1@acme');
    const noticed = await thief.get(CHALLENGE);
    assert.equal(noticed.headers.location, '/two-factor/challenge');
    assert.ok(console.events.some(({ type }) => type === 'device.stolen'));
    assert.equal((await thief.get(CHALLENGE)).status, 200);
    assert.equal((await thief.get('/x')).headers.location, '/two-factor/challenge');
  });

  describe('in a browser of several people', () => {
    const keys = new Map<string, string>();

    beforeEach(async () => {
      keys.clear();
      keys.set('user1@acme', key);
    });

    async function rememberAs(browser: Browser, user: string) {
      const { clock } = world();
      if (!keys.has(user)) {
        keys.set(user, await new Browser(console.app).activate(user, clock.now()));
      }
      clock.advance(30_000);
      browser.cookies.delete('connect.sid');
      await browser.login(user);
      const answer = await browser.post(CHALLENGE, {
        code: codeAt(keys.get(user) ?? '', clock.now()),
        remember: '1',
        _csrf: await browser.csrf(),
      });
      assert.equal(answer.status, 303);
    }

    const isRecognized = async (browser: Browser, user: string) => {
      browser.cookies.delete('connect.sid');
      return (await signIn(browser, user)).headers.location === '/x';
    };

    it('keeps one for each, and pushes nobody out', async () => {
      const browser = new Browser(console.app);
      for (const user of ['user1@acme', 'user2@acme', 'user3@acme']) {
        await rememberAs(browser, user);
      }
      for (const user of ['user2@acme', 'user1@acme', 'user3@acme', 'user1@acme']) {
        assert.equal(await isRecognized(browser, user), true, user);
        world().clock.advance(60_000);
      }
      assert.equal(await isRecognized(browser, 'user4@acme'), false);
      assert.equal(await isRecognized(browser, 'user2@acme'), true);
    });

    it('forgets one without the others', async () => {
      const browser = new Browser(console.app);
      for (const user of ['user1@acme', 'user2@acme']) await rememberAs(browser, user);
      const [device] = await world().store.readDevices('user1@acme');
      await world().store.removeDevice('user1@acme', device?.id ?? '');
      assert.equal(await isRecognized(browser, 'user1@acme'), false);
      assert.equal(await isRecognized(browser, 'user2@acme'), true);
      await rememberAs(browser, 'user1@acme');
      const thief = browser.copy();
      assert.equal(await isRecognized(browser, 'user1@acme'), true);
      world().clock.advance(60_000);
      assert.equal(await isRecognized(thief, 'user1@acme'), false);
      assert.equal(await isRecognized(browser, 'user1@acme'), false);
      assert.equal(await isRecognized(browser, 'user2@acme'), true);
    });

    it('keeps a bounded number: whoever was here longest ago goes', async () => {
      const browser = new Browser(console.app);
      const users = Array.from({ length: 10 }, (_, n) => `user${n}${'x'.repeat(300)}@acme`);
      for (const user of users) await rememberAs(browser, user);
      assert.ok((browser.cookies.get('sallyport.device') ?? '').length < 1500);
      assert.equal(await isRecognized(browser, users[1] ?? ''), false);
      assert.equal(await isRecognized(browser, users[2] ?? ''), true);
      assert.equal(await isRecognized(browser, users[9] ?? ''), true);
    });
  });

  it('leads to no other site when the path looks like one', async () => {
    const later = laterOn(await remembered());
    await later.login('user1@acme');
    const answer = await later.get('//elsewhere.example/x');
    assert.equal(answer.headers.location, '/');
  });

  it('is remembered only by who asks for it', async () => {
    const { clock } = world();
    clock.advance(30_000);
    const browser = new Browser(console.app);
    await browser.login('user1@acme');
    await browser.answerChallenge(codeAt(key, clock.now()));
    assert.equal(browser.cookies.has('sallyport.device'), false);
    assert.match((await signIn(laterOn(browser))).headers.location ?? '', /challenge/);
  });

  it('is not remembered where the policy says nothing of it', async () => {
    policy = { mode: 'required' };
    const browser = await remembered();
    assert.equal(browser.cookies.has('sallyport.device'), false);
  });

  it('still has to type the password', async () => {
    const later = laterOn(await remembered());
    assert.equal((await later.get('/x')).headers.location, '/login');
  });

  it('serves nobody else', async () => {
    const later = laterOn(await remembered());
    assert.match((await signIn(later, 'user2@acme')).headers.location ?? '', /activate/);
  });

  it('changes its token each time; an older one ends it for everybody', async () => {
    const browser = await remembered();
    const thief = laterOn(browser);
    const later = laterOn(browser);
    await signIn(later);
    assert.notEqual(later.cookies.get('sallyport.device'), thief.cookies.get('sallyport.device'));
    world().clock.advance(60_000);
    assert.match((await signIn(thief)).headers.location ?? '', /challenge/);
    assert.ok(console.events.some(({ type }) => type === 'device.stolen'));
    assert.match((await signIn(laterOn(later))).headers.location ?? '', /challenge/);
  });

  it('may come twice at the same moment, from two tabs', async () => {
    const one = laterOn(await remembered());
    await one.login('user1@acme');
    const answers = await Promise.all([one.copy().get('/x'), one.copy().get('/y')]);
    assert.ok(
      answers.some(({ headers }) => headers.location === '/x' || headers.location === '/y'),
    );
    assert.equal(console.events.filter(({ type }) => type === 'device.stolen').length, 0);
  });

  it('is not taken for stolen after a failure between its new token and the new session', async () => {
    let down = false;
    const shaky = await world().host((store) => ({
      policy: () => policy,
      store: {
        ...store,
        prove: (...proof: Parameters<typeof store.prove>) =>
          down ? Promise.reject(new Error('down')) : store.prove(...proof),
      },
    }));
    const browser = (await remembered()).copy(shaky.app);
    const later = laterOn(browser);
    down = true;
    assert.equal((await signIn(later)).status, 503);
    down = false;
    world().clock.advance(60_000);
    assert.equal((await signIn(laterOn(later))).headers.location, '/x');
    assert.equal(shaky.events.filter(({ type }) => type === 'device.stolen').length, 0);
  });

  it('does not count as a fresh proof', async () => {
    const later = laterOn(await remembered());
    await signIn(later);
    const renew = await later.get('/two-factor/profile/recovery-codes');
    assert.equal(renew.headers.location, '/two-factor/challenge');
  });

  it('is over after its time, and as soon as the policy allows less', async () => {
    const browser = await remembered();
    const later = laterOn(browser);
    await signIn(later);
    policy = { mode: 'required', rememberDeviceSeconds: 24 * 3600 };
    world().clock.advance(2 * DAY);
    assert.match((await signIn(laterOn(later))).headers.location ?? '', /challenge/);
  });

  it('lets nobody in, in the middle of a session, once the policy has it no longer', async () => {
    const later = laterOn(await remembered());
    await signIn(later);
    policy = { mode: 'required' };
    assert.match((await later.get('/x')).headers.location ?? '', /challenge/);
  });

  it('lets nobody stay, once the method that it stands for is accepted no longer', async () => {
    const { store } = world();
    const duo = { id: 'duo-1', method: 'duo', label: 'Duo', sealed: new Uint8Array(1) };
    const begun = { ...duo, parameters: '', session: 'other', basis: 'proven', lifetimeMs: 1000 };
    await store.beginEnrollment('user1@acme', begun as never, { restart: true });
    const confirmed = { id: duo.id, session: 'other', step: -1, replaces: null, epoch: 0 };
    await store.confirmEnrollment('user1@acme', confirmed);
    const later = laterOn(await remembered());
    await signIn(later);
    assert.equal((await later.get('/x')).status, 200);
    policy = { ...policy, methods: ['duo'], duo: { source: 'acme', credentialVersion: 'v1' } };
    assert.match((await later.get('/x')).headers.location ?? '', /challenge/);
  });

  it('is forgotten after a reset', async () => {
    const browser = await remembered();
    await world().store.reset('user1@acme');
    assert.match((await signIn(laterOn(browser))).headers.location ?? '', /activate/);
  });

  it('is forgotten when the other sessions are signed out', async () => {
    const browser = await remembered();
    const later = laterOn(browser);
    const _csrf = await browser.csrf();
    const out = await browser.post('/two-factor/profile/sign-out-others', { _csrf });
    assert.equal(out.headers.location, '/two-factor/profile?done=signed-out');
    assert.match((await signIn(later)).headers.location ?? '', /challenge/);
  });

  it('is listed in My Profile, and forgotten from there', async () => {
    const browser = await remembered();
    const profile = await browser.get('/two-factor/profile');
    const action = /action="([^"]*\/forget)"/.exec(profile.text)?.[1] ?? 'none';
    const later = laterOn(browser);
    assert.equal((await browser.post(action, {})).status, 403);
    const forgotten = await browser.post(action, { _csrf: await browser.csrf() });
    assert.equal(forgotten.status, 303);
    assert.match((await signIn(later)).headers.location ?? '', /challenge/);
    assert.doesNotMatch((await browser.get('/two-factor/profile')).text, /\/forget"/);
  });

  it('is recognized by no cookie that was made up or moved', async () => {
    const browser = await remembered();
    const value = browser.cookies.get('sallyport.device') ?? '';
    // Not the last letter, of which a part stands for nothing.
    const changed = `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`;
    for (const wrong of ['x', 'AAAA', value.slice(0, -4), changed]) {
      const other = laterOn(browser);
      other.cookies.set('sallyport.device', wrong);
      assert.match((await signIn(other)).headers.location ?? '', /challenge/, wrong);
    }
  });

  it('that was copied lets nobody go on: who came in by it has to sign in again', async () => {
    const browser = await remembered();
    const thief = laterOn(browser);
    const owner = laterOn(browser);
    await signIn(thief);
    assert.equal((await thief.get('/x')).text, 'inside GET /x');
    world().clock.advance(60_000);
    assert.match((await signIn(owner)).headers.location ?? '', /challenge/);
    assert.equal((await thief.get('/x')).headers.location, '/two-factor/expired');
    assert.equal((await thief.get('/x')).headers.location, '/login');
    assert.match((await owner.get('/x')).headers.location ?? '', /challenge/);
  });
});
