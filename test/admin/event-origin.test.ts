import assert from 'node:assert/strict';
import { opened } from '../support/opened-admin.js';

const DETAILS = '/setup/organizations/acme/users/user1%40acme';

describe('the JSON of the trail', () => {
  it('names the address that was asked, of what a request did where there are several', async () => {
    const origin = (host: string) => `http://${host}`;
    const { browser, door, told } = await opened({ host: { options: { origin } } });
    await door.subjects.unlock({ id: 'user1@acme', tenantId: 'acme' });
    assert.equal((await browser.call(`${DETAILS}/reset`)).status, 200);
    const { items } = await told('/setup/organizations/acme/events');
    const [reset, unlocked] = items;
    assert.deepEqual([reset.type, unlocked.type], ['enrollment.reset', 'subject.unlocked']);
    assert.match(reset.origin, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.ok(!Object.hasOwn(unlocked, 'origin'));
  });
});
