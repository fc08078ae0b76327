import assert from 'node:assert/strict';
import {
  type BrandingFunction,
  createBranding,
  logoOrigin,
  parseBranding,
} from '../../src/web/branding.js';

describe('branding', () => {
  it('accepts a name, a logo and an accent', () => {
    assert.deepEqual(parseBranding({ name: ' Acme ', logoUrl: '/logo.svg', accent: '#0B5FFF' }), {
      name: 'Acme',
      logoUrl: '/logo.svg',
      accent: '#0b5fff',
    });
    assert.deepEqual(parseBranding({ name: 'Acme' }), {
      name: 'Acme',
      logoUrl: null,
      accent: null,
    });
  });

  it('accepts a logo of another site, by https: and by no name or password', () => {
    const accepts = (logoUrl: unknown) => {
      try {
        return parseBranding({ name: 'Acme', logoUrl }).logoUrl === logoUrl;
      } catch {
        return false;
      }
    };
    const url = 'https://static.acme.example/logo.svg';
    assert.ok(accepts(url));
    assert.ok(!accepts('https://user@static.acme.example/logo.svg'));
    assert.ok(!accepts('https://:word@static.acme.example/logo.svg'));
    assert.ok(!accepts(7));
    assert.ok(!accepts([url]));
    assert.ok(accepts(`${url}?${'x'.repeat(2000 - url.length - 1)}`));
    assert.ok(!accepts(`${url}?${'x'.repeat(2000 - url.length)}`));
  });

  it('accepts a name of 80 characters, and null for what is not there', () => {
    const name = '\u{1f511}'.repeat(80);
    assert.deepEqual(parseBranding({ name, logoUrl: null, accent: null }), {
      ...{ name, logoUrl: null, accent: null },
    });
  });

  it('says what it was given in the place of what would be right', () => {
    const whole = 'branding must give { name, logoUrl?, accent? }, got';
    const named = 'branding.name must be a text of 1 to 80 characters, got';
    for (const [given, message] of [
      ['Acme', `${whole} "Acme"`],
      [null, `${whole} null`],
      [undefined, `${whole} undefined`],
      [['Acme'], `${whole} an array`],
      [Promise.resolve(), `${named} undefined`],
      [{ name: { first: 'Acme' } }, `${named} an object`],
      [{ name: null }, `${named} null`],
      [{ name: 7 }, `${named} 7`],
      [{ name: Promise.resolve('Acme') }, `${named} a promise (branding is synchronous)`],
      [{ name: 'x'.repeat(200) }, `${named} "${'x'.repeat(100)}"`],
    ] as const) {
      assert.throws(() => parseBranding(given), { message });
    }
  });

  const bad: Record<string, unknown> = {
    'no object': 'Acme',
    null: null,
    'a promise': Promise.resolve({ name: 'Acme' }),
    'no name': {},
    'an empty name': { name: '  ' },
    'a long name': { name: 'x'.repeat(81) },
    'a logo on plain http': { name: 'Acme', logoUrl: 'http://acme.example/logo.svg' },
    'a logo on whatever scheme': { name: 'Acme', logoUrl: '//acme.example/logo.svg' },
    'a logo behind a backslash': { name: 'Acme', logoUrl: '/\\acme.example/logo.svg' },
    'a logo behind a tab': { name: 'Acme', logoUrl: '/\t/acme.example/logo.svg' },
    'a logo as script': { name: 'Acme', logoUrl: 'javascript:alert(1)' },
    'a logo as data': { name: 'Acme', logoUrl: 'data:image/svg+xml,<svg/>' },
    'a logo with a password': { name: 'Acme', logoUrl: 'https://u:p@acme.example/' },
    'a relative logo': { name: 'Acme', logoUrl: 'logo.svg' },
    'a named color': { name: 'Acme', accent: 'red' },
    'a color with more to it': { name: 'Acme', accent: '#123456;background:red' },
  };
  for (const [what, value] of Object.entries(bad)) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseBranding(value), { code: 'ERR_OPTION', message: /^branding/ });
    });
  }

  it('shows the default, and reports, when the function throws or answers nonsense', () => {
    const reports: unknown[] = [];
    const fallback = { name: 'Example Console', logoUrl: null, accent: null };
    const functions: BrandingFunction[] = [
      () => {
        throw new Error('no database');
      },
      () => ({ name: '', accent: 'blue' }),
      (async () => ({ name: 'Acme' })) as unknown as BrandingFunction,
      (async () => {
        throw new Error('no database');
      }) as unknown as BrandingFunction,
    ];
    for (const branding of functions) {
      const brandOf = createBranding(branding, { name: 'Example Console' }, (e) => reports.push(e));
      assert.deepEqual(brandOf(null), fallback);
    }
    assert.equal(reports.length, 4);
  });

  it('gives the origin that a remote logo is loaded from', () => {
    const brand = { name: 'Acme', accent: null };
    assert.equal(logoOrigin({ ...brand, logoUrl: '/logo.svg' }), null);
    assert.equal(logoOrigin({ ...brand, logoUrl: null }), null);
    assert.equal(
      logoOrigin({ ...brand, logoUrl: 'https://static.acme.example/logo.svg' }),
      'https://static.acme.example',
    );
  });
});
