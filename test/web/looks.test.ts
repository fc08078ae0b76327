import assert from 'node:assert/strict';
import { host } from '../support/app.js';
import { Browser } from '../support/browser.js';

async function page(branding?: () => { name: string; logoUrl?: string; accent?: string }) {
  const { app } = await host(branding && { options: { branding } });
  const browser = new Browser(app);
  await browser.login('user1@acme');
  const { text, headers } = await browser.get('/two-factor/activate/totp');
  return { browser, text, csp: String(headers['content-security-policy']) };
}

const linked = (text: string, file: RegExp) =>
  [...text.matchAll(/(?:href|src)="([^"]*\/assets\/[^"]*)"/g)]
    .map(([, url]) => url ?? '')
    .find((url) => file.test(url)) ?? assert.fail(`${file} is not linked`);

describe('how a page looks', () => {
  it('says whose it is and who is signed in, and has no accent of its own', async () => {
    const { text, csp } = await page();
    assert.match(text, /<bdi class="sp-brand-name">Test Console<\/bdi>/);
    assert.match(text, /Signed in as <bdi><strong>user1@acme<\/strong><\/bdi>/);
    assert.match(text, /name="_csrf" value="[0-9a-f]{64}"/);
    assert.doesNotMatch(text, /accent-|class="sp-logo"/);
    assert.match(csp, /img-src 'self'(;|$)/);
  });

  it('has the organization’s name, logo and color', async () => {
    const logoUrl = 'https://static.acme.example/logo.svg';
    const { browser, text, csp } = await page(() => ({ name: 'Acme', logoUrl, accent: '#0B5FFF' }));
    assert.match(text, /<bdi class="sp-brand-name">Acme<\/bdi>/);
    assert.ok(text.includes(`<img class="sp-logo" src="${logoUrl}"`));
    assert.match(csp, /img-src 'self' https:\/\/static\.acme\.example/);
    const sheet = await browser.get(linked(text, /accent-0b5fff\.[0-9a-f]{12}\.css$/));
    assert.equal(sheet.status, 200);
    assert.equal(sheet.headers['content-type'], 'text/css; charset=utf-8');
    assert.match(sheet.text, /--sp-accent: #0b5fff;/);
  });

  it('comes with a stylesheet and a script, each under the name of what is in it', async () => {
    const { browser, text } = await page();
    for (const [file, type, content] of [
      [/\/sallyport\.[0-9a-f]{12}\.css$/, 'text/css', '--sp-accent:'],
      [/\/sallyport\.[0-9a-f]{12}\.js$/, 'text/javascript', 'data-sp'],
    ] as const) {
      const { status, headers, text: body } = await browser.get(linked(text, file));
      assert.equal(status, 200);
      assert.equal(headers['content-type'], `${type}; charset=utf-8`);
      assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.ok(body.includes(content), type);
    }
  });

  it('has nothing else in the folder of its files', async () => {
    const { browser, text } = await page();
    const script = linked(text, /\.js$/);
    for (const path of [script.replace(/[0-9a-f]{12}/, '0'.repeat(12)), `${script}x`]) {
      assert.equal((await browser.get(path)).status, 404, path);
    }
  });
});
