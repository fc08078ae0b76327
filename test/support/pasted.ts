/** Ways in which a code arrives that was pasted, autofilled, or typed with another keyboard. */
export const PASTED: readonly (readonly [string, (code: string) => string])[] = [
  ['a no-break space', inTheMiddle('\u00a0')],
  ['a thin space', inTheMiddle('\u2009')],
  ['a narrow no-break space', inTheMiddle('\u202f')],
  ['an ideographic space', inTheMiddle('\u3000')],
  ['a tab', inTheMiddle('\t')],
  ['an en dash', inTheMiddle('\u2013')],
  ['a non-breaking hyphen', inTheMiddle('\u2011')],
  ['a minus sign', inTheMiddle('\u2212')],
  ['a soft hyphen', inTheMiddle('\u00ad')],
  ['a zero-width space', inTheMiddle('\u200b')],
  ['a word joiner', inTheMiddle('\u2060')],
  ['a byte order mark ahead', (code) => `\ufeff${code}`],
  ['a bullet ahead', (code) => `\u2022 ${code}`],
  ['marks of direction around it', (code) => `\u202b\u200f${code}\u202c`],
  ['isolates around it', (code) => `\u2068${code}\u2069`],
  ['quotes around it', (code) => `\u201c${code}\u201d`],
  ['a full stop after it', (code) => `${code}.`],
  ['a line feed after it', (code) => `${code}\r\n`],
  ['an underscore', inTheMiddle('_')],
  ['full-width characters', fullWidth],
  ['full-width characters and a full-width dash', (code) => inTheMiddle('\uff0d')(fullWidth(code))],
  [
    'mathematical digits',
    (code) => code.replace(/\d/g, (digit) => String.fromCodePoint(0x1d7d8 + Number(digit))),
  ],
  ['digits on keycaps', (code) => code.replace(/\d/g, '$&\ufe0f\u20e3')],
];

function inTheMiddle(mark: string) {
  return (code: string) => `${code.slice(0, 3)}${mark}${code.slice(3)}`;
}

function fullWidth(code: string): string {
  return code.replace(/[!-~]/g, (one) => String.fromCodePoint(one.charCodeAt(0) + 0xfee0));
}
