import assert from 'node:assert/strict';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.js';
import {
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

const SCHEMES = ['light', 'dark'] as const;
const WIDTHS = [320, 390, 1280] as const;
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

describe('every page, in light and dark, from 320 to 1280 pixels', () => {
  let browser: Browser;
  let example: RunningExample;
  let context: BrowserContext;
  let page: Page;
  let key: string;

  before(async () => {
    browser = await launchChromium();
    example = await startExample();
    // Colors that are still on their way from one scheme to the other have a contrast of their own.
    context = await browser.newContext({ baseURL: example.origin, reducedMotion: 'reduce' });
    page = await context.newPage();
  });
  after(async () => {
    await browser?.close();
    await example?.close();
  });

  async function check(): Promise<void> {
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        const where = `${page.url()} at ${width} px, ${colorScheme}`;
        assert.deepEqual(await violations(page), [], where);
        assert.equal(await overflows(page), false, `scrolls sideways: ${where}`);
      }
    }
    assert.deepEqual(await smallTargets(page), [], 'targets below 24 px');
  }

  it('the login page', async () => {
    await page.goto('/login');
    await check();
    await page.getByLabel('E-mail address').fill('user1@acme.example');
    await page.getByLabel('Password').fill('not this one');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await check();
  });

  it('activation', async () => {
    await page.goto('/');
    await signIn(page, 'user1@acme.example');
    key = await readKey(page);
    await check();
  });

  it('activation, after a wrong code', async () => {
    await submitCode(page, wrongCode(example, key));
    await page.getByRole('alert').waitFor();
    await check();
  });

  it("the library's own 404", async () => {
    const { pathname } = new URL(page.url());
    await page.goto('/two-factor/nothing');
    await check();
    await page.goto(pathname);
  });

  it('the recovery codes', async () => {
    await submitCode(page, example.code(key));
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    await check();
  });

  it('My Profile, and the question before a change', async () => {
    await page.goto('/two-factor/profile?done=activated');
    await check();
    await page.getByRole('link', { name: 'Sign out my other sessions' }).click();
    await check();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.getByRole('link', { name: 'Replace' }).click();
    await check();
    await page.locator('[data-sp=begin]').click();
    await page.locator('[data-sp=totp-key]').waitFor();
    await check();
  });

  it('another name for an app, and one that is refused', async () => {
    await page.goto('/two-factor/profile');
    await page.getByRole('link', { name: 'Rename' }).click();
    await check();
    await page.getByLabel('Name').fill('x'.repeat(41));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').waitFor();
    await check();
    await page.getByLabel('Name').fill('\u05d4\u05d8\u05dc\u05e4\u05d5\u05df (abc)');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The new name is saved.').waitFor();
    await check();
  });

  it('a key that was handed over', async () => {
    const other = await browser.newContext({ baseURL: example.origin });
    await handOver(await other.newPage(), example, 'globex', 'globex-user1');
    await other.close();
    await page.goto('/');
    await signOut(page);
    await signIn(page, 'user1@globex.example');
    await page.getByRole('heading', { name: /Confirm your authenticator app/ }).waitFor();
    await check();
    await signOut(page);
  });

  it('the activation key, with a grace period, and after a wrong one', async () => {
    const graceUntil = new Date(example.now() + 5 * 24 * 3600 * 1000).toISOString();
    await changeSetting(example, 'globex', { enrollment: 'activation-key', graceUntil });
    await signIn(page, 'user2@globex.example');
    await page.getByLabel('Activation key').fill('AAAAA-BBBBB-CCCCC-DDDDD');
    await check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('alert').waitFor();
    await check();
    await signOut(page);
    example.nextStep();
    await signIn(page, 'user1@acme.example');
    await submitCode(page, example.code(key));
  });

  it('the dashboard', async () => {
    await page.goto('/');
    await page.getByRole('heading', { name: 'Acme' }).waitFor();
    await check();
  });

  it('the 404 of the console', async () => {
    await page.goto('/nothing');
    await check();
  });

  it('the challenge, and after a wrong code', async () => {
    await page.goto('/');
    await page.getByRole('button', { name: 'Sign out' }).click();
    example.nextStep();
    await signIn(page, 'user1@acme.example');
    await page.waitForURL('**/two-factor/challenge');
    await check();
    await page.locator('summary').click();
    await submitCode(page, wrongCode(example, key));
    await page.getByRole('alert').waitFor();
    await check();
  });
});

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const script = `axe.run(document, { runOnly: ${JSON.stringify(STANDARDS)} })`;
  const results = (await page.evaluate(script)) as axe.AxeResults;
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
  );
}

function overflows(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > innerWidth');
}

/** WCAG 2.2 §2.5.8, for everything that is not a link within a sentence. */
function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(`
    [...document.querySelectorAll('a, button, summary, input:not([type=hidden])')]
      .filter((target) => getComputedStyle(target).display !== 'inline')
      .filter((target) => {
        const { width, height } = target.getBoundingClientRect();
        return width < 24 || height < 24;
      })
      .map((target) => target.outerHTML)
  `);
}
