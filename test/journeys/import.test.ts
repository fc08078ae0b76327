import assert from 'node:assert/strict';
import { SallyportError } from 'sallyport';
import { authenticator } from 'sallyport/testing';
import { Browser } from '../support/browser.js';
import { eventually } from '../support/redis.js';
import { journeys } from '../support/worlds.js';

const SUBJECT = { id: 'user1@acme', tenantId: 'acme' };
const CHALLENGE = '/two-factor/challenge/totp';
/** Twenty bytes, in each of the ways in which libraries keep them. */
const KEY = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const HEX = '48656c6c6f21deadbeef48656c6c6f21deadbeef';

const refuses = (pattern: RegExp, secret: string) => (error: unknown) =>
  error instanceof SallyportError &&
  error.code === 'ERR_IMPORT' &&
  pattern.test(error.message) &&
  !error.message.includes(secret);

journeys('factors that somebody has had elsewhere', (world) => {
  const uri = (key: string, query = '') => `otpauth://totp/a:b?secret=${key}${query}`;
  const hosted = () => world().host({ policy: () => ({ mode: 'required', methods: ['totp'] }) });

  async function enters(
    app: Browser['target'],
    code: string,
    user = SUBJECT.id,
  ): Promise<{ readonly status: number; readonly inside: boolean }> {
    const browser = new Browser(app);
    await browser.login(user);
    await browser.get(CHALLENGE);
    const { status } = await browser.post(CHALLENGE, { code, _csrf: await browser.csrf() });
    return { status, inside: (await browser.get('/reports')).status === 200 };
  }

  it('are asked for at the next login, whatever way the secret was kept in', async () => {
    const { app, door } = await hosted();
    const now = () => world().clock.now();
    for (const [user, secret, encoding] of [
      ['user1', 'jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp', 'base32'],
      ['user2', HEX, 'hex'],
      ['user3', Buffer.from(HEX, 'hex').toString('base64'), 'base64'],
    ] as const) {
      const id = `${user}@acme`;
      const result = await door.subjects.import(
        { id, tenantId: 'acme' },
        { totp: [{ secret, encoding, name: 'Old phone', createdAt: '2024-02-29T12:00:00Z' }] },
      );
      const factors = [{ method: 'totp', label: 'Old phone', outcome: 'added' }];
      assert.deepEqual(result, { kind: 'imported', factors });
      assert.deepEqual(await enters(app, authenticator(KEY, { now }).wrongCode(), id), {
        status: 422,
        inside: false,
      });
      const entered = await enters(app, authenticator(KEY, { now }).code(), id);
      assert.equal(entered.inside, true, encoding);
      const [kept] = (await world().store.readSubject(id)).enrollments;
      assert.equal(kept?.createdAt, Date.parse('2024-02-29T12:00:00Z'));
    }
  });

  it('keep their algorithm, digits and period, and secrets of ten bytes are verified', async () => {
    const { app, door } = await hosted();
    const now = () => world().clock.now();
    await door.subjects.import(SUBJECT, {
      totp: [
        { secret: KEY, algorithm: 'HMAC-SHA256', digits: 8, period: 60 },
        { secret: 'JBSWY3DPEHPK3PXP', name: 'Short' },
      ],
    });
    const long = authenticator(uri(KEY, '&algorithm=SHA256&digits=8&period=60'), { now });
    assert.equal((await enters(app, long.code())).inside, true);
    const short = authenticator('JBSWY3DPEHPK3PXP', { now });
    assert.equal((await enters(app, short.code())).inside, true);
  });

  it('are taken over once, sign nobody out, and stand in the history', async () => {
    const { door, events } = await hosted();
    const totp = [{ secret: KEY, name: 'Phone' }];
    const before = await world().store.readSubject(SUBJECT.id);
    const [one, two] = await Promise.all([
      door.subjects.import(SUBJECT, { totp }, { actorId: 'migration' }),
      door.subjects.import(SUBJECT, { totp }, { actorId: 'migration' }),
    ]);
    const outcomes = [one, two].flatMap(({ factors }) => factors.map(({ outcome }) => outcome));
    assert.deepEqual(outcomes.sort(), ['added', 'present']);
    const record = await world().store.readSubject(SUBJECT.id);
    assert.equal(record.enrollments.length, 1);
    assert.equal(record.epoch, before.epoch);
    const told = events.filter(({ type }) => type === 'enrollment.imported');
    assert.equal(told.length, 1);
    assert.equal(told[0]?.actorId, 'migration');
    // It is written beside the answer.
    const kept = await eventually(async () => {
      const [first] = await world().store.readHistory(SUBJECT.id, { before: null, limit: 5 });
      return first;
    });
    assert.equal(kept?.type, 'enrollment.imported');
    assert.doesNotMatch(JSON.stringify([events, kept]), new RegExp(KEY));
  });

  it('are no more than a person may have', async () => {
    const { door } = await hosted();
    const totp = Array.from({ length: 7 }, (_, at) => ({
      secret: `${KEY.slice(0, -1)}${'ABCDEFG'[at]}`,
    }));
    const { factors } = await door.subjects.import(SUBJECT, { totp });
    assert.deepEqual(
      factors.map(({ outcome }) => outcome),
      [...Array(5).fill('added'), 'too-many', 'too-many'],
    );
  });

  it('do not come back after a reset, a removal, nor for whoever was deleted', async () => {
    const { door } = await hosted();
    const totp = [{ secret: KEY }];
    await door.subjects.import(SUBJECT, { totp });
    await door.subjects.reset(SUBJECT);
    assert.deepEqual(await door.subjects.import(SUBJECT, { totp }), {
      kind: 'removed',
      factors: [],
    });
    assert.deepEqual((await world().store.readSubject(SUBJECT.id)).enrollments, []);
    for (const [at, take] of [
      async (id: string) => {
        const { enrollments, epoch } = await world().store.readSubject(id);
        assert.ok(await world().store.unenroll(id, String(enrollments[0]?.id), epoch));
      },
      (id: string) => door.subjects.delete({ id, tenantId: 'acme' }),
    ].entries()) {
      const one = { id: `gone${at}@acme`, tenantId: 'acme' };
      await door.subjects.import(one, { totp });
      await take(one.id);
      assert.equal((await door.subjects.import(one, { totp })).kind, 'removed');
      assert.deepEqual((await world().store.readSubject(one.id)).enrollments, []);
    }
    // Who was reset before anything was here has lost the phone that was to be imported.
    const never = { id: 'user3@acme', tenantId: 'acme' };
    await door.subjects.reset(never);
    assert.equal((await door.subjects.import(never, { totp })).kind, 'removed');
    assert.deepEqual((await world().store.readSubject(never.id)).enrollments, []);
    // A changed password has taken nothing away.
    const other = { id: 'user2@acme', tenantId: 'acme' };
    await door.subjects.passwordChanged(other);
    assert.equal((await door.subjects.import(other, { totp })).kind, 'imported');
  });

  it('leave no way to activate something beside them on the password alone', async () => {
    const { app, door } = await hosted();
    const browser = new Browser(app);
    await browser.login(SUBJECT.id);
    const { body } = await browser.json('get', '/two-factor/activate/totp');
    await door.subjects.import(SUBJECT, { totp: [{ secret: KEY }] });
    const now = () => world().clock.now();
    const { csrfToken: _csrf, enrollment, key } = body;
    const code = authenticator(key, { now }).code();
    await browser.post('/two-factor/activate/totp', { code, enrollment, _csrf });
    assert.notEqual((await browser.get('/reports')).status, 200);
    assert.equal((await world().store.readSubject(SUBJECT.id)).enrollments.length, 1);
  });

  for (const [what, factors, pattern] of [
    ['no object', null, /expected object/],
    ['a method that there is not', { sms: [{ secret: KEY }] }, /sms/],
    ['no list', { totp: { secret: KEY } }, /^.*totp: /],
    ['no secret', { totp: [{ name: 'x' }] }, /totp\.0\.secret/],
    ['a field that there is not', { totp: [{ secret: KEY, issuer: 'x' }] }, /issuer/],
    ['another encoding', { totp: [{ secret: 'not base32!' }] }, /not written in base32/],
    ['half a byte', { totp: [{ secret: `${HEX}0`, encoding: 'hex' }] }, /not written in hex/],
    ['a short secret', { totp: [{ secret: 'JBSWY3DP' }] }, /has 5 bytes, read as base32; 10 to 64/],
    ['seven digits', { totp: [{ secret: KEY, digits: 7 }] }, /totp\.0\.digits/],
    ['no period', { totp: [{ secret: KEY, period: 0 }] }, /totp\.0\.period/],
    ['an unknown algorithm', { totp: [{ secret: KEY, algorithm: 'md5' }] }, /totp\.0\.algorithm/],
    ['a date of no form', { totp: [{ secret: KEY, createdAt: 'May' }] }, /totp\.0\.createdAt/],
    ['a name too long', { totp: [{ secret: KEY, name: 'x'.repeat(65) }] }, /totp\.0\.name/],
    ['a secret in the place of a name', { totp: [{ [KEY]: '' }] }, /no such field/],
    ['a secret in the place of a method', { [KEY]: [] }, /no such field/],
    ['too many', { totp: Array.from({ length: 21 }, () => ({ secret: KEY })) }, /totp: /],
  ] as const) {
    it(`are refused where they are not right, naming no secret: ${what}`, async () => {
      const { door } = await hosted();
      const given = door.subjects.import(SUBJECT, factors as never);
      const secrets = JSON.stringify(factors ?? '').match(/(?<="secret":")[^"]+/g) ?? [];
      for (const secret of [...secrets, KEY]) {
        await assert.rejects(given, refuses(pattern, secret));
      }
      assert.deepEqual((await world().store.readSubject(SUBJECT.id)).enrollments, []);
    });
  }
});
