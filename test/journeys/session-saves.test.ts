import assert from 'node:assert/strict';
import { type SessionData, Store } from 'express-session';
import type { HostOptions } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

const USER = 'user1@acme';
const MINUTE = 60_000;

/** A session store that notes what it is asked for. */
class NotingStore extends Store {
  readonly #inner: Store;
  #calls: string[] = [];

  constructor(inner: Store) {
    super();
    this.#inner = inner;
  }

  /** Everything since the last time. */
  taken(): string[] {
    const calls = this.#calls;
    this.#calls = [];
    return calls;
  }

  override get(sid: string, done: (error: unknown, data?: SessionData | null) => void): void {
    this.#calls.push('get');
    this.#inner.get(sid, done);
  }
  override set(sid: string, data: SessionData, done?: (error?: unknown) => void): void {
    this.#calls.push('set');
    this.#inner.set(sid, data, done);
  }
  override touch(sid: string, data: SessionData, done?: () => void): void {
    this.#calls.push('touch');
    this.#inner.touch?.(sid, data, done);
  }
  override destroy(sid: string, done?: (error?: unknown) => void): void {
    this.#calls.push('destroy');
    this.#inner.destroy(sid, done);
  }
}

journeys('the host’s session store', (world) => {
  async function start(options: HostOptions = {}) {
    const sessions = new NotingStore(world().sessions);
    const { app } = await world().host({ sessions, ...options });
    return { app, sessions };
  }

  it('is asked to save a session once at each step of a login', async () => {
    const { app, sessions } = await start();
    const key = await new Browser(app).activate(USER, world().clock.now());
    world().clock.advance(MINUTE);
    const browser = new Browser(app);
    sessions.taken();

    await browser.login(USER);
    assert.deepEqual(sessions.taken(), ['set'], 'the password');
    await browser.get('/reports?month=3');
    assert.deepEqual(sessions.taken(), ['get', 'set'], 'the gate');
    const page = await browser.get('/two-factor/challenge');
    assert.deepEqual(sessions.taken(), ['get', 'set'], 'the page');
    const _csrf = /name="_csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
    const code = codeAt(key, world().clock.now());
    const answer = await browser.post('/two-factor/challenge/totp', { code, _csrf });
    assert.equal(answer.headers.location, '/reports?month=3');
    assert.deepEqual(sessions.taken(), ['get', 'destroy', 'set'], 'the code');
    assert.equal((await browser.get('/reports?month=3')).status, 200);
    assert.deepEqual(sessions.taken(), ['get', 'touch'], 'the first page inside');
  });

  it('is asked again for what has changed since it was saved in the same request', async () => {
    const { app, sessions } = await start({
      beforeGate: (host) => {
        host.get('/saves', (req, res) => {
          req.session.saved = 1;
          req.session.save(() => {
            req.session.saved = Number(req.query.then);
            res.send('saved');
          });
        });
        host.get('/saved', (req, res) => void res.send(String(req.session.saved)));
      },
    });
    for (const [then, calls] of [
      ['1', ['set']],
      ['2', ['set', 'set']],
    ] as const) {
      const browser = new Browser(app);
      sessions.taken();
      await browser.get(`/saves?then=${then}`);
      assert.deepEqual(sessions.taken(), calls);
      assert.equal((await browser.get('/saved')).text, then);
    }
  });
});

declare module 'express-session' {
  interface SessionData {
    saved?: number;
  }
}
