import assert from 'node:assert/strict';
import type { Request } from 'express';
import { SallyportError, type SallyportOptions, sallyport } from 'sallyport';
import { hostOptions } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

const URL = '/two-factor/activate/totp';

journeys('the names in an authenticator app', (world) => {
  /** One e-mail address at two clients: two people, two accounts. */
  const subject = (req: Request) => {
    const user = req.user as { id: string } | undefined;
    return (
      user && { id: user.id, tenantId: user.id.split('@')[1] ?? '', label: 'user1@mail.example' }
    );
  };

  async function namesOf(options: Partial<SallyportOptions>, user = 'user1@acme') {
    const made = await world().host({ options: { subject, ...options } });
    const browser = new Browser(made.app);
    await browser.login(user);
    const { body } = await browser.json('get', URL);
    const label = /^otpauth:\/\/totp\/([^?]*)\?/.exec(body.uri)?.[1] ?? '';
    const [issuer = '', account = ''] = label.split(':').map(decodeURIComponent);
    assert.equal(issuer, body.issuer);
    assert.equal(account, body.account);
    const page = await browser.get(URL);
    assert.ok(page.text.includes(`<bdi>${issuer}</bdi>`), page.text.slice(0, 200));
    return { ...made, browser, body, issuer, account };
  }

  it('differ by organization where the host says so, and the pages say the same', async () => {
    const options = {
      issuer: ({ tenantId }: { tenantId: string }) => `Console of ${tenantId}`,
      account: ({ label }: { label: string }) => `${label} (test)`,
      branding: () => ({ name: 'Pages' }),
    };
    const acme = await namesOf(options);
    const globex = await namesOf(options, 'user1@globex');
    assert.deepEqual([acme.issuer, globex.issuer], ['Console of acme', 'Console of globex']);
    assert.equal(acme.account, 'user1@mail.example (test)');
    assert.deepEqual([...acme.errors, ...globex.errors], []);
    const { key, enrollment, csrfToken: _csrf } = acme.body;
    const code = codeAt(key, world().clock.now());
    assert.equal((await acme.browser.post(URL, { code, enrollment, _csrf })).status, 303);
    const other = new Browser(acme.app);
    await other.login('user1@acme');
    const challenge = await other.get('/two-factor/challenge/totp');
    assert.match(challenge.text, /look for <bdi><strong>Console of acme<\/strong><\/bdi>/);
  });

  it('are the brand’s by default', async () => {
    const branding = (one: { tenantId: string } | null) => ({ name: `Brand ${one?.tenantId}` });
    const { issuer, account } = await namesOf({ issuer: undefined, branding });
    assert.deepEqual([issuer, account], ['Brand acme', 'user1@mail.example']);
  });

  it('are a text where one is given, whatever the brand is called', async () => {
    const { issuer } = await namesOf({ branding: () => ({ name: 'Brand' }) });
    assert.equal(issuer, 'Test Console');
  });

  it('fall back on the brand and the label where the host’s functions fail, which is told', async () => {
    const failing = [
      () => {
        throw new Error('no name');
      },
      () => '  ',
      () => 5 as never,
      () => Promise.reject(new Error('late')) as never,
    ];
    for (const broken of failing) {
      const { issuer, account, errors } = await namesOf({
        ...{ issuer: broken, account: broken, branding: () => ({ name: 'Brand' }) },
      });
      assert.deepEqual([issuer, account], ['Brand', 'user1@mail.example']);
      assert.ok(errors.length >= 2);
      await world().store.voidPending('user1@acme');
    }
  });

  it('are reported once where two people would have the same', async () => {
    const first = await namesOf({});
    assert.equal(first.errors.length, 0);
    await first.browser.get(URL);
    for (const user of ['user1@globex', 'user1@globex', 'user1@acme']) {
      const other = new Browser(first.app);
      await other.login(user);
      await other.form(URL);
    }
    assert.equal(first.errors.length, 1);
    const [error] = first.errors;
    assert.ok(error instanceof SallyportError && error.code === 'ERR_APP_NAMES');
    assert.match(error.message, /user1@mail\.example of Test Console/);
  });

  it('need a text, or a brand, at construction', () => {
    for (const issuer of [undefined, () => 'x']) {
      assert.throws(
        () => sallyport({ ...hostOptions(), issuer } as SallyportOptions),
        /issuer must be a text of 1 to 64 characters/,
      );
    }
  });
});
