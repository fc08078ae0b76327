import assert from 'node:assert/strict';
import type { Request } from 'express';
import {
  type Door,
  emptySubject,
  type PolicyInput,
  type Subject,
  type TokenCheck,
} from 'sallyport';
import { type Host, type HostOptions, KEY } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { eventually } from '../support/redis.js';
import { journeysOnAllStores, TOTP_ONLY } from '../support/worlds.js';

const USER = 'user1@acme';
const SUBJECT: Subject = { id: USER, tenantId: 'acme', label: USER };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

journeysOnAllStores('door.token', (world) => {
  let policy: PolicyInput;

  const options = (more: HostOptions = {}): HostOptions => ({
    policy: () => policy,
    gate: { exempt: ['POST /anywhere'] },
    routes(app, door) {
      const issue = (req: Request) =>
        door.token.issue(
          req,
          req.query.age === undefined ? {} : { maxAge: `${Number(req.query.age)}h` },
        );
      app.post('/tokens', door.require({ maxAge: '5m' }), async (req, res, next) => {
        issue(req).then((issued) => res.json(issued), next);
      });
      for (const path of ['/anywhere', '/carelessly']) {
        app.post(path, async (req, res) => {
          issue(req).then(
            (issued) => res.json(issued),
            ({ status, error }) => res.status(status).json({ error }),
          );
        });
      }
    },
    ...more,
  });

  beforeEach(() => {
    policy = TOTP_ONLY;
  });

  const bySubject = (subject: Subject | null) => () => subject;
  const check = ({ door }: { door: Door }, token: unknown, subject: Subject | null = SUBJECT) =>
    door.token.check(token, bySubject(subject));

  async function issued(host: Host, age = '') {
    const browser = new Browser(host.app);
    const key = await browser.activate(USER, world().clock.now());
    const answer = await browser.json('post', `/tokens${age}`, {});
    assert.equal(answer.status, 200);
    return { browser, key, ...(answer.body as { token: string; id: string; expiresAt: string }) };
  }

  const why = ({ valid, why: reason, subject }: TokenCheck) => {
    assert.equal(subject === null, !valid, 'a subject is told of a valid token alone');
    return reason;
  };

  it('counts on every process as what was proven, as long as it was made for', async () => {
    const [here, there] = [await world().host(options()), await world().host(options())];
    const { token, id, expiresAt } = await issued(here, '?age=720');
    const start = world().clock.now();
    assert.equal(expiresAt, new Date(start + 30 * DAY).toISOString());
    world().clock.advance(30 * DAY - 1);
    const found = await check(there, token);
    assert(found.valid);
    assert.deepEqual([found.why, found.id, found.subject], ['proven', id, SUBJECT]);
    assert.deepEqual(found.expiresAt, new Date(expiresAt));
    const { enrollments } = await world().store.readSubject(USER);
    assert.deepEqual(found.assurance, [
      {
        ...{ method: 'totp', enrollmentId: enrollments[0]?.id, at: new Date(start) },
        phishingResistant: false,
      },
    ]);
    assert.deepEqual(found.policy.methods, ['totp']);
    world().clock.advance(1);
    assert.equal(why(await check(there, token)), 'expired');
  });

  it('lasts as long as a proof does, if nothing is said', async () => {
    const host = await world().host(options());
    const { token } = await issued(host);
    world().clock.advance(12 * HOUR - 1);
    assert.equal(why(await check(host, token)), 'proven');
    world().clock.advance(1);
    assert.equal(why(await check(host, token)), 'expired');
  });

  it('is in the trail, with its id and nothing that opens anything', async () => {
    const host = await world().host(options());
    const { token, id, expiresAt } = await issued(host);
    const event = host.events.find(({ type }) => type === 'token.issued');
    assert.equal(event?.detail, `${id}, until ${expiresAt}`);
    assert.equal(event?.subjectId, USER);
    assert.ok(!JSON.stringify(host.events).includes(token.slice(10)));
    const text = Buffer.from(token, 'base64url').toString('latin1');
    assert.doesNotMatch(text, /user1|acme|totp/);
  });

  const ENDS: Readonly<Record<string, (host: Host) => Promise<unknown>>> = {
    'a reset': ({ door }) => door.subjects.reset(SUBJECT),
    'the end of all sessions': ({ door }) => door.subjects.endSessions(SUBJECT),
    'a changed password': ({ door }) => door.subjects.passwordChanged(SUBJECT),
    'the removal of the user': ({ door }) => door.subjects.delete(SUBJECT),
    'a reset, and activation anew': async (host) => {
      await host.door.subjects.reset(SUBJECT);
      await new Browser(host.app).activate(USER, world().clock.now());
    },
  };
  for (const [name, end] of Object.entries(ENDS)) {
    it(`is void after ${name}, on every process, whatever the policy`, async () => {
      const [here, there] = [await world().host(options()), await world().host(options())];
      const { token } = await issued(here, '?age=720');
      assert.equal(why(await check(there, token)), 'proven');
      await end(here);
      await eventually(async () => why(await check(there, token)) === 'session-ended');
      policy = { mode: 'off' };
      assert.equal(why(await check(there, token)), 'session-ended');
    });
  }

  it('outlives a logout, and the sessions that one proof has opened', async () => {
    const host = await world().host(options());
    const { token, browser } = await issued(host, '?age=720');
    await browser.post('/logout');
    world().clock.advance(20 * DAY);
    assert.equal(why(await check(host, token)), 'proven');
  });

  it('is void once the policy asks for more, and good again when it does not', async () => {
    const host = await world().host(options());
    const { token } = await issued(host, '?age=720');
    policy = { mode: 'required', methods: ['security-key'] };
    assert.equal(why(await check(host, token)), 'method-not-accepted');
    policy = { ...TOTP_ONLY, maxAgeSeconds: 3600 };
    assert.equal(why(await check(host, token)), 'proven');
    world().clock.advance(HOUR);
    assert.equal(why(await check(host, token)), 'not-proven');
    policy = TOTP_ONLY;
    assert.equal(why(await check(host, token)), 'proven');
  });

  it('says the earlier of its own end and the policy’s', async () => {
    const host = await world().host(options());
    const { token } = await issued(host, '?age=720');
    policy = { ...TOTP_ONLY, maxAgeSeconds: 3600 };
    const found = await check(host, token);
    assert.deepEqual(found.valid && found.expiresAt, new Date(world().clock.now() + HOUR));
  });

  it('that was made where nothing was demanded proves nothing later', async () => {
    policy = { mode: 'off' };
    const host = await world().host(options());
    const browser = new Browser(host.app);
    await browser.login(USER);
    const { token } = (await browser.json('post', '/anywhere', {})).body;
    const found = await check(host, token);
    assert.deepEqual([why(found), found.valid && found.assurance], ['policy-off', []]);
    policy = { mode: 'optional' };
    assert.equal(why(await check(host, token)), 'not-enrolled');
    policy = TOTP_ONLY;
    assert.equal(why(await check(host, token)), 'required');
    await new Browser(host.app).activate(USER, world().clock.now());
    assert.equal(why(await check(host, token)), 'not-proven');
    policy = { mode: 'off' };
    assert.equal(why(await check(host, token)), 'policy-off');
  });

  it('that was made in a grace period ends with it', async () => {
    const end = world().clock.now() + HOUR;
    policy = { ...TOTP_ONLY, graceUntil: new Date(end) };
    const host = await world().host(options());
    const browser = new Browser(host.app);
    await browser.login(USER);
    await browser.post('/two-factor/postpone', { _csrf: await browser.csrf() });
    const { token } = (await browser.json('post', '/anywhere?age=720', {})).body;
    assert.equal(why(await check(host, token)), 'postponed');
    policy = { ...TOTP_ONLY, graceUntil: new Date(end + DAY) };
    assert.equal(why(await check(host, token)), 'required', 'another end than the one agreed to');
    policy = { ...TOTP_ONLY, graceUntil: new Date(end) };
    world().clock.advance(HOUR);
    assert.equal(why(await check(host, token)), 'required');
  });

  it('is not made for nobody, between the doors, or after the end', async () => {
    const host = await world().host(options());
    const nobody = await new Browser(host.app).json('post', '/anywhere', {});
    assert.deepEqual([nobody.status, nobody.body.error], [401, 'authentication_required']);
    const between = new Browser(host.app);
    await between.login(USER);
    const toActivate = await between.json('post', '/anywhere', {});
    assert.deepEqual([toActivate.status, toActivate.body.error], [401, 'second_factor_required']);
    const { browser } = await issued(host);
    const passwordOnly = new Browser(host.app);
    await passwordOnly.login(USER);
    const toAnswer = await passwordOnly.json('post', '/anywhere', {});
    assert.deepEqual([toAnswer.status, toAnswer.body.error], [401, 'second_factor_required']);
    await host.door.subjects.endSessions(SUBJECT);
    assert.equal(
      (await browser.json('post', '/anywhere', {})).body.error,
      'authentication_required',
    );
    assert.equal(host.events.filter(({ type }) => type === 'token.issued').length, 1);
  });

  it('is not made of a remembered device', async () => {
    policy = { ...TOTP_ONLY, rememberDeviceSeconds: 86_400 };
    const host = await world().host(options());
    const { browser, key } = await issued(host);
    await browser.post('/logout');
    await browser.login(USER);
    world().clock.advance(30_000);
    const code = codeAt(key, world().clock.now());
    const answer = { code, remember: '1', _csrf: await browser.csrf() };
    assert.equal((await browser.post('/two-factor/challenge/totp', answer)).status, 303);
    await browser.post('/logout');
    await browser.login(USER);
    assert.equal((await browser.get('/reports')).headers.location, '/reports', 'recognized');
    assert.equal((await browser.get('/reports')).status, 200);
    const refused = await browser.json('post', '/carelessly', {});
    assert.deepEqual([refused.status, refused.body.error], [401, 'second_factor_required']);
  });

  it('is nobody’s who is gone, and counts in its own organization alone', async () => {
    const host = await world().host(options());
    const { token } = await issued(host);
    assert.equal(why(await check(host, token, null)), 'unknown-subject');
    assert.equal(why(await check(host, token, { ...SUBJECT, tenantId: 'globex' })), 'moved');
    const asked: unknown[] = [];
    await host.door.token.check(token, async (...given) => {
      asked.push(given);
      return null;
    });
    assert.deepEqual(asked, [[USER, 'acme']]);
  });

  it('cannot be told where the host’s own function fails, gives another, or hangs', async () => {
    const host = await world().host(options({ options: { policyTimeout: '20ms' } }));
    const { token } = await issued(host);
    const broken = new Error('database');
    const failed = /^find\(id\) of token\.check failed$/;
    const another =
      /gave another subject than the one asked for: 'user2@acme' in the place of 'user1@acme'$/;
    const fails: readonly (readonly [
      () => never | Subject | Promise<Subject>,
      message: RegExp,
      cause?: Error,
    ])[] = [
      [
        () => {
          throw broken;
        },
        failed,
        broken,
      ],
      [() => Promise.reject(broken), failed, broken],
      [() => new Promise(() => {}), failed],
      [() => ({ ...SUBJECT, id: 'user2@acme' }), another],
      [() => ({ ...SUBJECT, id: 7 as unknown as string }), /^find\(id\) of token\.check/],
    ];
    for (const [find, message, cause] of fails) {
      await assert.rejects(host.door.token.check(token, find), {
        ...{ code: 'ERR_SUBJECT', status: 503, message },
        ...(cause && { cause }),
      });
    }
    policy = { mode: 'nonsense' } as unknown as PolicyInput;
    await assert.rejects(check(host, token), { code: 'ERR_POLICY', status: 503 });
  });

  it('is another door’s, damaged, or none: unreadable, without a word of why', async () => {
    const host = await world().host(options());
    const { token } = await issued(host);
    const asks = () => assert.fail('nobody is asked for');
    const bytes = Buffer.from(token, 'base64url');
    const flipped = Array.from(bytes, (byte, at) =>
      Buffer.from(bytes.with(at, byte ^ 1)).toString('base64url'),
    );
    const others = ['', 'x', token.slice(0, -2), `${token}AAAA`, `${token}=`, ` ${token}`, '%'];
    const strange = [null, undefined, 7, {}, [token], Buffer.from(token), 'A'.repeat(100_000)];
    for (const one of [...flipped, ...others, ...strange]) {
      const found = await host.door.token.check(one, asks);
      assert.deepEqual(found, { valid: false, why: 'unreadable', subject: null });
    }
    const elsewhere = await Promise.all([
      world().host({ options: { path: '/second' } }),
      world().host({ options: { origin: 'https://other.example' } }),
      world().host({ options: { keys: [Buffer.alloc(32, 9).toString('base64')] } }),
    ]);
    for (const other of elsewhere) {
      assert.equal(why(await other.door.token.check(token, asks)), 'unreadable');
    }
  });

  it('proves nothing at another door that seals with the same keys behind a lookup', async () => {
    const origin = (host: string) => `http://${host}`;
    const host = await world().host(options({ options: { origin } }));
    const { token } = await issued(host);
    assert.equal(why(await check(host, token)), 'proven');
    const { store } = await world().elsewhere();
    const other = await world().host({ store, options: { origin }, policy: () => policy });
    await new Browser(other.app).activate(USER, world().clock.now());
    assert.equal(why(await check(other, token)), 'not-proven');
  });

  it('is no ended one on a process that has not heard of its epoch yet', async () => {
    const host = await world().host(options());
    await host.door.subjects.endSessions(SUBJECT);
    const { token } = await issued(host);
    const behind = await world().host((store) => ({
      ...options(),
      store: new Proxy(store, {
        get: (target, name) =>
          name === 'readSubject' ? () => emptySubject : Reflect.get(target, name, target),
      }),
    }));
    assert.equal(why(await check(behind, token)), 'proven');
  });

  it('is read with an older key', async () => {
    const { token } = await issued(await world().host(options()));
    const rotated = await world().host({
      options: { keys: [Buffer.alloc(32, 9).toString('base64'), KEY] },
      policy: () => policy,
    });
    assert.equal(why(await check(rotated, token)), 'proven');
  });

  it('refuses options that it does not have', async () => {
    const { door } = await world().host(options());
    const request = {} as Request;
    for (const wrong of [{ maxage: '1h' }, { maxAge: 3600 }, { maxAge: '-1h' }]) {
      await assert.rejects(door.token.issue(request, wrong as never), { code: 'ERR_OPTION' });
    }
    await assert.rejects(door.token.check('x', SUBJECT as never), { code: 'ERR_OPTION' });
  });
});
