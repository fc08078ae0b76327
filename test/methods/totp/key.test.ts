import assert from 'node:assert/strict';
import fc from 'fast-check';
import { appNames } from '../../../src/methods/totp/app-names.js';
import { keyUri, manualKey } from '../../../src/methods/totp/key.js';
import { qrSvg } from '../../../src/methods/totp/qr.js';

const SECRET = Buffer.from('12345678901234567890');
const PARAMETERS = { algorithm: 'sha1', digits: 6, period: 30 } as const;
const uri = (issuer: string, account: string) =>
  keyUri({ secret: SECRET, issuer, account, parameters: PARAMETERS });

/** As an app reads it: the label is split at the first colon, encoded or not, then decoded. */
function asAnAppReads(text: string) {
  const found = /^otpauth:\/\/totp\/([^?#]*)\?([^#]*)$/.exec(text);
  assert.ok(found, text);
  const label = decodeURIComponent(found[1]!);
  const at = label.indexOf(':');
  const query = Object.fromEntries(
    found[2]!.split('&').map((pair) => {
      const [name, value, ...more] = pair.split('=');
      assert.equal(more.length, 0, text);
      return [name, decodeURIComponent(value!)];
    }),
  );
  return { issuer: label.slice(0, at), account: label.slice(at + 1).trimStart(), query };
}

describe('a TOTP key', () => {
  it('is shown in groups of four', () => {
    // RFC 4648 base32 of the RFC 6238 secret.
    assert.equal(manualKey(SECRET), 'GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ');
  });

  it('has no padding and no space at its end', () => {
    assert.equal(manualKey(Buffer.from('1234567890123456')), 'GEZD GNBV GY3T QOJQ GEZD GNBV GY');
  });

  it('is read from the QR code by apps', () => {
    assert.equal(
      uri('Example', 'user1@acme.example'),
      'otpauth://totp/Example:user1%40acme.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example&algorithm=SHA1&digits=6&period=30',
    );
  });

  it('names its parameters', () => {
    const text = keyUri({
      secret: SECRET,
      issuer: 'Example',
      account: 'user1',
      parameters: { algorithm: 'sha256', digits: 8, period: 30 },
    });
    assert.match(text, /&algorithm=SHA256&digits=8&period=30$/);
  });

  for (const issuer of [
    'Big Corporation',
    'A+B',
    'A & B = C',
    'Was? #1',
    '100 %',
    'Straße 東京 ☎',
    'a/b\\c',
    '<script>',
    '"quoted"',
    '&secret=AAAA',
    '?secret=AAAA',
  ]) {
    it(`carries the issuer ${issuer} whole`, () => {
      const read = asAnAppReads(uri(issuer, 'user1@acme.example'));
      assert.equal(read.issuer, issuer);
      assert.equal(read.query.issuer, issuer);
      assert.equal(read.account, 'user1@acme.example');
      assert.equal(read.query.secret, 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    });
  }

  it('writes a space as %20, which apps do not show as a plus', () => {
    assert.doesNotMatch(uri('Big Corporation', 'a b'), /\+/);
  });

  it('takes the colons out of the issuer, which end it', () => {
    const read = asAnAppReads(uri('Acme: Console', 'user1'));
    assert.deepEqual(
      [read.issuer, read.query.issuer, read.account],
      ['Acme- Console', 'Acme- Console', 'user1'],
    );
  });

  it('keeps colons of the account', () => {
    assert.equal(asAnAppReads(uri('Acme', 'domain:user1')).account, 'domain:user1');
  });

  const LONGEST = { algorithm: 'sha512', digits: 8, period: 30 } as const;
  for (const [what, name] of [
    ['half an emoji', 'Acme \ud83d'],
    ['the other half', '\ude00 Acme'],
    ['400 Chinese letters', '\u6771\u4eac'.repeat(200)],
    ['10 000 letters', 'a'.repeat(10_000)],
    ['10 000 letters without end', '\u{1f469}\u200d'.repeat(3000)],
    ['one character of 1000 marks', `a${'\u0301'.repeat(1000)}`],
    ['an emoji that would be cut', `${'a'.repeat(98)}\u{1f600}\u{1f600}\u{1f600}\u{1f600}`],
    ['a line break', 'Acme\r\nConsole'],
    ['nothing but spaces', ' \n\t '],
    ['nothing but marks of direction', '\u202e\u200f'],
    ['percent signs', '%'.repeat(500)],
    ['a NUL', 'Acme\0'],
  ] as const) {
    it(`can be scanned and read with a name of ${what}`, () => {
      const text = keyUri({ secret: SECRET, issuer: name, account: name, parameters: LONGEST });
      assert.ok(text.length <= 520, `${text.length} bytes`);
      const read = asAnAppReads(text);
      assert.equal(read.query.secret, 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
      const names = appNames({ issuer: name, account: name });
      assert.deepEqual(
        [read.issuer, read.query.issuer, read.account],
        [names.issuer, names.issuer, names.account],
      );
      assert.ok(names.issuer !== '' && names.account !== '');
      assert.doesNotMatch(names.account, /[\p{Surrogate}\p{Cc}\p{Bidi_Control}]/u);
      assert.match(qrSvg(text, 'QR code'), /^<svg /);
      assert.deepEqual(appNames(names), names, 'the same names again');
    });
  }

  it('has its names cut between characters, and marked as cut', () => {
    const family = '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}';
    const { account } = appNames({ issuer: 'Acme', account: family.repeat(20) });
    assert.match(account, /^(?:\u{1f469}\u200d\u{1f469}\u200d\u{1f467})+\u2026$/u);
  });

  it('leaves alone the names that people have', () => {
    for (const names of [
      {
        issuer: 'Northwind Traders Management Console of the Northern Region 2026',
        account: `${'long.name'.repeat(6)}@department.northwind.example`,
      },
      { issuer: '北風商事株式会社', account: 'ユーザー一@北風.example' },
      { issuer: 'עברית', account: 'user1@acme.example' },
    ]) {
      assert.deepEqual(appNames(names), names);
    }
  });

  it('keeps its secret and its parameters whatever issuer and account are', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(text, text, (issuer, account) => {
        const { query } = asAnAppReads(uri(issuer, account));
        assert.deepEqual(Object.keys(query), ['secret', 'issuer', 'algorithm', 'digits', 'period']);
        assert.equal(query.secret, 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
        assert.equal(query.digits, '6');
      }),
    );
  });
});
