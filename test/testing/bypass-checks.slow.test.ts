import assert from 'node:assert/strict';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { type Express } from 'express';
import session from 'express-session';
import { memoryStore, sallyport } from 'sallyport';
import { type BypassChecksOptions, bypassChecks, type Visitor } from 'sallyport/testing';
import { DEMO_PASSWORD, demoAccounts } from '../../example/accounts.js';
import { createApp } from '../../example/app.js';
import { stackOf } from '../../src/testing/bypass/layers.js';
import { host, hostOptions } from '../support/app.js';
import { newKey } from '../support/cli.js';
import { CSRF_GUARDS } from '../support/csrf-guards.js';

interface Outcome {
  readonly title: string;
  readonly error: string | null;
}

/** Runs the suite under a runner of our own, and says what came of each of its tests. */
async function run(
  app: Parameters<typeof bypassChecks>[0],
  options: BypassChecksOptions,
): Promise<{ outcomes: readonly Outcome[]; printed: readonly string[] }> {
  const tests: { title: string; test: () => Promise<void> }[] = [];
  const printed: string[] = [];
  bypassChecks(app, {
    describe: (_title, suite) => suite(),
    it: (title, test) => tests.push({ title, test }),
    report: (line) => printed.push(line),
    ...options,
  });
  const outcomes: Outcome[] = [];
  for (const { title, test } of tests) {
    const error = await test().then(
      () => null,
      (failure: Error) => failure.message,
    );
    outcomes.push({ title, error });
  }
  return { outcomes, printed };
}

const failed = (outcomes: readonly Outcome[]) => outcomes.filter(({ error }) => error !== null);

const signIn =
  (username: string, password: string) =>
  async ({ fetch }: Visitor): Promise<void> => {
    await fetch('/login', {
      method: 'POST',
      body: new URLSearchParams({ username, password }),
    });
  };

describe('bypassChecks() over the example', function () {
  this.timeout(120_000);

  const options: BypassChecksOptions = {
    login: signIn('user1@acme.example', DEMO_PASSWORD),
    protectedPaths: ['/', '/api/me', '/files/report.txt'],
    public: ['GET /login', 'POST /login', 'POST /logout', 'GET /healthz', 'USE /'],
    // The example refuses forms of other sites before it looks at anything else.
    refusals: [],
  };

  async function example(): Promise<Express> {
    const { app } = await createApp({
      origin: 'http://localhost:3000',
      keys: [newKey()],
      sessionSecret: newKey(),
      accounts: await demoAccounts(),
      sessionStore: new session.MemoryStore(),
      store: memoryStore(),
    });
    return app;
  }

  /** Mounts it where somebody in a hurry does: right above the gate. */
  function aboveGate(app: Express, mount: (app: Express) => void): Express {
    const stack = stackOf(app) as unknown[];
    const before = stack.length;
    mount(app);
    const planted = stack.splice(before);
    const gate = stackOf(app).findIndex(({ handle }) => handle.name === 'secondFactorGate');
    assert.ok(gate > 0 && planted.length > 0);
    stack.splice(gate, 0, ...planted);
    return app;
  }

  it('finds nothing, and lists what is mounted ahead of the gate', async () => {
    const { outcomes, printed } = await run(example, options);
    assert.deepEqual(failed(outcomes), []);
    assert.ok(outcomes.length > 10);
    assert.ok(printed.includes('  GET /healthz'));
    assert.ok(printed.includes('  POST /login'));
    assert.ok(printed.includes('  USE / (serveStatic)'));
    assert.ok(!printed.includes('  GET /api/me'));
  });

  it('finds a route that was mounted above the gate: on the list, and by asking for it', async () => {
    const app = aboveGate(await example(), (one) =>
      one.get('/api/export', (_req, res) => void res.json({ customers: ['Ann'] })),
    );
    const { outcomes, printed } = await run(app, options);
    const errors = failed(outcomes).map(({ title, error }) => `${title}: ${error}`);
    assert.match(errors.join('\n'), /nothing ahead of the gate.*\n.*GET \/api\/export: mount it/);
    assert.match(errors.join('\n'), /nothing by GET.*\n.*GET \/api\/export \(JSON\): 200/);
    assert.match(errors.join('\n'), /nothing by HEAD/);
    assert.match(errors.join('\n'), /no part of anything/);
    assert.ok(printed.includes('  GET /api/export'));
    assert.doesNotMatch(errors.join('\n'), /nothing by (POST|PUT|PATCH|DELETE)/);
  });
});

