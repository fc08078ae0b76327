import assert from 'node:assert/strict';
import express from 'express';
import { memoryStore, type Subject } from 'sallyport';
import request from 'supertest';
import { type Host, host, subjectOf } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { bearerApi, tokenPage } from './samples/api.js';

const USER = 'user1@acme';

describe('the sample for programs', () => {
  let here: Host;
  let directory: Map<string, Subject>;

  beforeEach(async () => {
    directory = new Map([[USER, { id: USER, tenantId: 'acme', label: USER }]]);
    const api = express.Router();
    here = await host({
      store: memoryStore(),
      options: { subject: subjectOf },
      before: (app) => app.use('/api', api),
      routes: (app, door) => tokenPage(app, { door }),
    });
    const routes = express.Router();
    routes.get('/me', (_req, res) => void res.json({ me: res.locals.subject.id }));
    api.use(
      bearerApi({ door: here.door, subjectOf: async (id) => directory.get(id) ?? null, routes }),
    );
  });
  afterEach(() => here.door.close());

  const call = (path: string, token?: string) => {
    const sent = request(here.app).get(path);
    return token === undefined ? sent : sent.set('Authorization', `Bearer ${token}`);
  };

  async function withToken(): Promise<{ browser: Browser; token: string }> {
    const browser = new Browser(here.app);
    await browser.activate(USER, Date.now());
    await browser.keepCodes();
    const { body } = await browser.json('post', '/tokens', {});
    return { browser, token: body.token };
  }

  it('answers whoever has a token, until the account is reset or gone', async () => {
    const { token } = await withToken();
    assert.deepEqual((await call('/api/me', token)).body, { me: USER });
    assert.equal((await call('/api/nothing', token)).status, 404);
    directory.delete(USER);
    assert.equal((await call('/api/me', token)).body.why, 'unknown-subject');
    directory.set(USER, { id: USER, tenantId: 'acme', label: USER });
    await here.door.subjects.reset({ id: USER, tenantId: 'acme' });
    const refused = await call('/api/me', token);
    assert.deepEqual([refused.status, refused.body.why], [401, 'session-ended']);
  });

  it('counts no cookie, and no token is one elsewhere', async () => {
    const { browser, token } = await withToken();
    const cookie = await browser.json('get', '/api/me');
    assert.deepEqual([cookie.status, cookie.body.why], [401, 'unreadable']);
    const page = await call('/reports', token).set('Accept', 'application/json');
    assert.equal(page.status, 401);
  });

  it('answers 503 where it cannot be told', async () => {
    const { token } = await withToken();
    directory.get = () => {
      throw new Error('database');
    };
    assert.equal((await call('/api/me', token)).status, 503);
  });
});
