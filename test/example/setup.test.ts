import assert from 'node:assert/strict';
import { memoryStore } from 'sallyport';
import { type Accounts, DEMO_PASSWORD, demoAccounts } from '../../example/accounts.js';
import { directoryOf } from '../../example/directory.js';
import { seedSettings } from '../../example/settings.js';
import { Browser } from '../support/browser.js';
import { type RunningExample, startExample } from '../support/example.js';
import { organizationSetting } from '../support/policy.js';

const USERS = 10_000;

describe('the setup of the example console', function () {
  this.timeout(60_000);
  let example: RunningExample;

  before(async () => {
    example = await startExample({ users: USERS });
  });
  after(() => example.close());

  async function signedIn(email: string) {
    const browser = new Browser(example.origin);
    const answer = await browser.login(email, DEMO_PASSWORD);
    assert.equal(answer.headers.location, '/', email);
    return browser;
  }

  const keys = new Map<string, string>();

  /** With a second factor, which administrators activate the first time they come to their pages. */
  async function administering(email: string, path: string) {
    const browser = await signedIn(email);
    const answer = await browser.get(path);
    const key = keys.get(email);
    example.nextStep();
    if (key === undefined) {
      assert.match(answer.text, /Activate a second factor first/);
      keys.set(email, await browser.activateHere(example.now()));
    } else await browser.answerChallenge(example.code(key));
    return browser;
  }

  const status = async (browser: Browser, path: string) => (await browser.get(path)).status;

  it('is linked for administrators, and My Profile for everybody', async () => {
    for (const [email, setup] of [
      ['admin@initech.example', '/setup/organizations/initech'],
      ['admin@northwind.example', '/setup/organizations/northwind'],
      ['user@initech.example', null],
    ] as const) {
      const browser = await signedIn(email);
      const { text } = await browser.get('/');
      assert.ok(text.includes('href="/two-factor/profile"'));
      assert.equal(text.includes('href="/setup'), setup !== null, email);
      const profile = await browser.get('/two-factor/profile');
      assert.equal(profile.status, 200);
      assert.equal(profile.text.includes('href="/setup'), setup !== null, email);
      if (setup !== null) {
        assert.ok(text.includes(`href="${setup}"`));
        assert.ok(profile.text.includes(`href="${setup}"`));
        assert.equal(await status(await administering(email, setup), setup), 200);
      }
    }
  });

  it('shows partner administrators their own account and their clients', async () => {
    const browser = await administering(
      'admin@northwind.example',
      '/setup/organizations/northwind',
    );
    for (const id of ['northwind', 'acme', 'globex', 'initech', 'bulk']) {
      assert.equal(await status(browser, `/setup/organizations/${id}`), 200, id);
    }
    const { text } = await browser.get('/setup/organizations/northwind/clients');
    for (const name of ['Acme', 'Globex', 'Initech', 'Bulk Industries']) {
      assert.ok(text.includes(name), name);
    }
  });

  it('shows client administrators only their own', async () => {
    const browser = await administering('admin@initech.example', '/setup/organizations/initech');
    assert.equal(await status(browser, '/setup/organizations/initech'), 200);
    for (const id of ['acme', 'northwind', 'nothing', 'northwind/clients', 'acme/users']) {
      assert.equal(await status(browser, `/setup/organizations/${id}`), 404, id);
    }
    assert.equal(await status(browser, '/setup/organizations/initech/users/acme-user1'), 404);
  });

  it('shows users nothing', async () => {
    const browser = await signedIn('user@initech.example');
    for (const id of ['initech', 'initech/users', 'initech/users/initech-user', 'acme']) {
      assert.equal(await status(browser, `/setup/organizations/${id}`), 404, id);
    }
  });

  it('shows nobody anything who is not through both doors', async () => {
    const browser = await signedIn('admin@acme.example');
    const answer = await browser.get('/setup/organizations/acme');
    assert.equal(answer.headers.location, '/two-factor/activate');
  });

  it(`stays quick with ${USERS} users`, async () => {
    const list = '/setup/organizations/bulk/users';
    const browser = await administering('admin@bulk.example', list);
    await browser.get(list);
    const start = performance.now();
    const first = await browser.get(list);
    const found = await browser.get(`${list}?search=user09999`);
    const ms = performance.now() - start;
    assert.equal(first.status, 200);
    assert.ok(first.text.includes('user00001@bulk.example'));
    assert.ok(!first.text.includes('user09999@bulk.example'), 'not all of them on one page');
    assert.ok(found.text.includes('user09999@bulk.example'));
    assert.ok(ms < 1000, `${ms} ms`);
    const login = await new Browser(example.origin).get('/login');
    assert.ok(login.text.includes('user00001@bulk.example'));
    assert.ok(login.text.length < 20_000, `${login.text.length} characters`);
  });

  it('asks the users of an organization as soon as it is switched on', async () => {
    const user = await signedIn('user00777@bulk.example');
    assert.equal(await status(user, '/files/report.txt'), 200);
    const stored = await example.store.readSetting('acme');
    await example.store.writeSetting('bulk', {
      value: stored!.value,
      changedBy: 'admin@bulk.example',
      expectedVersion: 0,
    });
    const answer = await user.get('/files/report.txt');
    assert.equal(answer.headers.location, '/two-factor/activate');
    const login = await new Browser(example.origin).get('/login');
    assert.match(login.text, /Bulk Industries<\/strong><\/bdi> <span[^>]*>two-factor required/);
  });
});

