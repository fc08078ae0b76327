import assert from 'node:assert/strict';
import { encode } from 'uqr';
import { qrSvg } from '../../../src/methods/totp/qr.js';

const uri = 'otpauth://totp/Example:user1%40acme.example?secret=JBSWY3DPEHPK3PXP&issuer=Example';

/** Reads the modules back from the path, so that the drawing is checked and not its text. */
function modules(svg: string): boolean[][] {
  const size = Number(/viewBox="0 0 (\d+) \d+"/.exec(svg)?.[1]);
  const grid = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  for (const [, x, y, run] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let i = 0; i < Number(run); i++) grid[Number(y)]![Number(x) + i] = true;
  }
  return grid;
}

describe('QR code', () => {
  it('draws every module, with four of white around', () => {
    const expected = encode(uri, { ecc: 'L', boostEcc: true, border: 4 }).data;
    assert.deepEqual(modules(qrSvg(uri, 'QR code')), expected);
    assert.ok(expected.slice(0, 4).every((row) => row.every((module) => !module)));
  });

  it('is black on white by presentation attributes, which the CSP lets pass', () => {
    const svg = qrSvg(uri, 'QR code');
    assert.match(svg, /<rect [^>]*fill="#ffffff"/);
    assert.match(svg, /<path fill="#000000"/);
    assert.doesNotMatch(svg, /style/);
  });

  it('has a name, and does not spell out the secret', () => {
    const svg = qrSvg(uri, 'QR "code" <for> you');
    assert.match(svg, /role="img" aria-label="QR &quot;code&quot; &lt;for&gt; you"/);
    assert.doesNotMatch(svg, /JBSWY3DPEHPK3PXP/);
  });
});
