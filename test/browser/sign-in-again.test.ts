import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { memoryStore, type SignInProof } from 'sallyport';
import { host, testClock } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { launchChromium } from '../support/chromium.js';

const HOUR = 3_600_000;
const LINK = { name: 'Sign in again with Okta' };
/** A folder for pictures of what is checked; none by default. */
const PICTURES = process.env.PICTURES;

/** The app's own sign-in, at which the provider asks nobody and says what `proofs` has. */
const login = (user: string) => `<!doctype html><html lang="en"><head><title>Okta</title></head>
<body><main><h1>Okta</h1><form method="post" action="/login"><input name="username" value="${user}">
<input name="password" value="sallyport"><button>Sign in</button></form></main></body></html>`;

async function check(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390, 320]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await page.evaluate(axe.source);
      const found = await page.evaluate(
        'axe.run().then(({ violations }) => violations.map(({ id }) => id))',
      );
      assert.deepEqual(found, [], `${name} at ${width}, ${colorScheme}`);
      const sideways = await page.evaluate('document.body.scrollWidth > innerWidth');
      assert.equal(sideways, false, `${name} scrolls sideways at ${width}`);
      if (PICTURES) {
        await page.screenshot({ path: `${PICTURES}/${name}-${width}-${colorScheme}.png` });
      }
    }
  }
}

describe('a sign-in that is made again, in the browser', () => {
  it('is read, followed and come back from, and is accessible', async () => {
    const clock = testClock();
    const chromium = await launchChromium();
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    let user = 'user1@acme';
    let proofs: SignInProof[] = [{ by: 'okta', at: clock.now() - 9 * HOUR, amr: ['mfa'] }];
    const made = await host({
      store: memoryStore({ now: clock.now }),
      policy: () => ({
        ...{ mode: 'required', methods: ['totp', 'security-key'] },
        proofs: [
          { by: 'okta', amr: ['mfa'], acr: [], maxAgeSeconds: 8 * 3600, phishingResistant: false },
        ],
      }),
      before(app) {
        app.get('/login', (_req, res) => void res.type('html').send(login(user)));
        app.get('/favicon.ico', (_req, res) => void res.status(204).end());
      },
      options: {
        ...{ origin, proofs: () => proofs },
        signInAgain: () => ({ name: 'Okta', url: '/login' }),
      },
    });
    server.on('request', made.app);
    try {
      const page = await (await chromium.newContext({ reducedMotion: 'reduce' })).newPage();
      const signIn = () => page.getByRole('button', { name: 'Sign in', exact: true }).click();

      await page.goto(`${origin}/reports`);
      await signIn();
      await page.getByRole('heading', { name: 'Please sign in again' }).waitFor();
      await check(page, 'sign-in-again');
      await page.getByRole('link', LINK).click();
      await signIn();
      await page.getByRole('heading', { name: 'Signing in again was not enough' }).waitFor();
      await check(page, 'sign-in-again-in-vain');
      await page.getByRole('link', LINK).click();
      proofs = [{ by: 'okta', at: clock.now(), amr: ['mfa'] }];
      await signIn();
      await page.goto(`${origin}/two-factor/challenge`);
      await page.getByText('inside GET /reports').waitFor();

      user = 'user2@acme';
      const elsewhere = new Browser(origin);
      proofs = [];
      const key = await elsewhere.activate(user, clock.now());
      proofs = [{ by: 'okta', at: clock.now() - 9 * HOUR, amr: ['mfa'] }];
      await page.context().clearCookies();
      await page.goto(`${origin}/reports`);
      await signIn();
      await page.getByRole('link', LINK).waitFor();
      await check(page, 'challenge-or-sign-in-again');
      await page.getByLabel('Code from your app').fill(codeAt(key, clock.now() + 30_000));
      await page.keyboard.press('Enter');
      await page.getByText('inside GET /reports').waitFor();
    } finally {
      await chromium.close();
      server.closeAllConnections();
      server.close();
      await made.door.close();
    }
  });
});
