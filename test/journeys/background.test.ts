import assert from 'node:assert/strict';
import { Browser, codeAt } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

const KINDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'of fetch()': { 'Sec-Fetch-Dest': 'empty', 'Sec-Fetch-Mode': 'cors' },
  'of XMLHttpRequest': { 'X-Requested-With': 'XMLHttpRequest' },
  'of jQuery’s load()': { Accept: 'text/html, */*; q=0.01' },
  'for an image': { 'Sec-Fetch-Dest': 'image', 'Sec-Fetch-Mode': 'no-cors' },
  'ahead of time': { 'Sec-Purpose': 'prefetch', 'Sec-Fetch-Dest': 'document' },
};

journeys('a request in the background', (world) => {
  const now = () => world().clock.now();
  const asks = (browser: Browser, path: string, kind: string) =>
    browser.get(path).set(KINDS[kind] ?? {});

  for (const kind of Object.keys(KINDS)) {
    it(`${kind} is told in JSON, and decides nothing of where one lands`, async () => {
      const { app } = await world().host();
      const key = await new Browser(app).activate('user1@acme', now());
      const browser = new Browser(app);
      const nobody = await asks(browser, '/part', kind);
      assert.equal(nobody.status, 401);
      assert.equal(nobody.body.error, 'authentication_required');
      assert.equal(nobody.headers['set-cookie'], undefined);
      await browser.get('/reports');
      await asks(browser, '/part', kind);
      await browser.login('user1@acme');
      await asks(browser, '/part', kind);
      await browser.get('/');
      const between = await asks(browser, '/part', kind);
      assert.equal(between.status, 401);
      assert.equal(between.body.error, 'second_factor_required');
      world().clock.advance(30_000);
      const answer = await browser.answerChallenge(codeAt(key, now()));
      assert.equal(answer.headers.location, '/reports');
    });
  }

  it('of fetch() at a page of ours gets its JSON', async () => {
    const { app } = await world().host();
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const answer = await asks(browser, '/two-factor/activate/totp', 'of fetch()');
    assert.equal(answer.body.next, 'enroll');
  });

  it('through a route that demands a fresh proof is told in JSON, and is not come back to', async () => {
    const { app } = await world().host({
      routes: (host, door) =>
        host.get('/pay', door.require({ maxAge: '1m' }), (_q, r) => void r.send('paid')),
    });
    const browser = new Browser(app);
    await browser.activate('user1@acme', now());
    world().clock.advance(120_000);
    const answer = await asks(browser, '/pay', 'of fetch()');
    assert.equal(answer.status, 401);
    assert.equal(answer.body.why, 'step-up');
  });

  it('from a frame is led on, and is not the page to come back to', async () => {
    const { app } = await world().host();
    const key = await new Browser(app).activate('user1@acme', now());
    const browser = new Browser(app);
    await browser.login('user1@acme');
    await browser.get('/reports');
    const frame = { 'Sec-Fetch-Dest': 'iframe', 'Sec-Fetch-Mode': 'navigate' };
    assert.equal((await browser.get('/widget').set(frame)).status, 303);
    world().clock.advance(30_000);
    assert.equal((await browser.answerChallenge(codeAt(key, now()))).headers.location, '/reports');
  });
});
