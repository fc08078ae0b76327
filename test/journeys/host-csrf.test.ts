import assert from 'node:assert/strict';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { Browser, codeAt } from '../support/browser.js';
import { CSRF_GUARDS } from '../support/csrf-guards.js';
import { withNodeEnv } from '../support/node-env.js';
import { journeys } from '../support/worlds.js';

/** The host's own guard, below the parsers of bodies that it finds tokens in. */
function guarding(guard: readonly RequestHandler[]) {
  const guarded = express.Router().use(...guard);
  const router = express.Router();
  router.use(express.urlencoded({ extended: false }), express.json());
  // Signing in is not what this is about.
  router.use((req, res, next) => (req.path === '/login' ? next() : guarded(req, res, next)));
  return router;
}

/** Takes the status as Express itself does: lusca says it on the response. */
const hostsErrors: ErrorRequestHandler = (error, _req, res, _next) =>
  void res
    .status(error.status ?? (res.statusCode < 400 ? 500 : res.statusCode))
    .send('the host’s error page');

for (const [name, guardOf] of Object.entries(CSRF_GUARDS)) {
  journeys(`a CSRF guard of the host’s own: ${name}`, (world) => {
    const now = () => world().clock.now();

    /** Mounted between the session and the pages, or where the pages have been passed. */
    async function hosts(where: 'above' | 'below', options = {}) {
      const mount = (app: Express) => void app.use(guarding(guardOf()));
      return world().host({
        options,
        ...(where === 'above' ? { abovePages: mount } : { above: mount }),
        routes: (app) => {
          app.get('/form', (req, res) => void res.json({ token: req.csrfToken?.() }));
          app.post('/form', (_req, res) => void res.send('taken'));
          app.use(hostsErrors);
        },
      });
    }

    async function signedIn(app: Express) {
      const browser = new Browser(app);
      await browser.login('user1@acme');
      return browser;
    }

    it('below the pages has nothing to do with them: they guard themselves', async () => {
      const { app } = await hosts('below');
      const browser = await signedIn(app);
      await browser.activateHere(now());
      assert.equal((await browser.post('/form')).status, 403);
      const { token } = (await browser.json('get', '/form')).body;
      assert.equal((await browser.post('/form', { _csrf: token })).text, 'taken');
    });

    it('above the pages takes our forms where it is given as csrf', async () => {
      const { app, errors } = await hosts('above', {
        csrf: {
          token: (req: express.Request) => req.csrfToken?.() ?? '',
          protect: (_req: unknown, _res: unknown, next: () => void) => next(),
        },
      });
      const browser = await signedIn(app);
      const { key, enrollment, _csrf } = await browser.totpForm();
      const fields = { enrollment, code: codeAt(key, now()) };
      const refused = await browser.post('/two-factor/activate/totp', fields);
      assert.equal(refused.status, 403);
      assert.match(refused.text, /open for too long/);
      assert.doesNotMatch(refused.text, /sallyport\(/);
      const taken = await browser.post('/two-factor/activate/totp', { ...fields, _csrf });
      assert.equal(taken.status, 303, taken.text);
      assert.equal((await browser.get('/form')).status, 200);
      assert.deepEqual(errors, [], 'a form that was open for too long is nobody’s mistake');
    });

    it('above the pages is named where it is not given: on the page, in JSON and to the host', async () => {
      const { app, errors } = await hosts('above');
      const browser = await signedIn(app);
      const { key, enrollment, _csrf } = await browser.totpForm();
      const fields = { enrollment, code: codeAt(key, now()), _csrf };
      const page = await browser.post('/two-factor/activate/totp', fields);
      assert.equal(page.status, 403);
      assert.match(page.text, /sallyport\(\{ csrf/);
      assert.match(page.text, /below door\.pages\(\)/);
      const json = await browser.json('post', '/two-factor/activate/totp', fields);
      assert.deepEqual([json.status, json.body.error], [403, 'csrf_token_invalid']);
      assert.match(json.body.message, /sallyport\(\{ csrf/);
      assert.equal(errors.length, 1);
      assert.match(String(errors[0]), /sallyport\(\{ csrf/);

      await withNodeEnv('production', async () => {
        const live = await hosts('above');
        const person = await signedIn(live.app);
        const answer = await person.post('/two-factor/activate/totp', fields);
        assert.equal(answer.status, 403);
        assert.doesNotMatch(answer.text, /sallyport\(/);
        assert.match(String(live.errors[0]), /sallyport\(\{ csrf/);
      });
    });

    it('has its say over its own routes, and over everything else that fails', async () => {
      const { app, errors } = await hosts('above');
      const browser = await signedIn(app);
      const answer = await browser.post('/elsewhere');
      assert.notEqual(answer.status, 200);
      assert.deepEqual(errors, []);
    });
  });
}
