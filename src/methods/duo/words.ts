import type { MethodWords } from '../../contracts.js';

const DENIED = 'Duo did not confirm that it was you, so you are not let in. You can try again.';

export const DUO_WORDS: MethodWords = {
  begin: {
    heading: 'Activate Duo Security',
    text: 'Duo asks you to register your phone, if it does not know it yet, and then to approve on it.',
    button: 'Continue to Duo',
  },
  refused: {
    'wrong-code': DENIED,
    replayed: 'This answer from Duo was used already. Start again.',
    expired: 'This visit to Duo has ended, or its answer was used already. Start again.',
    superseded: 'This was started again elsewhere, so the answer no longer counts. Start again.',
    denied: DENIED,
    'not-accepted':
      'Duo let you through in a way that does not count here, such as a remembered device or a bypass code. Try again, and approve on your phone or with your key.',
    malformed: 'The answer from Duo was not understood, so you are not let in. Start again.',
  },
  locked: (wait) => `Too many attempts. Try Duo again in ${wait}.`,
  stopped: 'Too many attempts. Ask your administrator for help.',
};
