import assert from 'node:assert/strict';
import { type AuditEvent, recoveryCodes, type SecondFactorStore, totp } from 'sallyport';
import { placeOf } from '../../src/audit/place.js';
import { emailCode } from '../journeys/email-code.js';
import { opened } from '../support/opened-admin.js';

const EVENTS = '/setup/organizations/acme/events';
const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 10);

const NOBODY: AuditEvent = {
  ...{ type: 'sessions.ended', at: new Date(START) },
  ...{ subjectId: 'user1@acme', tenantId: 'acme', actorId: 'user1@acme' },
  ...{ method: null, from: null, detail: null },
};

/** One after another, each at the store's time of its own. */
async function keepInTime(
  { store, clock }: Awaited<ReturnType<typeof opened>>,
  times: readonly number[],
) {
  for (const at of times) {
    clock.advance(at - clock.now());
    await keep(store, [{ at: new Date(at) }]);
  }
}

async function keep(store: SecondFactorStore, events: readonly Partial<AuditEvent>[]) {
  for (const some of events) {
    const event = { ...NOBODY, ...some };
    await store.appendEvent('acme', event, placeOf(event, 10_000));
  }
}

describe('the trail of an organization', () => {
  it('tells a program all that is known of each event', async () => {
    const { browser, store } = await opened();
    const enrollments = [{ id: 'one', method: 'totp', label: 'Phone' }];
    const removed = {
      type: 'enrollment.removed' as const,
      ...{ actorId: 'admin@acme', method: 'totp', from: '192.0.2.1' },
      ...{ detail: 'replaced', enrollments },
    };
    await keep(store, [{}, { ...removed, at: new Date(START + 1) }]);
    const { items, next } = (await browser.json('get', EVENTS)).body;
    const at = (ms: number) => new Date(START + ms).toISOString();
    const place = { organizationId: 'acme', repeats: 0, lastAt: null };
    assert.deepEqual(
      items.map(({ id, ...rest }: { id: string }) => {
        assert.ok(id);
        return rest;
      }),
      [
        { ...removed, at: at(1), subjectId: 'user1@acme', ...place },
        {
          ...{ type: 'sessions.ended', at: at(0), subjectId: 'user1@acme', actorId: 'user1@acme' },
          ...{ method: null, from: null, detail: null, enrollments: [], ...place },
        },
      ],
    );
    assert.equal(next, null);
    const said = { key: 'time.hours', values: { count: 2 } };
    await keep(store, [{ ...removed, detail: '2 hours', said }]);
    const [last] = (await browser.json('get', EVENTS)).body.items;
    assert.deepEqual([last.detail, last.said], ['2 hours', said]);
  });

  it('is a page in words, below Events', async () => {
    const { browser, store } = await opened();
    const enrollments = [{ id: 'one', method: 'totp', label: 'Phone' }];
    await keep(store, [
      {},
      {
        ...{ type: 'enrollment.removed', actorId: 'admin@acme', method: 'totp' },
        ...{ from: '192.0.2.1', detail: 'replaced', enrollments, at: new Date(START + 1) },
      },
      { type: 'setting.changed', subjectId: null, actorId: null, at: new Date(START + 2) },
    ]);
    const { text } = await browser.get(EVENTS);
    assert.match(text, /<title>Events of Acme – /);
    assert.match(text, /aria-current="page">Events</);
    assert.doesNotMatch(text, /rel="next"|>First page</);
    const rows = [...text.matchAll(/<tr role="row">\s*<td[\s\S]*?<\/tr>/g)].map(([row]) =>
      [...row.matchAll(/<t[dh] [^>]*>([\s\S]*?)<\/t[dh]>/g)].map(([, cell = '']) =>
        cell.replace(/<[^>]*>/g, '').trim(),
      ),
    );
    const when = '10 January 2026, 00:00 UTC';
    assert.deepEqual(rows, [
      [when, 'Setting changed', '–', '–', '–'],
      [when, 'Removed Authenticator app', 'user1@acme', 'admin@acme 192.0.2.1', 'Phonereplaced'],
      [when, 'Other sessions ended', '–', 'user1@acme', '–'],
    ]);
  });

  it('has the types of the host’s own methods as well, last and in their words', async () => {
    const email = emailCode({ addressOf: () => null, send: async () => {} });
    const own = { ...email, events: { 'email-code.bounced': 'Mail came back' } };
    const { browser, store } = await opened({
      host: { options: { methods: [totp(), own, recoveryCodes()] } },
    });
    await keep(store, [{}, { type: 'email-code.bounced' as AuditEvent['type'] }]);
    const url = `${EVENTS}?type=email-code.bounced`;
    const { items } = (await browser.json('get', url)).body;
    assert.deepEqual(
      items.map(({ type }: { type: string }) => type),
      ['email-code.bounced'],
    );
    const { text } = await browser.get(url);
    assert.match(text, /<th scope="row" role="rowheader"><span class="sp-cell">Mail came back</);
    assert.match(text, /<option value="email-code\.bounced" selected>Mail came back<\/option>/);
    const plain = await opened();
    assert.equal((await plain.browser.json('get', url)).status, 400);
  });

  it('says how often the like of it happened again, and when last', async () => {
    const made = await opened();
    const { browser } = made;
    await keepInTime(
      made,
      Array.from({ length: 23 }, (_, n) => START + n * 1000),
    );
    const { items } = (await browser.json('get', EVENTS)).body;
    const lastAt = new Date(START + 22_000).toISOString();
    assert.deepEqual([items.length, items[0].repeats, items[0].lastAt], [20, 3, lastAt]);
    const { text } = await browser.get(EVENTS);
    assert.match(text, new RegExp(`and 3 more like it, the last at <time datetime="${lastAt}">`));
  });

  it('is filtered by days in UTC, both included', async () => {
    const { browser, store } = await opened();
    const times = [-DAY - 1, -DAY, -1, 0, DAY - 1, DAY];
    await keep(
      store,
      times.map((ms, n) => ({ at: new Date(START + ms), detail: String(n), actorId: `a${n}` })),
    );
    const found = async (query: string) =>
      (await browser.json('get', `${EVENTS}?${query}`)).body.items
        .map(({ detail }: { detail: string }) => detail)
        .reverse()
        .join('');
    assert.equal(await found('from=2026-01-10'), '345');
    assert.equal(await found('to=2026-01-10'), '01234');
    assert.equal(await found('from=2026-01-10&to=2026-01-10'), '34');
    assert.equal(await found('from=2026-01-09&to=2026-01-09'), '12');
    assert.equal(await found('user=a2'), '2');
    assert.equal(await found('user=user1%40acme&type=sessions.ended'), '012345');
    assert.equal(await found('type=subject.deleted'), '');
    const page = await browser.get(`${EVENTS}?type=sessions.ended&user=a2&from=2026-01-09`);
    assert.match(page.text, /<option value="sessions.ended" selected>Other sessions ended</);
    assert.match(page.text, /name="user" type="text" value="a2"/);
    assert.match(page.text, /name="from" type="date" value="2026-01-09"/);
  });

  it('finds by its first day what was counted into an event of the day before', async () => {
    const made = await opened();
    const { browser } = made;
    const before = Array.from({ length: 20 }, (_, n) => START - DAY / 2 + n);
    await keepInTime(made, [...before, START + 1]);
    const { items } = (await browser.json('get', `${EVENTS}?from=2026-01-10`)).body;
    assert.deepEqual([items.length, items[0].repeats], [1, 1]);
  });

  it('is read fifty at a time, and goes on with the same filter', async () => {
    const { browser, store } = await opened();
    await keep(
      store,
      Array.from({ length: 101 }, (_, n) => ({
        ...{ at: new Date(START + n), detail: String(n), actorId: `a${n}` },
      })),
    );
    const first = await browser.get(`${EVENTS}?type=sessions.ended`);
    assert.equal(first.text.match(/Other sessions ended<?/g)?.length, 51);
    const seen: string[] = [];
    let cursor: string | null = '';
    for (const rows of [50, 50, 1]) {
      const { body }: { body: { items: { detail: string }[]; next: string | null } } =
        await browser.json('get', `${EVENTS}?type=sessions.ended&cursor=${cursor}`);
      assert.equal(body.items.length, rows);
      seen.push(...body.items.map(({ detail }) => detail));
      cursor = body.next;
    }
    assert.equal(cursor, null);
    assert.deepEqual(
      seen,
      Array.from({ length: 101 }, (_, n) => String(100 - n)),
    );
    const next = /href="([^"]*)" rel="next"/.exec(first.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    assert.match(next, /^\/setup\/organizations\/acme\/events\?type=sessions\.ended&cursor=/);
    const second = await browser.get(next);
    assert.ok(second.text.includes(`href="${EVENTS}?type=sessions.ended">First page<`));
  });

  it('looks at two thousand for a filter at once, and goes on from there', async () => {
    const { browser, store } = await opened();
    await keep(
      store,
      Array.from({ length: 2001 }, (_, n) => ({
        ...{ at: new Date(START + n), actorId: `a${n}` },
      })),
    );
    const { items, next } = (await browser.json('get', `${EVENTS}?user=a0`)).body;
    assert.deepEqual(items, []);
    assert.match(
      (await browser.get(`${EVENTS}?user=a0`)).text,
      /No events among those looked at; go on to older ones\./,
    );
    const last = (await browser.json('get', `${EVENTS}?user=a0&cursor=${next}`)).body;
    assert.deepEqual([last.items.length, last.next], [1, null]);
    assert.match(
      (await browser.get(`${EVENTS}?user=nobody&cursor=${next}`)).text,
      /<p>No events\./,
    );
  });

  it('says of a filter that cannot be read which it is', async () => {
    const { browser } = await opened();
    const date = 'Enter a date as year-month-day, e.g. 2026-12-31.';
    for (const [query, field, message] of [
      ['type=x', 'type', 'There is no such type.'],
      ['type=toString', 'type', 'There is no such type.'],
      ['from=yesterday', 'from', date],
      ['from=2026-13-01', 'from', date],
      ['from=x2026-01-01', 'from', date],
      ['to=2026-01-01T00', 'to', date],
    ] as const) {
      const { status, body } = await browser.json('get', `${EVENTS}?${query}`);
      assert.equal(status, 400, query);
      assert.deepEqual(body, { error: 'invalid_request', message, fields: { [field]: message } });
    }
  });
});
