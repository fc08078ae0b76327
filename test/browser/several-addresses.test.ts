import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import { recoveryCodes, securityKey, totp } from 'sallyport';
import { host } from '../support/app.js';
import { launchChromium } from '../support/chromium.js';

const LOGIN = `<main><form method="post" action="/login"><input name="username" value="user1@acme">
<input name="password" value="sallyport"><button>Sign in</button></form></main>`;
const KEY = {
  ...({ protocol: 'ctap2', transport: 'internal', hasResidentKey: true } as const),
  ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
};

/** What a real browser makes of two addresses of one app, whose names it looks up itself. */
describe('an app at two addresses, in the browser', () => {
  it('has a passkey for each, is branded by each, and is at no third', async () => {
    const browser = await launchChromium();
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const at = (name: string) => `http://${name}.localhost:${port}`;
    const made = await host({
      policy: () => ({ mode: 'required', methods: ['security-key', 'totp'] }),
      before(app) {
        app.get('/login', (_req, res) => void res.type('html').send(LOGIN));
        app.get('/favicon.ico', (_req, res) => void res.status(204).end());
      },
      options: {
        origin: [at('north'), at('acme')],
        methods: [securityKey(), totp(), recoveryCodes()],
        branding: (_subject, { origin }) => ({
          name: origin === at('north') ? 'Northwind' : 'Acme Console',
        }),
      },
    });
    server.on('request', made.app);
    try {
      const context = await browser.newContext();
      const page = await context.newPage();
      const devtools = await context.newCDPSession(page);
      await devtools.send('WebAuthn.enable');
      await devtools.send('WebAuthn.addVirtualAuthenticator', { options: KEY });
      const press = () => page.locator('.sp-button-primary').click();
      const signIn = async (name: string) => {
        await page.goto(`${at(name)}/login`);
        await page.getByRole('button', { name: 'Sign in' }).click();
      };

      await signIn('north');
      await page.goto(`${at('north')}/two-factor/activate/security-key`);
      assert.match(await page.title(), /Northwind/);
      await press();
      await page.getByText('inside GET /').waitFor();

      // Cookies are of one host: at the other address the person signs in anew, and has no key for it.
      await signIn('acme');
      await page.goto(`${at('acme')}/two-factor/challenge/security-key`);
      assert.match(await page.title(), /Acme Console/);
      await page.getByText('works there alone: north.localhost.').waitFor();
      assert.equal(await page.locator('[data-sp-key]').count(), 0);
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const width of [1280, 390]) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize({ width, height: 800 });
          await page.evaluate(axe.source);
          const found = await page.evaluate(
            'axe.run().then(({ violations }) => violations.map(({ id }) => id))',
          );
          assert.deepEqual(found, []);
        }
      }

      await context.clearCookies();
      await signIn('north');
      await page.goto(`${at('north')}/two-factor/challenge/security-key`);
      await press();
      await page.getByText('inside GET /').waitFor();

      const answer = await page.goto(`${at('evil')}/two-factor`);
      assert.equal(answer?.status(), 421);
      assert.match((await page.textContent('body')) ?? '', /This app is not at this address/);
    } finally {
      await browser.close();
      server.closeAllConnections();
      server.close();
      await made.door.close();
    }
  });
});
