import type { MethodWords } from '../contracts.js';

/** An activation key is no method, but is entered and refused like one. */
export const ACTIVATION_KEY = 'activation-key';

export const ACTIVATION_KEY_WORDS = {
  refused: {
    'wrong-code':
      'That key is not right, or it was used or has ended. Ask your administrator for a new one.',
    replayed: 'That key was used already. Ask your administrator for a new one.',
    expired: 'That took too long. Enter your activation key again.',
    superseded: 'Activation was started again elsewhere. Enter your activation key to go on here.',
    denied: 'That key was not accepted. Ask your administrator for a new one.',
    'not-accepted': 'An activation key does not count here. Ask your administrator for help.',
    malformed: 'An activation key has 20 letters and digits.',
  },
  locked: 'Too many wrong keys or codes. Try again in {wait}.',
  stopped:
    'Too many wrong keys or codes. Activation keys are no longer accepted: ask your administrator for help.',
} as const satisfies MethodWords;
