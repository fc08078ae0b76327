import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  type AccentTokens,
  accentColors,
  contrast,
  hardestBackground,
  isAccent,
} from '../../src/web/accent.js';
import { accentStylesheet, createStylesheets } from '../../src/web/assets.js';

const color = fc
  .integer({ min: 0, max: 0xffffff })
  .map((value) => `#${value.toString(16).padStart(6, '0')}`);

const css = readFileSync(new URL('../../views/sallyport.css', import.meta.url), 'utf8');

function readable(tokens: AccentTokens, background: string): void {
  assert.ok(contrast(tokens.accent, tokens['on-accent']) >= 4.5, 'text on the button');
  assert.ok(contrast(tokens['accent-hover'], tokens['on-accent']) >= 4.5, 'text on it, hovered');
  assert.ok(contrast(tokens['accent-text'], background) >= 4.5, 'links');
  assert.ok(contrast(tokens['accent-edge'], background) >= 3, 'edge of the button');
}

/** The custom properties of the light (first) or dark (second) block of our stylesheet. */
function tokensOf(block: 'light' | 'dark'): Map<string, string> {
  const body = [...css.matchAll(/:root \{([^}]*)\}/g)][block === 'light' ? 0 : 1]?.[1] ?? '';
  return new Map(
    [...body.matchAll(/--sp-([a-z-]+): (#[0-9a-f]{6});/g)].map((m) => [m[1] ?? '', m[2] ?? '']),
  );
}

describe('accent', () => {
  it('is readable for every color, by day and by night', () => {
    fc.assert(
      fc.property(color, (accent) => {
        const { light, dark } = accentColors(accent);
        readable(light, hardestBackground.light);
        readable(dark, hardestBackground.dark);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps the color itself on the button by day', () => {
    fc.assert(fc.property(color, (accent) => accentColors(accent).light.accent === accent));
  });

  it('is #rrggbb and nothing else', () => {
    for (const bad of [
      '#fff',
      'red',
      '#12345g',
      '#1234567',
      '#123456;',
      '',
      null,
      7,
      '#123456\n',
      'x#123456',
      ['#123456'],
    ]) {
      assert.equal(isAccent(bad), false, String(bad));
      assert.throws(() => accentStylesheet(bad as string, '/a'), {
        code: 'ERR_OPTION',
        message: `accent must look like #rrggbb, got ${bad}`,
      });
    }
    assert.equal(isAccent('#0B5fff'), true);
  });

  it('is measured as WCAG does, also where it is nearly black', () => {
    const near = (a: string, b: string, expected: number) =>
      assert.ok(Math.abs(contrast(a, b) - expected) < 0.0005, `${a} on ${b}: ${contrast(a, b)}`);
    near('#ffffff', '#000000', 21);
    near('#010101', '#000000', 1.0061);
    near('#767676', '#ffffff', 4.5423);
  });

  it('is what our own stylesheet says for our own accent', () => {
    for (const scheme of ['light', 'dark'] as const) {
      const ours = tokensOf(scheme);
      const expected = accentColors(tokensOf('light').get('accent') ?? '')[scheme];
      for (const [name, value] of Object.entries(expected))
        assert.equal(ours.get(name), value, name);
      assert.equal(ours.get('sunken'), hardestBackground[scheme]);
    }
  });

  for (const scheme of ['light', 'dark'] as const) {
    it(`has readable text and visible fields in the ${scheme} scheme`, () => {
      const tokens = tokensOf(scheme);
      const at = (name: string) => tokens.get(name) ?? '';
      for (const text of ['text', 'muted', 'danger']) {
        for (const background of ['page', 'surface', 'sunken']) {
          assert.ok(contrast(at(text), at(background)) >= 4.5, `${text} on ${background}`);
        }
      }
      for (const tone of ['danger', 'warning', 'success']) {
        assert.ok(contrast(at(tone), at(`${tone}-soft`)) >= 4.5, tone);
        assert.ok(contrast(at('text'), at(`${tone}-soft`)) >= 4.5, `text on ${tone}`);
      }
      for (const background of ['surface', 'sunken']) {
        assert.ok(contrast(at('line-strong'), at(background)) >= 3, `edge on ${background}`);
      }
    });
  }
});

describe('stylesheets', () => {
  const sheets = createStylesheets('/two-factor/assets');

  it('are found under the names they were given, and under no other', () => {
    assert.equal(sheets.find(sheets.main.file), sheets.main);
    const accent = sheets.accent('#0B5FFF');
    assert.equal(accent.href, `/two-factor/assets/${accent.file}`);
    assert.equal(sheets.find(accent.file)?.body, accent.body);
    for (const file of [
      '',
      'sallyport.css',
      `accent-0b5fff.${'0'.repeat(12)}.css`,
      '../x',
      accent.href,
    ]) {
      assert.equal(sheets.find(file), null, file);
    }
  });

  it('are one for the accent by day, and one by night in the same file', () => {
    const { light, dark } = accentColors('#0b5fff');
    const lines = (tokens: AccentTokens) =>
      Object.entries(tokens).map(([name, value]) => `  --sp-${name}: ${value};`);
    assert.deepEqual(sheets.accent('#0B5FFF').body.split('\n'), [
      ':root {',
      ...lines(light),
      '}',
      '@media (prefers-color-scheme: dark) {',
      ':root {',
      ...lines(dark),
      '}',
      '}',
      '',
    ]);
  });

  it('have another name for another color, and one name for one color', () => {
    assert.equal(sheets.accent('#0B5FFF').href, sheets.accent('#0b5fff').href);
    assert.notEqual(sheets.accent('#0b5ffe').href, sheets.accent('#0b5fff').href);
  });
});
