import assert from 'node:assert/strict';
import { memoryStore, organizationPolicy } from 'sallyport';
import type { DuoSimulator } from 'sallyport/testing';
import { keyring } from '../../src/crypto/keyring.js';
import { activationKeyDigest, newActivationKey } from '../../src/methods/activation-key.js';
import { KEY, subjectOf } from '../support/app.js';
import { Browser } from '../support/browser.js';
import {
  activateDuo,
  addTotp,
  approved,
  CALLBACK,
  continueLink,
  type DuoHostOptions,
  duoHost,
  GLOBEX_NEW,
  isInside,
  local,
  startSimulator,
  toPrompt,
} from '../support/duo.js';
import { methodsWith } from '../support/methods.js';
import { journeys } from '../support/worlds.js';

journeys('a login with Duo', (world) => {
  let duo: DuoSimulator;
  const hostOf = (options: DuoHostOptions = {}) => duoHost(duo, { world: world(), ...options });

  before(async () => {
    duo = await startSimulator();
  });
  beforeEach(() => {
    duo.reset();
    // The SDK goes by the machine's clock.
    world().clock.advance(Date.now() - world().clock.now());
  });
  after(() => duo.close());

  it('leads from the password through registering a phone to the page first asked for', async () => {
    const host = await hostOf();
    const browser = host.browser();
    await browser.get('/reports/1?month=3');
    await browser.login('new@globex');
    const url = await toPrompt(browser, '/');
    assert.ok(url.startsWith(`${duo.promptOrigin}/oauth/v1/authorize?`));

    const { callback } = await duo.answer(url, 'approve', { phone: '+1 202 555 0107' });
    const back = await browser.get(local(callback));
    const kept = back.status === 303 ? back : await browser.keepCodes();
    const onward = String(kept.headers.location);
    assert.equal(onward, '/reports/1?month=3');
    assert.equal((await browser.get(onward)).text, 'inside GET /reports/1');

    const { enrollments } = await host.store.readSubject('new@globex');
    assert.deepEqual(
      enrollments.map(({ method, label }) => [method, label]),
      [['duo', 'Duo Security, +12025550107']],
    );
    const confirmed = host.events.find(({ type }) => type === 'enrollment.confirmed');
    assert.match(
      String(confirmed?.detail),
      /^allow txid=[\w-]+ factor=duo_push reason=user_approved result=success$/,
    );
    assert.equal(confirmed?.tenantId, 'globex');
  });

  it('goes to the prompt directly the next time, by a page and not by a redirect', async () => {
    const host = await hostOf();
    await activateDuo(host, duo, 'user1@globex');
    const browser = host.browser();
    await browser.login('user1@globex');
    assert.equal((await browser.get('/')).headers.location, '/two-factor/challenge');
    assert.equal(
      (await browser.get('/two-factor/challenge')).headers.location,
      '/two-factor/challenge/duo',
    );
    const page = await browser.get('/two-factor/challenge/duo');
    assert.equal(page.status, 200);
    assert.equal(page.headers.refresh, `0; url=${continueLink(page.text)}`);
    assert.match(String(page.headers['content-security-policy']), /form-action 'self'/);
    assert.equal(page.headers['cache-control'], 'no-store');
    assert.equal(page.headers['referrer-policy'], 'no-referrer');

    const old = browser.copy();
    const { callback } = await duo.answer(continueLink(page.text));
    const back = await browser.get(local(callback));
    assert.equal(back.status, 303);
    assert.equal(back.headers.location, '/');
    assert.ok(await isInside(browser));
    assert.equal(await isInside(old), false, 'the id of before never becomes verified');
    const me = await browser.json('get', '/api/me');
    assert.deepEqual(
      me.body.assurance.map(({ method }: { method: string }) => method),
      ['duo'],
    );
    assert.ok(
      host.events.some(
        ({ type, detail }) => type === 'verification.succeeded' && /txid=/.test(String(detail)),
      ),
    );
  });

  it('lets a bypass user in, whom Duo does not ask', async () => {
    const host = await hostOf();
    await activateDuo(host, duo, 'bypassed@globex');
    const { browser, callback } = await approved(host, duo, 'bypassed@globex');
    await browser.get(callback);
    assert.ok(await isInside(browser));
    assert.match(String(host.events.at(-1)?.detail), /reason=bypass_user/);
  });

  for (const answer of ['deny', 'fraud', 'timeout'] as const) {
    it(`stays outside after ${answer}`, async () => {
      const host = await hostOf();
      await activateDuo(host, duo, 'user1@globex');
      const browser = host.browser();
      await browser.login('user1@globex');
      const { callback } = await duo.answer(await toPrompt(browser), answer);
      assert.equal(callback, null);
      assert.equal(await isInside(browser), false);
    });
  }

  for (const user of ['locked@globex', 'disabled@globex']) {
    it(`keeps ${user} outside, also at the first activation`, async () => {
      const host = await hostOf();
      const browser = host.browser();
      await browser.login(user);
      const { callback } = await duo.answer(await toPrompt(browser));
      assert.equal(callback, null);
      assert.equal(await isInside(browser), false);
      assert.deepEqual((await host.store.readSubject(user)).enrollments, []);
    });
  }

  it('is offered beside another method, and leaves a way back to it', async () => {
    const host = await hostOf({ setting: { methods: ['duo', 'totp'] } });
    const browser = host.browser();
    await browser.login('user1@globex');
    const choose = await browser.get('/two-factor/activate');
    assert.match(choose.text, /href="\/two-factor\/activate\/duo"/);
    assert.match(choose.text, /href="\/two-factor\/activate\/totp"/);
    const prompt = await toPrompt(browser, '/two-factor/activate/duo');
    const { callback } = await duo.answer(prompt);
    await browser.get(local(callback));
    assert.ok(await isInside(browser));
    await addTotp(browser, world().clock.now());

    const again = host.browser();
    await again.login('user1@globex');
    assert.equal(
      (await again.get('/two-factor/challenge')).headers.location,
      '/two-factor/challenge/duo',
    );
    const first = await again.get('/two-factor/challenge/duo');
    assert.ok(first.headers.refresh);
    assert.match(first.text, /href="\/two-factor\/challenge\/totp"/);
    // The way back from Duo, which knows no "cancel": not sent there again at once.
    const second = await again.get('/two-factor/challenge/duo');
    assert.equal(second.headers.refresh, undefined);
    assert.match(second.text, /href="\/two-factor\/challenge\/totp"/);
    const late = await duo.answer(continueLink(second.text));
    await again.get(local(late.callback));
    assert.ok(await isInside(again));
  });

  it('is replaced in My Profile, and the other sessions end', async () => {
    const host = await hostOf();
    const browser = await activateDuo(host, duo, 'user1@globex');
    await browser.keepCodes();
    const elsewhere = await approved(host, duo, 'user1@globex');
    await elsewhere.browser.get(elsewhere.callback);
    assert.ok(await isInside(elsewhere.browser));
    const [old] = (await host.store.readSubject('user1@globex')).enrollments;

    const { callback } = await duo.answer(
      await toPrompt(browser, `/two-factor/profile/replace/${old?.id}`),
    );
    const back = await browser.get(local(callback));
    assert.equal(back.headers.location, '/two-factor/profile?done=replaced');
    const now = (await host.store.readSubject('user1@globex')).enrollments;
    assert.equal(now.length, 1);
    assert.notEqual(now[0]?.id, old?.id);
    assert.ok(await isInside(browser));
    assert.equal(await isInside(elsewhere.browser), false);
    const removed = host.events.filter(({ type }) => type === 'enrollment.removed');
    assert.deepEqual(
      removed.map(({ method, subjectId, detail }) => [method, subjectId, detail]),
      [['duo', 'user1@globex', 'replaced']],
    );
  });

  it('is activated once, and replaced by the page that says so', async () => {
    const host = await hostOf();
    const browser = await activateDuo(host, duo, 'user1@globex');
    const [old] = (await host.store.readSubject('user1@globex')).enrollments;
    const url = '/two-factor/profile/activate/duo';
    const adding = await browser.get(url);
    assert.equal(adding.status, 409);
    assert.match(adding.text, /You have activated Duo Security already/);
    assert.equal((await browser.post(`${url}/begin`, { _csrf: await browser.csrf() })).status, 409);
    assert.doesNotMatch((await browser.get('/two-factor/profile')).text, /profile\/activate\/duo/);
    const replacing = await toPrompt(browser, `/two-factor/profile/replace/${old?.id}`);
    const { callback } = await duo.answer(replacing);
    await browser.get(local(callback));
    const { enrollments } = await host.store.readSubject('user1@globex');
    assert.deepEqual([enrollments.length, enrollments[0]?.id === old?.id], [1, false]);
  });

  it('is activated by somebody who has postponed it, from either page', async () => {
    const graceUntil = new Date(Date.now() + 24 * 3_600_000).toISOString();
    const host = await hostOf({ setting: { graceUntil } });
    for (const page of ['/two-factor/activate/duo', '/two-factor/profile/activate/duo']) {
      const browser = host.browser();
      await browser.login('user1@globex');
      await browser.post('/two-factor/postpone', { _csrf: await browser.csrf() });
      const { callback } = await duo.answer(await toPrompt(browser, page));
      await browser.get(local(callback));
      assert.equal((await host.store.readSubject('user1@globex')).enrollments.length, 1, page);
      assert.ok(await isInside(browser));
      await host.store.reset('user1@globex');
    }
  });

  it('is activated in My Profile by somebody who has left a route that demands more', async () => {
    const host = await hostOf({
      setting: { methods: ['totp', 'duo'] },
      routes: (app, door) => {
        app.get(
          '/payout',
          door.require({ methods: ['duo'] }),
          (_req, res) => void res.send('paid'),
        );
      },
    });
    const browser = host.browser();
    await browser.activate('user1@globex', world().clock.now());
    assert.equal((await browser.get('/payout')).headers.location, '/two-factor/challenge');
    const { callback } = await duo.answer(
      await toPrompt(browser, '/two-factor/profile/activate/duo'),
    );
    const back = await browser.get(local(callback));
    assert.equal(back.headers.location, '/two-factor/profile?done=activated');
    assert.equal((await browser.get('/payout')).text, 'paid');
  });

  it('of another organization lets nobody into this one, who acts in the name of both', async () => {
    const host = await hostOf({
      options: {
        policy: organizationPolicy({
          organization: (id) => ({ id, kind: 'client', partnerId: null }),
        }),
        methods: methodsWith({
          duo: { httpsAgent: duo.agent, promptOrigin: duo.promptOrigin },
        }),
        subject: (req) => {
          const subject = subjectOf(req);
          const tenantId = /acts-for=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
          return subject && { ...subject, ...(tenantId && { tenantId }) };
        },
      },
    });
    await activateDuo(host, duo, 'user1@globex');
    const browser = host.browser();
    await browser.login('user1@globex');
    const actFor = (tenant: string) => browser.cookies.set('acts-for', tenant);
    const answer = async () =>
      browser.get(local((await duo.answer(await toPrompt(browser))).callback));
    actFor('initech');
    await answer();
    assert.ok(await isInside(browser));
    actFor('globex');
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
    assert.equal(
      (await browser.get('/two-factor/profile')).headers.location,
      '/two-factor/challenge',
    );
    await answer();
    assert.ok(await isInside(browser));
    actFor('initech');
    assert.ok(await isInside(browser), 'each counts where it was proven');
  });

  it('asks for the activation key before the redirect, where the client wants one', async () => {
    const host = await hostOf({ setting: { enrollment: 'activation-key' } });
    const key = newActivationKey();
    const digest = activationKeyDigest(keyring([KEY]), { id: 'user1@globex' }, key);
    await host.store.putActivationKey('user1@globex', { digest, lifetimeMs: 60_000 });
    const browser = host.browser();
    await browser.login('user1@globex');
    const page = await browser.get('/two-factor/activate/duo');
    assert.equal(page.headers.refresh, undefined);
    assert.equal(duo.log.length, 0, 'Duo has not even been asked');
    const _csrf = await browser.csrf();
    const post = (activationKey: string) =>
      browser.post('/two-factor/activate/duo/key', { activationKey, _csrf });
    assert.equal((await post(newActivationKey())).status, 422);
    assert.equal((await browser.get('/two-factor/activate/duo')).headers.refresh, undefined);
    assert.equal((await post(key)).headers.location, '/two-factor/activate/duo');
    const { callback } = await duo.answer(await toPrompt(browser));
    await browser.get(local(callback));
    assert.ok(await isInside(browser));
    assert.equal((await host.store.readSubject('user1@globex')).activationKeyEndsAt, null);
  });

  it('activates nothing that an administrator resets while Duo is answering', async () => {
    const store = memoryStore();
    let meanwhile = async () => {};
    const host = await duoHost(duo, {
      store: {
        ...store,
        async resumeEnrollment(...whose) {
          const pending = await store.resumeEnrollment(...whose);
          await meanwhile();
          return pending;
        },
      },
    });
    const browser = host.browser();
    await browser.login('new@globex');
    const { callback } = await duo.answer(await toPrompt(browser), 'approve', {
      phone: '+1 202 555 0107',
    });
    meanwhile = async () => void (await store.reset('new@globex'));
    assert.equal((await browser.get(local(callback))).status, 409);
    assert.deepEqual((await store.readSubject('new@globex')).enrollments, []);
  });

  it('tells a program where to go', async () => {
    const host = await hostOf();
    await activateDuo(host, duo, 'user1@globex');
    const browser = host.browser();
    await browser.login('user1@globex');
    const { body, headers } = await browser.json('get', '/two-factor/challenge/duo');
    assert.equal(headers.refresh, undefined);
    assert.equal(body.method, 'duo');
    assert.equal(body.next, 'challenge');
    const { callback } = await duo.answer(body.url);
    const back = await browser.json('get', local(callback));
    assert.deepEqual([back.status, back.body.next], [200, 'done']);
    assert.ok(await isInside(browser));
  });

  it('does not redeem by HEAD, and leaves the state for the GET', async () => {
    const host = await hostOf();
    await activateDuo(host, duo, 'user1@globex');
    const { browser, callback } = await approved(host, duo, 'user1@globex');
    assert.equal((await browser.send('head', callback)).status, 405);
    assert.equal((await browser.post(callback)).status, 404);
    assert.equal(await isInside(browser), false);
    assert.equal((await browser.get(callback)).status, 303);
    assert.ok(await isInside(browser));
  });

  it('clears the count of failures, and is itself neither counted nor locked', async () => {
    const host = await hostOf();
    await activateDuo(host, duo, 'user1@globex');
    const limits = { free: 5, waits: [60_000], stop: 100 };
    for (let n = 0; n < 6; n += 1) {
      await host.store.reserveAttempt('user1@globex', limits, { method: 'totp', stoppable: true });
    }
    const { browser, callback } = await approved(host, duo, 'user1@globex');
    assert.ok((await host.store.readSubject('user1@globex')).failures >= 5);
    await browser.get(callback);
    assert.ok(await isInside(browser));
    assert.equal((await host.store.readSubject('user1@globex')).failures, 0);
  });

  it('sends the name that the host gives, and knows a person by no other', async () => {
    const names: string[] = [];
    const host = await hostOf({
      options: {
        methods: methodsWith({
          duo: {
            httpsAgent: duo.agent,
            promptOrigin: duo.promptOrigin,
            username: ({ id }) => {
              names.push(id);
              return 'user2@globex';
            },
          },
        }),
      },
    });
    await activateDuo(host, duo, 'user1@globex');
    assert.deepEqual([...new Set(names)], ['user1@globex']);
    assert.ok(duo.log.every(({ username }) => username === null || username === 'user2@globex'));
  });

  describe('keys', () => {
    it('that are replaced during the prompt are finished with by those who started with them', async () => {
      const host = await hostOf();
      await activateDuo(host, duo, 'user1@globex');
      const { browser, callback } = await approved(host, duo, 'user1@globex');
      await host.save('globex', GLOBEX_NEW);
      assert.equal((await browser.get(callback)).status, 303);
      assert.ok(await isInside(browser));

      const next = await approved(host, duo, 'user1@globex');
      assert.equal(duo.log.at(-1)?.clientId, GLOBEX_NEW.clientId);
      await next.browser.get(next.callback);
      assert.ok(await isInside(next.browser));
    });

    it('that are removed during the prompt let nobody in', async () => {
      const host = await hostOf();
      await activateDuo(host, duo, 'user1@globex');
      const { browser, callback } = await approved(host, duo, 'user1@globex');
      await host.save('globex', null, { methods: ['totp'] });
      const back = await browser.get(callback);
      assert.ok(back.status >= 400 && back.status < 500, String(back.status));
      assert.equal(await isInside(browser), false);
    });

    it('are offered to nobody when there are none', async () => {
      const host = await hostOf();
      await host.save('globex', null, { methods: null });
      const browser = host.browser();
      await browser.login('user1@globex');
      assert.equal((await browser.get('/two-factor/activate/duo')).status, 404);
      assert.equal(
        (await browser.get('/two-factor/activate')).headers.location,
        '/two-factor/activate/totp',
      );
    });

    it('of a method that is accepted no longer still let its users activate another', async () => {
      const host = await hostOf();
      await activateDuo(host, duo, 'user1@globex');
      await host.save('globex', GLOBEX_NEW, { methods: ['totp'] });
      const { browser, callback } = await approved(host, duo, 'user1@globex');
      await browser.get(callback);
      assert.equal(await isInside(browser), false, 'it opens the way to another method only');
      assert.equal((await browser.get('/')).headers.location, '/two-factor/activate');
    });
  });

  describe('state', () => {
    async function ready() {
      const host = await hostOf();
      await activateDuo(host, duo, 'user1@globex');
      return { host, ...(await approved(host, duo, 'user1@globex')) };
    }
    const changed = (callback: string, change: (query: URLSearchParams) => void): string => {
      const query = new URLSearchParams(callback.split('?')[1]);
      change(query);
      return `${CALLBACK}?${query}`;
    };

    const malformed: Record<string, (query: URLSearchParams) => void> = {
      'is missing': (query) => query.delete('state'),
      'is empty': (query) => query.set('state', ''),
      'is given twice': (query) => query.append('state', String(query.get('state'))),
      'is an array': (query) => {
        query.set('state[]', String(query.get('state')));
        query.delete('state');
      },
      'is an object': (query) => {
        query.set('state[a]', String(query.get('state')));
        query.delete('state');
      },
      'comes without a code': (query) => query.delete('duo_code'),
      'comes with two codes': (query) => query.append('duo_code', 'another'),
      'comes with a code under either name': (query) => query.append('code', 'another'),
      'is too long': (query) => query.set('state', 'a'.repeat(5000)),
      'has a line break in it': (query) => query.set('state', `${query.get('state')}\n`),
    };
    for (const [what, change] of Object.entries(malformed)) {
      it(`that ${what} is refused, with an event`, async () => {
        const { host, browser, callback } = await ready();
        const before = host.events.length;
        const back = await browser.get(changed(callback, change));
        assert.equal(back.status, 400);
        assert.match(back.text, /role="alert"/);
        assert.equal(await isInside(browser), false);
        const [event] = host.events.slice(before);
        assert.deepEqual(
          [event?.type, event?.method, event?.detail],
          ['verification.failed', 'duo', 'malformed: callback'],
        );
        assert.equal((await browser.get(callback)).status, 303, 'the right one still counts');
      });
    }

    it('that is wrong is refused, with an event', async () => {
      const { host, browser, callback } = await ready();
      const wrong = changed(callback, (query) => query.set('state', 'f'.repeat(36)));
      assert.equal((await browser.get(wrong)).status, 409);
      assert.equal(await isInside(browser), false);
      assert.equal(host.events.at(-1)?.type, 'verification.failed');
      assert.equal(host.events.at(-1)?.detail, 'expired: state');
    });

    it('counts once', async () => {
      const { host, browser, callback } = await ready();
      const copy = browser.copy();
      await browser.get(callback);
      assert.ok(await isInside(browser));
      assert.notEqual((await copy.get(callback)).status, 200);
      assert.equal(await isInside(copy), false);
      // Nor for a new session of the same person.
      const other = host.browser();
      await other.login('user1@globex');
      assert.equal((await other.get(callback)).status, 409);
      assert.equal(await isInside(other), false);
    });

    it('counts once for whoever reloads the page that it led to', async () => {
      const { browser, callback } = await ready();
      await browser.get(callback);
      const again = await browser.get(callback);
      assert.deepEqual([again.status, again.headers.location], [303, '/reports']);
    });

    it('counts once when it is asked for twenty times at once', async () => {
      const { browser, callback } = await ready();
      const copies = Array.from({ length: 20 }, () => browser.copy());
      const answers = await Promise.all(copies.map((copy) => copy.get(callback)));
      const inside = await Promise.all(copies.map(isInside));
      assert.equal(inside.filter(Boolean).length, 1);
      assert.equal(answers.filter(({ status }) => status >= 500).length, 0);
      assert.equal(duo.log.filter((one) => one.endpoint === 'token').length, 2);
    });

    it('of another session of the same person is refused, and not used up', async () => {
      const { host, browser, callback } = await ready();
      const other = host.browser();
      await other.login('user1@globex');
      assert.equal((await other.get(callback)).status, 409);
      assert.equal(await isInside(other), false);
      await browser.get(callback);
      assert.ok(await isInside(browser));
    });

    it('of another person, and of another tenant, is refused', async () => {
      const { host, callback } = await ready();
      for (const user of ['user2@globex', 'user1@initech']) {
        await activateDuo(host, duo, user);
        const other = host.browser();
        await other.login(user);
        assert.equal((await other.get(callback)).status, 409);
        assert.equal(await isInside(other), false);
      }
    });

    it('of a person who changed tenants meanwhile is refused', async () => {
      let tenantId = 'globex';
      const host = await hostOf({
        options: {
          methods: methodsWith({
            duo: { httpsAgent: duo.agent, promptOrigin: duo.promptOrigin },
          }),
          subject: (req) => {
            const id = (req.user as { id: string } | undefined)?.id;
            return id === undefined ? null : { id, tenantId, label: id };
          },
        },
      });
      await activateDuo(host, duo, 'user1@globex');
      const { browser, callback } = await approved(host, duo, 'user1@globex');
      tenantId = 'initech';
      assert.equal((await browser.get(callback)).status, 409);
      assert.equal(await isInside(browser), false);
    });

    it('of an activation does not count for a login, nor the other way round', async () => {
      const host = await hostOf();
      const first = await approved(host, duo, 'user1@globex');
      await activateDuo(host, duo, 'user1@globex');
      assert.equal((await first.browser.get(first.callback)).status, 409);
      assert.equal(await isInside(first.browser), false);
    });

    it('ends after five minutes', async () => {
      const { clock } = world();
      const { browser, callback } = await ready();
      clock.advance(301_000);
      assert.equal((await browser.get(callback)).status, 409);
      clock.advance(-301_000);
      assert.equal(await isInside(browser), false);
    });

    it('does nothing for somebody who is not signed in', async () => {
      const { host, callback } = await ready();
      const nobody = host.browser();
      const back = await nobody.get(callback);
      assert.deepEqual([back.status, back.headers.location], [303, '/login']);
      assert.equal((await nobody.json('get', callback)).status, 401);
    });

    it('is brought along by a second step where the cookie stayed behind (SameSite=Strict)', async () => {
      const { host, browser, callback } = await ready();
      const crossing = host.browser();
      const first = await crossing.get(callback).set('Sec-Fetch-Site', 'cross-site');
      assert.equal(first.status, 401);
      assert.equal(first.headers.refresh, `0; url=${callback}`);
      assert.equal(continueLink(first.text), callback);
      // Our own page leads there now, so the browser sends the cookie.
      const second = await browser.get(callback).set('Sec-Fetch-Site', 'same-origin');
      assert.equal(second.status, 303);
      assert.ok(await isInside(browser));
      const lost = await crossing.get(callback).set('Sec-Fetch-Site', 'same-origin');
      assert.deepEqual([lost.status, lost.headers.location], [303, '/login']);
    });

    it('cannot be redeemed by a form', async () => {
      const { browser, callback } = await ready();
      const fields = Object.fromEntries(new URLSearchParams(callback.split('?')[1]));
      const _csrf = await browser.csrf();
      const { duo_code: code = '', state = '' } = fields;
      const posted = await browser.post('/two-factor/challenge/duo', { code, state, _csrf });
      assert.equal(posted.status, 400);
      assert.equal(await isInside(browser), false);
    });

    it('works in a browser of its own kind only with the cookie of that session', async () => {
      const { host, callback } = await ready();
      const stranger = new Browser(host.app);
      stranger.cookies.set('connect.sid', 's%3Amade-up.signature');
      assert.equal((await stranger.get(callback)).headers.location, '/login');
    });
  });
});
