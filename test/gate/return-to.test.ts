import assert from 'node:assert/strict';
import type { CookieOptions, Request, Response } from 'express';
import fc from 'fast-check';
import {
  localPath,
  rememberForLogin,
  rememberInSession,
  takeReturnTo,
  wantedPage,
} from '../../src/gate/return-to.js';

const SITE = {
  origin: 'https://console.example',
  path: '/two-factor',
  stripped: '',
  folder: '/',
};

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

  it('may be 2000 characters long', () => {
    const path = `/${'x'.repeat(1999)}`;
    assert.equal(localPath(path, SITE), path);
  });

  it('may be My Profile, of our own pages', () => {
    for (const path of ['/two-factor/profile', '/two-factor/profile/activate/totp']) {
      assert.equal(localPath(path, SITE), path);
    }
    assert.equal(localPath('/two-factor/profiles', SITE), null);
  });

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

describe('what a visitor asked for', () => {
  const config = { ...SITE, homeUrl: '/home', loginUrl: '/login' };
  type Session = { sallyport?: { returnTo?: string; landed?: string; csrf?: string } };

  /** One request and what is done to its cookies. */
  function visit({
    url = '/reports',
    method = 'GET',
    cookie = undefined as string | undefined,
    referer = undefined as string | undefined,
    session = {} as Session,
  } = {}) {
    const set: [string, string, CookieOptions][] = [];
    const cleared: [string, CookieOptions][] = [];
    const headers = { cookie, accept: 'text/html', referer };
    const accepts = () => 'html';
    const req = { originalUrl: url, method, headers, session, accepts } as unknown as Request;
    const res = {
      cookie: (...given: (typeof set)[0]) => set.push(given),
      clearCookie: (...given: (typeof cleared)[0]) => cleared.push(given),
    } as unknown as Response;
    return { req, res, set, cleared, session };
  }
  const encoded = (path: string) => Buffer.from(path).toString('base64url');
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure: true };

  it('is kept for ten minutes across the password login, in a cookie for this site alone', () => {
    const { req, res, set } = visit();
    rememberForLogin(req, res, config);
    assert.deepEqual(set, [
      ['sallyport.return', encoded('/reports'), { ...attributes, maxAge: 10 * 60_000 }],
    ]);
    rememberForLogin(req, res, { ...config, origin: 'http://localhost:3000' });
    assert.equal(set[1]?.[2].secure, false);
  });

  it('is not kept where it is home anyway, or nothing to come back to', () => {
    for (const given of [
      { url: '/home' },
      { url: '/' },
      { url: '//evil.example' },
      { method: 'POST' },
      { method: 'HEAD' },
    ]) {
      const { req, res, set } = visit(given);
      rememberForLogin(req, res, config);
      assert.deepEqual(set, []);
    }
  });

  const remember = (visited: ReturnType<typeof visit>, stepUp = false) =>
    rememberInSession(visited.req, visited.res, config, { stepUp });

  it('goes from the cookie into the session, and the cookie goes', () => {
    for (const cookie of [
      `sallyport.return=${encoded('/first')}`,
      `a=b;sallyport.return=${encoded('/first')}; c=d`,
      `a=b;  sallyport.return=${encoded('/first')}`,
    ]) {
      const visited = visit({ url: '/home', cookie, session: { sallyport: { csrf: 'token' } } });
      assert.equal(remember(visited), true);
      assert.deepEqual(visited.session.sallyport, { csrf: 'token', returnTo: '/first' });
      assert.deepEqual(visited.cleared, [['sallyport.return', attributes]]);
    }
  });

  it('is what this request asks for, where there is no cookie of ours', () => {
    for (const cookie of [undefined, '', 'xsallyport.return=AAAA', 'a=b;x sallyport.return=AAAA']) {
      const visited = visit(cookie === undefined ? {} : { cookie });
      assert.equal(remember(visited), true);
      assert.deepEqual(visited.session.sallyport, { returnTo: '/reports' });
      assert.deepEqual(visited.cleared, []);
    }
  });

  it('is what this request asks for, where the cookie leads elsewhere', () => {
    const visited = visit({ cookie: `sallyport.return=${encoded('//evil.example')}` });
    assert.equal(remember(visited), true);
    assert.equal(visited.session.sallyport?.returnTo, '/reports');
    assert.equal(visited.cleared.length, 1);
  });

  it('is the last page asked for, and home only where nothing else was, or where home asks for more', () => {
    const wanting = () => ({ session: { sallyport: { returnTo: '/first' } } });
    const later = visit(wanting());
    assert.equal(remember(later), true);
    assert.equal(later.session.sallyport?.returnTo, '/reports');
    for (const url of ['/', '/home']) {
      const home = visit({ url, ...wanting() });
      assert.equal(remember(home), false);
      assert.equal(home.session.sallyport?.returnTo, '/first');
      const demanding = visit({ url, ...wanting() });
      assert.equal(remember(demanding, true), true);
      assert.equal(demanding.session.sallyport?.returnTo, url);
      const first = visit({ url });
      assert.equal(remember(first), true);
      assert.equal(first.session.sallyport?.returnTo, url);
    }
    assert.equal(remember(visit({ url: '/first', ...wanting() })), false, 'nothing to save');
  });

  it('is what was wanted before the password, where the login has led to another page', () => {
    const cookie = `sallyport.return=${encoded('/first')}`;
    for (const [referer, wanted] of [
      ['https://console.example/login', '/first'],
      ['https://console.example/login?failed', '/first'],
      ['https://console.example/menu', '/reports'],
      ['nonsense', '/reports'],
      [undefined, '/reports'],
    ] as const) {
      const visited = visit({ cookie, ...(referer && { referer }) });
      assert.equal(remember(visited), true);
      assert.equal(visited.session.sallyport?.returnTo, wanted, referer);
      assert.equal(visited.cleared.length, 1);
    }
  });

  it('is where somebody lands whom a remembered device lets in', () => {
    const cookie = `sallyport.return=${encoded('/first')}`;
    const land = (given: Parameters<typeof visit>[0]) => {
      const { req, res } = visit(given);
      return wantedPage(req, res, config);
    };
    assert.equal(land({ url: '/reports' }), '/reports');
    assert.equal(land({ url: '/', cookie }), '/first');
    assert.equal(land({ url: '/', session: { sallyport: { returnTo: '/second' } } }), '/second');
    assert.equal(land({ url: '/' }), '/');
    assert.equal(land({ url: '//evil.example' }), '/home');
  });

  it('is nothing where nothing can be come back to', () => {
    const visited = visit({ method: 'POST' });
    assert.equal(remember(visited), false);
    assert.equal(visited.session.sallyport, undefined);
  });

  it('is taken once, and looked at again before it is used', () => {
    const session: Session = { sallyport: { returnTo: '/reports', csrf: 'token' } };
    const { req } = visit({ session });
    assert.equal(takeReturnTo(req, config), '/reports');
    assert.deepEqual(session, { sallyport: { csrf: 'token', landed: '/reports' } });
    assert.equal(takeReturnTo(req, config), '/reports', 'the second of two clicks lands there too');
    const { req: nothing } = visit();
    assert.equal(takeReturnTo(nothing, config), '/home');
    const { req: planted } = visit({ session: { sallyport: { returnTo: '//evil.example' } } });
    assert.equal(takeReturnTo(planted, config), '/home');
  });
});
