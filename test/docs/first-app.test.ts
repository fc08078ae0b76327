import assert from 'node:assert/strict';
import { Browser } from '../support/browser.js';
import { createApp } from './samples/first-app.js';

describe('the app of docs/getting-started.md', () => {
  let made: Awaited<ReturnType<typeof createApp>>;
  const before_ = process.env.SALLYPORT_KEY;

  before(async () => {
    process.env.SALLYPORT_KEY = Buffer.alloc(32, 3).toString('base64');
    made = await createApp();
  });
  after(async () => {
    await made.door.close();
    if (before_ === undefined) delete process.env.SALLYPORT_KEY;
    else process.env.SALLYPORT_KEY = before_;
  });

  it('goes the way that the page tells', async () => {
    const browser = new Browser(made.app);
    assert.equal((await browser.get('/')).headers.location, '/login');
    assert.match((await browser.get('/login')).text, /Sign in/);
    const wrong = await browser.post('/login', { username: 'admin@example.com', password: 'x' });
    assert.equal(wrong.headers.location, '/login');
    await browser.login('admin@example.com', 'correct horse');
    assert.equal((await browser.get('/')).headers.location, '/two-factor/activate');
    await browser.activateHere(Date.now());
    await browser.keepCodes();
    assert.match((await browser.get('/')).text, /You are in, admin@example\.com/);
    assert.equal((await browser.get('/two-factor/profile')).status, 200);
    await browser.post('/logout');
    await browser.login('admin@example.com', 'correct horse');
    assert.equal((await browser.get('/')).headers.location, '/two-factor/challenge');
  });
});
