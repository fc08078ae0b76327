import assert from 'node:assert/strict';
import { ORIGIN } from '../support/app.js';
import { Browser, codeAt, continueOn } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

const ELSEWHERE = 'https://idp.example/authorize?client=7&scope=a%20b#top';

const LINK = { 'x-link': 'https://docs.example/' };

journeys('the way on after a form of ours', (world) => {
  const now = () => world().clock.now();

  let people = 0;

  async function challenged(answer: (location: string) => string = (location) => location) {
    const { app } = await world().host({
      routes(host) {
        host.post('/form', (_req, res) => res.redirect(303, ELSEWHERE));
        host.get('/out', (_req, res) => res.redirect(answer(ELSEWHERE)));
        host.get('/raw', (_req, res) => {
          res
            .writeHead(307, 'Elsewhere', { LOCATION: answer(ELSEWHERE), 'x-a': 'b', ...LINK })
            .end();
        });
        host.get('/pairs', (_req, res) => {
          res
            .writeHead(303, [
              'Location',
              answer(ELSEWHERE),
              'x-a',
              'b',
              ...Object.entries(LINK).flat(),
            ])
            .end();
        });
        host.get(
          '/not-modified',
          (_req, res) => void res.status(304).set('Location', ELSEWHERE).end(),
        );
        host.get(
          '/created',
          (_req, res) => void res.status(201).set('Location', ELSEWHERE).send(''),
        );
      },
    });
    people += 1;
    const name = `user${people}@acme`;
    const key = await new Browser(app).activate(name, now());
    world().clock.advance(30_000);
    const browser = new Browser(app);
    await browser.login(name);
    const prove = () => browser.answerChallenge(codeAt(key, now()));
    return { app, browser, prove };
  }

  for (const path of ['/out', '/raw', '/pairs']) {
    it(`leaves from a page of ours where it leads to another site (${path})`, async () => {
      const { browser, prove } = await challenged();
      await browser.get(path);
      assert.equal((await prove()).headers.location, path);
      const redirect = await browser.get(path);
      const by = String(redirect.headers.location);
      assert.match(by, /^\/two-factor\/leave\?to=[\w-]+$/);
      assert.doesNotMatch(by, /idp|authorize/);
      assert.equal(redirect.headers['x-a'], path === '/out' ? undefined : 'b');
      assert.equal(redirect.headers['x-link'], path === '/out' ? undefined : LINK['x-link']);
      const page = await browser.get(by);
      assert.equal(page.status, 200);
      assert.match(page.text, /<title>One moment – /);
      assert.match(page.text, /<h1>One moment<\/h1>/);
      assert.match(page.text, /You are on your way to another site\./);
      assert.match(page.text, />Continue</);
      assert.deepEqual((await browser.json('get', by)).body, { url: ELSEWHERE });
      assert.equal(page.headers.refresh, `0; url=${ELSEWHERE}`);
      assert.equal(continueOn(page.text).replaceAll('&amp;', '&'), ELSEWHERE);
      assert.equal(page.headers['referrer-policy'], 'no-referrer');
      // Somebody without a session is led there too: the way to an identity provider begins with a sign-out.
      assert.equal((await new Browser(browser.target).get(by)).status, 200);
      world().clock.advance(60_000);
      assert.equal((await browser.get(by)).status, 404, 'for a minute');
      assert.deepEqual((await browser.json('get', by)).body, {
        ...{ error: 'not_found', message: 'This way on is over. Go back and try again.' },
      });
    });
  }

  it('is the host’s own where no form of ours came before, or a script asks', async () => {
    const { browser, prove } = await challenged();
    await prove();
    const script = await browser.get('/out').set('Sec-Fetch-Dest', 'empty');
    assert.equal(script.headers.location, ELSEWHERE);
    assert.equal((await browser.json('get', '/out')).headers.location, ELSEWHERE);
    assert.equal((await browser.get('/created')).headers.location, ELSEWHERE);
    assert.equal((await browser.get('/not-modified')).headers.location, ELSEWHERE);
    browser.cookies.delete('sallyport.onward');
    assert.equal((await browser.get('/out')).headers.location, ELSEWHERE);
  });

  for (const location of [
    '/reports',
    'reports?x=https://idp.example/',
    `${ORIGIN}/reports`,
    '?page=2',
    'javascript:alert(1)',
    'data:text/html,x',
    'http://[',
  ]) {
    it(`is the host’s own where it stays on this site, or leads nowhere: ${location}`, async () => {
      const { browser, prove } = await challenged(() => location);
      await prove();
      const { headers } = await browser.get('/raw');
      assert.equal(headers.location, location);
    });
  }

  it('is noted for a minute at a form alone, for our site alone, and not for scripts', async () => {
    const { browser, prove } = await challenged();
    const noted = ({ headers }: { headers: Record<string, unknown> }) =>
      [headers['set-cookie'] ?? []].flat().find((one) => /^sallyport\.onward=/.test(String(one)));
    const redirect = await browser.get('/two-factor/activate');
    assert.equal(redirect.status, 303);
    assert.equal(noted(redirect), undefined);
    assert.match(
      String(noted(await prove())),
      /^sallyport\.onward=1; Max-Age=60; Path=\/; Expires=[^;]*; HttpOnly; SameSite=Lax$/,
    );
  });

  it('is noted for https: alone where the site is', async () => {
    const { app } = await world().host({ options: { origin: 'https://console.example' } });
    const browser = new Browser(app);
    await browser.login('user9@acme');
    const { headers } = await browser.post('/two-factor/sign-out', { _csrf: await browser.csrf() });
    const [cookie] = [headers['set-cookie'] ?? []]
      .flat()
      .filter((one) => one.startsWith('sallyport.onward='));
    assert.match(String(cookie), /; HttpOnly; Secure; SameSite=Lax$/);
  });

  it('is the host’s own after a form of the host’s', async () => {
    const { browser, prove } = await challenged();
    await prove();
    assert.equal((await browser.post('/form')).headers.location, ELSEWHERE);
  });

  it('leads nowhere that the host does not lead to', async () => {
    const { browser, prove } = await challenged();
    await prove();
    const sealed = Buffer.from(JSON.stringify({ url: 'https://evil.example/', until: now() * 2 }));
    for (const query of [
      '',
      '?to=',
      '?to=https://evil.example/',
      `?to=${sealed.toString('base64url')}`,
      '?to=AAAA&to=BBBB',
      `?to=${encodeURIComponent(browser.cookies.get('sallyport.device') ?? 'none')}`,
    ]) {
      const answer = await browser.get(`/two-factor/leave${query}`);
      assert.equal(answer.status, 404, query);
      assert.equal(answer.headers.refresh, undefined);
      assert.doesNotMatch(answer.text, /evil/);
    }
  });

  it('says where in JSON as before', async () => {
    const { browser } = await challenged();
    const { csrfToken } = (await browser.json('get', '/two-factor')).body;
    const answer = await browser
      .json('post', '/two-factor/sign-out', {})
      .set('x-csrf-token', csrfToken);
    assert.deepEqual(answer.body, { next: 'login', url: '/login' });
    assert.equal(browser.cookies.has('sallyport.onward'), false);
  });

  const withFragment = async (fragment: string, path = '/reports?a=b') => {
    const { browser, prove } = await challenged();
    await browser.get(path);
    browser.cookies.set('sallyport.fragment', encodeURIComponent(fragment));
    const { location } = (await prove()).headers;
    assert.equal(browser.cookies.has('sallyport.fragment'), false, 'once');
    return location;
  };

  it('keeps what stands after the #, as the script of our pages found it', async () => {
    assert.equal(await withFragment('#/q2?x=1&y'), '/reports?a=b#/q2?x=1&y');
    assert.equal(await withFragment('#%C3%A9'), '/reports?a=b#%C3%A9');
  });

  it('keeps nothing there that is no fragment of this page', async () => {
    for (const attack of [
      '//evil.example',
      '@evil.example/',
      '/../../x',
      '#a\r\nSet-Cookie: x=y',
      '#\\evil',
      `#${'x'.repeat(2000)}`,
    ]) {
      assert.equal(await withFragment(attack), '/reports?a=b', attack.slice(0, 20));
    }
    const { browser, prove } = await challenged();
    await browser.get('/reports');
    browser.cookies.set('sallyport.fragment', '%E0%A4%A');
    assert.equal((await prove()).headers.location, '/reports');
  });

  it('forgets it where another page is asked for afterwards', async () => {
    const { browser } = await challenged();
    await browser.get('/reports');
    browser.cookies.set('sallyport.fragment', '%23a');
    await browser.get('/accounts');
    assert.equal(browser.cookies.has('sallyport.fragment'), false);
  });
});
