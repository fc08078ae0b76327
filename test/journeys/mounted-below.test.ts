import assert from 'node:assert/strict';
import express, { type Express } from 'express';
import session, { MemoryStore } from 'express-session';
import { type Door, sallyport } from 'sallyport';
import { hostOptions, ORIGIN } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { raw } from '../support/raw.js';
import { journeys, TOTP_ONLY } from '../support/worlds.js';

const BASE = '/console';

/** A browser that knows the app by its paths below the base, in front of whatever is there. */
class Below extends Browser {
  override send(...[method, path]: Parameters<Browser['send']>) {
    return super.send(method, path.startsWith(BASE) ? path : BASE + path);
  }
}

/** Ways to have an app below a path. Each gives what browsers talk to. */
const WAYS = {
  'an app mounted in an app': { options: {}, front: (app: Express) => express().use(BASE, app) },
  'an app mounted twice': {
    options: {},
    front: (app: Express) => express().use('/', express().use(BASE, app)),
  },
  'a proxy that takes the path off': {
    options: { baseUrl: BASE },
    front: (app: Express) =>
      express().use((req, res) => {
        if (!req.url.startsWith(`${BASE}/`)) return void res.status(404).send('another app');
        // What Express notes of a mount is nothing that another process would hear of.
        req.url = req.originalUrl = req.url.slice(BASE.length);
        app(req, res);
      }),
  },
  'options that name the whole path': {
    options: { path: `${BASE}/two-factor`, loginUrl: `${BASE}/login`, homeUrl: `${BASE}/` },
    front: (app: Express) => express().use(BASE, app),
  },
} as const;

journeys('an app below a path', (world) => {
  const now = () => world().clock.now();

  for (const [what, { options, front }] of Object.entries(WAYS)) {
    async function opened() {
      const { app } = await world().host({
        options,
        gate: { exempt: ['GET /status'] },
        routes(host, door) {
          host.post('/transfers', (_req, res) => void res.send('transferred'));
          host.get('/pay', door.require({ maxAge: '5m' }), (_req, res) => void res.send('paid'));
          host.get('/out', (_req, res) => res.redirect('https://idp.example/'));
        },
      });
      const outer = front(app);
      return { outer, browser: new Below(outer) };
    }

    it(`leads the whole way there and back (${what})`, async () => {
      const { outer, browser } = await opened();
      const first = await browser.get('/reports?a=b');
      assert.equal(first.headers.location, `${BASE}/login`);
      assert.match(String(first.headers['set-cookie']), /sallyport\.return=[^;]+;.*Path=\/console/);
      await browser.login('user1@acme');
      assert.equal((await browser.get('/')).headers.location, `${BASE}/two-factor/activate`);
      const chosen = await browser.get('/two-factor/activate');
      if (chosen.status === 303) {
        assert.equal(chosen.headers.location, `${BASE}/two-factor/activate/totp`);
      }
      const page = await browser.form('/two-factor/activate/totp');
      assert.match(page.text, /action="\/console\/two-factor\/activate\/totp"/);
      assert.match(page.text, /action="\/console\/two-factor\/sign-out"/);
      for (const [, link] of page.text.matchAll(/(?:href|src|action)="(\/[^"]*)"/g)) {
        assert.ok(String(link).startsWith(`${BASE}/`), link);
      }
      const [, stylesheet] = /rel="stylesheet" href="([^"]+)"/.exec(page.text) ?? [];
      assert.equal((await browser.get(String(stylesheet))).status, 200);
      const { key, enrollment, _csrf } = await browser.totpForm();
      const done = await browser.post('/two-factor/activate/totp', {
        code: codeAt(key, now()),
        enrollment,
        _csrf,
      });
      assert.equal(done.headers.location, `${BASE}/reports?a=b`);
      assert.equal((await browser.get('/reports')).status, 200);

      world().clock.advance(10 * 60_000);
      assert.equal((await browser.get('/pay')).headers.location, `${BASE}/two-factor/challenge`);
      const asked = await browser.get('/two-factor/challenge');
      assert.ok(asked.text.includes(`action="${BASE}/two-factor/challenge/totp"`));
      const proven = await browser.answerChallenge(codeAt(key, now()));
      assert.equal(proven.headers.location, `${BASE}/pay`);
      assert.equal((await browser.get('/pay')).text, 'paid');
      const out = await browser.get('/out');
      assert.match(String(out.headers.location), /^\/console\/two-factor\/leave\?to=/);
      assert.equal((await browser.get(String(out.headers.location))).status, 200);

      const profile = await browser.get('/two-factor/profile');
      assert.equal(profile.status, 200);
      const { body } = await browser.json('get', '/two-factor');
      assert.deepEqual([body.next, body.url], ['done', `${BASE}/`]);
      const left = await browser.post('/two-factor/sign-out', { _csrf: body.csrfToken });
      assert.equal(left.headers.location, `${BASE}/login`);

      const program = await browser.json('get', '/api/me');
      assert.equal(program.body.url, `${BASE}/login`);
      assert.ok(outer);
    });

    it(`leads back to a form’s page, and tries again, there (${what})`, async () => {
      const { browser } = await opened();
      const key = await browser.activate('user1@acme', now());
      await browser.keepCodes();
      world().clock.advance(13 * 3_600_000);
      const late = await browser
        .post('/transfers')
        .set('Referer', `${ORIGIN}${BASE}/transfers/new`);
      assert.equal(late.headers.location, `${BASE}/two-factor/challenge`);
      const old = browser.copy();
      const proven = await browser.answerChallenge(codeAt(key, now()));
      assert.equal(proven.headers.location, `${BASE}/transfers/new`);
      const again = await old.get(`${BASE}/reports?x`);
      assert.equal(again.status, 409);
      assert.equal(again.headers.refresh, `1; url=${BASE}/reports?x`);
      assert.match(String(again.headers['set-cookie']), /sallyport\.again=[^;]+;.*Path=\/console/);
    });

    it(`lets through what is exempt there (${what})`, async () => {
      const { browser, outer } = await opened();
      assert.match((await browser.get('/status')).text, /^inside/);
      for (const path of [
        '/console/statu%73',
        '/console//status',
        '/console/STATUS',
        '/console/x/../status',
      ]) {
        assert.notEqual((await raw(outer, { path })).status, 200, path);
      }
    });
  }
});

