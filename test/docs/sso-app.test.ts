import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Browser } from '../support/browser.js';
import {
  CLIENT,
  closed,
  listening,
  type OpenIdProvider,
  openIdProvider,
} from '../support/openid-provider.js';
import { createApp } from './samples/sso-app.js';

describe('the app of docs/single-sign-on.md', () => {
  const before_ = { ...process.env };
  let server: Server;
  let origin: string;
  let idp: OpenIdProvider;
  let made: Awaited<ReturnType<typeof createApp>>;

  before(async () => {
    let app: RequestListener = () => {};
    server = createServer((req, res) => app(req, res));
    await listening(server);
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    idp = await openIdProvider(`${origin}/login/okta/callback`);
    Object.assign(process.env, {
      ...{ OPENID_ISSUER: idp.issuer, CLIENT_ID: CLIENT.id, CLIENT_SECRET: CLIENT.secret },
      ...{ MY_SUB: 'sub-1', SALLYPORT_KEY: Buffer.alloc(32, 3).toString('base64') },
    });
    made = await createApp(origin);
    app = made.app;
  });
  after(async () => {
    process.env = before_;
    await made.door.close();
    await Promise.all([idp.close(), closed(server)]);
  });

  /** Follows the browser from one to the other, and back. */
  async function follow(browser: Browser, at: Browser, path: string) {
    let url = new URL(path, origin);
    let answer = await browser.get(path);
    for (let hops = 0; answer.status >= 300 && answer.status < 400; hops += 1) {
      assert.ok(hops < 12, 'it leads on without an end');
      url = new URL(String(answer.headers.location), url);
      const where = url.origin === origin ? browser : at;
      answer = await where.get(url.pathname + url.search);
    }
    return answer;
  }

  it('goes the way that the page tells', async () => {
    const [browser, at] = [new Browser(origin), new Browser(idp.issuer)];
    assert.match((await follow(browser, at, '/pay')).text, /href="\/login\/okta"/);
    const hourAgo = Math.floor(Date.now() / 1000) - 3600;
    idp.next = { accountId: 'sub-1', amr: ['mfa'], ts: hourAgo };
    const page = await follow(browser, at, '/login/okta');
    assert.match(page.text, /needs one of the last 5 minutes/);
    assert.match((await browser.get('/')).text, /You are in, admin@example\.com/);
    idp.next = { accountId: 'sub-1', amr: ['mfa'] };
    await browser.get('/pay');
    const again = await follow(browser, at, '/two-factor/sign-in-again?by=okta');
    assert.match(again.text, /proven it in the last five minutes/);
    await browser.post('/logout');
    assert.equal((await browser.get('/')).headers.location, '/login');
  });

  it('tells whoever has no account here, and leads them in no circle', async () => {
    const [browser, at] = [new Browser(origin), new Browser(idp.issuer)];
    idp.next = { accountId: 'stranger', amr: ['mfa'] };
    const page = await follow(browser, at, '/login/okta');
    assert.deepEqual([page.status, /no account/.test(page.text)], [403, true]);
    idp.next = { accountId: 'sub-1', amr: ['mfa'] };
    const other = await follow(browser, new Browser(idp.issuer), '/login/okta?again');
    assert.match(other.text, /You are in/);
  });
});
