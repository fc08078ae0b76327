import assert from 'node:assert/strict';
import express from 'express';
import { organizationPolicy, type SecondFactorStore } from 'sallyport';
import type { DuoSimulator } from 'sallyport/testing';
import type { OrganizationSetting } from '../../src/contracts.js';
import { subjectOf } from '../support/app.js';
import { type Browser, codeAt } from '../support/browser.js';
import {
  activateDuo,
  continueLink,
  type DuoHost,
  type DuoHostOptions,
  duoHost,
  isInside,
  local,
  startSimulator,
  toPrompt,
} from '../support/duo.js';
import { methodsWith } from '../support/methods.js';
import { NO_SETTING } from '../support/policy.js';
import { journeys } from '../support/worlds.js';

const DEVICE = 'sallyport.device';

journeys('who has a device remembered', (world) => {
  let duo: DuoSimulator;

  before(async () => {
    duo = await startSimulator();
  });
  beforeEach(() => {
    duo.reset();
    world().clock.advance(Date.now() - world().clock.now());
  });
  after(() => duo.close());

  /** Somebody acts for the organization that the cookie `acts-for` names. */
  const hostOf = (options: DuoHostOptions = {}): Promise<DuoHost> =>
    duoHost(duo, {
      world: world(),
      setting: { methods: ['duo', 'totp'], rememberDays: 30 },
      ...options,
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
        ...options.options,
      },
    });
  const actFor = (browser: Browser, tenant: string) => browser.cookies.set('acts-for', tenant);
  const remembered = ({ cookies }: Browser) => cookies.has(DEVICE);

  function laterOn(host: DuoHost, from: Browser): Browser {
    const later = host.browser();
    const device = from.cookies.get(DEVICE);
    if (device !== undefined) later.cookies.set(DEVICE, device);
    return later;
  }

  const bodies = [
    { name: 'a form', type: 'application/x-www-form-urlencoded', body: 'remember=1' },
    { name: 'JSON', type: 'application/json', body: '{"remember":"1"}' },
  ];
  for (const { name, type, body } of bodies) {
    for (const parsed of ['by the library', 'by the host']) {
      it(`says nothing by the body of a GET: ${name}, parsed ${parsed}`, async () => {
        const host = await hostOf({
          before(app) {
            if (parsed === 'by the host') {
              app.use(express.urlencoded({ extended: false }), express.json());
            }
          },
        });
        await activateDuo(host, duo, 'user1@globex');
        const browser = host.browser();
        await browser.login('user1@globex');
        const { callback } = await duo.answer(await toPrompt(browser));
        const back = await browser.get(local(callback)).type(type).send(body);
        assert.equal(back.status, 303);
        assert.ok(await isInside(browser));
        assert.equal(remembered(browser), false);
        assert.deepEqual(await host.store.readDevices('user1@globex'), []);
      });
    }
  }

  it('chooses it on our page, before leaving for Duo', async () => {
    const host = await hostOf();
    await activateDuo(host, duo, 'user1@globex');
    const browser = host.browser();
    await browser.login('user1@globex');
    const page = await browser.get('/two-factor/challenge/duo');
    assert.equal(page.headers.refresh, undefined, 'there is a choice to make');
    assert.match(page.text, /do not ask again on this device for 30 days/);
    const _csrf = await browser.csrf();
    const leaving = await browser.post('/two-factor/challenge/duo', { remember: '1', _csrf });
    assert.equal(leaving.status, 200);
    assert.ok(leaving.headers.refresh);
    const { callback } = await duo.answer(continueLink(leaving.text));
    await browser.get(local(callback));
    assert.ok(await isInside(browser));
    assert.ok(remembered(browser));

    const later = laterOn(host, browser);
    await later.login('user1@globex');
    await later.get('/reports');
    assert.ok(await isInside(later));
  });

  it('is recognized for the organization in whose name it was chosen, and for no other', async () => {
    const host = await hostOf();
    await activateDuo(host, duo, 'user1@globex');
    const browser = host.browser();
    await browser.login('user1@globex');
    const _csrf = await browser.csrf();
    const leaving = await browser.post('/two-factor/challenge/duo', { remember: '1', _csrf });
    await browser.get(local((await duo.answer(continueLink(leaving.text))).callback));
    assert.ok(await isInside(browser));

    const elsewhere = laterOn(host, browser);
    actFor(elsewhere, 'initech');
    await elsewhere.login('user1@globex');
    assert.equal((await elsewhere.get('/reports')).headers.location, '/two-factor/challenge');
    assert.ok(remembered(elsewhere), 'and stays what it was');

    const later = laterOn(host, browser);
    await later.login('user1@globex');
    await later.get('/reports');
    assert.ok(await isInside(later), 'for its own it still counts');
    actFor(later, 'initech');
    assert.equal(await isInside(later), false, 'nor does the session that it has opened');
  });

  describe('with an app', () => {
    let host: DuoHost;
    let key: string;
    let codes: readonly string[];
    beforeEach(async () => {
      host = await hostOf({ setting: { methods: ['totp'], rememberDays: 30 } });
      const browser = host.browser();
      key = await browser.activate('user2@globex', world().clock.now());
      codes = browser.recoveryCodes;
      world().clock.advance(60_000);
    });
    const code = () => codeAt(key, world().clock.now());

    it('is not remembered by a recovery code', async () => {
      const browser = host.browser();
      await browser.login('user2@globex');
      const fields = { code: codes[0] ?? '', remember: '1', _csrf: await browser.csrf() };
      await browser.post('/two-factor/challenge/recovery-code', fields);
      assert.ok(await isInside(browser));
      assert.equal(remembered(browser), false);
    });

    it('is not remembered in a step-up', async () => {
      const browser = host.browser();
      await browser.login('user2@globex');
      await browser.answerChallenge(code());
      world().clock.advance(6 * 60_000);
      await browser.get('/two-factor/profile/recovery-codes');
      const fields = { code: code(), remember: '1', _csrf: await browser.csrf() };
      assert.equal((await browser.post('/two-factor/challenge/totp', fields)).status, 303);
      assert.equal(remembered(browser), false);
    });

    it('stands for its organization alone', async () => {
      await set(host.store, 'initech', { mode: 'required', methods: ['totp'], rememberDays: 30 });
      const browser = host.browser();
      await browser.login('user2@globex');
      const fields = { code: code(), remember: '1', _csrf: await browser.csrf() };
      await browser.post('/two-factor/challenge/totp', fields);
      assert.ok(remembered(browser));
      const later = laterOn(host, browser);
      actFor(later, 'initech');
      await later.login('user2@globex');
      await later.get('/reports');
      assert.equal(await isInside(later), false);
    });
  });

  it('changes nothing by the body of any other GET, HEAD or OPTIONS', async () => {
    const host = await hostOf({ setting: { methods: ['totp'], rememberDays: 30 } });
    const browser = host.browser();
    const key = await browser.activate('user2@globex', world().clock.now());
    world().clock.advance(60_000);
    const again = host.browser();
    await again.login('user2@globex');
    const _csrf = await again.csrf();
    const fields = { code: codeAt(key, world().clock.now()), remember: '1', _csrf };
    for (const method of ['get', 'head', 'options'] as const) {
      for (const path of [
        '/two-factor/challenge/totp',
        '/two-factor/challenge/duo',
        '/two-factor',
      ]) {
        const form = new URLSearchParams(fields).toString();
        await again.send(method, path).type('form').send(form);
        await again.send(method, path).type('json').send(JSON.stringify(fields));
      }
    }
    assert.equal(await isInside(again), false);
    assert.equal((await host.store.readSubject('user2@globex')).failures, 0);
    await again.post('/two-factor/challenge/totp', fields);
    assert.ok(await isInside(again));
  });

  async function set(store: SecondFactorStore, id: string, setting: Partial<OrganizationSetting>) {
    const value = { ...NO_SETTING, ...setting };
    await store.writeSetting(id, { value, changedBy: `admin@${id}`, expectedVersion: null });
  }
});