journeys('where the parts of a door are mounted', (world) => {
  /** As little of a host as there can be: whoever names themselves is signed in. */
  function hostOf(mount: (app: Express, door: Door) => void) {
    const errors: unknown[] = [];
    const door = sallyport({
      ...hostOptions(),
      store: world().store,
      subject: (req) => {
        const id = req.get('x-user');
        return id === undefined ? null : { id, tenantId: 'acme', label: id };
      },
      policy: () => TOTP_ONLY,
      onError: (error) => void errors.push(error),
    });
    const app = express();
    app.set('env', 'test');
    const store = door.sessions(new MemoryStore());
    app.use(session({ secret: 'test', resave: false, saveUninitialized: true, store }));
    mount(app, door);
    app.use((req, res) => void res.send(`inside ${req.path}`));
    return { app, errors };
  }
  const asked = (app: Express, path: string) =>
    new Browser(app).get(path).set('x-user', 'user1@acme');

  it('a gate below a path of its own leads to the pages where they are', async () => {
    const { app } = hostOf((host, door) => {
      host.use(door.pages());
      host.use('/api', door.gate());
    });
    const answer = await asked(app, '/api/x');
    assert.equal(answer.headers.location, '/two-factor/activate');
    assert.equal((await asked(app, '/two-factor/activate/totp')).status, 200);
    assert.equal((await asked(app, '/elsewhere')).text, 'inside /elsewhere');
  });

  it('pages and gate of a router are where it is', async () => {
    const { app } = hostOf((host, door) => {
      const router = express.Router();
      router.use(door.pages(), door.gate());
      host.use('/console', router);
    });
    const answer = await asked(app, '/console/x');
    assert.equal(answer.headers.location, '/console/two-factor/activate');
    assert.equal((await asked(app, '/console/two-factor/activate/totp')).status, 200);
  });

  it('a place that a browser takes for another site is none', async () => {
    const { app } = hostOf((host, door) => {
      const router = express.Router();
      router.use(door.pages(), door.gate());
      host.use('/:tenant', router);
    });
    assert.equal(
      (await asked(app, '/acme/x')).headers.location,
      '/acme/two-factor/activate',
      'by a pattern, each is a place of its own',
    );
    const headers = { accept: 'text/html', 'x-user': 'user1@acme' };
    for (const path of ['/\\evil.example/x', '/%09/x', '/ /x']) {
      const { location } = (await raw(app, { path: path.replaceAll(' ', '%20'), headers })).headers;
      assert.doesNotMatch(location ?? '/', /^\/[\\/]|evil|\s/, path);
    }
  });
});
