import { wellFormed } from '../../names.js';

/** The two names under which an authenticator app lists an entry. */
export interface AppNames {
  readonly issuer: string;
  readonly account: string;
}

/**
 * The maximum bytes of each name in the URI. The issuer is there twice, so with 95 bytes of everything else the URI
 * has at most 491: a QR code of version 15, 77 modules wide, which phones read from a screen.
 */
const ISSUER_BYTES = 108;
const ACCOUNT_BYTES = 180;
/** Longer names are cut before they are processed; what fits is far shorter. */
const LOOKED_AT = 1000;
const ELLIPSIS = '…';

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * The names as the app gets them, and as our pages say them: one line without marks that turn the direction of
 * the text around, well-formed, and cut between characters to what fits into a QR code. The format separates
 * issuer and account by a colon, which the issuer itself therefore cannot hold: apps split at the first one,
 * encoded or not.
 */
export function appNames({ issuer, account }: AppNames): AppNames {
  return {
    issuer: cut(oneLine(issuer).replaceAll(':', '-'), ISSUER_BYTES) || ELLIPSIS,
    account: cut(oneLine(account), ACCOUNT_BYTES) || ELLIPSIS,
  };
}

function oneLine(text: string): string {
  return wellFormed(text.slice(0, LOOKED_AT))
    .replace(/\p{Bidi_Control}/gu, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
}

function cut(text: string, bytes: number): string {
  if (encodedLength(text) <= bytes) return text;
  const room = bytes - encodedLength(ELLIPSIS);
  // A single character may be of any length, by stacked marks; then it is cut within.
  const kept =
    fitting(
      Array.from(graphemes.segment(text), ({ segment }) => segment),
      room,
    ) || fitting([...text], room);
  return `${kept.trimEnd()}${ELLIPSIS}`;
}

/** As many parts from the beginning as fit together. */
function fitting(parts: readonly string[], room: number): string {
  let kept = '';
  let left = room;
  for (const part of parts) {
    left -= encodedLength(part);
    if (left < 0) break;
    kept += part;
  }
  return kept;
}

function encodedLength(text: string): number {
  return encodeURIComponent(text).length;
}
