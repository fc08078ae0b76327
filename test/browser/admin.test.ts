import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { duo, recoveryCodes, securityKey, totp } from 'sallyport';
import { fidoMetadata, keyMaker } from 'sallyport/testing';
import { AdminBrowser, adminHost, testDirectory } from '../support/admin.js';
import { launchChromium } from '../support/chromium.js';

const SETUP = '/setup/organizations';
const ACME = `${SETUP}/acme`;
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const SETTING = {
  mode: 'required',
  methods: ['totp'],
  enrollment: 'self',
  graceUntil: '2026-03-01T00:00:00.000Z',
  maxAgeSeconds: 28_800,
  clientsMust: null,
};

const MODELS = [
  ['2fc0579f-8113-47ea-b116-bb5a8db9202a', 'FIDO_CERTIFIED'],
  ['ee882879-721c-4913-9775-3dfcce97072a', 'USER_KEY_PHYSICAL_COMPROMISE'],
] as const;
const UNKNOWN = 'f8a011f3-8c0a-4d15-8006-17111f9edc7d';

type Act = (page: Page) => Promise<void>;
const press =
  (...names: string[]): Act =>
  async (page) => {
    for (const name of names) await page.getByRole('button', { name }).first().click();
  };

/** Each page by where it begins and what is pressed there. */
const PAGES: readonly [string, string, Act?][] = [
  ['Partner Details', '/setup'],
  ['Account Information', `${SETUP}/north/authentication`],
  ['Clients', `${SETUP}/north/clients`],
  ['Client Details', ACME],
  ['Authentication Mechanism', `${ACME}/authentication?done=saved`],
  ['Users', `${ACME}/users`],
  ['User Details', `${ACME}/users/user1%40acme`],
  ['User Details, with nothing activated', `${ACME}/users/user2%40acme`],
  ['Activate', `${ACME}/users/user2%40acme/activate`],
  ['Reset', `${ACME}/users/user1%40acme/reset`],
  ['Events', `${ACME}/events`],
  ['the preview, with its warning', `${SETUP}/north/authentication`, press('Enable', 'Save')],
  [
    'the form, with errors',
    `${ACME}/authentication`,
    async (page) => {
      await page.getByRole('checkbox', { name: 'Authenticator app' }).uncheck();
      await page.getByLabel('A proof counts for').fill('never');
      await press('Continue')(page);
    },
  ],
  [
    'the form, after somebody else',
    `${ACME}/authentication`,
    async (page) => {
      await page.locator('input[type=radio][name=mode][value=optional]').check();
      await page.evaluate(
        `document.querySelectorAll('input[name=version]').forEach((one) => { one.value = '7' })`,
      );
      await press('Continue')(page);
    },
  ],
  [
    'the question before a bulk action',
    `${SETUP}/globex/users`,
    async (page) => {
      await page.getByLabel(/Select \P{L}*user1@globex/u).check();
      await press('Enable Two-Factor')(page);
    },
  ],
  [
    'the result of a bulk action',
    `${ACME}/users`,
    async (page) => {
      await page.getByLabel(/Select \P{L}*user2@acme/u).check();
      await press('Disable Two-Factor', 'Yes')(page);
    },
  ],
  ['QR code and key', `${ACME}/users/user3%40acme/activate`, press('Show, and confirm now')],
  [
    'a wrong code',
    `${ACME}/users/user3%40acme/activate`,
    async (page) => {
      await press('Show, and confirm now')(page);
      await page.locator('#code').fill('000000');
      await press('Activate')(page);
    },
  ],
  [
    'a key for the first login',
    `${ACME}/users/user3%40acme/activate`,
    press('Show, and confirm at the first login'),
  ],
  ['an activation key', `${ACME}/users/user3%40acme/activate`, press('Issue an activation key')],
];

describe('every page of an administrator, in light and dark, from 320 to 1280 pixels', () => {
  let browser: Browser;
  let context: BrowserContext;
  let server: Server;

  before(async () => {
    browser = await launchChromium();
    const maker = keyMaker();
    const { blob, root } = fidoMetadata({
      models: MODELS.map(([aaguid, status], at) => ({
        ...{ aaguid, maker, name: `Security Key ${at + 1} by Somebody, with NFC and a long name` },
        statuses: [status],
      })),
      nextUpdate: '2025-12-01',
    });
    const keys = securityKey({ metadata: blob, metadataRoots: [root] });
    const host = await adminHost({
      directory: testDirectory({ acme: 60 }),
      host: { options: { methods: [keys, totp(), duo(), recoveryCodes()] } },
      // So that there is an administrator whom a setting can lock out.
      admin: { secondFactor: 'policy' },
    });
    server = host.app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const admin = await AdminBrowser.signedIn(host, 'admin@north');
    await admin.call(`${ACME}/authentication`, { version: 0, setting: SETTING });
    const asked = await admin.call(`${ACME}/security-key`, {
      ...{ version: 1, models: [...MODELS.map(([aaguid]) => aaguid), UNKNOWN].join('\n') },
    });
    const { url, version, pending } = asked.body;
    assert.equal((await admin.call(url, { version, pending })).body.saved, true);
    await new AdminBrowser(host.app).activate('user1@acme', host.clock.now());
    await admin.call(`${ACME}/users/user2%40acme/activation-key`);
    context = await browser.newContext({ baseURL, bypassCSP: true, reducedMotion: 'reduce' });
    await context.addCookies(
      [...admin.cookies].map(([name, value]) => ({ name, value, url: baseURL })),
    );
  });
  after(async () => {
    await browser?.close();
    server?.close();
  });

  for (const [name, path, act] of PAGES) {
    it(name, async () => {
      const page = await context.newPage();
      await page.goto(path);
      await act?.(page);
      await page.waitForLoadState('load');
      await page.evaluate(
        `document.querySelectorAll('details').forEach((one) => { one.open = true })`,
      );
      await page.evaluate(axe.source);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        for (const width of [320, 390, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          const where = `${width} px, ${colorScheme}`;
          const script = `axe.run(document, { runOnly: ${JSON.stringify(STANDARDS)} })`;
          const { violations } = (await page.evaluate(script)) as axe.AxeResults;
          const found = violations.flatMap(({ id, nodes }) =>
            nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
          );
          assert.deepEqual(found, [], where);
          const sideways = 'document.documentElement.scrollWidth > innerWidth';
          assert.equal(await page.evaluate(sideways), false, `scrolls sideways: ${where}`);
        }
      }
      await page.close();
    });
  }
});
