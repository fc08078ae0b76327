import assert from 'node:assert/strict';
import express, { type ErrorRequestHandler } from 'express';
import { Browser, codeAt } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

/** A host's error handler that lets a request go on: it meets every layer below, and the gate is above. */
const goOn: ErrorRequestHandler = (_error, _req, _res, next) => next();

journeys('a request that fails above the gate', (world) => {
  async function hosts({ handler = goOn } = {}) {
    const reached: string[] = [];
    const seen: unknown[] = [];
    const { app, errors } = await world().host({
      above(host) {
        host.use(express.json());
        host.use((req, _res, next) => {
          const { fail } = req.query;
          if (fail === undefined) return next();
          next(
            Object.assign(
              new Error('broken'),
              fail === '500' ? {} : { status: Number(fail), expose: true },
            ),
          );
        });
        host.get('/open', (_req, _res, next) => next(new Error('of a public route')));
      },
      gate: { exempt: ['POST /hook'] },
      routes(host) {
        host.use(((error, req, res, next) => {
          seen.push(error);
          handler(error, req, res, next);
        }) as ErrorRequestHandler);
        host.use((req, _res, next) => {
          reached.push(`${req.method} ${req.path}`);
          next();
        });
      },
    });
    return { app, reached, errors, seen };
  }

  const broken = (browser: Browser, path = '/app/x') =>
    browser.send('post', path).set('Content-Type', 'application/json').send('{');

  it('gets nowhere by an error handler that lets it go on', async () => {
    const { app, reached } = await hosts();
    const between = new Browser(app);
    await between.login('user1@acme');
    for (const browser of [new Browser(app), between]) {
      for (const answer of [
        await broken(browser),
        await broken(browser).set('Accept', 'application/json'),
        await browser.get('/app/x?fail=403'),
        await browser.get('/app/x?fail=413'),
        await browser.json('get', '/api/me?fail=500'),
        await browser.send('head', '/app/x?fail=400'),
      ]) {
        assert.ok(answer.status >= 400, `${answer.status} ${answer.text}`);
        assert.doesNotMatch(answer.text ?? '', /inside/);
      }
    }
    assert.deepEqual(reached, []);
  });

  it('is answered by the failure’s own status, and what is broken is reported', async () => {
    const { app, errors } = await hosts();
    const browser = new Browser(app);
    assert.equal((await broken(browser)).status, 400);
    assert.equal((await browser.json('get', '/app/x?fail=413')).body.error, 'invalid_request');
    assert.equal((await browser.get('/app/x?fail=500')).status, 503);
    assert.equal((errors.at(-1) as Error).message, 'broken');
  });

  it('is the host’s to answer where it may pass, is exempt, or a route above has taken it', async () => {
    const { app, reached, seen } = await hosts();
    const browser = new Browser(app);
    assert.match((await broken(browser, '/hook')).text, /^inside POST \/hook/);
    assert.equal((await broken(browser, '/hookx')).status, 400);
    await browser.activate('user1@acme', world().clock.now());
    assert.match((await broken(browser)).text, /^inside POST \/app\/x/);
    assert.deepEqual(reached, ['POST /hook', 'POST /app/x']);
    await new Browser(app).get('/open');
    assert.equal((seen.at(-1) as Error).message, 'of a public route');
  });

  it('is refused as broken where nobody can tell who it is from', async () => {
    const { app, reached } = await hosts();
    const key = await new Browser(app).activate('user1@acme', world().clock.now());
    world().clock.advance(30_000);
    const browser = new Browser(app);
    await browser.login('user1@acme');
    await browser.answerChallenge(codeAt(key, world().clock.now()));
    const bare = express();
    // The failure comes before there is a session.
    bare.use((_req, _res, next) => next(new Error('before all')), app);
    assert.ok((await broken(browser.copy(bare))).status >= 400);
    assert.deepEqual(reached, []);
  });
});
