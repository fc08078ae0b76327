import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { demoDuo } from '../example/duo.js';
import { type DemoYubikey, demoYubikey } from '../example/yubikey.js';
import { launchChromium } from '../test/support/chromium.js';
import {
  administer,
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

  await handOver(page, example, 'globex', 'globex-user1');
  await signIn(page, 'user1@globex.example');
  await shot('handover');
  await signOut(page);
  const graceUntil = new Date(example.now() + 5.5 * 24 * 3600 * 1000).toISOString();
  await changeSetting(example, 'globex', { enrollment: 'activation-key', graceUntil });
  await signIn(page, 'user2@globex.example');
  await shot('activation-key');
  await signOut(page);

  await administer(
    page,
    example,
    'admin@northwind.example',
    '/setup/organizations/northwind/clients',
  );
  for (const [name, path] of [
    ['admin-clients', 'northwind/clients'],
    ['admin-authentication', 'acme/authentication'],
    ['admin-users', 'acme/users'],
    ['admin-user', 'acme/users/acme-user1'],
    ['admin-events', 'acme/events'],
  ] as const) {
    await page.goto(`/setup/organizations/${path}`);
    await shot(name);
  }
}

/** A key that is plugged in: activated, asked for, then found by somebody. */
async function walkKeys(
  page: Page,
  example: RunningExample,
  shot: (name: string) => Promise<void>,
) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'usb', hasResidentKey: true },
      ...{ hasUserVerification: true, isUserVerified: true },
      automaticPresenceSimulation: true,
    },
  });
  const pressKey = () => page.locator('form[data-sp-key] .sp-button-primary').click();
  const user = 'user@northwind.example';
  await page.goto('/login');
  await signIn(page, user);
  await page.waitForURL((url) => url.pathname !== '/login');
  await page.goto('/two-factor/profile/activate/security-key');
  await page.waitForSelector('form[data-sp-key="create"]');
  await shot('key-activation');
  await pressKey();
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
  await page.locator('[data-sp=continue]').click();
  await page.goto('/');
  await signOut(page);
  await signIn(page, user);
  await page.waitForSelector('form[data-sp-key="get"]');
  await shot('key-challenge');
  await pressKey();
  await page.waitForURL(`${example.origin}/`);
  await signOut(page);

  const at = '/setup/organizations/northwind/look-up';
  await administer(page, example, 'admin@northwind.example', at);
  await shot('admin-look-up');
  await pressKey();
  await page.locator('[data-sp=look-up-result]').waitFor();
  await shot('admin-look-up-found');
}

/** From the page before Duo, by the simulator's prompt, to the page after it. */
async function walkDuo(page: Page, shot: (name: string) => Promise<void>) {
  await page.goto('/');
  await signIn(page, 'user1@globex.example');
  await shot('activation-choice');
  await page.getByRole('link', { name: 'Duo Security' }).click();
  await page.locator('[data-sp=duo-phone]').fill('+1 202 555 0109');
  await page.locator('form:has([data-sp=duo-phone]) button').click();
  await page.locator('[data-sp=continue]').click();
  await page.locator('[data-sp=duo-approve]').waitFor();
  await shot('duo-simulator');
}

/** What an administrator enters for YubiKeys, the touch at activation and login, and the simulator's button. */
async function walkYubikey(
  page: Page,
  example: RunningExample,
  yubikey: DemoYubikey,
  shot: (name: string) => Promise<void>,
) {
  const touch = async (): Promise<string> => {
    await page.goto(String(yubikey.touch));
    await page.getByRole('button', { name: 'Touch the demo key' }).click();
    return (await page.locator('[data-sp=yubikey-otp]').textContent()) ?? '';
  };
  const at = '/setup/organizations';
  await administer(page, example, 'admin@northwind.example', `${at}/northwind/authentication`);
  await shot('yubikey-credentials');
  await page.goto(`${at}/initech/users/initech-user1/activate`);
  await page.getByRole('button', { name: 'Touch a key' }).click();
  await shot('yubikey-on-the-spot');
  await page.goto('/');
  await signOut(page);
  await changeSetting(example, 'acme', { mode: 'required', methods: ['yubikey-otp'] });
  await signIn(page, 'user2@acme.example');
  await shot('yubikey-activation');
  const activated = page.url();
  const code = await touch();
  await shot('yubikey-simulator');
  await page.goto(activated);
  await submitCode(page, code);
  await page.locator('[data-sp=continue]').click();
  await page.getByRole('heading', { name: 'Acme' }).waitFor();
  await signOut(page);
  await signIn(page, 'user2@acme.example');
  await submitCode(page, code);
  await page.getByRole('alert').waitFor();
  await shot('yubikey-challenge');
  await page.goto('/two-factor/challenge');
  await signOut(page);
}

async function photograph(browser: Browser, width: number, colorScheme: 'light' | 'dark') {
  const duo = await demoDuo();
  const yubikey = await demoYubikey();
  const example = await startExample({ duo, yubikey });
  const context = await browser.newContext({
    baseURL: example.origin,
    colorScheme,
    viewport: { width, height: width > 600 ? 800 : 780 },
  });
  const page = await context.newPage();
  const shot = async (name: string) => {
    await page.waitForLoadState('load');
    const path = `${folder}/${name}-${width}-${colorScheme}.png`;
    await page.screenshot({ path, fullPage: true, caret: 'hide' });
  };
  try {
    await walkDuo(page, shot);
    await context.clearCookies();
    await walk(page, example, shot);
    await context.clearCookies();
    await walkYubikey(page, example, yubikey, shot);
    await context.clearCookies();
    await walkKeys(page, example, shot);
  } finally {
    await context.close();
    await example.close();
    await yubikey.close();
    await duo.close();
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
