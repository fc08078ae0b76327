import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import session, { MemoryStore } from 'express-session';
import { type Subject, sallyport, securityKey, totp } from 'sallyport';
import { softwareKey } from 'sallyport/testing';
import { type Host, type HostOptions, hostOptions, KEY } from '../support/app.js';
import { Browser, codeAt, wrongCode } from '../support/browser.js';
import { duoHost, startSimulator, toPrompt } from '../support/duo.js';
import { eventually } from '../support/redis.js';
import { journeys, TOTP_ONLY } from '../support/worlds.js';

const NORTH = 'https://north.example';
const ACME = 'https://acme.example:8443';
const USER = 'user1@acme';

/** A browser at one address; the app stands behind a proxy that tells which. */
class BrowserAt extends Browser {
  readonly host: string;
  readonly more: Readonly<Record<string, string>>;

  constructor(app: Host['app'], host: string, more: Readonly<Record<string, string>> = {}) {
    super(app);
    this.host = host;
    this.more = more;
  }

  override send(...asked: Parameters<Browser['send']>) {
    return super
      .send(...asked)
      .set('Host', this.host)
      .set('X-Forwarded-Proto', 'https')
      .set(this.more);
  }
}

/** The status of an answer to a request with exactly these headers. */
async function sent(app: Host['app'], headers: readonly string[]): Promise<number> {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const lines = headers.flatMap((name, at) => (at % 2 ? [] : [`${name}: ${headers[at + 1]}`]));
  socket.write(['GET /two-factor HTTP/1.1', ...lines, 'Connection: close', '', ''].join('\r\n'));
  let text = '';
  for await (const chunk of socket) text += chunk;
  server.close();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
}

const WAYS = {
  'a list': [NORTH, ACME],
  'a lookup': (host: string) =>
    ({ 'north.example': NORTH, 'acme.example:8443': ACME })[host] ?? null,
} as const;

