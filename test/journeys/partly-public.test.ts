import assert from 'node:assert/strict';
import type { ErrorRequestHandler } from 'express';
import type { HostOptions } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { raw } from '../support/raw.js';
import { journeys } from '../support/worlds.js';

const errorPage: ErrorRequestHandler = (_error, _req, res, _next) =>
  void res.send('the host’s error page');

function broken(): never {
  throw new Error('no database');
}

/** An app of which a part is for everybody: `door.gate({ anonymous: 'pass' })`. */
journeys('a gate that lets nobody-signed-in pass', (world) => {
  const now = () => world().clock.now();

  /** A page for everybody that greets whoever is inside, and says whom Passport takes them for. */
  const partly = (): HostOptions => ({
    gate: { anonymous: 'pass' },
    routes(app, door) {
      app.get('/prices', async (req, res) => {
        const user = await door.user(req);
        res.json({ user: user?.id ?? null, passport: req.user !== undefined });
      });
    },
  });

  it('lets visitors through, by any method and to any page', async () => {
    const { app } = await world().host(partly());
    const visitor = new Browser(app);
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      assert.equal((await raw(app, { method, path: '/anything', as: visitor })).status, 200);
    }
    const { body } = await visitor.json('get', '/prices');
    assert.deepEqual(body, { user: null, passport: false });
  });

  it('still stops whoever is between the doors, everywhere', async () => {
    const { app } = await world().host(partly());
    const fresh = new Browser(app);
    await fresh.login('fresh@acme');
    const known = new Browser(app);
    await known.activate('known@acme', now());
    const challenged = new Browser(app);
    await challenged.login('known@acme');
    for (const [browser, page] of [
      [fresh, '/two-factor/activate'],
      [challenged, '/two-factor/challenge'],
    ] as const) {
      for (const path of ['/', '/prices', '/login/x', '/anything']) {
        assert.equal((await browser.get(path)).headers.location, page, path);
        assert.equal((await browser.json('get', path)).status, 401, path);
        assert.equal((await browser.post(path)).status, 303, path);
      }
    }
    await known.keepCodes();
    const { body } = await known.json('get', '/prices');
    assert.deepEqual(body, { user: 'known@acme', passport: true });
  });

  it('stops a session that has ended, and one whose time between the doors is over', async () => {
    const { app, door } = await world().host(partly());
    const inside = new Browser(app);
    await inside.activate('user1@acme', now());
    const between = new Browser(app);
    await between.login('user1@acme');
    assert.equal((await between.get('/')).status, 303);
    await door.subjects.endSessions({ id: 'user1@acme', tenantId: 'acme' });
    for (const browser of [inside, between]) {
      assert.equal((await browser.json('get', '/prices')).body.why, 'session-ended');
    }
    const late = new Browser(app);
    await late.login('user2@acme');
    assert.equal((await late.get('/')).status, 303);
    world().clock.advance(11 * 60_000);
    assert.equal((await late.json('get', '/prices')).status, 401);
  });

  it('takes whoever signs out for a visitor', async () => {
    const { app } = await world().host(partly());
    const browser = new Browser(app);
    await browser.activate('user1@acme', now());
    await browser.post('/logout');
    assert.equal((await browser.json('get', '/prices')).body.user, null);
  });

  it('lets the login page be below it', async () => {
    const { app } = await world().host({
      gate: { anonymous: 'pass' },
      options: { loginUrl: '/sign-in' },
      routes: (one) => one.get('/sign-in', (_req, res) => void res.send('login page')),
    });
    assert.equal((await new Browser(app).get('/sign-in')).text, 'login page');
    const between = new Browser(app);
    await between.login('user1@acme');
    assert.equal((await between.get('/sign-in')).headers.location, '/two-factor/activate');
  });

  it('lets nobody pass who is signed in while it cannot be told what they must prove', async () => {
    const { app } = await world().host({ ...partly(), policy: broken });
    assert.equal((await new Browser(app).json('get', '/prices')).status, 200);
    const browser = new Browser(app);
    await browser.login('user1@acme');
    assert.equal((await browser.json('get', '/prices')).status, 503);
  });

  it('lets a visitor’s request that has failed above it go on, and nobody’s who is between', async () => {
    const { app } = await world().host({
      gate: { anonymous: 'pass' },
      above: (one) =>
        one.use((req, _res, next) => next(req.query.fail ? new Error('broken') : undefined)),
      routes: (one) => one.use(errorPage),
    });
    assert.match((await new Browser(app).get('/x?fail=1')).text, /error page/);
    const between = new Browser(app);
    await between.login('user1@acme');
    assert.equal((await between.get('/x?fail=1')).status, 503);
  });
});

journeys('door.user()', (world) => {
  it('is somebody who is inside and nobody else, also above the gate', async () => {
    const { app } = await world().host({
      gate: { exempt: ['GET /whoami'] },
      routes: (one, door) =>
        one.get('/whoami', async (req, res) => void res.json(await door.user(req))),
    });
    const browser = new Browser(app);
    assert.equal((await browser.json('get', '/whoami')).body, null);
    await browser.login('user1@acme');
    assert.equal((await browser.json('get', '/whoami')).body, null, 'between the doors');
    await browser.activateHere(world().clock.now());
    assert.equal((await browser.json('get', '/whoami')).body.id, 'user1@acme');
  });

  it('rejects where it cannot be told, and answers nobody for it', async () => {
    let rejected: unknown;
    const { app } = await world().host({
      policy: broken,
      gate: { exempt: ['GET /whoami'] },
      routes: (one, door) =>
        one.get('/whoami', async (req, res) => {
          rejected = await door.user(req).then(
            () => null,
            (error: unknown) => error,
          );
          res.end();
        }),
    });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    await browser.get('/whoami');
    assert.equal((rejected as { code: string }).code, 'ERR_POLICY');
  });
});
