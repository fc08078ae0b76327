import assert from 'node:assert/strict';
import type { Response } from 'supertest';
import { Browser, codeAt } from '../support/browser.js';
import { journeys, sessionIdOf, TOTP_ONLY } from '../support/worlds.js';

const PROFILE = '/two-factor/profile';
const MINUTE = 60_000;
const USER = 'user1@acme';
const OPTIONAL = { ...TOTP_ONLY, mode: 'optional' } as const;

journeys('My Profile', (world) => {
  const now = () => world().clock.now();
  const enrollments = async (id = USER) => (await world().store.readSubject(id)).enrollments;
  const onlyOne = async (id = USER) => {
    const [one, ...others] = await enrollments(id);
    assert.ok(one && others.length === 0, `${id} has ${others.length + (one ? 1 : 0)} enrollments`);
    return one.id;
  };

  /** The next code: each counts once. */
  function nextCode(key: string): string {
    world().clock.advance(30_000);
    return codeAt(key, now());
  }

  async function proven(app: ConstructorParameters<typeof Browser>[0], key: string, user = USER) {
    const browser = new Browser(app);
    await browser.login(user);
    const answer = await browser.answerChallenge(nextCode(key));
    assert.equal(answer.status, 303);
    return browser;
  }

  /** What the form of a new key says. */
  function formOf({ text }: Response) {
    const read = (pattern: RegExp) => pattern.exec(text)?.[1] ?? assert.fail(`no ${pattern}`);
    return {
      key: read(/data-sp="totp-key"[^>]*>([^<]*)</),
      enrollment: read(/name="enrollment"[^>]*value="([^"]*)"/),
      _csrf: read(/name="_csrf"[^>]*value="([^"]*)"/),
    };
  }

  async function confirmAt(browser: Browser, url: string, form: ReturnType<typeof formOf>) {
    const { key, enrollment, _csrf } = form;
    return browser.post(url, { code: nextCode(key), enrollment, _csrf });
  }

  const isInside = async (browser: Browser) => (await browser.get('/reports')).status === 200;

  it('shows the state, the methods, when they were activated and last used', async () => {
    const { app } = await world().host();
    const browser = new Browser(app);
    const activatedAt = new Date(now()).toISOString();
    const key = await browser.activate(USER, now());
    world().clock.advance(60 * MINUTE);
    const later = await proven(app, key);
    const usedAt = new Date(now()).toISOString();

    const { status, text } = await later.get(PROFILE);
    assert.equal(status, 200);
    assert.match(text, /Activated/);
    assert.match(text, /<h2>Authenticator app<\/h2>/);
    assert.match(text, new RegExp(`<dt>Activated</dt>\\s*<dd><time datetime="${activatedAt}"`));
    assert.match(text, new RegExp(`<dt>Last used</dt>\\s*<dd><time datetime="${usedAt}"`));
    const id = await onlyOne();
    assert.ok(text.includes(`href="${PROFILE}/replace/${id}"`));
    assert.ok(!text.includes(`${PROFILE}/remove/`), 'nobody may remove what is required');
    assert.ok(text.includes(`href="${PROFILE}/sign-out-others"`));

    const { body } = await later.json('get', PROFILE);
    assert.equal(body.mode, 'required');
    assert.deepEqual(body.methods, ['totp']);
    assert.deepEqual(
      body.enrollments.map((one: Record<string, unknown>) => [one.id, one.method, one.removable]),
      [[id, 'totp', false]],
    );
  });

  it('says what was done in words of its own, whatever the address says', async () => {
    const { app } = await world().host();
    const browser = new Browser(app);
    await browser.activate(USER, now());
    for (const done of ['constructor', '__proto__', 'toString', '<b>', 'removed&done=removed']) {
      assert.doesNotMatch((await browser.get(`${PROFILE}?done=${done}`)).text, /role="status"/);
    }
  });

  it('is activated from there where it is optional', async () => {
    const { app } = await world().host({ policy: () => OPTIONAL });
    const browser = new Browser(app);
    await browser.login(USER);
    const before = await browser.get(PROFILE);
    assert.match(before.text, /Not activated yet\. It is up to you\./);
    assert.ok(!before.text.includes('sign-out-others'));
    const url = `${PROFILE}/activate/totp`;
    assert.ok(before.text.includes(`href="${url}"`));

    const answer = await confirmAt(browser, url, formOf(await browser.form(url)));
    assert.equal(answer.headers.location, `${PROFILE}?done=activated`);
    const after = await browser.get(`${PROFILE}?done=activated`);
    assert.match(after.text, /role="status">The new method is activated\./);
    assert.equal((await enrollments()).length, 1);
    assert.ok(await isInside(browser));
    const other = new Browser(app);
    await other.login(USER);
    assert.equal((await other.get('/reports')).headers.location, '/two-factor/challenge');
  });

  it('says so where two-factor is off, also to somebody who has activated it', async () => {
    let policy: typeof OPTIONAL | { mode: 'off' } = OPTIONAL;
    const { app } = await world().host({ policy: () => policy });
    const browser = new Browser(app);
    await browser.activate(USER, now());
    policy = { mode: 'off' };
    const { text } = await browser.get(PROFILE);
    assert.match(text, /not switched on/);
    assert.doesNotMatch(text, /Signing in takes your password and one of these/);
    const id = await onlyOne();
    assert.ok(!text.includes('/replace/'), 'a link to a page that would be a 404');
    assert.ok(text.includes(`/remove/${id}`));
    assert.equal((await browser.get(`${PROFILE}/replace/${id}`)).status, 404);
    const nobody = new Browser(app);
    await nobody.login('user2@acme');
    assert.match((await nobody.get(PROFILE)).text, /not switched on/);
  });

  it('replaces a method: the old one works until the new one is confirmed, then it is void', async () => {
    const { app, events } = await world().host();
    const browser = new Browser(app);
    const oldKey = await browser.activate(USER, now());
    const oldId = await onlyOne();
    const elsewhere = await proven(app, oldKey);
    const url = `${PROFILE}/replace/${oldId}`;

    const form = formOf(await browser.form(url));
    assert.notEqual(form.key, oldKey);
    await proven(app, oldKey);
    assert.ok(await isInside(elsewhere));

    const before = sessionIdOf(browser);
    events.length = 0;
    const answer = await confirmAt(browser, url, form);
    assert.equal(answer.headers.location, `${PROFILE}?done=replaced`);
    assert.match((await browser.get(`${PROFILE}?done=replaced`)).text, /the old one is gone/);
    assert.deepEqual(
      events.map(({ type, detail }) => [type, detail]),
      [
        ['enrollment.confirmed', null],
        ['enrollment.removed', 'replaced'],
      ],
    );

    assert.notEqual(await onlyOne(), oldId);
    assert.ok(await isInside(browser));
    assert.notEqual(sessionIdOf(browser), before);
    assert.equal((await elsewhere.get('/reports')).headers.location, '/two-factor/expired');
    await elsewhere.login(USER);
    const refused = await elsewhere.answerChallenge(nextCode(oldKey));
    assert.equal(refused.status, 422);
    assert.equal((await elsewhere.answerChallenge(nextCode(form.key))).status, 303);
    assert.ok(await isInside(elsewhere));
  });

  it('takes a wrong code for the new key as nothing', async () => {
    const { app } = await world().host();
    const browser = new Browser(app);
    const oldKey = await browser.activate(USER, now());
    const oldId = await onlyOne();
    const url = `${PROFILE}/replace/${oldId}`;
    const { enrollment, _csrf, key } = formOf(await browser.form(url));
    const wrong = await browser.post(url, { code: nextCode(oldKey), enrollment, _csrf });
    assert.equal(wrong.status, 422);
    assert.equal(formOf(wrong).key, key);
    assert.equal(await onlyOne(), oldId);
    await proven(app, oldKey);
  });

  it('removes a method where the policy allows it, and ends what it has proven elsewhere', async () => {
    const { app, events } = await world().host({ policy: () => OPTIONAL });
    const browser = new Browser(app);
    const first = await browser.activate(USER, now());
    const firstId = await onlyOne();
    const url = `${PROFILE}/activate/totp`;
    const second = formOf(await browser.form(url));
    await confirmAt(browser, url, second);
    assert.equal((await enrollments()).length, 2);
    const elsewhere = await proven(app, first);
    assert.ok(await isInside(elsewhere));

    const asked = await browser.get(`${PROFILE}/remove/${firstId}`);
    assert.match(asked.text, /<h1>Remove Authenticator app\?<\/h1>/);
    assert.equal((await enrollments()).length, 2);
    events.length = 0;
    const _csrf = await browser.csrf();
    const answer = await browser.post(`${PROFILE}/remove/${firstId}`, { _csrf });
    assert.equal(answer.headers.location, `${PROFILE}?done=removed`);
    assert.notEqual(await onlyOne(), firstId);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['enrollment.removed'],
    );
    assert.ok(await isInside(browser));
    assert.equal((await elsewhere.get('/reports')).headers.location, '/two-factor/expired');
    await elsewhere.login(USER);
    assert.equal((await elsewhere.answerChallenge(nextCode(first))).status, 422);
    assert.equal((await elsewhere.answerChallenge(nextCode(second.key))).status, 303);
  });

  it('removes the last method where it is optional', async () => {
    const { app } = await world().host({ policy: () => OPTIONAL });
    const browser = new Browser(app);
    await browser.activate(USER, now());
    const url = `${PROFILE}/remove/${await onlyOne()}`;
    assert.equal((await browser.post(url, { _csrf: await browser.csrf() })).status, 303);
    assert.deepEqual(await enrollments(), []);
    assert.match((await browser.get(PROFILE)).text, /Not activated yet/);
    assert.equal((await browser.post(url, { _csrf: await browser.csrf() })).status, 404);
  });

  it('does not remove the last accepted method where two-factor is required', async () => {
    const { app } = await world().host();
    const browser = new Browser(app);
    await browser.activate(USER, now());
    const url = `${PROFILE}/remove/${await onlyOne()}`;
    for (const answer of [
      await browser.get(url),
      await browser.post(url, { _csrf: await browser.csrf() }),
    ]) {
      assert.equal(answer.status, 409);
      assert.match(answer.text, /requires two-factor authentication: replace this method instead/);
      assert.doesNotMatch(answer.text, /session has ended/);
    }
    assert.equal((await enrollments()).length, 1);
    assert.ok(await isInside(browser));
  });

  it('removes one of two methods when both are removed at the same moment, where one is required', async () => {
    // Both have passed every check before either of them removes anything.
    let arrived = 0;
    let go = () => {};
    const both = new Promise<void>((resolve) => {
      go = resolve;
    });
    const host = () =>
      world().host((own) => ({
        store: {
          ...own,
          async unenroll(...removal) {
            arrived += 1;
            if (arrived === 2) go();
            await both;
            return own.unenroll(...removal);
          },
        },
      }));
    const [here, there] = [await host(), await host()];
    const browser = new Browser(here.app);
    const firstKey = await browser.activate(USER, now());
    const firstId = await onlyOne();
    const url = `${PROFILE}/activate/totp`;
    await confirmAt(browser, url, formOf(await browser.form(url)));
    const secondId = (await enrollments()).find(({ id }) => id !== firstId)?.id;
    const other = await proven(there.app, firstKey);

    const answers = await Promise.all([
      browser.post(`${PROFILE}/remove/${firstId}`, { _csrf: await browser.csrf() }),
      other.post(`${PROFILE}/remove/${secondId}`, { _csrf: await other.csrf() }),
    ]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 409]);
    assert.match(answers.find(({ status }) => status === 409)?.text ?? '', /changed meanwhile/);
    await onlyOne();
  });

  it('signs out the other sessions, and goes on with this one under a new id', async () => {
    const { app, events } = await world().host();
    const browser = new Browser(app);
    const key = await browser.activate(USER, now());
    const others = [await proven(app, key), await proven(app, key)];
    const stranger = new Browser(app);
    await stranger.activate('user2@acme', now());
    const before = sessionIdOf(browser);

    assert.match((await browser.get(`${PROFILE}/sign-out-others`)).text, /Sign out your other/);
    events.length = 0;
    const _csrf = await browser.csrf();
    const answer = await browser.post(`${PROFILE}/sign-out-others`, { _csrf });
    assert.equal(answer.headers.location, `${PROFILE}?done=signed-out`);
    assert.deepEqual(
      events.map(({ type, subjectId }) => [type, subjectId]),
      [['sessions.ended', USER]],
    );
    assert.ok(await isInside(browser));
    assert.notEqual(sessionIdOf(browser), before);
    for (const other of others) {
      assert.equal((await other.get('/reports')).headers.location, '/two-factor/expired');
      assert.equal((await other.get('/reports')).headers.location, '/login');
    }
    assert.ok(await isInside(stranger));
    await others[0]!.login(USER);
    assert.equal((await others[0]!.answerChallenge(nextCode(key))).status, 303);
  });

  it('does not go on after a reset that comes while it signs out the others', async () => {
    const { app, events } = await world().host((store) => ({
      store: {
        ...store,
        async raiseEpoch(...of) {
          await store.reset(USER);
          return store.raiseEpoch(...of);
        },
      },
    }));
    const thief = new Browser(app);
    await thief.activate(USER, now());
    const _csrf = await thief.csrf();
    assert.equal((await thief.post(`${PROFILE}/sign-out-others`, { _csrf })).status, 409);
    assert.ok(!events.some(({ type }) => type === 'sessions.ended'));
    await new Browser(app).activate(USER, now());
    assert.equal(await isInside(thief), false);
  });

  describe('with a proof that is older than five minutes', () => {
    const changes = (id: string) => [
      `${PROFILE}/activate/totp`,
      `${PROFILE}/replace/${id}`,
      `${PROFILE}/remove/${id}`,
      `${PROFILE}/sign-out-others`,
    ];
    async function stale() {
      const { app } = await world().host({ policy: () => OPTIONAL });
      const browser = new Browser(app);
      const key = await browser.activate(USER, now());
      const id = await onlyOne();
      return { app, browser, key, id };
    }

    it('looks at the page as before', async () => {
      const { browser } = await stale();
      world().clock.advance(5 * MINUTE);
      assert.equal((await browser.get(PROFILE)).status, 200);
    });

    it('changes nothing for four minutes and fifty-nine seconds more', async () => {
      const { browser, id } = await stale();
      world().clock.advance(5 * MINUTE - 1);
      for (const url of changes(id)) assert.equal((await browser.get(url)).status, 200, url);
    });

    it('is challenged before each change, and comes back to the same place', async () => {
      const { browser, key, id } = await stale();
      for (const url of changes(id)) {
        world().clock.advance(5 * MINUTE);
        const sent = await browser.get(url);
        assert.equal(sent.headers.location, '/two-factor/challenge', url);
        const page = await browser.get('/two-factor/challenge/totp');
        assert.match(page.text, /Confirm that it is you/);
        const back = await browser.answerChallenge(nextCode(key));
        assert.equal(back.headers.location, url);
        assert.equal((await browser.get(url)).status, 200);
      }
    });

    it('changes nothing by a form that was open for too long, and comes back to the profile', async () => {
      const { browser, key, id } = await stale();
      for (const url of [...changes(id), `${PROFILE}/replace/${id}/restart`]) {
        world().clock.advance(5 * MINUTE);
        const before = await world().store.readSubject(USER);
        const answer = await browser.post(url, { _csrf: await browser.csrf() });
        assert.equal(answer.status, 401, url);
        assert.match(answer.text, /Nothing was changed/);
        assert.match(answer.text, /href="\/two-factor\/challenge"[^>]*data-sp="continue"/);
        assert.deepEqual(await world().store.readSubject(USER), before);
        const back = await browser.answerChallenge(nextCode(key));
        assert.equal(back.headers.location, PROFILE);
      }
    });

    it('tells a program what is missing, which then proves it and asks again', async () => {
      const { browser, key } = await stale();
      world().clock.advance(5 * MINUTE);
      const url = `${PROFILE}/sign-out-others`;
      const csrf = { 'x-csrf-token': await browser.csrf() };
      const refused = await browser.json('post', url, {}).set(csrf);
      assert.equal(refused.status, 401);
      assert.deepEqual(refused.body, {
        error: 'second_factor_required',
        next: 'challenge',
        why: 'step-up',
        methods: ['totp'],
        url: '/two-factor/challenge',
        graceEndsAt: null,
      });
      const asked = await browser.json('get', refused.body.url);
      assert.equal(asked.body.next, 'challenge');
      const code = nextCode(key);
      const answer = await browser.json('post', asked.body.url, { code }).set(csrf);
      assert.equal(answer.status, 200);
      assert.equal(answer.body.next, 'done');
      const fresh = { 'x-csrf-token': await browser.csrf() };
      assert.equal((await browser.json('post', url, {}).set(fresh)).status, 200);
    });

    it('accepts no old code for it', async () => {
      const { browser, key, id } = await stale();
      world().clock.advance(5 * MINUTE);
      await browser.get(`${PROFILE}/remove/${id}`);
      const code = nextCode(key);
      assert.equal((await browser.answerChallenge(code)).status, 303);
      world().clock.advance(5 * MINUTE);
      await browser.get(`${PROFILE}/remove/${id}`);
      assert.equal((await browser.answerChallenge(code)).status, 422);
      assert.equal(
        (await browser.get(`${PROFILE}/remove/${id}`)).headers.location,
        '/two-factor/challenge',
      );
    });
  });

  it('takes no change without the token of its forms', async () => {
    const { app } = await world().host({ policy: () => OPTIONAL });
    const browser = new Browser(app);
    await browser.activate(USER, now());
    const id = await onlyOne();
    const before = await world().store.readSubject(USER);
    for (const url of [
      `${PROFILE}/activate/totp`,
      `${PROFILE}/activate/totp/restart`,
      `${PROFILE}/replace/${id}`,
      `${PROFILE}/replace/${id}/restart`,
      `${PROFILE}/replace/${id}/key`,
      `${PROFILE}/remove/${id}`,
      `${PROFILE}/sign-out-others`,
    ]) {
      assert.equal((await browser.post(url)).status, 403, url);
      assert.equal((await browser.post(url, { _csrf: 'x' })).status, 403, url);
    }
    assert.deepEqual(await world().store.readSubject(USER), before);
  });

  it('knows nobody else’s methods', async () => {
    const { app } = await world().host({ policy: () => OPTIONAL });
    const other = new Browser(app);
    await other.activate('user2@acme', now());
    const theirs = await onlyOne('user2@acme');
    const browser = new Browser(app);
    await browser.activate(USER, now());
    const _csrf = await browser.csrf();
    const before = await world().store.readSubject('user2@acme');
    for (const id of [theirs, 'nothing', '__proto__', '..%2f..']) {
      for (const what of ['replace', 'remove']) {
        const url = `${PROFILE}/${what}/${id}`;
        assert.equal((await browser.get(url)).status, 404, url);
        assert.equal((await browser.post(url, { _csrf })).status, 404, url);
      }
      const restart = await browser.post(`${PROFILE}/replace/${id}/restart`, { _csrf });
      assert.equal(restart.status, 404);
    }
    assert.equal((await browser.get(`${PROFILE}/activate/sms`)).status, 404);
    assert.deepEqual(await world().store.readSubject('user2@acme'), before);
    assert.ok(await isInside(other));
  });

  it('is closed to whoever stands between the doors', async () => {
    const { app } = await world().host();
    const owner = new Browser(app);
    await owner.activate(USER, now());
    const id = await onlyOne();
    const thief = new Browser(app);
    await thief.login(USER);
    const _csrf = await thief.csrf();
    for (const url of [
      '',
      `/replace/${id}`,
      `/remove/${id}`,
      '/sign-out-others',
      '/activate/totp',
    ]) {
      const sent = await thief.get(`${PROFILE}${url}`);
      assert.equal(sent.headers.location, '/two-factor/challenge', url);
      assert.equal(sent.text.includes('totp-key'), false);
      const posted = await thief.post(`${PROFILE}${url}`, { _csrf });
      assert.ok([303, 404].includes(posted.status), `${url} ${posted.status}`);
    }
    assert.equal(await onlyOne(), id);
    assert.ok(await isInside(owner));
    const anonymous = new Browser(app);
    assert.equal((await anonymous.get(PROFILE)).headers.location, '/login');
  });

  it('in two tabs shows one key, until one of them starts over', async () => {
    const { app } = await world().host();
    const browser = new Browser(app);
    const oldKey = await browser.activate(USER, now());
    const id = await onlyOne();
    const url = `${PROFILE}/replace/${id}`;
    const first = formOf(await browser.form(url));
    const second = formOf(await browser.form(url));
    assert.equal(second.key, first.key);

    const { _csrf } = second;
    assert.equal((await browser.post(`${url}/restart`, { _csrf })).headers.location, url);
    const third = formOf(await browser.form(url));
    assert.notEqual(third.key, first.key);
    const old = await confirmAt(browser, url, first);
    assert.equal(old.status, 422);
    assert.match(old.text, /started again elsewhere/);
    assert.equal(formOf(old).key, third.key);
    assert.equal(await onlyOne(), id);
    await proven(app, oldKey);
    assert.equal((await confirmAt(browser, url, third)).status, 303);
    assert.notEqual(await onlyOne(), id);
  });

  it('replaces once when two tabs confirm at the same time', async () => {
    const { app, events } = await world().host();
    const browser = new Browser(app);
    await browser.activate(USER, now());
    const url = `${PROFILE}/replace/${await onlyOne()}`;
    const { key, enrollment, _csrf } = formOf(await browser.form(url));
    const code = nextCode(key);
    const tabs = [browser.copy(), browser.copy()];
    events.length = 0;
    const answers = await Promise.all(
      tabs.map((tab) => tab.post(url, { code, enrollment, _csrf })),
    );
    // The other one comes too late: its session has gone on under a new id, or is about to.
    const done = answers.findIndex(
      ({ headers }) => headers.location === `${PROFILE}?done=replaced`,
    );
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [303, 409]);
    assert.ok(await isInside(tabs[done] ?? assert.fail('none')));
    assert.equal(events.filter(({ type }) => type === 'enrollment.confirmed').length, 1);
    await onlyOne();
  });

  it('has whoever is enrolled only in methods that are no longer accepted prove the old one first', async () => {
    let methods = ['totp'];
    const duo = { source: 'acme', credentialVersion: 'v1' };
    const { app } = await world().host({ policy: () => ({ mode: 'required', methods, duo }) });
    const browser = new Browser(app);
    const key = await browser.activate(USER, now());
    methods = ['duo'];

    const other = new Browser(app);
    await other.login(USER);
    for (const url of ['/reports', '/two-factor/activate', '/two-factor/activate/duo', PROFILE]) {
      assert.equal((await other.get(url)).headers.location, '/two-factor/challenge', url);
    }
    const page = await other.get('/two-factor/challenge/totp');
    assert.match(page.text, /Confirm with the method you have/);
    assert.equal((await other.answerChallenge(nextCode(key))).status, 303);
    // The old proof opens the way to a new method, and nothing else.
    assert.equal((await other.get('/reports')).headers.location, '/two-factor/activate');
    assert.equal((await other.get(PROFILE)).headers.location, '/two-factor/activate');
    const choose = await other.get('/two-factor/activate');
    assert.equal(choose.headers.location, '/two-factor/activate/duo');
    assert.equal((await other.get('/two-factor/activate/totp')).status, 404);

    // Whoever was inside has proven the old one already.
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
    methods = ['duo', 'totp'];
    assert.ok(await isInside(browser));
    assert.ok(await isInside(other));
  });
});
