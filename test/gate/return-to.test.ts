import assert from 'node:assert/strict';
import fc from 'fast-check';
import { localPath } from '../../src/gate/return-to.js';

const SITE = { origin: 'https://console.example', path: '/two-factor' };

describe('a path to return to', () => {
  for (const path of [
    '/',
    '/reports',
    '/reports?month=3&next=https://evil.example/',
    '/a//b',
    '/search?q=%5c%2f',
    '/~me/x;y=1',
    '/two-factory',
    '/%F0%9F%9A%AA',
    '/#/app/route',
  ]) {
    it(`may be ${path}`, () => assert.equal(localPath(path, SITE), path));
  }

  for (const [attack, value] of [
    ['another site', 'https://evil.example/'],
    ['another site without its scheme', '//evil.example/'],
    ['a third slash', '///evil.example'],
    ['a backslash that browsers read as a slash', '/\\evil.example'],
    ['two backslashes', '\\\\evil.example'],
    ['a backslash further on', '/x\\..\\\\evil.example'],
    ['a tab that browsers drop', '/\t/evil.example'],
    ['a line feed that browsers drop', '/\n/evil.example'],
    ['a line break for the header', '/x\r\nSet-Cookie: a=b'],
    ['a NUL', '/x\0'],
    ['a C1 control character', '/x\u0085'],
    ['a leading space', ' //evil.example'],
    ['a script', 'javascript:alert(1)'],
    ['a relative path', 'evil.example'],
    ['this site with a name in front', '@evil.example'],
    ['this site spelled out', 'https://console.example/reports'],
    ['dots that lead to a double slash', '/.//evil.example'],
    ['dots that lead back to a double slash', '/x/..//evil.example'],
    ['encoded dots that lead back to a double slash', '/%2e%2e//evil.example'],
    ['nothing', ''],
    ['a query alone', '?next=/'],
    ['our own pages', '/two-factor'],
    ['a page of ours', '/two-factor/challenge/totp'],
    ['a page of ours with a query', '/two-factor?x'],
    ['a page of ours by way of dots', '/x/../two-factor/activate'],
    ['a page of ours by way of encoded dots', '/x/%2e%2e/two-factor/activate'],
    ['2001 characters', `/${'x'.repeat(2000)}`],
    ['a list', ['/x']],
    ['an object', { toString: () => '/x' }],
    ['a number', 1],
    ['null', null],
    ['undefined', undefined],
  ] as const) {
    it(`is not ${attack}`, () => assert.equal(localPath(value, SITE), null));
  }

  it('never leads to another origin, whatever the text', () => {
    const text = fc.string({
      unit: fc.constantFrom(
        '/',
        '\\',
        '.',
        ':',
        '@',
        '%2f',
        '%5c',
        '\t',
        '\n',
        ' ',
        'evil.example',
        'a',
        '?',
        '#',
      ),
    });
    fc.assert(
      fc.property(text, (rest) => {
        const path = localPath(`/${rest}`, SITE);
        if (path === null) return;
        const url = new URL(path, `${SITE.origin}/login`);
        assert.equal(url.origin, SITE.origin);
        assert.doesNotMatch(url.pathname, /^\/\//);
      }),
      { numRuns: 5000 },
    );
  });
});
