import assert from 'node:assert/strict';
import { totp } from 'sallyport';
import { formFields } from '../support/admin.js';
import { Browser } from '../support/browser.js';
import { opened } from '../support/opened-admin.js';
import { set } from '../support/tenancy.js';

const USER = 'user1@acme';
const DETAILS = '/setup/organizations/acme/users/user1%40acme';
const KEY = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

describe('a user of whom the host has not been asked yet', () => {
  async function hosted({ withLegacy = true } = {}) {
    const asked: string[] = [];
    const legacy = async ({ id }: { id: string }) => {
      asked.push(id);
      return id === USER ? { totp: [{ secret: KEY, name: 'Old phone' }] } : null;
    };
    const options = { methods: [totp()], ...(withLegacy && { legacy }) };
    const made = await opened({ host: { options } });
    await set(made.store, 'acme', { mode: 'required', methods: ['totp'] });
    const due = async () => (await made.door.subjects.status(USER)).legacyDue;
    return { ...made, asked, due };
  }

  it('can be reset, so that nobody comes in with a phone that is lost', async () => {
    const { app, browser, asked, due, told } = await hosted();
    assert.ok((await told(DETAILS)).can.includes('reset'));
    assert.equal(await due(), true);
    const page = await browser.get(`${DETAILS}/reset`);
    const done = await browser.submit(
      `${DETAILS}/reset`,
      formFields(page.text, `${DETAILS}/reset`),
    );
    assert.equal(done.status, 303, done.text);
    assert.equal(await due(), false);
    assert.ok(!(await told(DETAILS)).can.includes('reset'), 'nothing is left to take away');
    const user = new Browser(app);
    await user.login(USER);
    assert.equal((await user.get('/reports')).headers.location, '/two-factor/activate');
    assert.ok(!asked.includes(USER));
  });

  it('is told from one who was asked about, and had nothing', async () => {
    const { app, door } = await hosted();
    const user = new Browser(app);
    await user.login('user2@acme');
    await user.get('/reports');
    assert.equal((await door.subjects.status('user2@acme')).legacyDue, false);
  });

  it('is nobody where no host is asked', async () => {
    const { due, told } = await hosted({ withLegacy: false });
    assert.ok(!(await told(DETAILS)).can.includes('reset'));
    assert.equal(await due(), undefined);
  });
});
