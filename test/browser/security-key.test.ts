import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { recoveryCodes, type SecurityKeyOptions, securityKey, totp } from 'sallyport';
import { fidoMetadata, keyMaker } from 'sallyport/testing';
import { type Host, host } from '../support/app.js';
import { launchChromium } from '../support/chromium.js';

const USER = 'user1@acme';
const LOGIN = `<form method="post" action="/login"><input name="username" value="${USER}">
<input name="password" value="sallyport"><button>Sign in</button></form>`;
const ACTIVATE = '/two-factor/activate/security-key';
const ANOTHER = '/two-factor/profile/activate/security-key';
const CHALLENGE = '/two-factor/challenge/security-key';

const PLATFORM = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true } as const;
const KINDS = {
  'a platform authenticator that knows its person': {
    ...PLATFORM,
    ...{ hasUserVerification: true, isUserVerified: true },
  },
  'a platform authenticator that knows nobody': { ...PLATFORM, hasUserVerification: false },
  'a security key of the days of U2F': { protocol: 'u2f', transport: 'usb' } as const,
  'a synced passkey': {
    ...PLATFORM,
    ...{ hasUserVerification: true, isUserVerified: true },
    ...{ defaultBackupEligibility: true, defaultBackupState: true },
  },
} as const;

/** What a real browser does with our options and our script, with authenticators of its own. */
describe('passkeys and security keys, in the browser', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let devtools: CDPSession;
  let server: Server;
  let origin: string;
  let made: Host;
  let complaints: string[];

  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());

  beforeEach(async () => {
    await serve();
    await visit();
  });
  afterEach(async () => {
    await context.close();
    server.closeAllConnections();
    server.close();
    await made.door.close();
    assert.deepEqual(complaints, []);
  });

  async function serve(options: SecurityKeyOptions = {}, policy: object = {}): Promise<void> {
    server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    made = await host({
      policy: () => ({ mode: 'required', methods: ['security-key', 'totp'], ...policy }),
      before(app) {
        app.get('/login', (_req, res) => void res.type('html').send(`<main>${LOGIN}</main>`));
        app.get('/favicon.ico', (_req, res) => void res.status(204).end());
      },
      options: { origin, methods: [securityKey(options), totp(), recoveryCodes()] },
    });
    server.on('request', made.app);
  }

  async function visit(javaScriptEnabled = true): Promise<void> {
    context = await browser.newContext({ baseURL: origin, javaScriptEnabled });
    complaints = [];
    page = await context.newPage();
    page.on('console', (message) => {
      const answered = /status of 4\d\d/.test(message.text());
      if (message.type() === 'error' && !answered) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
  }

  const plugIn = async (options: (typeof KINDS)[keyof typeof KINDS], touched = true) =>
    (
      await devtools.send('WebAuthn.addVirtualAuthenticator', {
        options: { automaticPresenceSimulation: touched, ...options },
      })
    ).authenticatorId;
  const unplug = (authenticatorId: string) =>
    devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });

  async function signIn(leadsTo: string): Promise<void> {
    await context.clearCookies();
    await page.goto('/login');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/two-factor/**');
    if (!page.url().endsWith(leadsTo)) await page.goto(leadsTo);
  }
  const press = () => page.locator('main .sp-button-primary').click();
  const error = () => page.locator('[data-sp="key-error"]');
  const inside = () => page.waitForURL(`${origin}/`);
  const enrolled = async () =>
    (await page.request.get('/two-factor/profile', { headers: { Accept: 'application/json' } }))
      .json()
      .then(({ enrollments }) => enrollments as { label: string; parameters: string }[]);

  async function activate(): Promise<void> {
    await signIn(ACTIVATE);
    await press();
    await inside();
  }

  for (const [name, options] of Object.entries(KINDS)) {
    it(`${name} is activated, and is the proof of the next login`, async () => {
      await plugIn(options);
      await activate();
      const [own] = await enrolled();
      const verified = 'isUserVerified' in options;
      const synced = 'defaultBackupEligibility' in options;
      assert.equal(own?.parameters.split('/')[1], `${verified ? 'v' : ''}${synced ? 'eb' : ''}`);
      for (let round = 0; round < 2; round += 1) {
        await signIn(CHALLENGE);
        await press();
        await inside();
      }
      assert.equal(
        made.events.at(-1)?.detail,
        `user ${verified ? 'verified' : 'present'} phishing-resistant`,
      );
    });
  }

  it('a second key stands beside the first, and a known one is told apart', async () => {
    const first = await plugIn(KINDS['a security key of the days of U2F']);
    await activate();
    await page.goto(ANOTHER);
    await press();
    await page.waitForSelector('form[data-sp-key="create"]');
    await press();
    await error().waitFor();
    assert.match((await error().textContent()) ?? '', /activated already\. Use another one/);
    await unplug(first);
    await plugIn(KINDS['a platform authenticator that knows its person']);
    await page.getByLabel('Name of this key').fill('This laptop');
    await press();
    await page.waitForURL('**/profile?done=activated');
    assert.deepEqual(
      (await enrolled()).map(({ label }) => label),
      ['Security key', 'This laptop'],
    );
    await signIn(CHALLENGE);
    await press();
    await inside();
  });

  it('a key that is not one of theirs is refused, and the right one works after it', async () => {
    const own = await plugIn(KINDS['a platform authenticator that knows its person']);
    await activate();
    const { credentials } = await devtools.send('WebAuthn.getCredentials', {
      authenticatorId: own,
    });
    await unplug(own);
    const other = await plugIn(KINDS['a platform authenticator that knows its person']);
    await signIn(CHALLENGE);
    await press();
    await error().waitFor();
    assert.match((await error().textContent()) ?? '', /cancelled, or this is not the key/);
    await unplug(other);
    const back = await plugIn(KINDS['a platform authenticator that knows its person']);
    await devtools.send('WebAuthn.addCredential', {
      ...{ authenticatorId: back, credential: credentials[0] ?? assert.fail('none') },
    });
    await press();
    await inside();
  });

  it('somebody who gives it up is told so, and may try again', async () => {
    const key = await plugIn(KINDS['a platform authenticator that knows its person']);
    await devtools.send('WebAuthn.setUserVerified', {
      authenticatorId: key,
      isUserVerified: false,
    });
    await signIn(ACTIVATE);
    await press();
    await error().waitFor();
    assert.match((await error().textContent()) ?? '', /^Nothing was confirmed/);
    assert.equal(await error().getAttribute('role'), 'alert');
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId: key, isUserVerified: true });
    await press();
    await inside();
  });

  it('a key that nobody touches in time is said to be late', async () => {
    await context.close();
    server.close();
    await made.door.close();
    await serve({ timeout: '1s' });
    await visit();
    await plugIn(KINDS['a security key of the days of U2F'], false);
    await signIn(ACTIVATE);
    await press();
    await page.locator('[data-sp="key-status"]').waitFor();
    await error().waitFor();
    assert.equal(
      await error().textContent(),
      'No key has answered in time. Have it at hand and try again.',
    );
  });

  it('a copy that counts backwards is refused in a sentence', async () => {
    const authenticatorId = await plugIn(KINDS['a security key of the days of U2F']);
    await activate();
    const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId });
    const [credential = assert.fail('none')] = credentials;
    await signIn(CHALLENGE);
    await press();
    await inside();
    await devtools.send('WebAuthn.clearCredentials', { authenticatorId });
    await devtools.send('WebAuthn.addCredential', {
      ...{ authenticatorId, credential: { ...credential, rpId: 'localhost', signCount: 0 } },
    });
    await signIn(CHALLENGE);
    await press();
    await error().waitFor();
    assert.match((await error().textContent()) ?? '', /has counted backwards/);
  });

  it('the back button leads to a page that asks anew', async () => {
    await plugIn(KINDS['a platform authenticator that knows its person']);
    await activate();
    await signIn(CHALLENGE);
    await page.locator('input[name=credential]').evaluate((field) => {
      (field as unknown as { value: string }).value = 'of an older visit';
    });
    await page.goto('/login');
    await page.goBack();
    await press();
    await inside();
  });

  const offered = () => page.locator('.sp-choice a').allTextContents();

  it('is the first to choose where the browser can, and the second where it cannot', async () => {
    const [key, app] = ['Passkey or security key', 'Authenticator app'];
    await signIn('/two-factor/activate');
    assert.deepEqual(await offered(), [key, app]);
    await page.keyboard.press('Tab');
    const focused = page.locator('.sp-choice a:focus');
    while ((await focused.count()) === 0) await page.keyboard.press('Tab');
    assert.equal(await focused.textContent(), key, 'also for whoever goes by the keyboard');

    await page.addInitScript(() => {
      Reflect.deleteProperty(globalThis, 'PublicKeyCredential');
    });
    await page.reload();
    assert.deepEqual(await offered(), [app, key]);

    await context.close();
    await visit(false);
    await signIn('/two-factor/activate');
    assert.deepEqual(await offered(), [app, key]);
  });

  it('without script the page says what to do, and leads to the others', async () => {
    await context.close();
    await visit(false);
    await signIn(ACTIVATE);
    assert.match((await page.textContent('main')) ?? '', /This needs JavaScript/);
    await press();
    assert.match((await error().textContent()) ?? '', /^Nothing came from a key/);
    await page.getByRole('link', { name: 'Authenticator app' }).click();
    await page.waitForURL('**/activate/totp');
  });

  it('its pages have no accessibility findings, in light and dark, on a phone and on a desktop', async () => {
    await plugIn(KINDS['a platform authenticator that knows its person']);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    for (const url of [ACTIVATE, CHALLENGE]) {
      await signIn(url);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        for (const width of [320, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          await page.evaluate(axe.source);
          const found = await page.evaluate(
            'axe.run().then(({ violations }) => violations.map(({ id }) => id))',
          );
          assert.deepEqual(found, [], `${url} at ${width} px, ${colorScheme}`);
          const wide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
          assert.equal(wide, false, `${url} at ${width} px scrolls sideways`);
        }
      }
      if (url === ACTIVATE) {
        await press();
        await inside();
      }
    }
  });

  it('a key that attests is refused where its maker is not that of its model, and taken at its word without metadata', async () => {
    // Chromium's authenticators are of this model, and sign their certificate themselves.
    const aaguid = '01020304-0506-0708-0102-030405060708';
    const { blob, root } = fidoMetadata({ models: [{ aaguid, maker: keyMaker() }] });
    for (const metadata of [{ metadata: blob, metadataRoots: [root] }, {}]) {
      await context.close();
      server.close();
      await made.door.close();
      await serve(metadata, { 'security-key': { models: [aaguid] } });
      await visit();
      await plugIn(KINDS['a platform authenticator that knows its person']);
      await signIn(ACTIVATE);
      await press();
      if ('metadata' in metadata) {
        await page.locator('[data-sp="key-error"]:not([hidden])').waitFor();
        assert.match((await error().textContent()) ?? '', /is not the maker of the model/);
      } else {
        await inside();
      }
    }
  });

  it('a browser that has none says so', async () => {
    await page.addInitScript(() => {
      Reflect.deleteProperty(globalThis, 'PublicKeyCredential');
    });
    await signIn(ACTIVATE);
    await error().waitFor();
    assert.match((await error().textContent()) ?? '', /^This browser cannot use passkeys/);
    assert.equal(await page.locator('main .sp-button-primary').isDisabled(), true);
  });
});
