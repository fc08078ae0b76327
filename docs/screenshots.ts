import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../test/support/chromium.js';
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
} from '../test/support/example.js';

/**
 * `npm run screenshots`: walks through the example console and writes docs/screenshots/NAME-WIDTH-SCHEME.png.
 */
const folder = fileURLToPath(new URL('screenshots', import.meta.url));
const WIDTHS = [1280, 390] as const;
const SCHEMES = ['light', 'dark'] as const;

async function walk(page: Page, example: RunningExample, shot: (name: string) => Promise<void>) {
  await page.goto('/');
  await shot('login');
  await signIn(page, 'user1@acme.example');
  const key = await readKey(page);
  await shot('activation');
  await submitCode(page, wrongCode(example, key));
  await shot('activation-wrong-code');
  await submitCode(page, example.code(key));
  await shot('recovery-codes');
  await page.locator('[data-sp=continue]').click();
  await shot('dashboard');
  await page.getByRole('link', { name: 'My Profile' }).click();
  await shot('profile');
  await page.getByRole('link', { name: 'Sign out my other sessions' }).click();
  await shot('confirm');
  await page.goto('/');
  await signOut(page);
  example.nextStep();
  await signIn(page, 'user1@acme.example');
  await shot('challenge');
  await submitCode(page, wrongCode(example, key));
  await shot('challenge-wrong-code');
  await page.goto('/two-factor/nothing');
  await shot('message');
  await page.goto('/two-factor/challenge');
  await signOut(page);

  await handOver(page, 'globex', 'globex-user1');
  await signIn(page, 'user1@globex.example');
  await shot('handover');
  await signOut(page);
  const graceUntil = new Date(example.now() + 5.5 * 24 * 3600 * 1000).toISOString();
  await changeSetting(example, 'globex', { enrollment: 'activation-key', graceUntil });
  await signIn(page, 'user2@globex.example');
  await shot('activation-key');
}

async function photograph(browser: Browser, width: number, colorScheme: 'light' | 'dark') {
  const example = await startExample();
  const context = await browser.newContext({
    baseURL: example.origin,
    colorScheme,
    viewport: { width, height: width > 600 ? 800 : 780 },
  });
  const page = await context.newPage();
  try {
    await walk(page, example, async (name) => {
      await page.waitForLoadState('load');
      await page.screenshot({
        path: `${folder}/${name}-${width}-${colorScheme}.png`,
        fullPage: true,
        caret: 'hide',
      });
    });
  } finally {
    await context.close();
    await example.close();
  }
}

async function main(): Promise<void> {
  await mkdir(folder, { recursive: true });
  const browser = await launchChromium();
  try {
    for (const width of WIDTHS) {
      for (const colorScheme of SCHEMES) await photograph(browser, width, colorScheme);
    }
  } finally {
    await browser.close();
  }
}

await main();
