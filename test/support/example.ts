import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import session from 'express-session';
import { generateSync } from 'otplib';
import type { Page } from 'playwright-core';
import { memoryStore, type OrganizationSetting, type SecondFactorStore } from 'sallyport';
import { DEMO_PASSWORD, demoAccounts } from '../../example/accounts.js';
import { createApp } from '../../example/app.js';
import type { DemoDuo } from '../../example/duo.js';
import type { DemoYubikey } from '../../example/yubikey.js';
import { type Duration, parseDuration } from '../../src/time.js';

/** The example console, in this process, on memory, with a clock that can be moved on. */
export interface RunningExample {
  readonly origin: string;
  readonly store: SecondFactorStore;
  /** The keys of the administrators who have activated an app, by e-mail address. */
  readonly administrators: Map<string, string>;
  /** The console's clock. */
  now(): number;
  /** The code that an app shows for this key, by the console's clock. */
  code(key: string): string;
  /** Moves the console's clock on, by one TOTP step if nothing else is said: a code counts once. */
  nextStep(wait?: Duration): void;
  close(): Promise<void>;
}

export async function startExample({
  users = 0,
  duo,
  yubikey,
}: {
  readonly users?: number;
  /** Duo sends browsers back to localhost by its name only, so that is what the console is called then. */
  readonly duo?: Pick<DemoDuo, 'options' | 'globex'>;
  readonly yubikey?: Pick<DemoYubikey, 'options' | 'northwind' | 'touch'>;
} = {}): Promise<RunningExample> {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://${duo ? 'localhost' : '127.0.0.1'}:${port}`;
  const store = memoryStore({ now });
  const secret = () => randomBytes(32).toString('base64');
  const { app, door } = await createApp({
    origin,
    keys: [secret()],
    sessionSecret: secret(),
    accounts: await demoAccounts({ users }),
    sessionStore: new session.MemoryStore(),
    store,
    duo,
    yubikey,
  });
  server.on('request', app);
  return {
    origin,
    store,
    administrators: new Map(),
    code: (key) =>
      generateSync({ secret: key.replaceAll(' ', ''), epoch: Math.floor(now() / 1000) }),
    now,
    nextStep(wait = '30s') {
      ahead += parseDuration(wait) ?? 0;
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

/** Confirms the key on the activation page, keeps the recovery codes, and goes on. */
export async function activate(page: Page, example: RunningExample): Promise<string> {
  const key = await readKey(page);
  await submitCode(page, example.code(key));
  await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
  await page.locator('[data-sp=continue]').click();
  return key;
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/login');
}

/** Changes what an organization has set, as its administrators could. */
export async function changeSetting(
  { store }: RunningExample,
  organizationId: string,
  part: Partial<OrganizationSetting>,
): Promise<void> {
  const stored = await store.readSetting(organizationId);
  const value = { ...stored?.value, ...part };
  await store.writeSetting(organizationId, { value, changedBy: 'a test', expectedVersion: null });
}

/** Signs an administrator in and asks for a page of theirs: with a second factor, activated the first time. */
export async function administer(
  page: Page,
  example: RunningExample,
  email: string,
  path: string,
): Promise<void> {
  await page.goto('/login');
  await signIn(page, email);
  await page.goto(path);
  example.nextStep();
  const key = example.administrators.get(email);
  if (key === undefined) {
    await page.locator('[data-sp=continue]').click();
    // Northwind takes keys as well.
    await page.getByRole('link', { name: 'Authenticator app' }).click();
    example.administrators.set(email, await activate(page, example));
  } else await submitCode(page, example.code(key));
  await page.waitForURL(`**${path}`);
}

/** As the partner's administrator: hands a key over to a user of a client. Returns it, signed out again. */
export async function handOver(
  page: Page,
  example: RunningExample,
  organizationId: string,
  userId: string,
): Promise<string> {
  const path = `/setup/organizations/${organizationId}/users/${userId}/activate`;
  await administer(page, example, 'admin@northwind.example', path);
  await page.getByRole('button', { name: /confirm at the first login/ }).click();
  const key = await readKey(page);
  await page.goto('/');
  await signOut(page);
  return key;
}

/** The manual key on the activation page. */
export async function readKey(page: Page): Promise<string> {
  return (await page.locator('[data-sp=totp-key]').textContent()) ?? '';
}
