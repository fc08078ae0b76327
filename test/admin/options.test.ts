import assert from 'node:assert/strict';
import { type AdminOptions, type Door, SallyportError, sallyport } from 'sallyport';
import { isSafeBase, linksAt, withQuery } from '../../src/admin/links.js';
import { adminHost, testAuthorize, testDirectory } from '../support/admin.js';
import { hostOptions } from '../support/app.js';

const directory = testDirectory();

describe('the options of door.admin()', () => {
  let door: Door;
  before(async () => {
    ({ door } = await adminHost());
  });

  const wrong: readonly [string, unknown][] = [
    ['admin must be an object', undefined],
    ['admin.directory must be', {}],
    ['admin.directory must be', { directory: { ...directory, user: undefined } }],
    ['admin.authorize must be', { directory, authorize: true }],
    ['admin.start must be', { directory, start: 'acme' }],
    ['admin.activationKeyMaxAge must be', { directory, activationKeyMaxAge: 24 }],
    ['admin.handoverMaxAge must be', { directory, handoverMaxAge: '1w' }],
    ["admin.secondFactor must be 'required' or 'policy'", { directory, secondFactor: 'off' }],
    ['admin.secondFactor must be', { directory, secondFactor: false }],
    ['admin.timeout must be', { directory, timeout: '0s' }],
    [
      'admin has no autorize; there are: directory, authorize',
      { directory, autorize: testAuthorize },
    ],
  ];
  for (const [message, options] of wrong) {
    it(`are refused at once: ${message}`, () => {
      assert.throws(
        () => door.admin(options as AdminOptions),
        (error) =>
          error instanceof SallyportError &&
          error.code === 'ERR_OPTION' &&
          error.message.includes(message),
      );
    });
  }

  it('need the policy that they set', () => {
    const other = sallyport(hostOptions());
    assert.throws(() => other.admin({ directory }), /ERR_OPTION|organizationPolicy/);
  });
});

describe('links of the administrator’s pages', () => {
  it('encode ids, whatever they hold', () => {
    const at = linksAt('/setup').organization('a/b?c#d');
    assert.equal(at.details, '/setup/organizations/a%2Fb%3Fc%23d');
    assert.equal(
      at.user('x"><y').reset,
      '/setup/organizations/a%2Fb%3Fc%23d/users/x%22%3E%3Cy/reset',
    );
    assert.equal(
      withQuery('/users', { search: 'a&b', cursor: null, x: '' }),
      '/users?search=a%26b',
    );
    assert.equal(withQuery('/users', { search: '' }), '/users');
  });

  it('never begin with what a browser takes for another host', () => {
    for (const base of ['', '/setup', '/a/b']) assert.equal(isSafeBase(base), true, base);
    for (const base of [
      '//evil.example/setup',
      '/\\evil.example/setup',
      '/a//b',
      '/a\tb',
      'setup',
    ]) {
      assert.equal(isSafeBase(base), false, base);
    }
  });
});
