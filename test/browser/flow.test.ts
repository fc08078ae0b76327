import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request, RequestHandler } from 'express';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { memoryStore } from 'sallyport';
import { type Host, type HostOptions, host } from '../support/app.js';
import { codeAt, Browser as Visitor } from '../support/browser.js';
import { launchChromium } from '../support/chromium.js';
import { eventually } from '../support/redis.js';

const LOGIN = `<form method="post" action="/login"><input name="username" value="user1@acme">
<input name="password" value="sallyport"><button>Sign in</button></form>`;

/** Has requests wait for each other, once: until `count` of them are here. */
function meeting(meant: (req: Request) => boolean, count: number) {
  let waiting: (() => void)[] | null = [];
  let came = 0;
  let arrived: () => void = () => {};
  const first = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const wait: RequestHandler = (req, _res, next) => {
    if (!meant(req)) return next();
    came += 1;
    arrived();
    if (!waiting) return next();
    waiting.push(next);
    if (waiting.length < count) return;
    const all = waiting;
    waiting = null;
    for (const go of all) go();
  };
  return {
    came: () => came,
    /** Resolves when the first is here. */
    first,
    wait,
  };
}

/** What Chromium does with what it is sent, with script and without. */
describe('the way through the pages, in the browser', () => {
  const servers: Server[] = [];
  let browser: Browser;

  before(async () => {
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function listen(name = '127.0.0.1'): Promise<{ server: Server; origin: string }> {
    const server = createServer();
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, origin: `http://${name}:${(server.address() as AddressInfo).port}` };
  }

  /** A host with a login page, and another site beside it. */
  async function started({
    sso = false,
    waiting = (_req, _res, next) => next(),
    ...options
  }: HostOptions & { sso?: boolean; waiting?: RequestHandler } = {}) {
    const clock = { time: Date.now() };
    let settled = false;
    const store = memoryStore({ now: () => clock.time });
    const { server, origin } = await listen();
    const elsewhere = await listen('localhost');
    elsewhere.server.on('request', ((_req, res) =>
      res.setHeader('Content-Type', 'text/html').end('<p>another site</p>')) as RequestListener);
    const made: Host = await host({
      store,
      policy: () => ({ mode: 'required', methods: ['totp'] }),
      before(app) {
        app.get('/login', (_req, res) => void res.type('html').send(`<main>${LOGIN}</main>`));
        // Chromium asks for it on its own, whenever it likes: a device would be recognized by it.
        app.get('/favicon.ico', (_req, res) => void res.status(204).end());
        app.use((req, res, next) => (settled ? waiting(req, res, next) : next()));
      },
      routes(app) {
        app.get('/out', (_req, res) => res.redirect(`${elsewhere.origin}/there?a=b`));
        app.get('/out-raw', (_req, res) => {
          res.writeHead(302, { location: `${elsewhere.origin}/there?raw` }).end();
        });
        app.get('/twice', (_req, res) => res.redirect('/out'));
        app.get('/sso', (_req, res) => res.redirect(`${elsewhere.origin}/sign-in`));
      },
      gate: { exempt: ['GET /sso'] },
      ...options,
      options: { origin, ...(sso && { loginUrl: '/sso' }), ...options.options },
    });
    server.on('request', made.app);
    const key = await new Visitor(origin).activate('user1@acme', clock.time);
    settled = true;
    return {
      ...{ origin, elsewhere: elsewhere.origin, store, host: made, key, clock },
      /** The code of the next time step: each counts once. */
      next(): string {
        clock.time += 30_000;
        return codeAt(key, clock.time);
      },
    };
  }

  async function signIn(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/two-factor/**');
  }

  async function fill(page: Page, code: string): Promise<void> {
    await page.locator('input[name=code]').fill(code);
  }
  /** The second click comes while the host has the first one's request, and has not answered it. */
  async function clickTwice(button: Locator, first: Promise<void>): Promise<void> {
    const { mouse } = button.page();
    await button.scrollIntoViewIfNeeded();
    const { x, y } = (await button.boundingBox()) ?? assert.fail('no button');
    // Playwright's own click would wait for the page that the first one leads to.
    await mouse.click(x + 5, y + 5);
    await first;
    await mouse.click(x + 5, y + 5);
  }
  const submit = (page: Page) => page.locator('main .sp-button-primary').click();
  const body = async (page: Page) => (await page.textContent('body')) ?? '';

  for (const javaScriptEnabled of [true, false]) {
    describe(javaScriptEnabled ? 'with script' : 'without script', () => {
      const script = javaScriptEnabled;
      let context: BrowserContext;
      let page: Page;
      let complaints: string[];

      beforeEach(async () => {
        context = await browser.newContext({ javaScriptEnabled });
        complaints = [];
        page = await context.newPage();
        page.on('console', (message) => {
          const answered = /status of 4\d\d/.test(message.text());
          if (message.type() === 'error' && !answered) complaints.push(message.text());
        });
        page.on('pageerror', (error) => complaints.push(error.message));
      });
      afterEach(async () => {
        await context.close();
        assert.deepEqual(complaints, []);
      });

      for (const path of ['/out', '/out-raw', '/twice']) {
        it(`leads on to another site after the code (${path})`, async () => {
          const { origin, elsewhere, next } = await started();
          await page.goto(origin + path);
          await signIn(page);
          await fill(page, next());
          await submit(page);
          await page.waitForURL(`${elsewhere}/**`);
          assert.match(await body(page), /another site/);
        });
      }

      it('leads on to another site after a sign-out, where the login is there', async () => {
        const { origin, elsewhere } = await started({
          sso: true,
        });
        await page.goto(`${origin}/login`);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.waitForURL('**/two-factor/**');
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.waitForURL(`${elsewhere}/**`);
        assert.match(await body(page), /another site/);
      });

      it('shows the page itself where nothing leads elsewhere', async () => {
        const { origin, next } = await started();
        await page.goto(`${origin}/reports/7`);
        await signIn(page);
        await fill(page, next());
        const seen: string[] = [];
        page.on('framenavigated', (frame) => seen.push(new URL(frame.url()).pathname));
        await submit(page);
        await page.waitForURL(`${origin}/reports/7`);
        assert.deepEqual(seen, ['/reports/7'], 'with nothing in between');
      });

      it('survives a double click at the challenge, where both requests are on their way at once', async () => {
        const both = meeting(
          (req) => req.method === 'POST' && /challenge/.test(req.path),
          script ? 1 : 2,
        );
        const { origin, next } = await started({ waiting: both.wait });
        await page.goto(`${origin}/reports/7`);
        await signIn(page);
        await fill(page, next());
        await clickTwice(page.locator('main .sp-button-primary'), both.first);
        // The second click's navigation aborts the first one's, which is no failure.
        await eventually(() => page.url() === `${origin}/reports/7`, 20_000);
        await page.waitForLoadState();
        assert.equal(await body(page), 'inside GET /reports/7');
        assert.equal(both.came(), script ? 1 : 2);
      });

      it('survives a double click on Activate, and shows the codes', async () => {
        const both = meeting(
          (req) => req.method === 'POST' && /activate\/totp$/.test(req.path),
          script ? 1 : 2,
        );
        const { origin, clock, store } = await started({
          policy: () => ({ mode: 'required', methods: ['totp', 'recovery-code'] }),
          waiting: both.wait,
        });
        await store.reset('user1@acme');
        await page.goto(`${origin}/reports/7`);
        await signIn(page);
        const shown = (await page.locator('[data-sp=totp-key]').textContent()) ?? '';
        await fill(page, codeAt(shown, clock.time));
        await clickTwice(page.getByRole('button', { name: 'Activate' }), both.first);
        await page.getByRole('heading', { name: 'recovery codes' }).waitFor();
        assert.equal(await page.locator('[data-sp=recovery-code]').count(), 10);
        assert.equal(both.came(), script ? 1 : 2);
        await page.locator('[data-sp=continue]').dblclick({ noWaitAfter: true });
        await page.waitForURL(`${origin}/reports/7`);
        assert.equal((await store.readSubject('user1@acme')).recoveryCodesKept, true);
      });

      it('opens all tabs that are restored at once on a remembered device', async () => {
        const all = meeting((req) => /^\/tabs\//.test(req.path), 4);
        const { origin, next, clock } = await started({
          policy: () => ({
            mode: 'required',
            methods: ['totp'],
            rememberDeviceSeconds: 86_400 * 7,
          }),
          above: (app) => app.use(all.wait),
        });
        await page.goto(`${origin}/reports`);
        await signIn(page);
        await page.getByRole('checkbox').check();
        await fill(page, next());
        await submit(page);
        await page.waitForURL(`${origin}/reports`);
        clock.time += 13 * 3_600_000;
        const tabs = await Promise.all(Array.from({ length: 4 }, () => context.newPage()));
        await Promise.all(tabs.map((tab, n) => tab.goto(`${origin}/tabs/${n}`)));
        for (const [n, tab] of tabs.entries()) {
          await tab.getByText(`inside GET /tabs/${n}`).waitFor();
        }
        assert.ok(all.came() > 4, 'some had to try again');
      });
    });
  }

  describe('what stands after the #', () => {
    let context: BrowserContext;
    let page: Page;
    beforeEach(async () => {
      context = await browser.newContext();
      page = await context.newPage();
    });
    afterEach(() => context.close());

    it('is kept over the code', async () => {
      const { origin, next } = await started();
      await page.goto(`${origin}/login`);
      await signIn(page);
      await page.goto(`${origin}/reports?year=2026#/q2/%C3%A9?x=1&y`);
      await page.waitForURL('**/two-factor/**');
      await fill(page, '000000');
      await submit(page);
      await page.getByRole('alert').waitFor();
      await fill(page, next());
      await submit(page);
      await page.waitForURL('**/reports**');
      assert.equal(page.url(), `${origin}/reports?year=2026#/q2/%C3%A9?x=1&y`);
    });

    it('is kept over the password, too', async () => {
      const { origin, next } = await started();
      await page.goto(`${origin}/reports#part-3`);
      await signIn(page);
      await fill(page, next());
      await submit(page);
      await page.waitForURL('**/reports**');
      assert.equal(page.url(), `${origin}/reports#part-3`);
    });

    it('is another page’s no more', async () => {
      const { origin, next } = await started();
      await page.goto(`${origin}/login`);
      await signIn(page);
      await page.goto(`${origin}/reports#part-3`);
      await page.goto(`${origin}/accounts`);
      await fill(page, next());
      await submit(page);
      await page.waitForURL('**/accounts**');
      assert.equal(page.url(), `${origin}/accounts`);
      assert.deepEqual(
        (await context.cookies()).map(({ name }) => name).filter((name) => /fragment/.test(name)),
        [],
      );
    });
  });
});
