import assert from 'node:assert/strict';
import { memoryStore } from 'sallyport';
import { host } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { authorize, directory, policy, subject } from './samples/first-tenants.js';

describe('the organizations of docs/getting-started.md', () => {
  it('are administered, and what is set for one holds at the next request', async () => {
    const { app, door } = await host({
      store: memoryStore(),
      options: { policy, subject },
      routes: (below, made) => below.use('/setup', made.admin({ directory, authorize })),
    });
    try {
      const user = new Browser(app);
      await user.login('2');
      assert.equal((await user.get('/')).text, 'inside GET /', 'nothing is set');
      assert.equal((await user.get('/setup')).status, 403);

      const admin = new Browser(app);
      await admin.login('1');
      await admin.get('/setup');
      await admin.activateHere(Date.now());
      await admin.keepCodes();
      const path = '/setup/organizations/acme/authentication';
      const { setting, version, csrfToken } = (await admin.json('get', path)).body;
      assert.equal(version, 0);
      const saved = await admin
        .json('post', path, { version, setting: { ...setting, mode: 'required' } })
        .set('x-csrf-token', csrfToken);
      assert.equal(saved.status, 200, JSON.stringify(saved.body));
      assert.equal((await user.get('/')).headers.location, '/two-factor/activate');

      const { items } = (await admin.json('get', '/setup/organizations/northwind/clients')).body;
      assert.deepEqual(
        items.map(({ id }: { id: string }) => id),
        ['acme'],
      );
    } finally {
      await door.close();
    }
  });
});
