import type { MethodWords, Sentence } from '../../contracts.js';
import { messagesOf } from '../../messages/message.js';
import type { TotpParameters } from './code.js';

export const TOTP_WORDS = {
  another: 'Another authenticator app',
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
  locked: 'Too many wrong codes. Try again in {wait}.',
  clockOff:
    'That code is right, but not now: your phone’s clock is {direction, select, late {about {minutes, plural, one {# minute} other {# minutes}} late} other {about {minutes, plural, one {# minute} other {# minutes}} ahead}}. Let the phone set its clock by itself, and enter the code that it shows then.',
  stopped: 'Too many wrong codes. Codes are no longer accepted: ask your administrator for help.',
  handedOver: {
    heading: 'Hand over QR code and key',
    text: 'They are shown once, on the next page. Choose how it is confirmed that the user’s app has them.',
    refused: {
      'wrong-code': 'That code is not right. Enter the one that the app shows now.',
      replayed: 'That code was used already. Wait for the next one.',
      expired: 'This key was shown too long ago. Start again with a new one.',
      superseded: 'This key is no longer valid: activation was started again elsewhere.',
      'not-accepted': 'That does not count here.',
      denied: 'The request was denied.',
      malformed: 'Enter the digits that the app shows.',
    },
    clockOff:
      'That code is right, but not now: the phone’s clock is {direction, select, late {about {minutes, plural, one {# minute} other {# minutes}} late} other {about {minutes, plural, one {# minute} other {# minutes}} ahead}}. Let it set its clock by itself.',
  },
  challenge: {
    title: 'Enter your code',
    text: 'Open your authenticator app and look for <name>{issuer}</name>.',
    'step-up': 'What you are about to do needs a fresh code, although you are signed in.',
    'enroll-other':
      'Your organization now asks for another method. Enter a code of the one that you have; then you activate the new one.',
    label: 'Code from your app',
    trouble: 'Is the code not accepted, or the phone lost?',
    'trouble-next': 'Wait for the next code: each one counts only once.',
    'trouble-clock': 'Let the phone set its clock by itself; codes depend on the time.',
    'trouble-lost':
      'If the phone is lost or new, ask your administrator to reset your two-factor authentication.',
  },
  digits: '{digits} digits',
  'digits-either': '{one} or {other} digits',
  seconds: '{seconds} seconds',
  activate: {
    title: 'Activate your authenticator app',
    text: 'From now on, signing in takes your password and a code from an app on your phone. Any authenticator app will do; if you have none, install one first.',
    scan: 'Scan this code with the app',
    type: 'Cannot scan it? Choose to enter a key in the app, and type this one:',
    'choose-all':
      'Choose all of these in the app. If it has no such choice, use another app: its codes would be wrong.',
    open: 'Open in an app on this device',
    copy: 'Copy the key',
    copied: 'Copied',
    enter: 'Enter the code that the app shows',
    label: 'Code',
    hint: '{digits} digits; a new code comes every 30 seconds',
    name: 'Name of this app',
    'name-hint': 'So that you tell it from your others, for example by its phone',
    seen: 'Somebody may have seen this page?',
    'new-key': 'Use a new key',
    qr: 'QR code of the key for {account}',
  },
  key: {
    account: 'Account',
    issuer: 'Issuer',
    algorithm: 'Algorithm',
    digits: 'Digits',
    interval: 'Interval',
    show: 'The user scans the code with an authenticator app, or types this key there:',
    label: 'Code from the user’s app',
  },
  handover: {
    title: 'Confirm your authenticator app',
    text: 'Your administrator has prepared a key for you. Enter the code that your app shows for <name>{issuer}</name>, and it is activated.',
    'no-key': 'You were not given a key?',
    'by-yourself': 'Set up an app yourself',
  },
} as const satisfies MethodWords;

export const totpWords = messagesOf(TOTP_WORDS, 'totp');

/** The settings to choose in the app when the key is typed; null for those that every app assumes. */
export function keySettings(
  { algorithm, digits, period }: TotpParameters,
  say: (sentence: Sentence) => string,
) {
  if (algorithm === 'sha1' && digits === 6 && period === 30) return null;
  return {
    algorithm: algorithm.toUpperCase().replace('SHA', 'SHA-'),
    digits,
    period: say(totpWords('seconds', { seconds: period })),
  };
}
