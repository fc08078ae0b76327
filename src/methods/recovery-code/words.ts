import type { MethodWords } from '../../contracts.js';

export const RECOVERY_CODE_WORDS: MethodWords = {
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
  locked: (wait) => `Too many wrong codes. Try again in ${wait}.`,
  stopped: 'Too many wrong codes. Ask your administrator for help.',
};
