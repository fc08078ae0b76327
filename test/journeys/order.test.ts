import assert from 'node:assert/strict';
import express, { type Express, type Request, type RequestHandler } from 'express';
import session, { MemoryStore } from 'express-session';
import { Passport } from 'passport';
import { Strategy as LocalStrategy } from 'passport-local';
import {
  type Door,
  type SallyportError,
  type SallyportOptions,
  type Subject,
  sallyport,
} from 'sallyport';
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
    assert.equal(errors.length, 1, 'once, and not at each request');
    assert.equal((errors[0] as SallyportError).code, 'ERR_OPTION');
    assert.match((errors[0] as SallyportError).message, said);
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

  it('a login page that is exempt with its methods is not named for others', async () => {
    const exempt = ['GET /login', 'POST /login'];
    const { app, errors } = hostOf((one, door) => one.use(door.pages(), door.gate({ exempt })));
    const put = await request(app).put('/login').set('Accept', 'text/html').redirects(0);
    assert.deepEqual([put.status, put.headers.location], [303, '/login']);
    assert.deepEqual(errors, []);
  });

  it('a session below the pages is named', async () => {
    const door = sallyport({ ...hostOptions(), store: world().store, onError: () => {} });
    const app = express().use(door.pages(), door.gate());
    const answer = await program(app, '/reports');
    assert.deepEqual([answer.status, answer.body.code], [503, 'ERR_SESSION_MISSING']);
    assert.match(answer.body.detail, /app\.use\(session\(.*above app\.use\(door\.pages\(\)\)/);
  });

  /** An app with a login by Passport; where Passport is asked who has signed in is for `mount` to say. */
  function passportHost(
    mount: (app: Express, door: Door, session: RequestHandler) => void,
    subject: SallyportOptions['subject'] = ({ user }) => user as Subject | undefined,
  ) {
    const passport = new Passport();
    passport.serializeUser((user, done) => done(null, user));
    passport.deserializeUser((user: Express.User, done) => done(null, user));
    const id = 'u@acme';
    passport.use(
      new LocalStrategy((_name, _password, done) =>
        done(null, { id, tenantId: 'acme', label: id }),
      ),
    );
    const host = hostOf(
      (app, door) => {
        const parser = express.urlencoded({ extended: false });
        app.post('/login', parser, passport.authenticate('local', { successRedirect: '/reports' }));
        mount(app, door, passport.session());
        app.get('/reports', (_req, res) => void res.send('reports'));
      },
      { subject },
    );
    const browser = request.agent(host.app);
    const signIn = () =>
      browser.post('/login').type('form').send({ username: id, password: 'right' }).redirects(0);
    const reports = () => browser.get('/reports').accept('application/json').redirects(0);
    return { ...host, signIn, reports };
  }

  const PASSPORT_FIRST = /move app\.use\(passport\.session\(\)\) above app\.use\(door\.pages\(\)\)/;

  for (const [where, mount] of [
    ['the gate', (app, door, who) => app.use(door.pages(), door.gate(), who)],
    ['the pages', (app, door, who) => app.use(door.pages(), who, door.gate())],
    [
      'a gate that lets nobody-signed-in pass',
      (app, door, who) => app.use(door.gate({ anonymous: 'pass' }), who),
    ],
  ] as [string, Parameters<typeof passportHost>[0]][]) {
    it(`Passport's session below ${where} is named, where it was a loop or a hole`, async () => {
      const { signIn, reports, errors } = passportHost(mount);
      assert.equal((await signIn()).headers.location, '/reports');
      for (const _ of [1, 2, 3]) {
        const told = await reports();
        assert.deepEqual([told.status, told.body.code], [503, 'ERR_OPTION'], told.text);
        assert.match(told.body.detail, PASSPORT_FIRST);
      }
      assert.equal(errors.length, 1);
    });
  }

  it("Passport's session in its place is not named, also where `subject` takes a user for nobody", async () => {
    const whole = passportHost((app, door, who) => app.use(who, door.pages(), door.gate()));
    await whole.signIn();
    assert.equal((await whole.reports()).body.next, 'enroll');

    let known = true;
    const some = passportHost(
      (app, door, who) => app.use(who, door.pages(), door.gate()),
      ({ user }) => known && (user as Subject),
    );
    await some.signIn();
    assert.equal((await some.reports()).body.next, 'enroll');
    known = false;
    const told = await some.reports();
    assert.deepEqual([told.status, told.body.error], [401, 'authentication_required']);
    assert.deepEqual([...whole.errors, ...some.errors], []);
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
