import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type DemoDuo, demoDuo } from '../../example/duo.js';
import { launchChromium } from '../support/chromium.js';
import {
  administer,
  changeSetting,
  type RunningExample,
  readKey,
  signIn,
  startExample,
  submitCode,
} from '../support/example.js';

describe('Duo in the browser', () => {
  let browser: Browser;
  let duo: DemoDuo;
  let example: RunningExample;

  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    duo = await demoDuo();
    example = await startExample({ duo });
  });
  afterEach(async () => {
    await example.close();
    await duo.close();
  });

  for (const javaScriptEnabled of [true, false]) {
    describe(javaScriptEnabled ? 'with script' : 'without script', () => {
      let context: BrowserContext;
      let page: Page;
      let complaints: string[];

      beforeEach(async () => {
        context = await browser.newContext({ javaScriptEnabled, baseURL: example.origin });
        page = await context.newPage();
        complaints = [];
        page.on('console', (message) => {
          const answered = /status of 4\d\d/.test(message.text());
          if (message.type() === 'error' && !answered) complaints.push(message.text());
        });
        page.on('pageerror', (error) => complaints.push(error.message));
        page.on('request', (request) => {
          const { hostname, protocol } = new URL(request.url());
          if (hostname !== 'localhost' && protocol !== 'data:') complaints.push(request.url());
        });
      });
      afterEach(async () => {
        await context.close();
        assert.deepEqual(complaints, []);
      });

      const atPrompt = () => page.waitForURL((url) => url.origin === duo.options.promptOrigin);
      const registerPhone = async () => {
        await page.locator('[data-sp=duo-phone]').fill('+1 202 555 0109');
        await page.locator('form:has([data-sp=duo-phone]) button').click();
        await page.locator('[data-sp=continue]').click();
      };
      /** The recovery codes come between a first activation and the way on. */
      const passCodes = async () => {
        await page.waitForURL((url) => url.origin === example.origin);
        const codes = page.locator('[data-sp=recovery-code]');
        if (await codes.count()) await page.locator('[data-sp=continue]').click();
      };

      it('leads from the login through registering a phone to the page first asked for', async () => {
        await page.goto(`${example.origin}/files/report.txt`);
        await signIn(page, 'user1@globex.example');
        await page.getByRole('link', { name: 'Duo Security' }).click();
        await atPrompt();
        await registerPhone();
        await page.locator('[data-sp=duo-approve]').click();
        await passCodes();
        await page.waitForURL('**/files/report.txt');
        await page.goto(`${example.origin}/`);
        assert.match((await page.textContent('main')) ?? '', /Duo Security/);

        // The next login goes to the prompt by itself.
        await page.getByRole('button', { name: 'Sign out' }).first().click();
        await page.waitForURL('**/login');
        await signIn(page, 'user1@globex.example');
        await atPrompt();
        await page.locator('[data-sp=duo-approve]').click();
        await page.waitForURL(`${example.origin}/`);
        assert.match((await page.textContent('main')) ?? '', /Duo Security\s+proven/);
      });

      it('leaves a way to another method to who comes back from the prompt', async () => {
        await page.goto(example.origin);
        await signIn(page, 'user2@globex.example');
        await page.getByRole('link', { name: 'Duo Security' }).click();
        await atPrompt();
        await page.locator('[data-sp=duo-deny]').click();
        // Duo keeps whoever denies; Back leads to the choice of a method.
        await page.goto(`${example.origin}/two-factor/activate`);
        await page.getByRole('link', { name: 'Authenticator app' }).click();
        // What was begun with Duo is void only by a press of the button.
        await page.locator('[data-sp=begin]').click();
        const key = await readKey(page);
        await submitCode(page, example.code(key));
        await passCodes();
        await page.waitForURL(`${example.origin}/`);
        assert.match((await page.textContent('main')) ?? '', /Authenticator app\s+proven/);
      });

      it('has the device remembered by the button before the prompt', async () => {
        await changeSetting(example, 'globex', { rememberDays: 7 });
        await page.goto(example.origin);
        await signIn(page, 'user1@globex.example');
        await page.getByRole('link', { name: 'Duo Security' }).click();
        await atPrompt();
        await registerPhone();
        await page.locator('[data-sp=duo-approve]').click();
        await passCodes();
        await page.waitForURL(`${example.origin}/`);

        const signOut = async () => {
          await page.getByRole('button', { name: 'Sign out' }).first().click();
          await page.waitForURL('**/login');
        };
        await signOut();
        await signIn(page, 'user1@globex.example');
        await page
          .getByRole('button', { name: /do not ask again on this device for 7 days/ })
          .click();
        await atPrompt();
        await page.locator('[data-sp=duo-approve]').click();
        await page.waitForURL(`${example.origin}/`);
        await signOut();
        await signIn(page, 'user1@globex.example');
        await page.waitForURL(`${example.origin}/`);
      });

      it('is set up by an administrator with the keys that the simulator prints', async () => {
        const keys = await context.newPage();
        await keys.goto(`${duo.options.promptOrigin}/`);
        const read = (hook: string) => keys.locator(`[data-sp=${hook}]`).last().textContent();
        const clientId = await read('duo-integration-key');
        const clientSecret = await read('duo-secret-key');
        const apiHost = await read('duo-api-host');

        const path = '/setup/organizations/initech/authentication';
        await administer(page, example, 'admin@initech.example', path);
        await page.getByRole('group', { name: 'Duo Security' }).getByLabel('Yes').check();
        await page.getByLabel('Integration key').fill(String(clientId));
        await page.locator('#duo-clientSecret').fill('wrong');
        await page.getByLabel('API hostname').fill(String(apiHost));
        const save = () => page.locator('form:has(#duo-clientSecret) button').click();
        await save();
        await page.locator('#duo-clientSecret-error').waitFor();
        assert.equal(await page.locator('#duo-clientSecret').inputValue(), '');
        await page.locator('#duo-clientSecret').fill(String(clientSecret));
        await save();
        await page.getByText('Duo Security: Yes').waitFor();
        assert.equal(await page.locator('#duo-clientSecret').inputValue(), '');
      });
    });
  }
});
