import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import type { DuoSimulator } from 'sallyport/testing';
import { launchChromium } from '../support/chromium.js';
import { activateDuo, duoHost, startSimulator } from '../support/duo.js';

/** `localhost` and `127.0.0.1` are two sites to a browser, as the console and Duo are. */
describe('a session cookie with SameSite=Strict, on the way back from Duo', () => {
  const servers: Server[] = [];
  let browser: Browser;
  let duo: DuoSimulator;

  before(async () => {
    browser = await launchChromium();
    duo = await startSimulator();
  });
  after(async () => {
    await browser?.close();
    await duo?.close();
    for (const server of servers) server.close();
  });

  async function listen(): Promise<{ server: Server; port: number }> {
    const server = createServer();
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, port: (server.address() as AddressInfo).port };
  }

  for (const sameSite of ['strict', 'lax'] as const) {
    it(`arrives in time (${sameSite})`, async () => {
      const console_ = await listen();
      const origin = `http://localhost:${console_.port}`;
      const host = await duoHost(duo, { cookie: { sameSite }, options: { origin } });
      await activateDuo(host, duo, 'user1@globex');
      const cookiesAtCallback: boolean[] = [];
      console_.server.on('request', (req, res) => {
        if (req.url?.includes('/duo/callback')) {
          cookiesAtCallback.push(/connect\.sid=/.test(req.headers.cookie ?? ''));
        }
        host.app(req, res);
      });
      let back = '';
      const elsewhere = await listen();
      elsewhere.server.on('request', (_req, res) =>
        res
          .setHeader('Content-Type', 'text/html')
          .end(`<a href="${back.replaceAll('&', '&amp;')}">back</a>`),
      );

      const context = await browser.newContext();
      const page = await context.newPage();
      // The person is at Duo's: another site, which sends them back.
      await page.route(`${duo.promptOrigin}/**`, async (route) => {
        const { callback } = await duo.answer(route.request().url());
        back = String(callback);
        await route.fulfill({ contentType: 'text/html', body: 'the prompt' });
      });
      await page.goto(`${origin}/login`);
      await page.setContent(
        `<form method="post" action="${origin}/login"><input name="username" value="user1@globex"><input name="password" value="sallyport"><button>in</button></form>`,
      );
      await page.getByRole('button').click();
      await page.waitForURL(`${duo.promptOrigin}/**`);
      await page.goto(`http://127.0.0.1:${elsewhere.port}/`);
      await page.getByRole('link').click();
      await page.waitForURL(`${origin}/`);
      assert.match((await page.textContent('body')) ?? '', /^inside GET/);
      assert.deepEqual(cookiesAtCallback, sameSite === 'strict' ? [false, true] : [true]);
      await context.close();
    });
  }
});
