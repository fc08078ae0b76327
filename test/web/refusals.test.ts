import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CsrfProtection } from 'sallyport';
import { type HostOptions, host } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { raw } from '../support/raw.js';

/** A host whose guard of the forms answers each with this error; and a browser between its doors. */
async function refused(error: unknown, options: HostOptions = {}) {
  const csrf: CsrfProtection = {
    token: () => 'token',
    protect: (_req, _res, next) => next(error),
  };
  const made = await host({ ...options, options: { csrf, ...options.options } });
  const browser = new Browser(made.app);
  await browser.login('user1@acme');
  return { ...made, browser };
}

const SIGN_OUT = '/two-factor/sign-out';
const UNAVAILABLE = {
  error: 'unavailable',
  message: 'Your sign-in cannot be checked right now, so nobody is let in.',
};
const UNREAD = { error: 'invalid_request', message: 'The request could not be read.' };

const h1 = (text: string) => /<h1[^>]*>([^<]*)</.exec(text)?.[1];

describe('an error of somebody else', () => {
  const http = (status: unknown, expose?: boolean) =>
    Object.assign(new Error('secret'), { status, ...(expose === undefined ? {} : { expose }) });

  it('is the 4xx that it says it is, if it may be told', async () => {
    for (const [status, heading] of [
      [400, 'That request was not understood'],
      [413, 'That was too much'],
      [415, 'That did not work'],
      [499, 'That did not work'],
    ] as const) {
      const { browser, errors, events } = await refused(http(status, true));
      const json = await browser.json('post', SIGN_OUT, {});
      assert.deepEqual([json.status, json.body], [status, UNREAD]);
      const page = await browser.post(SIGN_OUT);
      assert.deepEqual([page.status, h1(page.text)], [status, heading]);
      assert.match(page.text, /The request could not be read\./);
      assert.match(page.text, />Go on</);
      assert.doesNotMatch(page.text, /secret/);
      assert.deepEqual([errors, events], [[], []]);
      assert.equal(page.headers['retry-after'], undefined);
    }
  });

  it('is a 503 otherwise', async () => {
    for (const error of [
      http(404),
      http(404, false),
      http(399, true),
      http(500, true),
      http('404', true),
      http(undefined, true),
      'a text',
    ]) {
      const { browser, errors, events } = await refused(error);
      const { status, body, headers } = await browser.json('post', SIGN_OUT, {});
      assert.deepEqual([status, body], [503, UNAVAILABLE]);
      assert.equal(headers['retry-after'], '5');
      assert.deepEqual(errors, [error]);
      const [event] = events;
      assert.deepEqual([event?.type, event?.detail], ['unavailable', 'unexpected']);
      assert.match(event?.from ?? '', /127\.0\.0\.1$/);
    }
  });
});

describe('the page of a 503', () => {
  const down: HostOptions = {
    policy: () => {
      throw new Error('down');
    },
  };

  it('says what to do, and leads to the page that failed', async () => {
    const { browser } = await refused(new Error('down'), down);
    const { status, text } = await browser.get('/reports?a=b');
    assert.equal(status, 503);
    assert.match(text, /<title>Please try again in a moment – /);
    assert.equal(h1(text), 'Please try again in a moment');
    assert.ok(text.includes(UNAVAILABLE.message));
    assert.match(
      text,
      /Wait a few seconds and try again; if it goes on, tell your administrator\./,
    );
    assert.match(text, /href="\/reports\?a=b"[^>]*>Try again</);
  });

  it('of a form says that it may have been done, and leads home', async () => {
    const { browser } = await refused(new Error('down'));
    const { status, text } = await browser.post(SIGN_OUT);
    assert.equal(status, 503);
    assert.match(text, /Wait a few seconds, and look whether it was done before you try again;/);
    assert.match(text, /href="\/"[^>]*>Try again</);
    assert.doesNotMatch(text, /href="[^"]*sign-out/);
  });

  it('is one line of text where it cannot be made', async () => {
    const views = await mkdtemp(join(tmpdir(), 'sallyport-views-'));
    try {
      await writeFile(join(views, 'message.ejs'), '<%= nothing.at.all %>');
      const { browser, errors } = await refused(new Error('down'), { ...down, options: { views } });
      errors.length = 0;
      const { status, text, headers } = await browser.get('/reports');
      assert.equal(status, 503);
      assert.equal(text, 'Two-factor authentication is unavailable.');
      assert.match(String(headers['content-type']), /^text\/plain/);
      assert.deepEqual(
        errors.map((error) => (error as { code?: string }).code),
        ['ERR_POLICY', 'ERR_VIEW'],
      );
    } finally {
      await rm(views, { recursive: true });
    }
  });

  it('is none where an answer has begun: the connection ends', async () => {
    const { app, browser } = await refused(null, {
      options: {
        csrf: {
          token: () => 'token',
          protect(_req, res, next) {
            res.write('half an answer');
            next(new Error('down'));
          },
        },
      },
    });
    await assert.rejects(
      raw(app, { method: 'POST', path: SIGN_OUT, as: browser, body: '' }),
      (error: NodeJS.ErrnoException) =>
        error.code === 'ECONNRESET' || /aborted/.test(error.message),
    );
  });
});

describe('a refusal of ours', () => {
  it('says so in its heading, and leads on', async () => {
    const { app } = await host();
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const lost = await browser.get('/two-factor/nowhere');
    assert.deepEqual([lost.status, h1(lost.text)], [404, 'There is no such page']);
    assert.match(lost.text, /href="\/"[^>]*>Go on</);
    assert.equal(lost.headers['retry-after'], undefined);
    const forged = await browser.post(SIGN_OUT, { _csrf: 'forged' });
    assert.deepEqual([forged.status, h1(forged.text)], [403, 'Please try that again']);
    const words =
      'This page was open for too long, or the form did not come from it. Please try again.';
    assert.ok(forged.text.includes(words));
    const json = await browser.json('post', SIGN_OUT, { _csrf: 'forged' });
    assert.deepEqual(json.body, { error: 'csrf_token_invalid', message: words });
  });

  it('of a body that cannot be read says so', async () => {
    const { app } = await host();
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const { status, text } = await raw(app, {
      ...{ method: 'POST', path: SIGN_OUT, as: browser, body: '{' },
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    });
    assert.deepEqual([status, JSON.parse(text)], [400, UNREAD]);
  });

  it('of fields that nobody asked for names those that may be sent', async () => {
    const { app } = await host();
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const _csrf = await browser.csrf();
    for (const [path, names, values] of [
      [SIGN_OUT, 'no fields', {}],
      [
        '/two-factor/activate/totp',
        'code, enrollment, name',
        { values: { names: 'code, enrollment, name' } },
      ],
    ] as const) {
      const { status, body } = await browser.json('post', path, { _csrf, surplus: 'x' });
      assert.equal(status, 400);
      assert.deepEqual(body, {
        error: 'invalid_request',
        message: `The form was not understood: only ${names} may be sent, each as one text.`,
        ...values,
      });
    }
  });
});