describe('bypassChecks()', function () {
  this.timeout(60_000);

  const options: BypassChecksOptions = {
    login: signIn('user1@acme', 'sallyport'),
    protectedPaths: ['/reports'],
    public: ['GET /login', 'POST /login', 'POST /logout', 'GET /healthz'],
  };
  const errorsOf = async (
    app: RequestListener | Server,
    more: Partial<BypassChecksOptions> = {},
  ) => {
    const { outcomes } = await run(app, { ...options, ...more });
    return failed(outcomes).map(({ title, error }) => `${title}: ${error}`);
  };

  it('finds nothing in an app without a hole', async () => {
    const { app } = await host();
    assert.deepEqual(await errorsOf(app), []);
  });

  it('finds a route ahead of the gate, and nothing once that is named public', async () => {
    const { app } = await host({
      before: (one) => one.get('/api/export/:year', (_req, res) => void res.json({})),
    });
    assert.match((await errorsOf(app)).join('\n'), /GET \/api\/export\/1 \(JSON\): 200/);
    const named = [...(options.public ?? []), 'GET /api/export/:year'];
    assert.deepEqual(await errorsOf(app, { public: named }), []);
  });

  it('finds files that a static mount ahead of the gate gives away', async () => {
    const { app } = await host({
      before: (one) => one.use('/files', express.static('example/files')),
    });
    const protectedPaths = ['/reports', '/files/report.txt'];
    const errors = (await errorsOf(app, { protectedPaths })).join('\n');
    assert.match(errors, /USE \/files \(serveStatic\): mount it/);
    assert.match(errors, /GET \/files\/report\.txt \(JSON\): 200, text\/plain/);
    assert.match(errors, /\(Range\): 206/);
    assert.match(errors, /\(If-None-Match\): 304/);
    // It opens odd spellings as well.
    assert.match(errors, /GET \/files\/report\.tx%74/);
  });

  it('fails when nobody is signed in, rather than to find everything closed', async () => {
    const { app } = await host();
    const [first] = await errorsOf(app, { login: signIn('user1@acme', 'wrong') });
    assert.match(first ?? '', /not signed in with a password/);
  });

  it('finds that somebody is let in whom the policy asks for nothing', async () => {
    const { app } = await host({ policy: () => ({ mode: 'off' }) });
    const errors = await errorsOf(app);
    assert.match(errors[0] ?? '', /should have asked for a second factor, got 200/);
  });

  it('finds a path that is closed in one spelling only', async () => {
    const { app } = await host({
      // A shortcut for the loader of some page, with a check of its own that forgets about case.
      before: (one) =>
        one.use((req, res, next) => {
          if (req.url.toLowerCase().includes('/reports') && req.url.includes('S')) res.send('all');
          else next();
        }),
    });
    const errors = await errorsOf(app);
    assert.match(errors.join('\n'), /GET \/REPORTS \(JSON\): 200/);
    assert.doesNotMatch(errors.join('\n'), /GET \/reports \(/);
  });

  for (const [what, guilty] of [
    ['a forged header', (req: express.Request) => req.get('X-Original-URL') !== undefined],
    ['a Range', (req: express.Request) => req.get('Range') !== undefined],
    ['one method', (req: express.Request) => req.method === 'OPTIONS'],
    ['a double slash', (req: express.Request) => req.originalUrl.startsWith('//')],
    ['a public prefix', (req: express.Request) => req.originalUrl.startsWith('/healthz/..')],
    ['a browser', (req: express.Request) => req.get('Accept')?.includes('html') === true],
  ] as const) {
    it(`finds an app that opens for ${what}`, async () => {
      const { app } = await host({
        before: (one) =>
          one.use((req, res, next) => {
            if (guilty(req) && req.path.includes('reports')) res.send('all of them');
            else next();
          }),
      });
      assert.match((await errorsOf(app)).join('\n'), /reports.*: 200/);
    });
  }

  it('finds a redirect that is not the gate’s, and a 401 that is not', async () => {
    const { app } = await host({
      before: (one) => {
        one.get('/reports', (_req, res) => res.redirect('/reports/1'));
        one.put('/reports', (_req, res) => void res.status(401).json({ error: 'no' }));
      },
    });
    const errors = (await errorsOf(app)).join('\n');
    assert.match(errors, /GET \/reports \(JSON\): 302 to \/reports\/1/);
    assert.match(errors, /PUT \/reports \(JSON\): 401/);
  });

  it('takes the refusals that the host names, and no other', async () => {
    const { app } = await host({
      before: (one) =>
        one.use('/reports', (req, res, next) => {
          if (req.method === 'DELETE') res.status(405).end();
          else next();
        }),
    });
    assert.match((await errorsOf(app)).join('\n'), /DELETE \/reports \(JSON\): 405/);
    assert.deepEqual(await errorsOf(app, { refusals: [405] }), []);
  });

  it('finds what OPTIONS gives away besides the methods of a route', async () => {
    const { app } = await host({
      before: (one) =>
        one.options('/reports', (_req, res) => void res.set('Allow', 'GET,HEAD').send('GET,HEAD ')),
    });
    assert.match((await errorsOf(app)).join('\n'), /OPTIONS \/reports \(JSON\): 200/);
  });

  for (const [name, guard] of Object.entries(CSRF_GUARDS)) {
    it(`takes the 403 of a CSRF guard ahead of the gate for what it is: ${name}`, async () => {
      const { app } = await host({
        above: (one) =>
          one.use(express.urlencoded({ extended: false }), express.json(), ...guard()),
      });
      assert.deepEqual(await errorsOf(app), []);
    });
  }

  it('names the option for a guard whose refusals are no two alike', async () => {
    let count = 0;
    const { app } = await host({
      above: (one) =>
        one.use((req, res, next) => {
          if (req.method === 'GET' || req.method === 'HEAD') next();
          else res.status(403).send(`refused, number ${count++}`);
        }),
    });
    const errors = (await errorsOf(app)).join('\n');
    assert.match(errors, /POST \/reports \(JSON\): 403/);
    assert.match(errors, /refusals: \[403\]/);
    assert.doesNotMatch(errors, /`public`/);
    assert.deepEqual(await errorsOf(app, { refusals: [403] }), []);
  });

  describe('of a partly public app', () => {
    const partly = (guarded: boolean) =>
      host({
        gate: { anonymous: 'pass' },
        routes(app) {
          app.get('/about', (_req, res) => void res.send('for everybody'));
          app.all('/prices', (req, res) =>
            !guarded || req.user ? res.send('9.99') : res.redirect('/login'),
          );
        },
      });
    const protectedPaths = ['/prices'];

    it('names the option, and finds nothing with it', async () => {
      const { app } = await partly(true);
      const errors = await errorsOf(app, { protectedPaths });
      assert.equal(errors.length, 1, errors.join('\n'));
      assert.match(errors[0] ?? '', /GET \/about \(JSON\): 200/);
      assert.match(errors[0] ?? '', /anonymous: 'pass'/);
      assert.deepEqual(await errorsOf(app, { protectedPaths, anonymous: 'pass' }), []);
    });

    it('finds what is protected and given to nobody-signed-in', async () => {
      const { app } = await partly(false);
      const errors = await errorsOf(app, { protectedPaths, anonymous: 'pass' });
      assert.equal(errors.length, 1, errors.join('\n'));
      assert.match(errors[0] ?? '', /nothing that is protected.*\n.*GET \/prices \(JSON\): 200/);
      assert.doesNotMatch(errors[0] ?? '', /about/);
    });
  });

  it('finds a server that takes WebSocket upgrades without asking', async () => {
    const { app } = await host();
    const open = createServer(app).on('upgrade', (_req, socket) => {
      socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      );
    });
    const errors = await errorsOf(open, { webSocketPaths: ['/live'] });
    assert.match(errors.join('\n'), /GET \/live \(WebSocket\): 101/);

    for (const refuse of ['HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n', '']) {
      const shut = createServer(app).on('upgrade', (_req, socket) => socket.end(refuse));
      const more = { webSocketPaths: ['/live'], protectedPaths: ['/reports'] };
      const found = (await errorsOf(shut, more)).filter((one) => one.includes('/live'));
      assert.deepEqual(found, []);
    }
  });

  /** A gate at `/api`, and a folder with files below it at the root. */
  async function gateBelow({ files }: { files: boolean }) {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-'));
    await mkdir(join(folder, 'api'));
    await writeFile(join(folder, 'api', 'prices.txt'), 'secret');
    const door = sallyport({
      ...hostOptions(),
      store: memoryStore(),
      subject: (req) => {
        const { signedInAt: id } = req.session;
        return id === undefined ? null : { id, tenantId: 'acme', label: id };
      },
    });
    const app = express();
    app.set('env', 'test');
    const store = door.sessions(new session.MemoryStore());
    app.use(session({ secret: 's', resave: false, saveUninitialized: false, store }));
    app.use(door.pages());
    app.get('/login', (_req, res) => void res.send('login'));
    app.post('/login', (req, res) => {
      req.session.signedInAt = 'user1';
      res.redirect('/');
    });
    app.use('/api', door.gate());
    app.get('/api/me', (_req, res) => void res.json({ name: 'Ann' }));
    if (files) app.use(express.static(folder));
    return app;
  }

  it('finds the files that a static mount serves around a gate below a path', async () => {
    const app = await gateBelow({ files: true });
    const more = {
      protectedPaths: ['/api/me', '/api/prices.txt'],
      public: ['GET /login', 'POST /login', 'USE /'],
    };
    const { outcomes, printed } = await run(app, { ...options, ...more });
    assert.ok(printed.includes('  USE / (serveStatic), around the gate at /api'), String(printed));
    const errors = failed(outcomes)
      .map(({ error }) => error)
      .join('\n');
    assert.match(errors, /GET \/\/api\/prices\.txt \(JSON\): 200/);
    assert.match(errors, /GET \/%61pi\/prices\.txt \(JSON\): 200/);
    assert.match(errors, /GET \/\.\/api\/prices\.txt \(JSON\): 200/);
    assert.doesNotMatch(errors, / 404/, 'what is not there is no hole, and hides none');
  });

  it('finds nothing around a gate below a path where nothing is to be had there', async () => {
    const app = await gateBelow({ files: false });
    // OPTIONS of a public route is answered by Express itself where no gate stands at the root.
    const more = { protectedPaths: ['/api/me'], public: ['GET /login', 'POST /login'] };
    assert.deepEqual(await errorsOf(app, more), []);
  });

  it('finds an error handler that lets a request go on, past a gate that has no side for errors', async () => {
    const build = async (whole: boolean) => {
      const { app } = await host({
        above: (one) => one.use(express.json()),
        routes(one) {
          if (!whole) {
            // As a host has it that mounts the first of the two handlers alone.
            const { stack } = one.router as unknown as { stack: { handle: { name: string } }[] };
            const at = stack.findIndex(({ handle }) => handle.name === 'secondFactorGateOnError');
            stack.splice(at, 1);
          }
          one.use(((_error, _req, _res, next) => next()) as express.ErrorRequestHandler);
        },
      });
      return app;
    };
    assert.deepEqual(await errorsOf(await build(true)), []);
    const errors = (await errorsOf(await build(false))).join('\n');
    assert.match(
      errors,
      /a body that cannot be read.*\n.*POST \/reports \(JSON that cannot be read\): 200/,
    );
  });

  it('reads an app of Express 4 as well', async () => {
    const express4 = createRequire(import.meta.url)('express-4') as typeof express;
    const build = (hole: boolean) => {
      const app = express4();
      const door = sallyport({
        ...{
          origin: 'http://localhost:3000',
          issuer: 'Test',
          keys: [newKey()],
          loginUrl: '/login',
        },
        store: memoryStore(),
        policy: () => ({ mode: 'required' }),
        subject: (req) => {
          const { signedInAt: id } = req.session;
          return id === undefined ? null : { id, tenantId: 'acme', label: id };
        },
      });
      const store = door.sessions(new session.MemoryStore());
      app.use(session({ secret: 's', resave: false, saveUninitialized: false, store }));
      app.post('/login', (req, res) => {
        req.session.signedInAt = 'user1';
        res.redirect('/');
      });
      const router = express4.Router();
      router.get('/users/:id', (_req, res) => void res.json({ name: 'Ann' }));
      if (hole) app.use('/api', router);
      app.use(door.gate());
      if (!hole) app.use('/api', router);
      return app;
    };
    const more = { protectedPaths: ['/'], public: ['POST /login'] };
    assert.deepEqual(await errorsOf(build(false), more), []);
    const errors = (await errorsOf(build(true), more)).join('\n');
    assert.match(errors, /GET \/api\/users\/:id: mount it below/);
    assert.match(errors, /GET \/api\/users\/1 \(JSON\): 200/);
  });

  it('fails where there is no gate, no path, no session and no test runner', async () => {
    const { app } = await host();
    assert.match((await errorsOf(express())).join('\n'), /no door\.gate\(\) is mounted/);
    assert.match((await errorsOf(app, { protectedPaths: [] })).join('\n'), /protectedPaths/);
    assert.match((await errorsOf(app, { public: ['/login'] })).join('\n'), /'GET \/login'/);
    const broken = await errorsOf(app, {
      login: () => Promise.reject(new Error('no such account')),
    });
    assert.equal(broken.filter((one) => one.endsWith('no such account')).length, broken.length);
    assert.ok(broken.length > 10);
  });
});

// As a host uses it: with this runner’s own describe and it.
describe('mocha, given the example app', () => {
  bypassChecks(async () => (await host()).app, {
    login: signIn('user1@acme', 'sallyport'),
    protectedPaths: ['/reports'],
    public: ['GET /login', 'POST /login', 'POST /logout', 'GET /healthz'],
    report: () => {},
  });
});
