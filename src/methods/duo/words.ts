import type { MethodWords } from '../../contracts.js';
import { messagesOf } from '../../messages/message.js';

const DENIED = 'Duo did not confirm that it was you, so you are not let in. You can try again.';

export const DUO_WORDS = {
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
  locked: 'Too many attempts. Try Duo again in {wait}.',
  stopped: 'Too many attempts. Ask your administrator for help.',
  policy: {
    'no-keys': 'has no keys for Duo',
    offered: 'Duo is offered with the keys of this account',
    'not-offered': 'Duo is not offered, and only proven again, with the keys of this account',
    limit: 'while Duo cannot be reached: {limit} (set by {by} on {on})',
  },
  prompt: {
    activate:
      'Duo asks you to register your phone, if it does not know it yet, and then to approve on it. From now on, signing in takes your password and that phone.',
    'step-up':
      'What you are about to do needs a fresh confirmation in Duo, although you are signed in.',
    'enroll-other':
      'Your organization now asks for another method. Confirm in Duo; then you activate the new one.',
    title: 'Confirm with Duo',
    'at-once': 'You are on your way to Duo, and come back here when you have approved.',
    'go-on': 'Go on to Duo and approve there; you come back here.',
    'try-again': 'Try again',
    remember:
      'Continue, and do not ask again on this device for {days, plural, one {# day} other {# days}}',
  },
  fallback: {
    title: 'Duo cannot be reached',
    code: 'Until it can, your organization accepts a code from your authenticator app instead.',
    'let-in':
      'Until it can, your organization lets you in without it, for a short time. This is recorded.',
    label: 'Code from your app',
    hint: 'The digits that your app shows',
  },
  failed: {
    outage:
      'Duo cannot be reached at the moment. Nobody is let in without it: try again in a few minutes.',
    other:
      'Duo does not work for your organization at the moment. If it goes on, tell your administrator.',
    'not-offered':
      'Duo Security is not set up for your organization (any longer). Ask your administrator for help.',
    'name-taken':
      'To Duo you have the same name as somebody else of your organization, who has activated Duo: names that differ only in upper and lower case are one. Ask your administrator for another name.',
    'too-often':
      'Duo was asked for you too often. Try again in {minutes, plural, one {a minute} other {# minutes}}.',
    later: 'Please try again later.',
  },
  back: {
    heading: 'Coming back from Duo',
    text: 'You are brought back in a moment.',
  },
} as const satisfies MethodWords;

export const duoWords = messagesOf(DUO_WORDS, 'duo');
