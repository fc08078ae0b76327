import assert from 'node:assert/strict';
import type { Express } from 'express';
import { Browser, codeAt } from '../support/browser.js';
import { raw } from '../support/raw.js';
import { journeys, TOTP_ONLY } from '../support/worlds.js';

const ACTIVATE = '/two-factor/activate/totp';
const CHALLENGE = '/two-factor/challenge/totp';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

journeys('bad input', (world) => {
  const now = () => world().clock.now();

  /** One between the doors who is about to activate, and one who is challenged. */
  async function victims(app: Express) {
    const key = await new Browser(app).activate('user2@acme', now());
    world().clock.advance(30_000);
    const challenged = new Browser(app);
    await challenged.login('user2@acme');
    const activating = new Browser(app);
    await activating.login('user1@acme');
    const form = await activating.totpForm();
    return {
      activate: {
        browser: activating,
        code: codeAt(form.key, now()),
        enrollment: form.enrollment,
        _csrf: form._csrf,
      },
      challenge: { browser: challenged, code: codeAt(key, now()), _csrf: await challenged.csrf() },
    };
  }

  /** Each body is what it takes, right token and right code included, with one thing wrong. */
  type Right = { code: string; enrollment?: string; _csrf: string };
  const WRONG: readonly (readonly [string, string, (right: Right) => string | Buffer])[] = [
    ['an unknown field', FORM, (right) => `${form(right)}&admin=1`],
    ['a code given twice', FORM, (right) => `${form(right)}&code=000000`],
    ['a code as a list', FORM, (right) => form(right).replace('code=', 'code[]=')],
    ['a code in an object', FORM, (right) => form(right).replace('code=', 'code[x]=')],
    ['a code for the prototype', FORM, (right) => `${form(right)}&__proto__[code]=1`],
    ['a field of 300 characters', FORM, (right) => form({ ...right, code: '1'.repeat(300) })],
    ['no code', FORM, ({ code: _code, ...right }) => form(right)],
    ['an empty code', FORM, (right) => form({ ...right, code: '' })],
    ['letters', FORM, (right) => form({ ...right, code: 'abcdef' })],
    ['a code and a letter', FORM, (right) => form({ ...right, code: `${right.code}a` })],
    ['a code that is too long', FORM, (right) => form({ ...right, code: `${right.code}0` })],
    ['a code that is too short', FORM, (right) => form({ ...right, code: right.code.slice(1) })],
    ['two codes in one', FORM, (right) => form({ ...right, code: `${right.code} 000000` })],
    ['Arabic digits', FORM, (right) => form({ ...right, code: inScript(right.code, 0x660) })],
    ['an exponent', FORM, (right) => form({ ...right, code: '1e5000' })],
    ['broken percent signs', FORM, (right) => `${form(right)}&%E0%A4%A=1`],
    ['a thousand fields', FORM, (right) => `${form(right)}&${'x=1&'.repeat(1000)}`],
    ['a form of a megabyte', FORM, (right) => `${form(right)}&x=${'x'.repeat(1 << 20)}`],
    ['a number', JSON_TYPE, (right) => JSON.stringify({ ...right, code: Number(right.code) })],
    ['a list', JSON_TYPE, (right) => JSON.stringify({ ...right, code: [right.code] })],
    ['an object', JSON_TYPE, (right) => JSON.stringify({ ...right, code: { code: right.code } })],
    ['true', JSON_TYPE, (right) => JSON.stringify({ ...right, code: true })],
    ['null', JSON_TYPE, (right) => JSON.stringify({ ...right, code: null })],
    ['an unknown field in JSON', JSON_TYPE, (right) => JSON.stringify({ ...right, admin: 'yes' })],
    ['a session id', JSON_TYPE, (right) => JSON.stringify({ ...right, session: 'x' })],
    [
      'a subject',
      JSON_TYPE,
      (right) => JSON.stringify({ ...right, subject: { id: 'user2@acme' } }),
    ],
    [
      'a prototype',
      JSON_TYPE,
      (right) =>
        `{"__proto__":{"code":"1"},${JSON.stringify(right)
          .slice(1)
          .replace(/"code":"\d+",?/, '')}`,
    ],
    ['a list of answers', JSON_TYPE, (right) => JSON.stringify([right])],
    ['a text', JSON_TYPE, (right) => JSON.stringify(right.code)],
    ['half of the JSON', JSON_TYPE, (right) => JSON.stringify(right).slice(0, -2)],
    ['JSON twice', JSON_TYPE, (right) => JSON.stringify(right).repeat(2)],
    ['no JSON at all', JSON_TYPE, (right) => form(right)],
    [
      'JSON of a megabyte',
      JSON_TYPE,
      (right) => JSON.stringify({ ...right, x: 'x'.repeat(1 << 20) }),
    ],
    [
      'JSON nested deeply',
      JSON_TYPE,
      (right) => `{"code":${'['.repeat(3000)}${']'.repeat(3000)},"_csrf":"${right._csrf}"}`,
    ],
    [
      'JSON in an unknown charset',
      `${JSON_TYPE}; charset=x-nonsense`,
      (right) => JSON.stringify(right),
    ],
    ['a form in an unknown charset', `${FORM}; charset=x-nonsense`, form],
    ['a form that claims to be compressed', FORM, form],
    ['text', 'text/plain', form],
    ['XML', 'application/xml', () => '<code>1</code>'],
    [
      'parts',
      'multipart/form-data; boundary=x',
      () => '--x\r\ncontent-disposition: form-data; name="code"\r\n\r\n1\r\n--x--',
    ],
    ['no type', '', form],
    ['bytes', 'application/octet-stream', () => Buffer.from([0, 255, 1, 254])],
  ];

  function form(fields: object): string {
    return new URLSearchParams(fields as Record<string, string>).toString();
  }

  function inScript(code: string, zero: number): string {
    return code.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));
  }

  it('is a 4xx, changes nothing and counts for no attempt', async () => {
    const { app, events } = await world().host();
    const { activate, challenge } = await victims(app);
    events.splice(0);
    for (const [path, { browser, ...right }] of [
      [ACTIVATE, activate],
      [CHALLENGE, challenge],
    ] as const) {
      for (const [what, type, body] of WRONG) {
        for (const accept of ['text/html', 'application/json']) {
          const answer = await raw(app, {
            method: 'POST',
            path,
            as: browser,
            headers: {
              accept,
              'x-csrf-token': right._csrf,
              ...(type ? { 'content-type': type } : {}),
              ...(what.includes('compressed') ? { 'content-encoding': 'gzip' } : {}),
            },
            body: body(right),
          });
          const named = `${what} to ${path}, ${accept}`;
          assert.ok(answer.status >= 400 && answer.status < 500, `${named}: ${answer.status}`);
          assert.ok(answer.status !== 429, `${named} was counted`);
          assert.match(
            String(answer.headers['content-type']),
            accept === 'text/html' ? /^text\/html/ : /^application\/json/,
            named,
          );
          assert.equal(answer.headers['cache-control'], 'no-store', named);
          assert.equal(answer.text.includes(right.code), false, `${named} echoes the code`);
        }
      }
    }
    assert.deepEqual(events, []);
    const { store } = world();
    assert.deepEqual((await store.readSubject('user1@acme')).enrollments, []);

    // Both are still where they were: not one attempt was lost.
    const activated = await activate.browser.post(ACTIVATE, {
      code: activate.code,
      enrollment: activate.enrollment,
      _csrf: activate._csrf,
    });
    assert.equal(activated.status, 303);
    const opened = await challenge.browser.post(CHALLENGE, {
      code: challenge.code,
      _csrf: challenge._csrf,
    });
    assert.equal(opened.status, 303);
  });

  it('is a 4xx where no field is expected', async () => {
    const graceUntil = new Date(now() + 3_600_000);
    const { app } = await world().host({ policy: () => ({ ...TOTP_ONLY, graceUntil }) });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const { key, _csrf } = await browser.totpForm();
    for (const path of [`${ACTIVATE}/restart`, '/two-factor/postpone', '/two-factor/sign-out']) {
      for (const extra of [
        { code: '1' },
        { until: '2099-01-01' },
        { url: 'https://evil.example' },
      ]) {
        assert.equal((await browser.post(path, { ...extra, _csrf })).status, 400, path);
        assert.equal((await browser.json('post', path, { ...extra, _csrf })).status, 400, path);
      }
    }
    assert.equal((await browser.totpForm()).key, key);
    assert.equal((await browser.get('/reports')).status, 303);
  });

  it('in an enrollment’s name is no other enrollment', async () => {
    const { app } = await world().host();
    const { activate } = await victims(app);
    const { browser, code, _csrf } = activate;
    for (const enrollment of ['', 'x', `${activate.enrollment}x`, '__proto__', '*']) {
      const answer = await browser.json('post', ACTIVATE, { code, enrollment, _csrf });
      assert.equal(answer.status, 422, enrollment);
      assert.equal(answer.body.error, 'superseded', enrollment);
    }
    assert.deepEqual((await world().store.readSubject('user1@acme')).enrollments, []);
  });

  it('in a method’s name is a 404', async () => {
    const { app } = await world().host();
    const { activate, challenge } = await victims(app);
    for (const name of [
      'duo',
      'sms',
      'TOTP',
      'totp ',
      '__proto__',
      'constructor',
      'toString',
      '%00',
      '..%2ftotp',
    ]) {
      const encoded = name.replace(' ', '%20');
      for (const [path, { browser, _csrf }] of [
        [`/two-factor/activate/${encoded}`, activate],
        [`/two-factor/challenge/${encoded}`, challenge],
      ] as const) {
        assert.equal((await raw(app, { path, as: browser })).status, 404, `GET ${path}`);
        const headers = { 'x-csrf-token': _csrf, 'content-type': JSON_TYPE };
        const posted = await raw(app, {
          method: 'POST',
          path,
          as: browser,
          headers,
          body: '{"code":"123456"}',
        });
        assert.equal(posted.status, 404, `POST ${path}`);
      }
    }
  });

  it('in a path that is no text at all is a 4xx', async () => {
    const { app } = await world().host();
    const { activate } = await victims(app);
    for (const path of [
      '/two-factor/activate/%',
      '/two-factor/challenge/%ff',
      '/two-factor/activate/%E0%A4%A',
    ]) {
      const { status } = await raw(app, { path, as: activate.browser });
      assert.ok(status >= 400 && status < 500, `${path}: ${status}`);
    }
  });
});
