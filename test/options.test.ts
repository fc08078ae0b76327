import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { memoryStore, SallyportError, type SallyportOptions, sallyport } from 'sallyport';
import { parseOptions } from '../src/options.js';
import { hostOptions, KEY } from './support/app.js';
import { withNodeEnv } from './support/node-env.js';

function refused(options: unknown): SallyportError {
  try {
    sallyport(options as SallyportOptions);
  } catch (error) {
    assert.ok(error instanceof SallyportError, inspect(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'the options were accepted' });
}

const without = (name: keyof SallyportOptions) => {
  const { [name]: _gone, ...rest } = hostOptions();
  return rest;
};

/** Option, a wrong value, how the message shows it. What would be right is told for each option below. */
const WRONG: readonly (readonly [string, unknown, string])[] = [
  ['origin', 'https://console.example/', "'https://console.example/'"],
  ['origin', 'https://console.example/app', "'https://console.example/app'"],
  ['origin', 'console.example', "'console.example'"],
  ['origin', 'HTTPS://CONSOLE.example', "'HTTPS://CONSOLE.example'"],
  ['origin', 'https://user:pass@console.example', "'https://user:pass@console.example'"],
  ['origin', 'ftp://console.example', "'ftp://console.example'"],
  ['origin', 'javascript:alert(1)', "'javascript:alert(1)'"],
  ['origin', new URL('https://console.example'), 'URL'],
  ['allowHttp', 'yes', "'yes'"],
  ['issuer', '', "''"],
  ['issuer', '   ', "'   '"],
  ['issuer', 'x'.repeat(65), 'xxx'],
  ['issuer', 5, '5'],
  ['issuer', 'Acme \ud83d', 'Acme'],
  ['keys', [], 'object'],
  ['keys', KEY, 'string'],
  ['store', {}, '{}'],
  ['store', null, 'null'],
  ['store', { readSubject() {} }, 'readSubject'],
  ['subject', 'user', "'user'"],
  ['policy', { mode: 'required' }, "mode: 'required'"],
  ['policy', null, 'null'],
  ['loginUrl', 'https://console.example/login', "'https://console.example/login'"],
  ['loginUrl', '//evil.example/login', "'//evil.example/login'"],
  ['loginUrl', '/\\evil.example', 'evil.example'],
  ['loginUrl', '/log in', "'/log in'"],
  ['loginUrl', 'login', "'login'"],
  ['baseUrl', '/console/', "'/console/'"],
  ['baseUrl', 'console', "'console'"],
  ['baseUrl', '//evil.example', "'//evil.example'"],
  ['loginUrl', '/two-factor/login', "'/two-factor/login'"],
  ['loginUrl', '', "''"],
  ['homeUrl', '//evil.example', "'//evil.example'"],
  ['homeUrl', 'home', "'home'"],
  ['messages', 'deutsch', "'deutsch'"],
  ['messages', { 'totp.title': 5 }, "'totp.title': 5"],
  ['messages', ['x'], "[ 'x' ]"],
  ['language', 'German!', "'German!'"],
  ['language', 5, '5'],
  ['path', 'two-factor', "'two-factor'"],
  ['path', '/two-factor/', "'/two-factor/'"],
  ['path', '/', "'/'"],
  ['path', '/:id', "'/:id'"],
  ['path', '//two-factor', "'//two-factor'"],
  ['maxAge', '12 hours', "'12 hours'"],
  ['maxAge', 3600, '3600'],
  ['maxAge', '0s', "'0s'"],
  ['maxAge', '-1h', "'-1h'"],
  ['maxAge', '1.5h', "'1.5h'"],
  ['pendingMaxAge', '', "''"],
  ['enrollmentMaxAge', null, 'null'],
  ['policyTimeout', 'soon', "'soon'"],
  ['sessionTimeout', Number.POSITIVE_INFINITY, 'Infinity'],
  ['branding', { name: 'Acme' }, "name: 'Acme'"],
  ['views', '', "''"],
  ['views', ['views'], 'views'],
  ['csrf', { token() {} }, 'token'],
  ['csrf', true, 'true'],
  ['passport', {}, '{}'],
  ['onEvent', 'log', "'log'"],
  ['onError', null, 'null'],
  ['methods', [], '[]'],
  ['methods', {}, '{}'],
  ['methodTimeout', 20, '20'],
];

const RIGHT: Readonly<Record<string, RegExp>> = {
  origin: /scheme, host and port without a path, e\.g\. 'https:\/\/console\.example\.com'/,
  allowHttp: /true or false/,
  issuer: /a text of 1 to 64 characters/,
  keys: /a list of keys, 32 bytes in base64 each/,
  store: /a store: memoryStore\(\), or redisStore\(client\)/,
  subject: /a function \(req\)/,
  policy: /a function \(subject\) => policy/,
  loginUrl: /local path of the login page, e\.g\. '\/login'/,
  homeUrl: /a local path, e\.g\. '\/'/,
  path: /without a slash at its end, e\.g\. '\/two-factor'/,
  baseUrl: /without a slash at its end, e\.g\. '\/console'/,
  maxAge: /a duration such as/,
  pendingMaxAge: /a duration such as/,
  enrollmentMaxAge: /a duration such as/,
  policyTimeout: /a duration such as/,
  sessionTimeout: /a duration such as/,
  methods: /a list of at least one method, each a method/,
  methodTimeout: /a duration such as '20s'/,
  branding: /a function \(subject or null\)/,
  views: /the path of a folder/,
  messages: /an object of sentences by their keys, e\.g\. \{ 'again\.heading': '/,
  language: /a language tag \(BCP 47\), e\.g\. 'de'/,
  csrf: /token\(req, res\) and protect/,
  passport: /a Passport instance/,
  onEvent: /a function \(event\)/,
  onError: /a function \(error\)/,
};

describe('the options', () => {
  it('have defaults for all that is not asked for', () => {
    const config = parseOptions(hostOptions());
    assert.deepEqual(
      {
        homeUrl: config.homeUrl,
        path: config.path,
        maxAgeMs: config.maxAgeMs,
        pendingMaxAgeMs: config.pendingMaxAgeMs,
        enrollmentMaxAgeMs: config.enrollmentMaxAgeMs,
        policyTimeoutMs: config.policyTimeoutMs,
        sessionTimeoutMs: config.sessionTimeoutMs,
        methodTimeoutMs: config.methodTimeoutMs,
      },
      {
        homeUrl: '/',
        path: '/two-factor',
        maxAgeMs: 12 * 3_600_000,
        pendingMaxAgeMs: 600_000,
        enrollmentMaxAgeMs: 600_000,
        policyTimeoutMs: 2000,
        sessionTimeoutMs: 2000,
        methodTimeoutMs: 20_000,
      },
    );
    assert.ok(Object.isFrozen(config));
  });

  describe('with an origin of plain HTTP', () => {
    const stderr = (run: () => void): string[] => {
      const { error } = console;
      const lines: string[] = [];
      console.error = (...line) => void lines.push(line.join(' '));
      try {
        run();
      } finally {
        console.error = error;
      }
      return lines;
    };
    const made = (origin: string, more: object = {}) =>
      stderr(() => void parseOptions({ ...hostOptions(), ...more, origin }));
    const BEYOND = ['http://console.example', 'http://192.168.1.5:3000', 'http://0.0.0.0:3000'];
    const DECEPTIVE = ['http://localhost.evil.example', 'http://127.0.0.1.evil.example'];
    const HERE = [
      ...['http://localhost', 'http://localhost:3000', 'http://console.localhost:3000'],
      ...['http://127.0.0.1:3000', 'http://127.1.2.3', 'http://[::1]:3000'],
    ];

    for (const origin of [...BEYOND, ...DECEPTIVE]) {
      it(`refuse ${origin} in production, and warn of it elsewhere`, async () => {
        await withNodeEnv('production', () => {
          assert.throws(
            () => made(origin),
            (error) => {
              assert.ok(error instanceof SallyportError);
              assert.equal(error.code, 'ERR_OPTION');
              assert.match(error.message, /^origin must be https: .*allowHttp: true/);
              assert.ok(error.message.endsWith(`, got '${origin}'`), error.message);
              return true;
            },
          );
          assert.deepEqual(made(origin, { allowHttp: true }), []);
        });
        for (const env of ['development', undefined]) {
          const lines = await withNodeEnv(env, () => made(origin));
          assert.equal(lines.length, 1);
          assert.match(String(lines[0]), /^sallyport: at http:.* can be read on their way/);
          assert.ok(lines[0]?.includes(origin));
          assert.deepEqual(await withNodeEnv(env, () => made(origin, { allowHttp: true })), []);
        }
      });
    }

    for (const origin of [...HERE, 'https://console.example']) {
      it(`take ${origin} without a word`, async () => {
        for (const env of ['production', 'development']) {
          assert.deepEqual(await withNodeEnv(env, () => made(origin)), []);
        }
      });
    }
  });

  it('take an object with resolve() for a policy, and call it as a method', () => {
    const policy = {
      mode: 'off' as const,
      resolve() {
        return { mode: this.mode };
      },
    };
    const config = parseOptions({ ...hostOptions(), policy });
    assert.ok(typeof config.policy === 'function');
    assert.deepEqual(config.policy({} as never, {} as never), { mode: 'off' });
  });

  for (const [name, value, shown] of WRONG) {
    it(`name ${name} when it is ${inspect(value, { depth: 0 })}`, () => {
      const [option = '', inner] = name.split('.');
      const given = inner ? { [inner]: value } : value;
      const error = refused({ ...hostOptions(), [option]: given });
      assert.equal(error.code, 'ERR_OPTION');
      assert.ok(error.message.startsWith(`${name} must be `), error.message);
      assert.match(error.message, RIGHT[name]!);
      assert.ok(error.message.split(', got ').at(-1)?.includes(shown), error.message);
      assert.ok(error.message.length < 300, error.message);
    });
  }

  for (const name of [
    'origin',
    'issuer',
    'keys',
    'store',
    'subject',
    'policy',
    'loginUrl',
  ] as const) {
    it(`name ${name} when it is missing`, () => {
      const error = refused(without(name));
      assert.equal(error.code, 'ERR_OPTION');
      assert.ok(error.message.startsWith(`${name} must be `), error.message);
      assert.match(error.message, /got undefined$/);
    });
  }

  it('name whichever operation a store of somebody else’s lacks', () => {
    const whole = memoryStore();
    const operations = Object.entries(whole).filter(([, one]) => typeof one === 'function');
    assert.ok(operations.length > 30, `${operations.length} operations`);
    for (const [name] of operations) {
      for (const instead of [undefined, 'text', {}]) {
        const error = refused({ ...hostOptions(), store: { ...whole, [name]: instead } });
        assert.ok(error.message.includes(`; it lacks ${name}, got `), error.message);
      }
    }
    parseOptions({ ...hostOptions(), store: Object.create(whole) });
  });

  it('name one that does not exist, and those that do', () => {
    const error = refused({ ...hostOptions(), loginURL: '/login' });
    assert.equal(error.code, 'ERR_OPTION');
    assert.match(error.message, /has no loginURL; there are: origin, .*loginUrl/);
    assert.match(
      refused({ ...hostOptions(), totp: { digits: 6 } }).message,
      /has no totp; there are: .*methods/,
    );
  });

  for (const wrong of [undefined, null, 'https://console.example', []]) {
    it(`are an object, not ${inspect(wrong)}`, () => {
      const error = refused(wrong);
      assert.equal(error.code, 'ERR_OPTION');
      assert.match(error.message, /^options must be an object, got /);
    });
  }

  it('never show a key, right or wrong', () => {
    const key = Buffer.alloc(31, 0x5a).toString('base64');
    for (const keys of [key, { 0: key }, [key], [KEY, key], [KEY, KEY]]) {
      const error = refused({ ...hostOptions(), keys });
      const shown = inspect(error, { depth: 10 });
      assert.equal(shown.includes(key), false, shown);
      assert.equal(shown.includes(KEY), false, shown);
      assert.match(error.message, /^keys/);
    }
  });

  it('name the key that is wrong', () => {
    const error = refused({ ...hostOptions(), keys: [KEY, undefined] });
    assert.equal(error.code, 'ERR_KEYS');
    assert.match(error.message, /^keys\[1\] must be a base64 string of 32 bytes, got undefined/);
  });

  it('are read once: what changes afterwards changes nothing', () => {
    const options = { ...hostOptions(), path: '/second' };
    const config = parseOptions(options);
    options.path = '/other';
    assert.equal(config.path, '/second');
  });
});
