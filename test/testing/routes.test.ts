import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import express, { type Express, type RequestHandler } from 'express';
import { memoryStore, sallyport } from 'sallyport';
import { type MountedRoute, routeName, routesAheadOfGate } from 'sallyport/testing';
import { stackOf } from '../../src/testing/bypass/layers.js';
import { routesOf } from '../../src/testing/bypass/routes.js';
import { hostOptions } from '../support/app.js';

const express4 = createRequire(import.meta.url)('express-4') as typeof express;

/** Express 5.0 to 5.2 do not keep what a layer was mounted with. */
function hidePaths(app: Express): Express {
  const hide = (stack: ReturnType<typeof stackOf>): void => {
    for (const layer of stack) {
      delete (layer as { rawPath?: unknown }).rawPath;
      hide(layer.handle.stack ?? []);
    }
  };
  hide(stackOf(app));
  return app;
}

const passing: RequestHandler = (_req, _res, next) => next();
const gate = () => sallyport({ ...hostOptions(), store: memoryStore() }).gate();
const names = (routes: readonly MountedRoute[]) => routes.map(routeName);

for (const [version, make, finish] of [
  ['5.3', express, (app: Express) => app],
  ['5.0 to 5.2', express, hidePaths],
  ['4', express4, (app: Express) => app],
] as const) {
  const hidden = version === '5.0 to 5.2';

  describe(`the routes of an app of Express ${version}`, () => {
    it('are told apart by what comes first, they or the gate', () => {
      const app = make();
      app.get('/login', passing);
      app.post('/login', passing);
      app.use(gate());
      app.get('/', passing);
      app.all('/any', passing);
      finish(app);
      assert.deepEqual(names(routesAheadOfGate(app)), ['GET /login', 'POST /login']);
      assert.deepEqual(names(routesOf(app)), ['GET /login', 'POST /login', 'GET /', 'ALL /any']);
    });

    it('are found in routers, with the paths of these where Express tells', () => {
      const app = make();
      const inner = make.Router();
      inner.get('/:id', passing);
      const outer = make.Router();
      outer.use('/inner', inner);
      outer.get('/', passing);
      app.use('/outer', outer);
      app.use(gate());
      finish(app);
      const found = names(routesAheadOfGate(app));
      if (!hidden) assert.deepEqual(found, ['GET /outer/inner/:id', 'GET /outer']);
      else assert.deepEqual(found, ['USE ? (router)', 'USE ? (router)', 'GET ?', 'GET ?']);
    });

    it('in a mount whose path is hidden are found by what the app is known to have', () => {
      const app = make();
      const auth = make.Router();
      auth.get('/login', passing);
      app.use('/auth', auth);
      app.use(gate());
      finish(app);
      const found = routesAheadOfGate(app, { hints: ['/', '/auth/login'] });
      assert.deepEqual(names(found), ['GET /auth/login']);
    });

    it('include static mounts, apps in the app, and functions that may answer', () => {
      const app = make();
      app.use(make.static('.'));
      app.use('/files', make.static('.'));
      app.use('/other', make());
      app.use('/hook', function answersHooks(_req, res) {
        res.end();
      });
      app.use(((_error, _req, _res, next) => next()) as express.ErrorRequestHandler);
      app.use(gate());
      finish(app);
      const hints = ['/files/report.txt', '/other/x', '/hook'];
      const found = names(routesAheadOfGate(app, { hints }));
      assert.deepEqual(found, [
        'USE / (serveStatic)',
        'USE /files (serveStatic)',
        'USE /other (mounted_app)',
        'USE /hook (answersHooks)',
      ]);
    });

    it('of a gate below a path are those elsewhere', () => {
      const app = make();
      app.use('/console', gate());
      app.get('/console/users', passing);
      app.get('/consoles', passing);
      app.get('/guarded', gate(), passing);
      finish(app);
      const found = names(routesAheadOfGate(app, { hints: ['/console/users'] }));
      assert.deepEqual(found, ['GET /consoles']);
    });

    it('have an example that Express takes for them', async () => {
      const app = make();
      const wild = version === '4' ? '/files/*' : '/files/*path';
      const optional = version === '4' ? '/a/:x?' : '/a{/:x}';
      for (const path of ['/users/:id/posts/:post', wild, optional, '/plain']) {
        app.get(path, passing);
      }
      finish(app);
      const samples = routesOf(app).map(({ sample }) => sample ?? '');
      assert.equal(samples.length, 4);
      for (const [at, layer] of stackOf(app)
        .filter(({ route }) => route)
        .entries()) {
        assert.ok(layer.match?.(samples[at] ?? ''), `${String(layer.route?.path)}: ${samples[at]}`);
      }
    });

    it('that serve files around a gate below them are said to', () => {
      const app = make();
      app.use('/api/v1', gate());
      const files = Object.assign((...given: unknown[]) => void given, {});
      Object.defineProperty(files, 'name', { value: 'serveStatic' });
      app.use('/', files);
      app.use('/api', files);
      app.use('/api/v1/docs', files);
      app.use('/other', files);
      finish(app);
      assert.deepEqual(names(routesAheadOfGate(app, { hints: ['/api/v1/docs/x', '/other/x'] })), [
        'USE / (serveStatic), around the gate at /api/v1',
        'USE /api (serveStatic), around the gate at /api/v1',
        'USE /other (serveStatic)',
      ]);
    });

    it('that are patterns are listed without a path', () => {
      const app = make();
      app.get(/^\/secret/, passing);
      app.get(['/a', '/b'], passing);
      app.use(gate());
      finish(app);
      assert.deepEqual(names(routesAheadOfGate(app)), ['GET ?', 'GET /a', 'GET /b']);
    });
  });
}

describe('an app without any route', () => {
  it('has none, in Express 4 as well, which throws when asked for its router', () => {
    assert.deepEqual(routesAheadOfGate(express()), []);
    assert.deepEqual(routesAheadOfGate(express4()), []);
    assert.deepEqual(routesAheadOfGate({}), []);
  });
});