describe('the settings of the example console', () => {
  it('are there at the first start, and readable', async () => {
    const store = memoryStore();
    await seedSettings(store);
    for (const [id, mode] of Object.entries({ acme: 'required', northwind: 'optional' })) {
      assert.equal(organizationSetting(await store.readSetting(id), id)?.value.mode, mode);
    }
    assert.equal(await store.readSetting('initech'), null);
  });

  it('stay as administrators have left them when the console starts again', async () => {
    const store = memoryStore();
    await seedSettings(store);
    const { value } = (await store.readSetting('acme'))!;
    const off = { value: { ...value, mode: 'off' }, changedBy: 'admin', expectedVersion: 1 };
    await store.writeSetting('acme', off);
    await seedSettings(store);
    const now = await store.readSetting('acme');
    assert.deepEqual([now?.value.mode, now?.changedBy], ['off', 'admin']);
  });
});

describe('the directory of the example console', () => {
  let accounts: Accounts;
  before(async () => {
    accounts = await demoAccounts({ users: 25 });
  });

  it('pages through all users of an organization, each once', async () => {
    const directory = directoryOf(accounts);
    const seen: string[] = [];
    for (let cursor: string | null = null, pages = 0; ; pages += 1) {
      const { items, next, total } = await directory.users('bulk', {
        search: '',
        cursor,
        limit: 10,
      });
      assert.equal(total, 26);
      seen.push(...items.map(({ label }) => label));
      cursor = next;
      if (next === null) {
        assert.equal(pages, 2);
        break;
      }
    }
    assert.deepEqual(
      seen,
      accounts.of('bulk').map(({ email }) => email),
    );
  });

  it('finds by a part of the address or name, in any case', async () => {
    const directory = directoryOf(accounts);
    const query = { cursor: null, limit: 10 };
    const users = await directory.users('bulk', { ...query, search: 'USER0001' });
    assert.equal(users.total, 10);
    assert.ok(users.items.every(({ id }) => id.startsWith('bulk-user0001')));
    const clients = await directory.clients('northwind', { ...query, search: 'indus' });
    assert.deepEqual(
      clients.items.map(({ id }) => id),
      ['bulk'],
    );
    assert.equal((await directory.clients('acme', { ...query, search: '' })).total, 0);
  });

  it('knows ids exactly or not at all, and no user of another organization', async () => {
    const directory = directoryOf(accounts);
    assert.equal((await directory.organization('acme'))?.name, 'Acme');
    assert.equal((await directory.user('acme', 'acme-user1'))?.label, 'user1@acme.example');
    for (const id of ['ACME', 'acme ', '', 'nothing', '__proto__']) {
      assert.ok(!(await directory.organization(id)), id);
      assert.ok(!(await directory.user('acme', id)), id);
    }
    assert.ok(!(await directory.user('globex', 'acme-user1')));
    assert.ok(!(await directory.user('acme', 'ACME-USER1')));
  });

  it('takes a cursor that it did not make for the first page', async () => {
    const directory = directoryOf(accounts);
    for (const cursor of ['-5', 'x', '1e3', '9'.repeat(30), '']) {
      const { items } = await directory.users('acme', { search: '', cursor, limit: 10 });
      assert.equal(items.length, 3, cursor);
    }
    const { items } = await directory.users('acme', { search: '', cursor: '999', limit: 10 });
    assert.equal(items.length, 0);
  });
});
