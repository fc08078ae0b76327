import type { MethodWords } from '../../contracts.js';
import { messagesOf } from '../../messages/message.js';

export const RECOVERY_CODE_WORDS = {
  refused: {
    'wrong-code':
      'That is none of your recovery codes, or it was used already: each works once. Compare it with your list, or take the next one.',
    replayed:
      'That recovery code was used already: each works once. Take the next one on your list.',
    expired: 'That recovery code no longer counts, since newer ones were made. Use one of those.',
    superseded:
      'That recovery code no longer counts, since newer ones were made. Use one of those.',
    denied: 'That recovery code was not accepted. Take the next one on your list.',
    'not-accepted': 'A recovery code does not count here. Confirm in another way.',
    malformed:
      'A recovery code has 16 letters and digits, or 24. Enter a whole one, as it stands on your list.',
  },
  because: {
    hashed:
      'The recovery codes from before do not count any more. Confirm in another way: you are given new ones then.',
  },
  locked: 'Too many wrong codes. Try again in {wait}.',
  stopped: 'Too many wrong codes. Ask your administrator for help.',
  challenge: {
    title: 'Use a recovery code',
    text: 'Enter one of the codes that you kept when you activated two-factor authentication. It works once.',
    label: 'Recovery code',
    hint: 'Letters and digits as on your list, with or without dashes',
  },
  codes: {
    title: 'Your recovery codes',
    heading: 'Keep your recovery codes',
    text: 'If your phone is lost or new, one of these codes lets you in instead. Each works once. They are shown only now: keep them where you keep your passwords, not on the phone.',
    save: 'Save as a text file',
    copy: 'Copy',
    copied: 'Copied',
    print: 'Print',
    kept: 'I have kept them',
    'file-heading': 'Recovery codes of {label}',
    'file-text': 'Each works once.',
    'not-made': 'Your methods have changed meanwhile, so no recovery codes were made.',
    void: 'These codes are void: new ones were made meanwhile. Keep those, or make new ones.',
    'not-offered': 'Recovery codes are not offered to you.',
    'key-needed':
      'Your organization wants an activation key for whatever counts everywhere. Activate an authenticator app with one first, or ask an administrator to reset your two-factor authentication.',
  },
  renew: {
    title: 'New recovery codes',
    heading: 'Make new recovery codes?',
    text: 'You get ten new ones, shown once. The old ones are void at once.',
    button: 'Make new codes',
  },
  used: {
    title: 'Recovery code used',
    heading: 'You are signed in',
    text: 'The recovery code is used up. You have <strong>{left}</strong> {left, plural, one {code left} other {codes left}}.',
    few: 'These are few. Make new ones now, so that a lost phone never locks you out.',
    last: 'That was the last one. Make new ones now, so that a lost phone never locks you out.',
    replace: 'If your phone is gone, replace the method that was on it.',
    settings: 'My two-factor settings',
  },
  profile: {
    heading: 'Recovery codes',
    'unkept-shown':
      'Codes were made for you, and you have not said that you have kept them. Look at them once more, or make new ones.',
    unkept:
      'Codes were made for you, and you have not said that you have kept them. If you have not, make new ones.',
    none: 'You have none. With one of them you get in when your phone is lost.',
    left: 'You have <strong>{left}</strong> {left, plural, one {code left} other {codes left}}. Each lets you in once when your phone is lost.',
    show: 'Show my codes',
  },
} as const satisfies MethodWords;

/** By the types of its events. */
export const RECOVERY_CODE_EVENTS = { 'recovery-codes.made': 'Recovery codes made' } as const;

export const recoveryCodeWords = messagesOf(RECOVERY_CODE_WORDS, 'recovery-code');
