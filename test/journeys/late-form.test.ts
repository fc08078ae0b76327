import assert from 'node:assert/strict';
import { ORIGIN } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { journeys, TOTP_ONLY } from '../support/worlds.js';

const HOUR = 3_600_000;
const FORM = `${ORIGIN}/transfers/new?from=7`;
const NOT_TAKEN = /role="status"[^>]*>What you sent was not taken/;

journeys('a form that comes too late', (world) => {
  const now = () => world().clock.now();

  async function person() {
    const reached: string[] = [];
    const { app } = await world().host({
      routes(host, door) {
        host.post('/transfers', (req, res) => {
          reached.push(req.path);
          res.send('transferred');
        });
        host.post('/fresh', door.require({ maxAge: '5m' }), (req, res) => {
          reached.push(req.path);
          res.send('done');
        });
      },
    });
    const browser = new Browser(app);
    const key = await browser.activate('user1@acme', now());
    const send = (path: string, referer: string | null = FORM) => {
      const test = browser.post(path, { amount: '7' });
      return referer === null ? test : test.set('Referer', referer);
    };
    return { app, browser, key, send, reached };
  }

  /** What comes after the code that is asked for. */
  async function proven(browser: Browser, key: string) {
    return (await browser.answerChallenge(codeAt(key, now()))).headers.location;
  }

  it('when the proof is over is not taken, is told so, and leads back to its page', async () => {
    const { browser, key, send, reached } = await person();
    world().clock.advance(13 * HOUR);
    assert.equal((await send('/transfers')).headers.location, '/two-factor/challenge');
    const page = await browser.get('/two-factor/challenge');
    assert.match(page.text, NOT_TAKEN);
    assert.doesNotMatch((await browser.get('/two-factor/challenge/totp')).text, NOT_TAKEN, 'once');
    assert.equal(await proven(browser, key), '/transfers/new?from=7');
    assert.deepEqual(reached, [], 'and nobody sends it again');
  });

  it('when one is signed out is told so on the way to the login, and leads back to its page', async () => {
    const { browser, key, send, reached } = await person();
    await browser.post('/logout');
    assert.equal((await send('/transfers')).headers.location, '/two-factor/expired');
    const page = await browser.get('/two-factor/expired');
    assert.match(page.text, NOT_TAKEN);
    assert.match(page.text, /href="\/login"[^>]*data-sp="continue"/);
    await browser.login('user1@acme');
    await browser.get('/');
    world().clock.advance(30_000);
    assert.equal(await proven(browser, key), '/transfers/new?from=7');
    assert.deepEqual(reached, []);
  });

  it('when nobody was ever signed in leads on in the same way', async () => {
    const { app } = await world().host();
    const browser = new Browser(app);
    const answer = await browser.post('/transfers').set('Referer', FORM);
    assert.equal(answer.headers.location, '/two-factor/expired');
    assert.match((await browser.get('/two-factor/expired')).text, NOT_TAKEN);
  });

  it('before the activation is told so there', async () => {
    const { app } = await world().host({ policy: () => TOTP_ONLY });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const answer = await browser.post('/transfers').set('Referer', FORM);
    assert.equal(answer.headers.location, '/two-factor/activate');
    assert.match((await browser.get('/two-factor/activate/totp')).text, NOT_TAKEN);
  });

  it('through a route that demands a fresh proof is told so at once, and leads back to its page', async () => {
    const { browser, key, send, reached } = await person();
    world().clock.advance(10 * 60_000);
    const page = await send('/fresh');
    assert.equal(page.status, 401);
    assert.match(page.text, /Nothing was changed/);
    assert.match(page.text, /href="\/two-factor\/challenge"[^>]*data-sp="continue"/);
    assert.equal(await proven(browser, key), '/transfers/new?from=7');
    assert.deepEqual(reached, []);
    assert.equal((await send('/fresh')).text, 'done');
  });

  for (const [what, referer] of [
    ['another site', 'https://evil.example/transfers/new'],
    ['this site at another port', 'http://localhost:3001/transfers/new'],
    ['a page of ours', `${ORIGIN}/two-factor/challenge/totp`],
    ['a path that is another site', `${ORIGIN}//evil.example/`],
    ['dots that lead to one', `${ORIGIN}/x/..//evil.example/`],
    ['nonsense', 'nonsense'],
    ['nothing', null],
  ] as const) {
    it(`leads home where its page is ${what}`, async () => {
      const { browser, key, send } = await person();
      world().clock.advance(13 * HOUR);
      await send('/transfers', referer);
      assert.equal(await proven(browser, key), '/');
      world().clock.advance(10 * 60_000);
      await send('/fresh', referer);
      assert.equal(await proven(browser, key), '/');
    });
  }

  it('of My Profile leads back there', async () => {
    const { browser, key } = await person();
    const _csrf = await browser.csrf();
    world().clock.advance(13 * HOUR);
    const answer = await browser.post('/two-factor/profile/sign-out-others', { _csrf });
    assert.equal(answer.headers.location, '/two-factor/challenge');
    assert.match((await browser.get('/two-factor/challenge/totp')).text, NOT_TAKEN);
    assert.equal(await proven(browser, key), '/two-factor/profile');
  });

  it('over a change of the session’s id is told so, and is led to its page', async () => {
    const { browser, key, send, reached } = await person();
    world().clock.advance(10 * 60_000);
    const late = browser.copy();
    await browser.get('/fresh-page');
    await send('/fresh');
    await proven(browser, key);
    const answer = await late.post('/transfers', { amount: '7' }).set('Referer', FORM);
    assert.equal(answer.status, 409);
    assert.equal(answer.headers.refresh, undefined, 'it is to be read');
    assert.match(answer.text, /What you sent was not taken/);
    assert.match(answer.text, /href="\/transfers\/new\?from=7"[^>]*data-sp="continue"/);
    assert.deepEqual(reached, []);
  });

  it('of a script is told in JSON, and decides nothing of where one lands', async () => {
    const { browser, key } = await person();
    world().clock.advance(13 * HOUR);
    const answer = await browser
      .post('/transfers', { amount: '7' })
      .set('Referer', FORM)
      .set('Sec-Fetch-Dest', 'empty')
      .set('Sec-Fetch-Mode', 'cors');
    assert.equal(answer.status, 401);
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.equal(await proven(browser, key), '/');
  });
});
