import assert from 'node:assert/strict';
import type { AdminAction } from 'sallyport';
import { allBut, opened } from '../support/opened-admin.js';

const ACME = '/setup/organizations/acme';
const USER1 = `${ACME}/users/user1%40acme`;

/** What each route asks `authorize` for, beyond that its object may be read. */
const ROUTES: readonly (readonly [action: AdminAction, method: 'get' | 'post', path: string])[] = [
  ['organization:change', 'post', `${ACME}/authentication/preview`],
  ['organization:change', 'post', `${ACME}/authentication`],
  ['organization:change', 'post', `${ACME}/duo`],
  ['organization:change', 'post', `${ACME}/duo/replace`],
  ['organization:change', 'post', `${ACME}/duo/remove`],
  ['clients:list', 'get', '/setup/organizations/north/clients'],
  ['events:read', 'get', `${ACME}/events`],
  ['users:list', 'get', `${ACME}/users`],
  ['users:list', 'post', `${ACME}/two-factor/preview`],
  ['users:list', 'post', `${ACME}/two-factor`],
  ['users:list', 'get', `${ACME}/look-up`],
  ['users:list', 'get', `${ACME}/look-up/security-key`],
  ['users:list', 'post', `${ACME}/look-up/security-key`],
  ['user:activate', 'get', `${USER1}/activate`],
  ['user:activate', 'post', `${USER1}/activate`],
  ['user:activate', 'post', `${USER1}/activate/confirm`],
  ['user:activate', 'post', `${USER1}/activation-key`],
  ['user:activate', 'post', `${USER1}/activation-key/revoke`],
  ['user:reset', 'get', `${USER1}/reset`],
  ['user:reset', 'post', `${USER1}/reset`],
  ['user:unlock', 'post', `${USER1}/unlock`],
];

describe('an administrator who may do all but one thing', () => {
  for (const denied of new Set(ROUTES.map(([action]) => action))) {
    it(`is refused where ${denied} is asked for, and nowhere else`, async () => {
      const { browser } = await opened({ admin: { authorize: allBut(denied) } });
      for (const [action, method, path] of ROUTES) {
        const { status, body } =
          method === 'get' ? await browser.json('get', path) : await browser.call(path);
        const refused = status === 403 && body.error === 'forbidden';
        assert.equal(refused, action === denied, `${method} ${path}: ${status} ${body.error}`);
      }
    });
  }
});
