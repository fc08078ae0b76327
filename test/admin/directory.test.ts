import assert from 'node:assert/strict';
import type { Directory, DirectoryOrganization, DirectoryUser } from 'sallyport';
import { ORGANIZATIONS, testDirectory } from '../support/admin.js';
import { opened } from '../support/opened-admin.js';

const ACME = '/setup/organizations/acme';
const USER1 = `${ACME}/users/user1%40acme`;

/** What a page answers with this directory, and what the host is told. */
async function answered(path: string, changed: (given: Directory) => Partial<Directory>) {
  const directory = testDirectory();
  const { browser, errors, events } = await opened({
    directory: { ...directory, ...changed(directory) },
    admin: { timeout: '50ms' },
  });
  const { status, body } = await browser.json('get', path);
  return { status, body, events, told: errors.map((error) => (error as Error).message) };
}

describe('a directory that', () => {
  const user: DirectoryUser = { id: 'user1@acme', label: 'user1@acme.example' };
  const acme = ORGANIZATIONS[1]!;

  for (const [what, path, changed, message] of [
    [
      'throws',
      `${ACME}/users`,
      () => ({
        users() {
          throw new Error('database');
        },
      }),
      /^directory\.users failed$/,
    ],
    [
      'never answers',
      `${ACME}/users`,
      () => ({ users: () => new Promise<never>(() => {}) }),
      /^directory\.users failed$/,
    ],
    [
      'gives no page',
      `${ACME}/users`,
      () => ({ users: async () => [user] as never }),
      /^directory\.users gave no valid answer: /,
    ],
    [
      'counts backwards',
      `${ACME}/users`,
      () => ({ users: async () => ({ items: [user], next: null, total: -1 }) }),
      /total/,
    ],
    [
      'gives a cursor that no address holds',
      `${ACME}/users`,
      () => ({ users: async () => ({ items: [user], next: 'x'.repeat(513), total: null }) }),
      /next/,
    ],
    [
      'gives a user without a label',
      USER1,
      () => ({ user: async () => ({ ...user, label: '' }) }),
      /^directory\.user gave no valid answer: [\s\S]*label/,
    ],
    [
      'gives an organization of a third kind',
      ACME,
      (given) => ({
        organization: (id) =>
          id === 'acme' ? ({ ...acme, kind: 'branch' } as never) : given.organization(id),
      }),
      /^directory\.organization gave no valid answer: [\s\S]*kind/,
    ],
    [
      'gives somebody else’s client',
      '/setup/organizations/north/clients',
      () => ({ clients: async () => ({ items: [ORGANIZATIONS[4]!], next: null, total: 1 }) }),
      /^directory\.clients gave initech, which is no client of north$/,
    ],
    [
      'gives a partner for a client',
      '/setup/organizations/north/clients',
      () => ({ clients: async () => ({ items: [ORGANIZATIONS[0]!], next: null, total: 1 }) }),
      /^directory\.clients gave north, which is no client of north$/,
    ],
  ] as const satisfies readonly (readonly [
    string,
    string,
    (given: Directory) => Partial<Directory>,
    RegExp,
  ])[]) {
    it(`${what} is a 503, and the host hears which call it was`, async () => {
      const { status, body, told, events } = await answered(path, changed);
      assert.deepEqual([status, body.error], [503, 'unavailable']);
      assert.equal(told.length, 1);
      assert.match(told[0] ?? '', message);
      assert.deepEqual(
        events.map(({ type, detail }) => [type, detail]),
        [['unavailable', 'ERR_DIRECTORY']],
      );
    });
  }

  it('answers late is told of as late, with the time that it had', async () => {
    const { errors, browser } = await opened({
      directory: { ...testDirectory(), user: () => new Promise<never>(() => {}) },
      admin: { timeout: '50ms' },
    });
    await browser.json('get', USER1);
    const { cause } = errors[0] as Error;
    assert.equal((cause as Error).message, 'directory.user did not answer within 50 ms');
  });

  it('gives the longest cursor, a count of none and fields of its own is fine', async () => {
    const next = 'x'.repeat(512);
    const { status, body } = await answered(`${ACME}/users`, () => ({
      users: async () => ({ items: [{ ...user, own: 1 } as DirectoryUser], next, total: 0 }),
    }));
    assert.deepEqual([status, body.next, body.total], [200, next, 0]);
  });

  it('compares without case does not give an organization or a user a second name', async () => {
    const own: DirectoryOrganization = { ...acme, id: 'Acme' };
    const other = await answered(ACME, ({ organization }) => ({
      organization: (id) => (id === 'acme' ? own : organization(id)),
    }));
    assert.deepEqual([other.status, other.body.error], [404, 'not_found']);
    const someone = await answered(USER1, () => ({
      user: async () => ({ ...user, id: 'USER1@acme' }),
    }));
    assert.deepEqual(
      [someone.status, someone.body],
      [404, { error: 'not_found', message: 'There is nothing at this address.' }],
    );
  });

  it('knows nobody of this name is a 404, also where it says undefined', async () => {
    for (const nobody of [null, undefined]) {
      const { status } = await answered(USER1, () => ({ user: async () => nobody as null }));
      assert.equal(status, 404);
    }
  });
});

describe('an authorize that', () => {
  it('fails is a 503, and the host hears for which action', async () => {
    const { browser, errors } = await opened({
      admin: { authorize: () => Promise.reject(new Error('database')) },
    });
    const { status } = await browser.json('get', ACME);
    assert.equal(status, 503);
    const [{ code, message, cause }] = errors as [Error & { code: string; cause: Error }];
    assert.deepEqual(
      [code, message, cause.message],
      ['ERR_AUTHORIZE', 'authorize failed for organization:read', 'database'],
    );
  });

  it('is given the host’s own objects as they are', async () => {
    const seen: unknown[] = [];
    const directory = testDirectory();
    const { browser } = await opened({
      directory: {
        ...directory,
        user: async () => ({ id: 'user1@acme', label: 'user1', group: 'sales' }) as DirectoryUser,
      },
      admin: {
        authorize(_req, _action, target) {
          if (target.kind === 'user') seen.push(target.user);
          return true;
        },
      },
    });
    await browser.json('get', USER1);
    assert.deepEqual(seen[0], { id: 'user1@acme', label: 'user1', group: 'sales' });
  });
});
