import assert from 'node:assert/strict';
import { allBut, opened } from '../support/opened-admin.js';
import { set } from '../support/tenancy.js';

const ORGANIZATIONS = '/setup/organizations';
const FLOOR = {
  enrollment: 'self' as const,
  ...{ methods: null, graceUntil: null, maxAgeSeconds: null, rememberDays: null },
};

function facts(html: string) {
  return Object.fromEntries(
    [...html.matchAll(/<dt>(.*?)<\/dt>\s*<dd>(.*?)<\/dd>/g)].map(([, term, text]) => [term, text]),
  );
}

function links(html: string) {
  return [...html.matchAll(/<a href="([^"]*)">([^<]*)<\/a>\s*<p>(.*?)<\/p>/g)].map(
    ([, href, label, description]) => `${label} ${href}: ${description}`,
  );
}

describe('the overview of an organization', () => {
  it('says of a partner what holds, and where each is looked after', async () => {
    const { browser } = await opened();
    const at = `${ORGANIZATIONS}/north`;
    const { text } = await browser.get(at);
    assert.match(text, /<title>North Networks – /);
    assert.match(text, /aria-current="page">Overview</);
    assert.match(text, /<h1>Partner Details<\/h1>/);
    assert.deepEqual(facts(text), {
      ...{ Kind: 'Partner', 'Two-factor': 'Off' },
      ...{ Mechanisms: 'Passkey or security key, Authenticator app, Recovery code' },
      'Clients must': 'Nothing',
    });
    assert.deepEqual(links(text), [
      `Account Information ${at}/authentication: Switch two-factor on or off, and choose the mechanisms.`,
      `Clients ${at}/clients: The clients of this partner, and what holds for each.`,
      `Users ${at}/users: Switch users on or off, activate or reset them.`,
      `Events ${at}/events: Who did what, and when.`,
    ]);
  });

  it('says what a partner demands of its clients, and of a client who demands it', async () => {
    const { browser, store } = await opened();
    await set(store, 'north', { clientsMust: { ...FLOOR, mode: 'required' } });
    assert.equal(
      facts((await browser.get(`${ORGANIZATIONS}/north`)).text)['Clients must'],
      'Two-factor required',
    );
    await set(store, 'acme', { mode: 'required', methods: ['totp'], maxAgeSeconds: 60 });
    const { text } = await browser.get(`${ORGANIZATIONS}/acme`);
    assert.match(text, /<h1>Client Details<\/h1>/);
    assert.deepEqual(facts(text), {
      ...{ Kind: 'Client', 'Two-factor': 'Required from partner and client' },
      ...{ Mechanisms: 'Authenticator app, Recovery code', 'A proof counts for': '1 minute' },
    });
    const { csrfToken, ...told } = (await browser.json('get', `${ORGANIZATIONS}/acme`)).body;
    assert.ok(csrfToken);
    assert.deepEqual(told, {
      organization: { id: 'acme', name: 'Acme', kind: 'client', partnerId: 'north' },
      ...{ mode: 'required', from: ['partner', 'client'], methods: ['totp', 'recovery-code'] },
    });
  });

  it('says until when activation may be postponed', async () => {
    const { browser, store } = await opened();
    const graceUntil = '2026-01-09T00:00:00.000Z';
    await set(store, 'acme', { mode: 'required', methods: ['totp'], graceUntil });
    const { text } = await browser.get(`${ORGANIZATIONS}/acme`);
    assert.equal(facts(text)['May be postponed until'], '9 January 2026, 00:00 UTC');
  });

  it('names no mechanism where the settings contradict each other', async () => {
    const { browser, store } = await opened();
    await set(store, 'acme', { mode: 'required', methods: ['duo'] });
    const { text } = await browser.get(`${ORGANIZATIONS}/acme`);
    assert.deepEqual(facts(text), {
      ...{ Kind: 'Client', 'Two-factor': 'Contradictory', Mechanisms: 'None' },
    });
    const { body } = await browser.json('get', `${ORGANIZATIONS}/acme`);
    assert.deepEqual([body.mode, body.methods], ['contradictory', []]);
  });

  it('leads to those pages only that this administrator may open', async () => {
    for (const [denied, missing] of [
      ['clients:list', 'Clients'],
      ['users:list', 'Users'],
      ['events:read', 'Events'],
    ] as const) {
      const { browser } = await opened({ admin: { authorize: allBut(denied) } });
      const { text } = await browser.get(`${ORGANIZATIONS}/north`);
      const shown = ['Clients', 'Users', 'Events'].filter((one) =>
        links(text).some((link) => link.startsWith(`${one} `)),
      );
      assert.deepEqual(
        shown,
        ['Clients', 'Users', 'Events'].filter((one) => one !== missing),
      );
      assert.doesNotMatch(text, new RegExp(`">${missing}</a></li>`));
    }
  });
});

describe('the first page', () => {
  const home = async (admin: Parameters<typeof opened>[0]) =>
    (await opened(admin)).browser.json('get', '/setup/');
  const FORBIDDEN = { error: 'forbidden', message: 'You are not allowed to do that.' };

  it('is the administrator’s own organization', async () => {
    assert.equal((await home({})).body.organization.id, 'north');
  });

  it('is the one that the host names', async () => {
    assert.equal((await home({ admin: { start: () => 'acme' } })).body.organization.id, 'acme');
    const later = await home({ admin: { start: async () => 'acme' } });
    assert.equal(later.body.organization.id, 'acme');
  });

  it('is nowhere where there is none that this administrator may read', async () => {
    for (const start of [() => 'initech', () => 'nowhere', () => null] as const) {
      const { status, body } = await home({ admin: { start } });
      assert.deepEqual([status, body], [403, FORBIDDEN]);
    }
  });
});

describe('the way up', () => {
  const crumbs = (html: string) =>
    [
      ...(/<nav class="sp-crumbs"[\s\S]*?<\/nav>/.exec(html)?.[0] ?? '').matchAll(
        /<a href="([^"]*)"><bdi>([^<]*)/g,
      ),
    ].map(([, href, label]) => `${label} ${href}`);

  it('is the partner’s pages, as far as they may be read', async () => {
    const { browser } = await opened();
    assert.deepEqual(crumbs((await browser.get(`${ORGANIZATIONS}/acme`)).text), [
      'Setup /setup/',
      `North Networks ${ORGANIZATIONS}/north`,
      `Clients ${ORGANIZATIONS}/north/clients`,
    ]);
    assert.deepEqual(crumbs((await browser.get(`${ORGANIZATIONS}/north`)).text), ['Setup /setup/']);
    const some = await opened({ admin: { authorize: allBut('clients:list') } });
    assert.deepEqual(crumbs((await some.browser.get(`${ORGANIZATIONS}/acme`)).text), [
      'Setup /setup/',
      `North Networks ${ORGANIZATIONS}/north`,
    ]);
  });

  it('does not name a partner that may not be read', async () => {
    const { browser } = await opened({
      admin: {
        start: () => 'acme',
        authorize: (_req, _action, { organization }) => organization.id === 'acme',
      },
    });
    const { text } = await browser.get(`${ORGANIZATIONS}/acme`);
    assert.deepEqual(crumbs(text), ['Setup /setup/']);
    assert.doesNotMatch(text, /North Networks/);
  });
});
