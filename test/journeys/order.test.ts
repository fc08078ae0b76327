import assert from 'node:assert/strict';
import express, { type Express, type Request } from 'express';
import session, { MemoryStore } from 'express-session';
import { type Door, type SallyportError, type SallyportOptions, sallyport } from 'sallyport';
import request from 'supertest';
import { hostOptions } from '../support/app.js';
import { withNodeEnv } from '../support/node-env.js';
import { journeys } from '../support/worlds.js';

/** What somebody mounts on their first evening, and in which order. */
journeys('parts in the wrong order', (world) => {
  function hostOf(mount: (app: Express, door: Door) => void, more: Partial<SallyportOptions> = {}) {
    const errors: unknown[] = [];
    const door = sallyport({
      ...hostOptions(),
      store: world().store,
      subject: (req) => {
        const id = req.get('x-user');
        return id === undefined ? null : { id, tenantId: 'acme', label: id };
      },
      onError: (error) => void errors.push(error),
      ...more,
    });
    const app = express();
    app.set('env', 'test');
    const store = door.sessions(new MemoryStore());
    app.use(session({ secret: 'test', resave: false, saveUninitialized: false, store }));
    mount(app, door);
    return { app, door, errors };
  }

  const page = (app: Express, path: string) =>
    request(app).get(path).set('Accept', 'text/html').redirects(0);
  const program = (app: Express, path: string) =>
    request(app).get(path).set('Accept', 'application/json').redirects(0);

  /** The same words on the page, to a program, and to the host. */
  async function assertSaid(
    { app, errors }: { readonly app: Express; readonly errors: readonly unknown[] },
    path: string,
    said: RegExp,
    user?: string,
  ) {
    const as = user === undefined ? {} : { 'X-User': user };
    const shown = await page(app, path).set(as);
    assert.equal(shown.status, 503, path);
    assert.match(text(shown.text), said);
    assert.match(text(shown.text), /ERR_OPTION/);
    assert.match(text(shown.text), /Waiting does not help/);
    const told = await program(app, path).set(as);
    assert.equal(told.status, 503, path);
    assert.deepEqual([told.body.error, told.body.code], ['unavailable', 'ERR_OPTION']);
    assert.match(told.body.detail, said);
    assert.equal(errors.length, 2);
    for (const error of errors) {
      assert.equal((error as SallyportError).code, 'ERR_OPTION');
      assert.match((error as SallyportError).message, said);
    }
  }

  it('a gate above the pages says which line to move', async () => {
    const host = hostOf((app, door) => app.use(door.gate(), door.pages()));
    const { location } = (await page(host.app, '/reports').set('X-User', 'u@acme')).headers;
    assert.equal(location, '/two-factor/activate');
    await assertSaid(
      host,
      String(location),
      /move app\.use\(door\.pages\(\)\).* above app\.use\(door\.gate\(\)\)/,
      'u@acme',
    );
  });

  it('says so to whoever is not signed in, too, at any page of ours and by any method', async () => {
    const { app } = hostOf((one, door) => one.use(door.gate(), door.pages()));
    for (const path of ['/two-factor', '/two-factor/challenge?x=1', '/two-factor/assets/x.css']) {
      assert.equal((await page(app, path)).status, 503, path);
      assert.equal((await request(app).post(path)).status, 503, path);
    }
    for (const path of ['/two-factors', '/x/two-factor', '/TWO-FACTOR']) {
      assert.equal((await page(app, path)).status, 303, path);
    }
  });

  it('pages that were forgotten are named', async () => {
    const host = hostOf((app, door) => app.use(door.gate()));
    await assertSaid(
      host,
      '/two-factor/activate',
      /put app\.use\(door\.pages\(\)\) above app\.use\(door\.gate\(\)\)/,
      'u@acme',
    );
  });

  it('pages under a path of their own are to be mounted without one', async () => {
    const host = hostOf((app, door) => app.use('/auth', door.pages()).use(door.gate()));
    await assertSaid(host, '/two-factor/activate', /without a path/, 'u@acme');
  });

  it('pages under the very path that they add by themselves are named with it', async () => {
    const host = hostOf((app, door) => app.use('/two-factor', door.pages()).use(door.gate()));
    await assertSaid(
      host,
      '/two-factor/activate',
      /app\.use\('\/two-factor', door\.pages\(\)\).*app\.use\(door\.pages\(\)\)/,
      'u@acme',
    );
  });

  it('a login page below the gate is named, and both lines with it', async () => {
    const host = hostOf(
      (app, door) => {
        app.use(door.pages(), door.gate());
        app.get('/sign-in', (_req, res) => void res.send('login page'));
      },
      { loginUrl: '/sign-in' },
    );
    assert.equal((await page(host.app, '/reports')).headers.location, '/sign-in');
    await assertSaid(host, '/sign-in', /move app\.use\(door\.gate\(\)\) below .*\/sign-in/);
    assert.equal((await page(host.app, '/sign-in?next=/reports')).status, 503);
    const form = await request(host.app).post('/sign-in').set('Accept', 'text/html').type('form');
    assert.equal(form.status, 503, 'its form, too');
    // A program that signs in at an address of its own may ask here for anything.
    const sent = await request(host.app).post('/sign-in').send({}).set('Accept', '*/*');
    assert.equal(sent.status, 401);
  });

  it('a session below the pages is named', async () => {
    const door = sallyport({ ...hostOptions(), store: world().store, onError: () => {} });
    const app = express().use(door.pages(), door.gate());
    const answer = await program(app, '/reports');
    assert.deepEqual([answer.status, answer.body.code], [503, 'ERR_SESSION_MISSING']);
    assert.match(answer.body.detail, /app\.use\(session\(.*above app\.use\(door\.pages\(\)\)/);
  });

  it('in production the page keeps to itself what is wrong, and a program is told the code', async () => {
    await withNodeEnv('production', async () => {
      const { app, errors } = hostOf((one, door) => one.use(door.gate()));
      const shown = await page(app, '/two-factor/activate').set('X-User', 'u@acme');
      assert.equal(shown.status, 503);
      assert.doesNotMatch(text(shown.text), /ERR_|door\./);
      assert.match(text(shown.text), /Waiting does not help/);
      const told = await program(app, '/two-factor/activate').set('X-User', 'u@acme');
      assert.equal(told.body.code, 'ERR_OPTION');
      assert.equal(told.body.detail, undefined);
      assert.doesNotMatch(told.text, /door\./);
      assert.match(String(errors[0]), /door\.pages\(\)/);
    });
  });

  for (const part of ['gate', 'pages', 'require'] as const) {
    it(`door.${part} in the place of door.${part}() fails each request at once`, async () => {
      const { app } = hostOf((one, door) => {
        // As JavaScript has it: TypeScript refuses it (test/types).
        one.use((req, res, next) => Reflect.apply(door[part], door, [req, res, next]));
        one.use((error: SallyportError, _req: Request, res: express.Response, _next: unknown) => {
          res.status(500).json({ code: error.code, message: error.message });
        });
      });
      const answer = await program(app, '/reports');
      assert.deepEqual([answer.status, answer.body.code], [500, 'ERR_OPTION']);
      assert.match(answer.body.message, new RegExp(`door\\.${part}\\(\\)`));
    });
  }
});

/** As a person reads it. */
function text(html: string): string {
  return html
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replace(/\s+/g, ' ');
}
