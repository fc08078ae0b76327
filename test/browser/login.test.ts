import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.js';
import {
  activate,
  changeSetting,
  handOver,
  type RunningExample,
  readKey,
  signIn,
  signOut,
  startExample,
  submitCode,
  wrongCode,
} from '../support/example.js';

describe('a login in the browser', () => {
  let browser: Browser;
  let example: RunningExample;

  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    example = await startExample();
  });
  afterEach(() => example.close());

  for (const javaScriptEnabled of [true, false]) {
    describe(javaScriptEnabled ? 'with script' : 'without script', () => {
      let context: BrowserContext;
      let page: Page;
      let complaints: string[];

      beforeEach(async () => {
        context = await browser.newContext({ javaScriptEnabled, baseURL: example.origin });
        complaints = [];
        page = await context.newPage();
        // A violated CSP and a thrown error are said on the console.
        page.on('console', (message) => {
          // A page for a wrong code is answered with a 4xx, which Chromium reports too.
          const answered = /status of 4\d\d/.test(message.text());
          if (message.type() === 'error' && !answered) complaints.push(message.text());
        });
        page.on('response', (response) => {
          const part = response.request().resourceType() !== 'document';
          if (part && response.status() >= 400) complaints.push(response.url());
        });
        page.on('pageerror', (error) => complaints.push(error.message));
        page.on('request', (request) => {
          const { origin, protocol } = new URL(request.url());
          if (origin !== example.origin && protocol !== 'data:') complaints.push(request.url());
        });
      });
      afterEach(async () => {
        await context.close();
        assert.deepEqual(complaints, []);
      });

      it('activates an authenticator app and opens the page first asked for', async () => {
        await page.goto('/files/report.txt');
        await signIn(page, 'user1@acme.example');
        await page.waitForURL('**/two-factor/activate/**');
        const key = await readKey(page);
        assert.match(key, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
        assert.match(
          (await page.textContent('dl')) ?? '',
          /user1@acme\.example[\s\S]*Northwind Console/,
        );
        assert.equal(await page.getByRole('img', { name: /QR code/ }).isVisible(), true);

        await submitCode(page, wrongCode(example, key));
        const error = page.getByRole('alert');
        await error.waitFor();
        const described = await page.locator('input[name=code]').getAttribute('aria-describedby');
        assert.ok(described?.split(' ').includes((await error.getAttribute('id')) ?? ''));
        assert.equal(await readKey(page), key, 'the key that was scanned still counts');

        await activate(page, example);
        await page.waitForURL('**/files/report.txt');
        await page.goto('/');
        assert.match((await page.textContent('main')) ?? '', /Authenticator app\s+proven/);
      });

      it('gives the key to an app on the same device, and copies it where script runs', async () => {
        await context.grantPermissions(['clipboard-read', 'clipboard-write']);
        await page.goto('/');
        await signIn(page, 'user1@acme.example');
        const key = (await readKey(page)).replaceAll(' ', '');
        const link = page.getByRole('link', { name: 'Open in an app on this device' });
        const href = (await link.getAttribute('href')) ?? '';
        assert.match(href, new RegExp(`^otpauth://totp/[^?]*\\?secret=${key}&issuer=`));
        const button = page.getByRole('button', { name: 'Copy the key' });
        assert.equal(await button.isVisible(), javaScriptEnabled);
        if (!javaScriptEnabled) return;
        await button.click();
        await page.getByRole('button', { name: 'Copied' }).waitFor();
        assert.equal(await page.evaluate('navigator.clipboard.readText()'), key);
      });

      it('asks for a code only, at the next login', async () => {
        await page.goto('/');
        await signIn(page, 'user2@acme.example');
        const key = await activate(page, example);
        await signOut(page);
        example.nextStep();

        await page.goto('/api/me');
        await signIn(page, 'user2@acme.example');
        await page.waitForURL('**/two-factor/challenge');
        assert.equal(await page.locator('[data-sp=totp-key]').count(), 0);
        await submitCode(page, wrongCode(example, key));
        await page.getByRole('alert').waitFor();

        const code = example.code(key);
        await submitCode(page, `${code.slice(0, 3)} ${code.slice(3)}`);
        await page.waitForURL('**/api/me');
        assert.match((await page.textContent('body')) ?? '', /"method":"totp"/);
      });

      it('signs out between the doors', async () => {
        await page.goto('/');
        await signIn(page, 'user1@globex.example');
        await page.waitForURL('**/two-factor/activate/**');
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.waitForURL('**/login');
        await page.goto('/');
        assert.equal(new URL(page.url()).pathname, '/login');
      });

      it('makes a new key on request, and voids the one before', async () => {
        await page.goto('/');
        await signIn(page, 'user1@globex.example');
        await page.waitForURL('**/two-factor/activate/**');
        const before = await readKey(page);
        await page.getByRole('button', { name: 'Use a new key' }).click();
        await page.waitForURL('**/two-factor/activate/**');
        const after = await readKey(page);
        assert.notEqual(after, before);
        await submitCode(page, example.code(before));
        await page.getByRole('alert').waitFor();
        assert.equal(await activate(page, example), after);
        await page.waitForURL(`${example.origin}/`);
      });

      it('replaces the authenticator app in My Profile, after a fresh code', async () => {
        await page.goto('/');
        await signIn(page, 'user1@acme.example');
        const old = await activate(page, example);
        await page.getByRole('link', { name: 'My Profile' }).click();
        example.nextStep('10m');
        await page.getByRole('link', { name: 'Replace' }).click();
        await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
        await submitCode(page, example.code(old));
        await page.waitForURL('**/two-factor/profile/replace/**');
        await page.getByRole('button', { name: 'Show the key' }).click();
        const key = await readKey(page);
        assert.notEqual(key, old);
        await submitCode(page, example.code(key));
        await page.getByRole('status').waitFor();
        assert.match((await page.getByRole('status').textContent()) ?? '', /the old one is gone/);
      });

      it('confirms a key that an administrator has handed over', async () => {
        const key = await handOver(page, example, 'globex', 'globex-user1');
        await signIn(page, 'user1@globex.example');
        await page.waitForURL('**/two-factor/activate/**');
        assert.equal(await page.locator('[data-sp=totp-key]').count(), 0);
        await submitCode(page, example.code(key));
        await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
      });

      it('asks for an activation key first where the organization demands one', async () => {
        await changeSetting(example, 'globex', { enrollment: 'activation-key' });
        await page.goto('/');
        await signIn(page, 'user2@globex.example');
        await page.waitForURL('**/two-factor/activate/**');
        assert.equal(await page.locator('[data-sp=totp-key]').count(), 0);
        await page.getByLabel('Activation key').fill('AAAAA-BBBBB-CCCCC-DDDDD');
        await page.getByRole('button', { name: 'Continue' }).click();
        assert.match((await page.getByRole('alert').textContent()) ?? '', /not right/);
      });

      it('has no second door where two-factor is off', async () => {
        await page.goto('/');
        await signIn(page, 'user@initech.example');
        await page.waitForURL(`${example.origin}/`);
        assert.match((await page.textContent('main')) ?? '', /not asked for/);
      });
    });
  }
});
