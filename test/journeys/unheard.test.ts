import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import type { Request } from 'express';
import {
  type AdminTarget,
  memoryStore,
  organizationPolicy,
  type SecondFactorStore,
  UnavailableError,
} from 'sallyport';
import { AdminBrowser, adminHost, testAuthorize, testDirectory } from '../support/admin.js';
import { host, subjectOf, testClock } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { NO_SETTING } from '../support/policy.js';

// The runner ends a test in which a rejection is heard by nobody (.mocharc.json), so each of these would fail
// by itself; what they assert is that the request is answered all the same.
describe('whatever fails is heard', () => {
  const clock = testClock();

  /** The store of a host whose reads of certain ids throw at once, as a warm read of a broken store does. */
  function breaking(ids: Set<string>): SecondFactorStore {
    const whole = memoryStore({ now: clock.now });
    const check = (id: string): void => {
      if (ids.has(id)) throw new UnavailableError('ERR_STORE_UNAVAILABLE', `${id} cannot be read`);
    };
    return {
      ...whole,
      readSubject(id) {
        check(id);
        return whole.readSubject(id);
      },
      readSetting(id) {
        check(id);
        return whole.readSetting(id);
      },
    };
  }

  it('on every page of an administrator, where a read throws while others are under way', async () => {
    const broken = new Set<string>();
    const store = breaking(broken);
    const directory = testDirectory();
    let failing = false;
    const late = async (): Promise<never> => {
      await turn();
      throw new Error('the directory is down');
    };
    const admin = {
      directory: {
        ...directory,
        clients: (...given: Parameters<typeof directory.clients>) =>
          failing ? late() : directory.clients(...given),
        users: (...given: Parameters<typeof directory.users>) =>
          failing ? late() : directory.users(...given),
      },
      authorize: async (req: Request, action: string, target: AdminTarget) => {
        // What only the tabs ask for, beside the reads of the page itself.
        if (failing && (action === 'events:read' || action === 'user:unlock')) return late();
        return testAuthorize(req, action, target);
      },
    };
    const made = await adminHost({
      clock,
      store,
      directory: admin.directory,
      admin: { authorize: admin.authorize },
    });
    for (const id of ['north', 'acme']) {
      await store.writeSetting(id, {
        value: { ...NO_SETTING, mode: 'required' },
        ...{ changedBy: 'test', expectedVersion: null },
      });
    }
    const browser = new AdminBrowser(made.app);
    await browser.activate('admin@north', clock.now());
    const acme = '/setup/organizations/acme';
    const pages = [
      acme,
      `${acme}/authentication`,
      `${acme}/users`,
      `${acme}/users/user1%40acme`,
      '/setup/organizations/north/clients',
    ];
    for (const page of pages) assert.equal((await browser.get(page)).status, 200, page);
    failing = true;
    for (const id of ['acme', 'user1@acme']) broken.add(id);
    for (const page of pages) {
      for (const answer of [await browser.get(page), await browser.json('get', page)]) {
        assert.equal(answer.status, 503, page);
      }
      await turn();
    }
  });

  it('of subject(), also where it is asked again for the error page', async () => {
    for (const subject of [
      () => Promise.reject(new Error('rejected')),
      // No Promise of this realm.
      () => runInNewContext('Promise.reject(new Error("rejected"))'),
      () => {
        throw new Error('thrown');
      },
      () => 'user1',
    ]) {
      const { app } = await host({ options: { subject: subject as never } });
      for (const path of ['/reports', '/two-factor', '/two-factor/profile', '/two-factor/x']) {
        const page = await new Browser(app).get(path);
        assert.ok([404, 503].includes(page.status), `${path}: ${page.status}`);
      }
      await turn();
    }
  });

  it('of a listener for revocations that throws or rejects', async () => {
    for (const listener of [
      () => {
        throw new Error('thrown');
      },
      () => Promise.reject(new Error('rejected')),
    ]) {
      let told = 0;
      const store = memoryStore({ now: clock.now });
      const { app, errors, door } = await host({
        store,
        routes(app, door) {
          app.get('/socket', async (req, res) => {
            const { onRevoked } = await door.check(req);
            onRevoked(() => {
              told += 1;
              return listener();
            });
            res.send('open');
          });
        },
      });
      const browser = new Browser(app);
      await browser.activate('user1@acme', clock.now());
      assert.equal((await browser.get('/socket')).text, 'open');
      await door.subjects.reset({ id: 'user1@acme', tenantId: 'acme' });
      for (let at = 0; at < 10; at += 1) await turn();
      assert.equal(told, 1);
      assert.equal(errors.length, 1);
    }
  });

  it('of onEvent and onError', async () => {
    const key = await (async () => {
      const { app } = await host({
        store: memoryStore({ now: clock.now }),
        options: {
          onEvent: () => Promise.reject(new Error('no trail')),
          onError: () => Promise.reject(new Error('no reporter')),
        },
      });
      const browser = new Browser(app);
      const made = await browser.activate('user1@acme', clock.now());
      clock.advance(60_000);
      const again = new Browser(app);
      await again.login('user1@acme');
      await again.get('/reports');
      assert.equal((await again.answerChallenge(codeAt(made, clock.now()))).status, 303);
      return made;
    })();
    assert.ok(key);
    await turn();
  });

  it('of an organization lookup that rejects beside a store that throws', async () => {
    const broken = new Set(['user1@acme']);
    const store = breaking(broken);
    await store.writeSetting('acme', {
      ...{ value: { ...NO_SETTING, mode: 'required' }, changedBy: 'test', expectedVersion: null },
    });
    const { app } = await host({
      store,
      options: {
        subject: subjectOf,
        policy: organizationPolicy({
          organization: async () => {
            await turn();
            throw new Error('no organizations');
          },
        }),
      },
    });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    assert.equal((await browser.get('/reports')).status, 503);
    await turn();
  });
});
