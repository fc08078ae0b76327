import assert from 'node:assert/strict';
import { AdminBrowser, adminHost, formFields } from '../support/admin.js';
import { methodsWith } from '../support/methods.js';

const USER1 = '/setup/organizations/acme/users/user1%40acme';

describe('activating for a user, where codes have eight digits', () => {
  it('says so on the form, also after a wrong one', async () => {
    const host = await adminHost({
      host: { options: { methods: methodsWith({ totp: { digits: 8 } }) } },
      admin: { secondFactor: 'policy' },
    });
    const admin = await AdminBrowser.signedIn(host, 'admin@north');
    const setting = { mode: 'required', methods: ['totp'], enrollment: 'self', graceUntil: null };
    await admin.call('/setup/organizations/acme/authentication', {
      ...{ version: 0, setting: { ...setting, maxAgeSeconds: null, clientsMust: null } },
    });
    const shown = await admin.submit(`${USER1}/activate`, { confirm: 'now' });
    assert.match(shown.text, /8 digits/);
    const fields = formFields(shown.text, `${USER1}/activate/confirm`);
    const wrong = await admin.submit(`${USER1}/activate/confirm`, { ...fields, code: '00000000' });
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, /8 digits/);
  });
});
