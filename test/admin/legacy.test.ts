import assert from 'node:assert/strict';
import type { LegacyFunction } from 'sallyport';
import { allBut, opened } from '../support/opened-admin.js';
import { set } from '../support/tenancy.js';

const USER1 = '/setup/organizations/acme/users/user1%40acme';
const BEFORE = { totp: [{ secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' }] };

describe('an administrator who activates for somebody who had something elsewhere', () => {
  async function activating(legacy: LegacyFunction) {
    const { browser, store } = await opened({
      host: { options: { legacy } },
      admin: { authorize: allBut('user:reset') },
    });
    await set(store, 'acme', { mode: 'required', methods: ['totp'] });
    const answer = await browser.call(`${USER1}/activate`, { confirm: 'now' });
    return { answer, record: await store.readSubject('user1@acme') };
  }

  it('puts nothing in the place of that: it is taken over first', async () => {
    const { answer, record } = await activating(({ id }) => (id === 'user1@acme' ? BEFORE : null));
    assert.deepEqual([answer.status, answer.body.error], [409, 'already_activated']);
    assert.deepEqual(
      record.enrollments.map(({ method }) => method),
      ['totp'],
    );
  });

  it('is told to wait where that cannot be told, and begins nothing', async () => {
    const { answer, record } = await activating(({ id }) => {
      if (id === 'user1@acme') throw new Error('database');
      return null;
    });
    assert.deepEqual([answer.status, answer.body.code], [503, 'ERR_LEGACY']);
    assert.deepEqual(record.enrollments, []);
  });

  it('activates for whoever had nothing', async () => {
    const { answer } = await activating(() => null);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  });
});
