import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import session from 'express-session';
import { generateSync } from 'otplib';
import type { Page } from 'playwright-core';
import { memoryStore } from 'sallyport';
import { DEMO_PASSWORD, demoAccounts } from '../../example/accounts.js';
import { createApp } from '../../example/app.js';

/** The example console, in this process, on memory, with a clock that can be moved on. */
export interface RunningExample {
  readonly origin: string;
  /** The code that an app shows for this key, by the console's clock. */
  code(key: string): string;
  /** Moves the console's clock on by one TOTP step: a code counts once. */
  nextStep(): void;
  close(): Promise<void>;
}

export async function startExample(): Promise<RunningExample> {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const secret = () => randomBytes(32).toString('base64');
  const { app, door } = await createApp({
    origin,
    keys: [secret()],
    sessionSecret: secret(),
    accounts: await demoAccounts(),
    sessionStore: new session.MemoryStore(),
    store: memoryStore({ now }),
  });
  server.on('request', app);
  return {
    origin,
    code: (key) =>
      generateSync({ secret: key.replaceAll(' ', ''), epoch: Math.floor(now() / 1000) }),
    nextStep() {
      ahead += 30_000;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await door.close();
    },
  };
}

/** A code of six digits that is certainly wrong: none of those that count around now. */
export function wrongCode(example: RunningExample, key: string): string {
  return String((Number(example.code(key)) + 500_000) % 1_000_000).padStart(6, '0');
}

/** Fills in the console's own login form. */
export async function signIn(page: Page, account: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(account);
  await page.getByLabel('Password').fill(DEMO_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Enters a code on whichever of Sallyport's pages is open. */
export async function submitCode(page: Page, code: string): Promise<void> {
  await page.locator('input[name=code]').fill(code);
  await page.locator('.sp-button-primary').click();
}

/** The manual key on the activation page. */
export async function readKey(page: Page): Promise<string> {
  return (await page.locator('[data-sp=totp-key]').textContent()) ?? '';
}