journeys('an app with several addresses', (world) => {
  const now = () => world().clock.now();

  for (const [what, origin] of Object.entries(WAYS)) {
    const options = (more: HostOptions = {}): HostOptions => ({
      before: (app) => app.set('trust proxy', 1),
      routes: (app, door) => {
        app.get('/out', (_req, res) => res.redirect('https://idp.example/'));
        app.get('/me', async (req, res) => res.json((await door.check(req)).subject));
      },
      ...more,
      options: {
        origin,
        branding: (_subject: Subject | null, place) => ({
          name: place.origin === NORTH ? 'Northwind' : 'Acme Console',
        }),
        issuer: (_subject, place) => `Console at ${new URL(place.origin).host}`,
        ...more.options,
      },
    });

    it(`has each page of the address that is asked, in brand and issuer (${what})`, async () => {
      const { app } = await world().host(options());
      for (const [host, name] of [
        ['north.example', 'Northwind'],
        ['ACME.example:8443', 'Acme Console'],
      ] as const) {
        const browser = new BrowserAt(app, host);
        await browser.login(USER);
        const page = await browser.form('/two-factor/activate/totp');
        assert.equal(page.status, 200);
        assert.match(page.text, new RegExp(name));
        const { body } = await browser.jsonForm('/two-factor/activate/totp');
        // The colon of a port would split the entry in two.
        assert.equal(body.issuer, `Console at ${host.toLowerCase().replace(':', '-')}`);
      }
    });

    it(`answers any other address with 421, whatever is asked for (${what})`, async () => {
      const { app, errors } = await world().host(options());
      const inside = new BrowserAt(app, 'north.example');
      await inside.activate(USER, now());
      for (const host of [
        'evil.example',
        'north.example.evil.example',
        'north.example:81',
        'acme.example',
        'xnorth.example',
        'north.example@evil.example',
        '[::1]:3000',
        '',
      ]) {
        const copy = Object.assign(new BrowserAt(app, host), { cookies: new Map(inside.cookies) });
        for (const path of ['/', '/two-factor', '/two-factor/activate', '/login', '/me']) {
          const page = await copy.get(path);
          assert.equal(page.status, 421, `${host} ${path}`);
          assert.equal(page.headers.location, undefined);
          assert.doesNotMatch(page.text, /evil|north/);
        }
        const program = await copy.json('get', '/me');
        assert.deepEqual([program.status, program.body.error], [421, 'misdirected_request']);
        assert.equal(
          (await copy.post('/login', { username: USER, password: 'sallyport' })).status,
          421,
        );
      }
      assert.deepEqual(errors, []);
      assert.equal((await inside.get('/me')).status, 200);
    });

    it(`believes what a proxy says of the host where it is trusted, and nobody else (${what})`, async () => {
      const { app } = await world().host(options());
      const forwarded = { 'X-Forwarded-Host': 'acme.example:8443, north.example' };
      const behind = new BrowserAt(app, 'internal:3000', forwarded);
      await behind.login(USER);
      assert.match((await behind.get('/two-factor/activate/totp')).text, /Acme Console/);
      const open = await world().host(options({ before: () => {} }));
      const faked = new BrowserAt(open.app, 'evil.example', forwarded);
      assert.equal((await faked.get('/two-factor')).status, 421);
      const named = new BrowserAt(open.app, 'north.example', forwarded);
      assert.notEqual((await named.get('/two-factor')).status, 421);
    });

    it(`tells in events which address was asked (${what})`, async () => {
      const { app, events } = await world().host(options());
      const [north, acme] = ['north.example', 'acme.example:8443'].map(
        (host) => new BrowserAt(app, host),
      ) as [BrowserAt, BrowserAt];
      const key = await north.activate(USER, now());
      world().clock.advance(30_000);
      await acme.login(USER);
      await acme.answerChallenge(wrongCode(key, now()));
      await acme.answerChallenge(codeAt(key, now()));
      assert.deepEqual(
        events.map(({ type, origin: at }) => [type, at]),
        [
          ['enrollment.confirmed', NORTH],
          ['verification.failed', ACME],
          ['verification.succeeded', ACME],
        ],
      );
      const history = () => world().store.readHistory(USER, { before: null, limit: 5 });
      await eventually(async () => (await history()).length === 1);
      assert.equal((await history())[0]?.origin, NORTH);
    });

    it(`leads away from the address that was asked, and back to it (${what})`, async () => {
      const { app } = await world().host(options());
      const browser = new BrowserAt(app, 'acme.example:8443');
      await browser.get('/me?x=1');
      const key = await browser.activate(USER, now());
      assert.equal((await browser.get('/me')).status, 200);
      const cookies = await browser.get('/two-factor/profile');
      assert.equal(cookies.status, 200);
      // After a form of ours a way to another site leads by a page, also to another address of the app.
      const other = new BrowserAt(app, 'acme.example:8443');
      await other.login(USER);
      world().clock.advance(30_000);
      const answer = await other.answerChallenge(codeAt(key, now()));
      assert.equal(answer.status, 303);
      const leaving = await other.get('/out');
      assert.match(String(leaving.headers.location), /^\/two-factor\/leave/);
    });
  }

  it('is not told of in events where there is one', async () => {
    for (const [at, origin] of [NORTH, [NORTH]].entries()) {
      const { app, events } = await world().host({
        before: (made) => made.set('trust proxy', 1),
        options: { origin },
      });
      await new BrowserAt(app, 'north.example').activate(`user${at + 1}@acme`, now());
      assert.ok(events.length > 0);
      assert.ok(events.every((event) => !Object.hasOwn(event, 'origin')));
    }
  });

  it('makes cookies that are sent over TLS alone, and to that host alone', async () => {
    const { app } = await world().host({
      before: (made) => made.set('trust proxy', 1),
      options: { origin: [NORTH, ACME] },
    });
    const answer = await new BrowserAt(app, 'acme.example:8443').get('/reports');
    const [cookie] = answer.headers['set-cookie'] as unknown as string[];
    assert.match(String(cookie), /^sallyport\.return=/);
    assert.match(String(cookie), /; Secure/);
    assert.doesNotMatch(String(cookie), /Domain/i);
  });

  it('knows a remembered device at the address where it is remembered', async () => {
    const policy = () => ({ ...TOTP_ONLY, rememberDeviceSeconds: 86_400 }) as const;
    const { app } = await world().host({ policy, options: { origin: [NORTH, ACME] } });
    const browser = new BrowserAt(app, 'north.example');
    const key = await browser.activate(USER, now());
    await browser.post('/logout');
    await browser.login(USER);
    world().clock.advance(30_000);
    const answer = { code: codeAt(key, now()), remember: '1', _csrf: await browser.csrf() };
    assert.equal((await browser.post('/two-factor/challenge/totp', answer)).status, 303);
    await browser.post('/logout');
    await browser.login(USER);
    assert.equal((await browser.get('/me')).headers.location, '/me', 'recognized');
  });

  it('has one session at all of them: who is proven at one is proven at the other', async () => {
    const { app } = await world().host({ options: { origin: [NORTH, ACME] } });
    const browser = new BrowserAt(app, 'north.example');
    await browser.activate(USER, now());
    const there = Object.assign(new BrowserAt(app, 'acme.example:8443'), {
      cookies: new Map(browser.cookies),
    });
    assert.equal((await there.get('/reports')).text, 'inside GET /reports');
  });

  describe('with passkeys and security keys', () => {
    const AT = '/two-factor/challenge/security-key';
    const policy = () => ({ mode: 'required', methods: ['security-key', 'totp'] }) as const;

    async function withKey(options: HostOptions['options']) {
      const { app } = await world().host({
        policy,
        before: (made) => made.set('trust proxy', 1),
        options: { origin: [NORTH, ACME], ...options },
      });
      const key = softwareKey({ origin: NORTH });
      const browser = new BrowserAt(app, 'north.example');
      await browser.login(USER);
      const { body } = await browser.jsonForm('/two-factor/activate/security-key');
      const { publicKey, enrollment, csrfToken: _csrf } = body;
      const credential = key.create(publicKey);
      const made = await browser.json('post', '/two-factor/activate/security-key', {
        ...{ credential, enrollment, _csrf },
      });
      assert.equal(made.status, 200, JSON.stringify(made.body));
      return { app, key, rp: publicKey.rp.id };
    }

    async function asked(app: Host['app'], host: string) {
      const browser = new BrowserAt(app, host);
      await browser.login(USER);
      return { browser, body: (await browser.json('get', AT)).body };
    }

    it('makes them for the address, asks for them there alone, and says where they work', async () => {
      const { app, key, rp } = await withKey({});
      assert.equal(rp, 'north.example');
      const there = await asked(app, 'acme.example:8443');
      assert.equal(there.body.publicKey, null, 'a browser would offer whatever it has');
      const page = await there.browser.get(AT);
      assert.match(page.text, /works there alone: north\.example\./);
      assert.doesNotMatch(page.text, /data-sp-key/);
      const here = await asked(app, 'north.example');
      assert.equal(here.body.publicKey.rpId, 'north.example');
      const answer = { credential: key.get(here.body.publicKey), _csrf: here.body.csrfToken };
      // What was signed for one address opens nothing at the other.
      const moved = Object.assign(new BrowserAt(app, 'acme.example:8443'), {
        cookies: new Map(here.browser.cookies),
      });
      assert.equal((await moved.json('post', AT, answer)).status, 422);
      const again = (await here.browser.json('get', AT)).body;
      const right = { credential: key.get(again.publicKey), _csrf: again.csrfToken };
      assert.equal((await here.browser.json('post', AT, right)).body.next, 'done');
    });

    it('makes them for a domain above all addresses where one is given', async () => {
      const origin = ['https://north.console.example', 'https://acme.console.example'];
      const methods = [securityKey({ rpId: 'console.example' }), totp()];
      const { app } = await world().host({
        policy,
        before: (made) => made.set('trust proxy', 1),
        options: { origin, methods },
      });
      const key = softwareKey({ origin: 'https://north.console.example' });
      const first = new BrowserAt(app, 'north.console.example');
      await first.login(USER);
      const { body } = await first.jsonForm('/two-factor/activate/security-key');
      assert.equal(body.publicKey.rp.id, 'console.example');
      await first.json('post', '/two-factor/activate/security-key', {
        ...{ credential: key.create(body.publicKey), enrollment: body.enrollment },
        _csrf: body.csrfToken,
      });
      const second = await asked(app, 'acme.console.example');
      assert.equal(second.body.publicKey.allowCredentials.length, 1);
      const credential = key.get(second.body.publicKey, { origin: 'https://acme.console.example' });
      const opened = await second.browser.json('post', AT, {
        ...{ credential, _csrf: second.body.csrfToken },
      });
      assert.equal(opened.body.next, 'done', JSON.stringify(opened.body));
    });

    it('refuses an address that is not below the domain, when the door is made', async () => {
      const methods = [securityKey({ rpId: 'north.example' }), totp()];
      await assert.rejects(world().host({ options: { origin: [NORTH, ACME], methods } }), {
        code: 'ERR_OPTION',
        message: /securityKey\.rpId must be the host name of origin \(acme\.example\)/,
      });
    });
  });

  it('has Duo lead back to the address that it was asked from', async () => {
    const duo = await startSimulator();
    try {
      world().clock.advance(Date.now() - now());
      const host = await duoHost(duo, {
        world: world(),
        setting: { methods: ['duo'] },
        before: (made) => made.set('trust proxy', 1),
        options: { origin: [NORTH, ACME] },
      });
      for (const [at, origin] of [
        ['acme.example:8443', ACME],
        ['north.example', NORTH],
      ] as const) {
        const browser = new BrowserAt(host.app, at);
        await browser.login(`user-${at.slice(0, 4)}@globex`);
        const prompt = await toPrompt(browser, '/two-factor/activate/duo');
        const callback = String((await duo.answer(prompt)).callback);
        assert.ok(callback.startsWith(`${origin}/two-factor/duo/callback?`), callback);
        const back = await browser.get(callback.slice(origin.length));
        assert.ok([200, 303].includes(back.status), back.text);
        assert.equal((await browser.get('/reports')).text, 'inside GET /reports');
      }
    } finally {
      await duo.close();
    }
  });

  it('is a 503 where its lookup throws, or gives what is no address of that host', async () => {
    const wrong: readonly ((host: string) => string)[] = [
      () => {
        throw new Error('database');
      },
      () => 'https://evil.example',
      (host) => `https://${host}/path`,
      (host) => `ftp://${host}`,
      (host) => host,
      () => 7 as unknown as string,
      () => Promise.resolve(NORTH) as unknown as string,
      () => Promise.reject(new Error('database')) as unknown as string,
    ];
    for (const lookup of wrong) {
      const { app } = await world().host({ options: { origin: lookup } });
      for (const path of ['/', '/two-factor', '/login']) {
        const answer = await new BrowserAt(app, 'north.example').get(path);
        assert.equal(answer.status, 503, `${lookup} ${path}`);
      }
    }
  });

  describe('where an error handler of the host’s lets requests go on', () => {
    const lenient: ErrorRequestHandler = (_error, _req, _res, next) => next();
    const LOOKUPS = {
      'a list': [NORTH, ACME],
      'a lookup that throws': (host: string) => {
        if (host !== 'north.example') throw new Error('database');
        return NORTH;
      },
      'a lookup that gives another address': () => NORTH,
    } as const;

    for (const [what, origin] of Object.entries(LOOKUPS)) {
      for (const mounted of ['with the pages', 'without the pages']) {
        it(`nobody gets past the gate by a host (${what}, ${mounted})`, async () => {
          const errors: unknown[] = [];
          const door = sallyport({
            ...hostOptions(),
            ...{ origin, store: world().store, onError: (error) => void errors.push(error) },
          });
          await door.ready();
          const app = express().set('env', 'test');
          app.use(
            session({
              secret: 'test',
              resave: false,
              saveUninitialized: false,
              store: door.sessions(new MemoryStore()),
            }),
          );
          if (mounted === 'with the pages') app.use(door.pages());
          app.get('/fails', () => {
            throw new Error('a route above the gate');
          });
          app.use('/paid', door.require({ maxAge: '5m' }), (_req, res) => void res.send('SECRET'));
          app.use(door.gate(), lenient);
          app.use((_req, res) => void res.send('SECRET'));
          for (const path of ['/reports', '/paid', '/%', '/fails']) {
            for (const accept of ['text/html', 'application/json']) {
              const answer = await new BrowserAt(app, 'evil.example')
                .get(path)
                .set('Accept', accept);
              assert.doesNotMatch(answer.text, /SECRET/, path);
              assert.ok(
                [400, 421, 503].includes(answer.status) || path === '/fails',
                `${path} ${answer.status}`,
              );
            }
          }
          assert.equal(
            errors.length > 0,
            what !== 'a list',
            'the host is told of a lookup that fails',
          );
          await door.close();
        });
      }
    }
  });

  it('goes by one host where a request names none, or two', async () => {
    const { app } = await world().host({ options: { origin: [NORTH, ACME] } });
    // Node refuses a request without a host, and takes the first of two.
    assert.equal(await sent(app, []), 400);
    assert.equal(await sent(app, ['Host', 'evil.example', 'Host', 'north.example']), 421);
    assert.equal(await sent(app, ['Host', 'north.example, evil.example']), 421);
    assert.equal(await sent(app, ['Host', 'north.example']), 401);
  });

  it('says what is right for an option that is none', async () => {
    for (const origin of [[], [NORTH, 'http://acme.example'], [NORTH, 'acme.example'], [7], null]) {
      await assert.rejects(world().host({ options: { origin: origin as never, keys: [KEY] } }), {
        code: 'ERR_OPTION',
        message: /^origin must be scheme, host and port .* a list of them, all of one scheme/,
      });
    }
  });
});
