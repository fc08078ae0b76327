import assert from 'node:assert/strict';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type DemoYubikey, demoYubikey } from '../../example/yubikey.js';
import { launchChromium } from '../support/chromium.js';
import {
  administer,
  changeSetting,
  type RunningExample,
  signIn,
  signOut,
  startExample,
} from '../support/example.js';

const ALONE = { mode: 'required', methods: ['yubikey-otp'] } as const;

describe('YubiKeys in the browser', () => {
  let browser: Browser;
  let yubikey: DemoYubikey;
  let example: RunningExample;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    yubikey = await demoYubikey();
    example = await startExample({ yubikey });
    await changeSetting(example, 'acme', ALONE);
  });
  afterEach(async () => {
    await context.close();
    await example.close();
    await yubikey.close();
    assert.deepEqual(complaints, []);
  });

  async function open(javaScriptEnabled = true) {
    context = await browser.newContext({
      ...{ javaScriptEnabled, baseURL: example.origin, reducedMotion: 'reduce' },
    });
    page = await context.newPage();
    complaints = [];
    page.on('console', (message) => {
      const answered = /status of (4\d\d|503)/.test(message.text());
      if (message.type() === 'error' && !answered) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  }
  /** In another tab, as somebody does who has no real key. */
  async function touch(name = 'the demo key'): Promise<string> {
    const other = await context.newPage();
    await other.goto(String(yubikey.touch));
    await other.getByRole('button', { name: `Touch ${name}` }).click();
    const typed = await other.locator('[data-sp=yubikey-otp]').textContent();
    await other.close();
    return typed ?? '';
  }
  /** A real key types and ends with Enter, into whatever has the focus. */
  async function type(text: string): Promise<void> {
    await page.locator('input[name=code]:focus').waitFor();
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
  }
  async function check(): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [320, 390, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        await page.evaluate(axe.source);
        const found = await page.evaluate(
          'axe.run().then(({ violations }) => violations.map(({ id }) => id))',
        );
        const where = `${page.url()} at ${width} px, ${colorScheme}`;
        assert.deepEqual(found, [], where);
        const wide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
        assert.equal(wide, false, `scrolls sideways: ${where}`);
      }
    }
  }

  for (const script of [true, false]) {
    it(`open the door by one touch, ${script ? 'with' : 'without'} script`, async () => {
      await open(script);
      await page.goto('/files/report.txt');
      await signIn(page, 'user1@acme.example');
      await type(await touch());
      await page.locator('[data-sp=continue]').click();
      await page.waitForURL('**/files/report.txt');
      await page.goto('/');
      await signOut(page);

      await signIn(page, 'user1@acme.example');
      const otp = await touch();
      await type(otp);
      await page.getByRole('heading', { name: 'Acme' }).waitFor();
      assert.match((await page.textContent('body')) ?? '', /YubiKey/);
      await signOut(page);
      await signIn(page, 'user1@acme.example');
      await type(otp);
      await page.getByRole('alert').getByText('This code was used already').waitFor();
      await type(await touch('a second key'));
      await page.getByRole('alert').getByText('This is not a key of yours').waitFor();
    });
  }

  it('have pages with nothing that axe finds, from 320 to 1280 pixels', async () => {
    await open();
    await page.goto('/');
    await signIn(page, 'user1@acme.example');
    await page.getByRole('heading', { name: 'Activate a YubiKey' }).waitFor();
    await check();
    await type('123456');
    await page.getByRole('alert').waitFor();
    await check();
    await type(await touch());
    await page.locator('[data-sp=continue]').click();
    await page.getByRole('heading', { name: 'Acme' }).waitFor();
    await page.goto('/two-factor/profile');
    await check();
    await page.goto('/two-factor/profile/activate/yubikey-otp');
    await check();
    await page.goto('/');
    await signOut(page);
    await signIn(page, 'user1@acme.example');
    await page.getByRole('heading', { name: 'Touch your YubiKey' }).waitFor();
    await check();
    await page.goto(String(yubikey.touch));
    await check();
    await page.getByRole('button', { name: 'Touch the demo key' }).click();
    await page.locator('[data-sp=yubikey-otp]').waitFor();
    await check();
  });

  it('are entered and activated by an administrator, on pages with nothing that axe finds', async () => {
    await open();
    const users = '/setup/organizations/initech/users';
    await administer(page, example, 'admin@northwind.example', `${users}/initech-user1/activate`);
    await check();
    await page.getByRole('button', { name: 'Touch a key' }).click();
    await page.getByLabel('Code of the key').waitFor();
    await check();
    await type('nonsense');
    await page.getByRole('alert').waitFor();
    await check();
    await type(await touch());
    await page.getByText('YubiKey', { exact: false }).first().waitFor();
    await page.waitForURL('**/initech-user1?done=activated');
    await page.goto('/setup/organizations/northwind/authentication');
    await check();
    const section = page.locator('section:has(> div > h2#yubikey-otp)');
    await section.getByLabel('Client ID').fill('x');
    await section.getByRole('button', { name: 'Save' }).click();
    await page.locator('#yubikey-clientId-error').waitFor();
    await check();
  });
});
