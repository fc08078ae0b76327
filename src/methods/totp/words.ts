import type { MethodWords } from '../../contracts.js';
import type { TotpParameters } from './code.js';

export const TOTP_WORDS: MethodWords = {
  begin: {
    heading: 'Activate an authenticator app',
    text: 'Have the phone with the app at hand: the next page shows a key for it, as a QR code and as text.',
    button: 'Show the key',
  },
  refused: {
    'wrong-code':
      'That code is not right. Enter the one your app shows now; if it still fails, check the clock of your device.',
    replayed: 'That code was used already. Wait for the next one.',
    expired: 'This key was shown too long ago. Use the new one below.',
    superseded:
      'This key is no longer valid: activation was started again elsewhere. Use the one below.',
    denied: 'That code was not accepted. Enter the one that your app shows now.',
    'not-accepted': 'A code of your app does not count here. Confirm in another way.',
    malformed: 'Enter the digits that your app shows, and nothing else.',
  },
  locked: (wait) => `Too many wrong codes. Try again in ${wait}.`,
  clockOff: (ms) =>
    `That code is right, but not now: your phone’s clock is ${clockOffText(ms)}. Let the phone set its clock by itself, and enter the code that it shows then.`,
  stopped: 'Too many wrong codes. Codes are no longer accepted: ask your administrator for help.',
  handedOver: {
    refused: {
      'wrong-code': 'That code is not right. Enter the one that the app shows now.',
      replayed: 'That code was used already. Wait for the next one.',
      expired: 'This key was shown too long ago. Start again with a new one.',
      superseded: 'This key is no longer valid: activation was started again elsewhere.',
      'not-accepted': 'That does not count here.',
      denied: 'The request was denied.',
      malformed: 'Enter the digits that the app shows.',
    },
    clockOff: (ms) =>
      `That code is right, but not now: the phone’s clock is ${clockOffText(ms)}. Let it set its clock by itself.`,
  },
};

/** By how much a clock is off, fast (positive milliseconds) or slow: `about 3 minutes late`. */
function clockOffText(ms: number): string {
  const minutes = Math.max(1, Math.round(Math.abs(ms) / 60_000));
  return `about ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} ${ms < 0 ? 'late' : 'ahead'}`;
}

/** What has to be chosen in the app by whoever types the key; null where it is what every app assumes. */
export function keySettings({ algorithm, digits, period }: TotpParameters) {
  if (algorithm === 'sha1' && digits === 6 && period === 30) return null;
  return {
    algorithm: algorithm.toUpperCase().replace('SHA', 'SHA-'),
    digits,
    period: `${period} seconds`,
  };
}
