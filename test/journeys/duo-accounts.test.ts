import assert from 'node:assert/strict';
import { organizationPolicy } from 'sallyport';
import type { OrganizationSetting } from '../../src/contracts.js';
import { type Host, subjectOf } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { continueLink, isInside, local } from '../support/duo.js';
import { agentOf, type DuoAccount, duoAccount } from '../support/duo-accounts.js';
import { methodsWith } from '../support/methods.js';
import { NO_SETTING } from '../support/policy.js';
import { issueKey } from '../support/tenancy.js';
import { journeys } from '../support/worlds.js';

const USER = 'user1@globex';

journeys('an activation at one Duo account', (world) => {
  let ours: DuoAccount;
  let theirs: DuoAccount;
  let host: Host;

  before(async () => {
    ours = await duoAccount('api-0000aaaa.duosecurity.com', { [USER]: 'active' });
    // Whoever comes may register a phone there.
    theirs = await duoAccount('api-0000bbbb.duosecurity.com', {});
  });
  after(() => Promise.all([ours.simulator.close(), theirs.simulator.close()]));

  beforeEach(async () => {
    ours.simulator.reset();
    theirs.simulator.reset();
    world().clock.advance(Date.now() - world().clock.now());
    host = await world().host(() => ({
      options: {
        policy: organizationPolicy({
          organization: (id) => ({ id, kind: 'client', partnerId: null }),
        }),
        methods: methodsWith({ duo: { httpsAgent: agentOf([ours, theirs]) } }),
        subject: (req) => {
          const subject = subjectOf(req);
          const tenantId = /acts-for=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
          return subject && { ...subject, ...(tenantId && { tenantId }) };
        },
      },
    }));
    await set('globex', { duo: ours.setting('globex') });
    await set('initech', { duo: theirs.setting('initech') });
  });

  async function set(id: string, change: Partial<OrganizationSetting>): Promise<void> {
    const value = { ...NO_SETTING, mode: 'required', methods: ['duo'], ...change };
    await world().store.writeSetting(id, { value, changedBy: 'admin', expectedVersion: null });
  }
  const actFor = (browser: Browser, tenant: string) => browser.cookies.set('acts-for', tenant);

  /** Follows the redirects to a page; where they end. */
  async function follow(
    browser: Browser,
    from = '/reports',
  ): Promise<{ at: string; text: string }> {
    let at = from;
    for (let hops = 0; hops < 6; hops += 1) {
      const page = await browser.get(at);
      if (page.status !== 303) {
        // The preferred method's page is shown at the choice itself; its form says which one it is.
        const asked = /action="([^"]*\/challenge\/[^"]+)"/.exec(page.text)?.[1];
        return { at: at === '/two-factor/challenge' ? (asked ?? at) : at, text: page.text };
      }
      at = String(page.headers.location);
    }
    throw new Error(`no page after ${at}`);
  }
  async function answer(browser: Browser, account: DuoAccount, html: string): Promise<number> {
    const { callback } = await account.simulator.answer(continueLink(html));
    return (await browser.get(local(callback))).status;
  }
  async function activated(user = USER): Promise<Browser> {
    const browser = new Browser(host.app);
    await browser.login(user);
    const { at, text } = await follow(browser);
    assert.equal(at, '/two-factor/activate/duo');
    await answer(browser, ours, text);
    assert.ok(await isInside(browser));
    return browser;
  }

  it('is none at the account that takes its place', async () => {
    await activated();
    await set('globex', { duo: theirs.setting('globex') });
    const browser = new Browser(host.app);
    await browser.login(USER);
    const { at, text } = await follow(browser);
    assert.equal(at, '/two-factor/activate/duo', 'an activation, and no challenge');
    await answer(browser, theirs, text);
    assert.ok(await isInside(browser));
    const { enrollments } = await world().store.readSubject(USER);
    assert.equal(enrollments.length, 2, 'the old one is kept');

    // And back again: the first activation counts at its own account as before.
    await set('globex', { duo: ours.setting('globex') });
    const back = new Browser(host.app);
    await back.login(USER);
    assert.equal((await follow(back)).at, '/two-factor/challenge/duo');
  });

  it('counts at new keys of the same account', async () => {
    await activated();
    await set('globex', { duo: ours.setting('globex') });
    const browser = new Browser(host.app);
    await browser.login(USER);
    assert.equal((await follow(browser)).at, '/two-factor/challenge/duo');
  });

  it('lets no password thief register at another account where an activation key is demanded', async () => {
    await activated();
    await set('globex', { duo: theirs.setting('globex'), enrollment: 'activation-key' });
    const thief = new Browser(host.app);
    await thief.login(USER);
    const { at, text } = await follow(thief);
    assert.equal(at, '/two-factor/activate/duo');
    assert.match(text, /activation key/i);
    assert.equal(theirs.simulator.log.length, 0, 'Duo has not been asked');
    const challenge = await thief.get('/two-factor/challenge/duo');
    assert.notEqual(challenge.status, 200);
    assert.equal(theirs.simulator.log.length, 0);

    const key = await issueKey(world().store, USER);
    const _csrf = await thief.csrf();
    const posted = await thief.post('/two-factor/activate/duo/key', { activationKey: key, _csrf });
    assert.equal(posted.status, 303);
    await answer(thief, theirs, (await follow(thief, '/two-factor/activate/duo')).text);
    assert.ok(await isInside(thief));
  });

  it('is none in another organization of the same person', async () => {
    const browser = await activated();
    actFor(browser, 'initech');
    assert.equal(await isInside(browser), false);
    const { at, text } = await follow(browser);
    assert.equal(at, '/two-factor/activate/duo');
    await answer(browser, theirs, text);
    assert.ok(await isInside(browser));
    actFor(browser, 'globex');
    const methods = (await world().store.readSubject(USER)).enrollments.map(({ method }) => method);
    assert.deepEqual(methods, ['duo', 'duo']);
  });

  it('is not confirmed by what was begun for another organization', async () => {
    const browser = new Browser(host.app);
    await browser.login(USER);
    const first = await follow(browser);
    actFor(browser, 'initech');
    const second = await follow(browser);
    assert.equal(second.at, '/two-factor/activate/duo');
    // The answer of the first account, carried to the second organization.
    const { callback } = await ours.simulator.answer(continueLink(first.text));
    const refused = await browser.get(local(callback));
    assert.equal(refused.status, 409);
    assert.deepEqual((await world().store.readSubject(USER)).enrollments, []);
  });

  it('asks whoever has an app for that first', async () => {
    await set('globex', { methods: ['totp', 'duo'], duo: ours.setting('globex') });
    const browser = new Browser(host.app);
    const key = await browser.activate(USER, world().clock.now());
    await set('globex', { methods: ['duo'], duo: theirs.setting('globex') });
    world().clock.advance(60_000);
    const again = new Browser(host.app);
    await again.login(USER);
    assert.equal((await follow(again)).at, '/two-factor/challenge/totp');
    const code = codeAt(key, world().clock.now());
    await again.answerChallenge(code);
    assert.equal((await follow(again)).at, '/two-factor/activate/duo');
  });

  it('stays what it is where the keys are removed: nobody becomes a newcomer', async () => {
    await activated();
    await set('globex', { methods: ['totp'], duo: null });
    const browser = new Browser(host.app);
    await browser.login(USER);
    assert.match((await follow(browser)).at, /challenge/);
    assert.equal((await browser.get('/two-factor/activate/totp')).status, 303);
  });

  it('has the phone say at which client a login by the partner’s keys is', async () => {
    const lending = await world().host(() => ({
      options: {
        policy: organizationPolicy({
          organization: (id) =>
            id === 'north'
              ? { id, kind: 'partner', partnerId: null }
              : { id, kind: 'client', partnerId: 'north' },
        }),
        methods: methodsWith({ duo: { httpsAgent: agentOf([ours, theirs]) } }),
        branding: (subject) => ({ name: `Console of ${subject?.tenantId ?? 'nobody'}` }),
      },
    }));
    await set('north', { duo: ours.setting('north', { lendToClients: true }) });
    await set('globex', { duo: null });
    for (const [user, expected] of [
      [USER, 'Console of globex'],
      ['user1@north', null],
    ] as const) {
      const browser = new Browser(lending.app);
      await browser.login(user);
      const { text } = await follow(browser, '/two-factor/activate/duo');
      const { searchParams } = new URL(continueLink(text));
      assert.equal(searchParams.get('dest_app_name'), expected, user);
      const walked = await ours.simulator.answer(continueLink(text), 'deny');
      if (expected !== null) assert.ok(walked.html.includes(`signs in to ${expected}`));
    }
  });

  describe('binds nothing that counts elsewhere (9.19)', () => {
    const CODES = '/two-factor/profile/recovery-codes';

    /** Has activated Duo at both organizations, and is inside the second one. */
    async function ofBoth(): Promise<Browser> {
      const browser = await activated();
      actFor(browser, 'initech');
      await answer(browser, theirs, (await follow(browser)).text);
      assert.ok(await isInside(browser));
      return browser;
    }

    it('asks for the app of whoever has one, and not for Duo', async () => {
      await set('globex', { methods: ['duo', 'totp'], duo: ours.setting('globex') });
      const first = new Browser(host.app);
      await first.login(USER);
      const key = await first.activate(USER, world().clock.now());
      const begin = await first.form('/two-factor/profile/activate/duo');
      await answer(first, ours, begin.text);

      world().clock.advance(6 * 60_000);
      const browser = new Browser(host.app);
      await browser.login(USER);
      world().clock.advance(Date.now() - world().clock.now());
      await answer(browser, ours, (await follow(browser, '/two-factor/challenge/duo')).text);
      assert.ok(await isInside(browser));
      const before = await world().store.readSubject(USER);
      const totp = before.enrollments.find(({ method }) => method === 'totp');
      const duo = before.enrollments.find(({ method }) => method === 'duo');
      assert.equal((await follow(browser, CODES)).at, '/two-factor/challenge/totp');
      const removal = `/two-factor/profile/remove/${totp?.id}`;
      assert.equal((await follow(browser, removal)).at, '/two-factor/challenge/totp');
      const _csrf = await browser.csrf();
      for (const path of [CODES, removal]) {
        assert.equal((await browser.post(path, { _csrf })).status, 401, path);
      }
      assert.deepEqual(await world().store.readSubject(USER), before);
      // What rests on Duo here may go on its word: nobody misses it elsewhere.
      const own = await browser.get(`/two-factor/profile/remove/${duo?.id}`);
      assert.equal(own.status, 200);

      await follow(browser, CODES);
      world().clock.advance(60_000);
      await browser.answerChallenge(codeAt(key, world().clock.now()));
      assert.equal((await browser.get(CODES)).status, 200);
    });

    it('hands out no codes for an activation that counts here alone', async () => {
      const browser = await activated();
      const { recoveryCodesLeft } = await world().store.readSubject(USER);
      assert.equal(recoveryCodesLeft, 10);
      actFor(browser, 'initech');
      const { callback } = await theirs.simulator.answer(
        continueLink((await follow(browser)).text),
      );
      const back = await browser.get(local(callback));
      assert.doesNotMatch(back.text, /data-sp="recovery-code"/);
      assert.ok(await isInside(browser));
      const made = host.events.filter(({ type }) => type === 'recovery-codes.made');
      assert.equal(made.length, 1);
    });

    it('asks for a recovery code where the other organization’s Duo is all there is', async () => {
      const browser = await ofBoth();
      const before = await world().store.readSubject(USER);
      const foreign = before.enrollments[0];
      for (const path of [CODES, `/two-factor/profile/remove/${foreign?.id}`]) {
        assert.equal((await follow(browser, path)).at, '/two-factor/challenge/recovery-code', path);
      }
      const _csrf = await browser.csrf();
      assert.equal((await browser.post(CODES, { _csrf })).status, 401);
      assert.deepEqual(await world().store.readSubject(USER), before);
      assert.equal((await browser.get(`/two-factor/profile/replace/${foreign?.id}`)).status, 404);
    });

    it('adds no app by one organization’s word, nor by the password', async () => {
      await set('initech', { methods: ['duo', 'totp'], duo: theirs.setting('initech') });
      const thief = await activated();
      actFor(thief, 'initech');
      // The password alone: only what counts at initech may be begun.
      assert.equal((await follow(thief)).at, '/two-factor/activate/duo');
      assert.equal((await thief.get('/two-factor/activate/totp')).status, 404);
      const json = await thief.json('get', '/two-factor/activate/totp');
      assert.equal(json.body.key, undefined);
      await answer(thief, theirs, (await follow(thief, '/two-factor/activate/duo')).text);
      assert.ok(await isInside(thief));
      const { at } = await follow(thief, '/two-factor/profile/activate/totp');
      assert.equal(at, '/two-factor/challenge/recovery-code');
    });

    it('says so where nothing is left that would bind', async () => {
      const browser = await ofBoth();
      const { epoch } = await world().store.readSubject(USER);
      await world().store.replaceRecoveryCodes(USER, [], epoch);
      const page = await browser.get(CODES);
      assert.equal(page.status, 403);
      assert.match(page.text, /administrator/);
      const _csrf = await browser.csrf();
      assert.equal((await browser.post(CODES, { _csrf })).status, 403);
    });

    it('wants an activation key for a first app, where a first activation does', async () => {
      await set('globex', {
        methods: ['duo', 'totp'],
        duo: ours.setting('globex'),
        enrollment: 'activation-key',
      });
      const browser = new Browser(host.app);
      await browser.login(USER);
      const place = '/two-factor/activate/duo';
      const redeem = async (path: string) => {
        const activationKey = await issueKey(world().store, USER);
        const _csrf = await browser.csrf();
        const posted = await browser.post(`${path}/key`, { activationKey, _csrf });
        assert.equal(posted.status, 303);
      };
      await redeem(place);
      await answer(browser, ours, (await follow(browser, place)).text);
      assert.ok(await isInside(browser));
      assert.equal((await browser.get(CODES)).status, 403);

      const app = '/two-factor/profile/activate/totp';
      const page = await browser.get(app);
      assert.match(page.text, /activation key/i);
      assert.doesNotMatch(page.text, /data-sp="totp-key"/);
      await redeem(app);
      const { body } = await browser.jsonForm(app);
      const code = codeAt(body.key, world().clock.now());
      const fields = { code, enrollment: body.enrollment, _csrf: body.csrfToken };
      assert.ok((await browser.post(app, fields)).status < 400);
      const { enrollments, activationKeyEndsAt } = await world().store.readSubject(USER);
      assert.deepEqual(enrollments.map(({ method }) => method).toSorted(), ['duo', 'totp']);
      assert.equal(activationKeyEndsAt, null, 'the key is spent');
    });

    it('is enough for whoever has nothing else and nowhere else', async () => {
      await set('globex', { methods: ['duo', 'totp'], duo: ours.setting('globex') });
      const browser = await activatedWithDuo();
      assert.equal((await browser.get(CODES)).status, 200);
      const { body } = await browser.jsonForm('/two-factor/profile/activate/totp');
      assert.ok(body.key);
    });

    async function activatedWithDuo(): Promise<Browser> {
      const browser = new Browser(host.app);
      await browser.login(USER);
      await answer(browser, ours, (await follow(browser, '/two-factor/activate/duo')).text);
      assert.ok(await isInside(browser));
      return browser;
    }
  });
});
