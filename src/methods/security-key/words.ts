import type { MethodWords } from '../../contracts.js';
import { messagesOf } from '../../messages/message.js';

/** What its script says, of what never comes to the server. */
const SCRIPT = {
  waiting: 'Your browser is asking for the key. Touch it, or confirm on your device.',
  cancelled:
    'Nothing was confirmed: it was cancelled, or this is not the key that was asked for. Try again.',
  timedOut: 'No key has answered in time. Have it at hand and try again.',
  activated: 'This key, or this device, is activated already. Use another one.',
  unsupported:
    'This browser cannot use passkeys or security keys. Use another browser, or another way.',
  address:
    'Keys cannot be used at this address of the page. Tell your administrator, and use another way.',
  failed: 'The key could not be used. Try again; if it goes on, use another way.',
} as const;

export const SECURITY_KEY_WORDS = {
  another: 'Another passkey or security key',
  begin: {
    heading: 'Activate a passkey or security key',
    text: 'Your phone, your computer or a key that you plug in then confirms that it is you. No look-alike page can get anything from it.',
    button: 'Continue',
  },
  refused: {
    'wrong-code':
      'That answer of your key could not be checked. Try again; if it goes on, use another way.',
    replayed: 'That answer was used already. Try again.',
    expired: 'That took longer than five minutes. Try again.',
    superseded: 'This activation was started again elsewhere. Try again here.',
    denied: 'That key was not accepted. Use another way.',
    'not-accepted': 'That key does not count here. Confirm in another way.',
    malformed:
      'Nothing came from a key. Your browser needs JavaScript for this: allow it, or use another way.',
  },
  because: {
    'not-yours': 'That is not one of your keys here. Use one that you have activated.',
    activated: 'That key is activated already. Use another one.',
    unverified:
      'Your organization wants the key to tell you from others, by a PIN, a finger or your face, and this one did not. Set it up on the key, or use another one.',
    synced:
      'Your organization takes no passkeys that are synced to other devices. Use a security key, or a device that keeps its passkeys.',
    model: 'Your organization does not take this model of key. Use another one.',
    unattested:
      'Your organization takes certain models of keys, and this one did not show which it is. Allow your browser to tell the make and model of the key, or use another one.',
    unlisted:
      'This model of key cannot be checked here: it is in no list of the makers. Use another one, and tell your administrator.',
    withdrawn:
      'This model of key is known to be unsafe, and is not taken any longer. Use another one.',
    foreign:
      'Whoever made this key is not the maker of the model that it says it is. Use another one.',
    unchecked:
      'That key was activated before the makers of keys had to vouch for them. Use another one, or activate it anew.',
    copied:
      'That key has counted backwards, as it does when there is a copy of it, and was not accepted. Use another way, and tell your administrator.',
  },
  policy: {
    verified: 'keys tell their user from others each time (set by {by} on {on})',
    'device-bound': 'no passkeys that are synced to other devices (set by {by} on {on})',
    models:
      '{count, plural, one {one model of keys} other {# models of keys}} alone (set by {by} on {on})',
    'models-attested':
      '{count, plural, one {one model of keys} other {# models of keys}} alone, which their makers vouch for (set by {by} on {on})',
  },
  locked: 'Too many attempts. Try again in {wait}.',
  stopped: 'Too many attempts. Ask your administrator for help.',
  challenge: {
    title: 'Use your passkey or security key',
    text: 'Your browser asks for it: touch the key, or confirm on your phone or computer.',
    'step-up': 'What you are about to do needs your key once more, although you are signed in.',
    'enroll-other':
      'Your organization now asks for another method. Confirm with your key; then you activate the new one.',
    button: 'Use my key',
    elsewhere:
      'Your key was made for another address of this app, and works there alone: {domains}. Sign in there, or use another way.',
    trouble: 'Is the key not accepted, or lost?',
    'trouble-own': 'Use a key that you have activated here; another one is not asked for.',
    'trouble-phone':
      'A passkey on your phone can be used on this computer: choose the phone when the browser asks.',
    'trouble-lost':
      'If the key is lost, ask your administrator to reset your two-factor authentication.',
  },
  activate: {
    title: 'Activate a passkey or security key',
    text: 'From now on, signing in takes your password and this: your phone, your computer, or a key that you plug in. It works on this website alone, so that no look-alike page can get anything from it.',
    name: 'Name of this key',
    'name-hint': 'So that you tell it from your others; without one it is named after its maker',
    'second-one':
      'Whoever loses their only key needs an administrator to get in again. Activate a second one, or an app, in My Profile afterwards.',
  },
  wrong: {
    models: 'These are no models of keys yet. Nothing was saved.',
    'too-many': 'Name at most {most} models.',
    demand: 'Send true, or null for no such demand.',
    'demanded-models':
      'Enter one AAGUID a line, at most {most}: each looks like 2fc0579f-8113-47ea-b116-bb5a8db9202a.',
    outside: 'Your partner does not take the model {model}: leave it out.',
    aaguid: '“{typed}” is no AAGUID: it looks like 2fc0579f-8113-47ea-b116-bb5a8db9202a.',
  },
  change: {
    verification: 'Keys verify their user',
    'device-bound': 'No synced passkeys',
    models: 'Models of keys',
    'clients-verification': 'Clients: keys verify their user',
    'clients-device-bound': 'Clients: no synced passkeys',
    'clients-models': 'Clients: models of keys',
    yes: 'yes',
    no: 'no',
    any: 'any',
  },
  asking: {
    'remove-title': 'All passkeys and security keys',
    'remove-heading': 'Take all passkeys and security keys?',
    'remove-text': 'Every passkey and security key counts again, from the next request on.',
    'remove-left': 'They have no key that counts, and activate one at their next login.',
    'replace-title': 'Fewer passkeys and security keys',
    'replace-heading': 'Take fewer passkeys and security keys?',
    'replace-text':
      'Keys that do not fit count no longer, from the next request on. Whoever has nothing else proves such a key once more, and activates another one.',
    'replace-left':
      'They prove the key that they have once more at their next login, and activate another one.',
  },
  setting: {
    title: 'Passkeys and security keys',
    any: 'All of them count.',
    some: 'Those that fit the following count.',
    verification: 'The key tells its user from others each time, by a PIN, a finger or a face',
    'device-bound': 'No passkeys that are synced to other devices',
    models: 'Models',
    save: 'Save',
    partner: '<name>{partner}</name> demands of its clients:',
    'partner-models': 'models: {models}',
    floor: 'Passkeys and security keys of clients',
    'floor-verification': 'Keys tell their user from others',
    'floor-device-bound': 'Keys are not synced to other devices',
    'floor-models': 'Models of keys',
    'floor-models-hint': 'One AAGUID a line; empty for all that the client takes.',
    'floor-no': 'Not demanded',
    'floor-yes': 'Demanded',
    'models-hint-attested':
      'One AAGUID a line; empty for all. The maker’s signature on each key is checked by FIDO’s metadata, no. {number}, which knows {count, plural, one {one model} other {# models}}; a key that was activated before that was done counts no longer.',
    'metadata-old':
      'FIDO’s metadata is old: a newer one was due on {date}. Makers and models that came since are not known, nor what has become unsafe. Whoever runs this app has to replace it.',
    'models-state': 'What is known of them',
    'model-unlisted': 'not in FIDO’s metadata: no key of it can be activated',
    'model-withdrawn':
      '{name}: unsafe ({status}). No key of it is activated any longer; those that are count until it is taken out of the list.',
    'models-hint':
      'One AAGUID a line; empty for all. A key names its own model, and the maker’s signature on it is not checked.',
  },
  'look-up': {
    title: 'Present the key',
    text: 'Plug the key in or hold it to the reader, and touch it. Only what it keeps itself for this website can be found: most passkeys and newer keys do, keys of the days of U2F do not.',
    button: 'Ask the key',
    cancelled:
      'No key has answered. It was cancelled, or this key keeps nothing for this website that it would show.',
  },
  'no-script':
    'This needs JavaScript, which your browser does not run here. Allow it and load the page again, or use another way.',
  again: 'Try again',
  named: { passkey: 'Passkey', key: 'Security key' },
  script: SCRIPT,
} as const satisfies MethodWords;

export const securityKeyWords = messagesOf(SECURITY_KEY_WORDS, 'security-key');

export type SecurityKeyReason = keyof (typeof SECURITY_KEY_WORDS)['because'];

export const SCRIPT_WORDS = Object.keys(SCRIPT) as readonly (keyof typeof SCRIPT)[];
