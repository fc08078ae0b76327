import assert from 'node:assert/strict';
import { testAuthorize } from '../support/admin.js';
import { opened } from '../support/opened-admin.js';
import { set } from '../support/tenancy.js';

const CLIENTS = '/setup/organizations/north/clients';

describe('the clients of a partner', () => {
  it('are told to a program, with what holds for each', async () => {
    const { browser, store } = await opened();
    await set(store, 'acme', { mode: 'required' });
    const { status, body } = await browser.json('get', CLIENTS);
    assert.equal(status, 200);
    const { csrfToken, ...told } = body;
    assert.ok(csrfToken);
    const client = { kind: 'client', partnerId: 'north' };
    assert.deepEqual(told, {
      items: [
        { id: 'acme', name: 'Acme', ...client, mode: 'required', from: ['client'] },
        { id: 'globex', name: 'Globex', ...client, mode: 'off', from: [] },
      ],
      next: null,
      total: 2,
    });
  });

  it('are a page below Clients, with a way to each', async () => {
    const { browser } = await opened();
    const { text } = await browser.get(CLIENTS);
    assert.match(text, /<title>Clients of North Networks – /);
    assert.match(text, /aria-current="page">Clients</);
    assert.match(text, /<caption>2 clients<\/caption>/);
    assert.match(text, /href="\/setup\/organizations\/acme\/authentication"><bdi>Acme</);
    assert.doesNotMatch(text, /rel="next"/);
  });

  it('are gone through page by page', async () => {
    const { browser } = await opened();
    const first = await browser.get(`${CLIENTS}?limit=1`);
    const next = /href="([^"]*)" rel="next"/.exec(first.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    assert.match(first.text, /<bdi>Acme</);
    assert.match(first.text, /<caption>2 clients<\/caption>/);
    const second = await browser.get(next);
    assert.match(second.text, /<bdi>Globex</);
    assert.doesNotMatch(second.text, /<bdi>Acme<|rel="next"/);
    assert.match(second.text, />First page</);
  });

  it('are those who may be read, and then their number is not told', async () => {
    const { browser } = await opened({
      admin: {
        authorize: (req, action, target) =>
          testAuthorize(req, action, target) &&
          !(action === 'organization:read' && target.organization.id === 'acme'),
      },
    });
    const { body } = await browser.json('get', CLIENTS);
    assert.deepEqual(
      body.items.map(({ id }: { id: string }) => id),
      ['globex'],
    );
    assert.equal(body.total, null);
    const { text } = await browser.get(CLIENTS);
    assert.doesNotMatch(text, /Acme/);
    assert.match(text, /<caption>Clients<\/caption>/);
  });

  it('are each asked for as an organization', async () => {
    const asked: string[] = [];
    const { browser } = await opened({
      admin: {
        authorize: (req, action, target) => {
          asked.push(`${action} ${target.kind} ${target.organization.id}`);
          return testAuthorize(req, action, target);
        },
      },
    });
    assert.equal((await browser.json('get', CLIENTS)).status, 200);
    for (const id of ['acme', 'globex']) {
      assert.ok(asked.includes(`organization:read organization ${id}`), id);
    }
  });

  it('are nothing that a client has', async () => {
    const { browser } = await opened();
    const { status, body } = await browser.json('get', '/setup/organizations/acme/clients');
    assert.deepEqual([status, body.error], [404, 'not_found']);
  });
});
