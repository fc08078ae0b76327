import assert from 'node:assert/strict';
import { organizationPolicy } from 'sallyport';
import { NO_SETTING, type OrganizationSetting } from '../../src/policy/settings.js';
import { type Host, subjectOf } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { continueLink, isInside, local } from '../support/duo.js';
import { agentOf, type DuoAccount, duoAccount } from '../support/duo-accounts.js';
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
    host = await world().host((store) => ({
      options: {
        policy: organizationPolicy({
          store,
          organization: (id) => ({ id, kind: 'client', partnerId: null }),
        }),
        duo: { httpsAgent: agentOf([ours, theirs]) },
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
      if (page.status !== 303) return { at, text: page.text };
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
});
