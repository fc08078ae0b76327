import type { MethodWords } from '../../contracts.js';
import { messagesOf } from '../../messages/message.js';

const TOUCH = 'Click into the field, and touch the key: it types a code by itself.';

export const YUBIKEY_WORDS = {
  another: 'Another YubiKey',
  begin: {
    heading: 'Activate a YubiKey',
    text: 'Plug your YubiKey in: the next page asks you to touch it.',
    button: 'Continue',
  },
  refused: {
    'wrong-code': 'This code was not accepted. Touch the key again.',
    replayed: 'This code was used already: each counts once. Touch the key again.',
    expired: 'This took too long. Touch the key again.',
    superseded:
      'This is no longer valid: activation was started again elsewhere. Touch the key again.',
    denied: 'This code was not accepted. Touch the key again.',
    'not-accepted': 'A YubiKey does not count here. Confirm in another way.',
    malformed:
      'That is not what a YubiKey types: 44 letters. Empty the field, click into it, and touch the key until it has typed them all.',
  },
  because: {
    'not-yours': 'This is not a key of yours. Use the one that you have activated.',
    activated: 'You have activated this key already. Use another one.',
    taken:
      'This key is activated for somebody else of your organization, and each key is for one person. Use another one.',
    'not-working':
      'YubiKeys do not work for your organization at the moment. If it goes on, tell your administrator.',
  },
  unavailable:
    'YubiKeys cannot be checked at the moment, and nobody is let in with one. Try again in a few minutes.',
  'not-offered':
    'YubiKeys are not set up for your organization (any longer). Ask your administrator for help.',
  'too-often':
    'Too many codes of keys were checked for you. Try again in {minutes, plural, one {a minute} other {# minutes}}.',
  locked: 'Too many attempts. Try again in {wait}.',
  stopped: 'Too many attempts. Ask your administrator for help.',
  policy: {
    none: 'has no credentials for YubiKeys',
    offered: 'YubiKeys are offered with the credentials of this account',
    'not-offered':
      'YubiKeys are not offered, and only proven again, with the credentials of this account',
  },
  answer: { code: { label: 'Code of the key', hint: '44 letters, typed by the key' } },
  challenge: { title: 'Touch your YubiKey', text: `Plug it in. ${TOUCH}` },
  activate: {
    title: 'Activate a YubiKey',
    text: `From now on, signing in takes your password and this key. Plug it in. ${TOUCH}`,
  },
  handedOver: {
    heading: 'Activate a YubiKey here',
    text: 'Touch the user’s key on the next page, then hand it over.',
    begin: 'Touch a key',
  },
  'on-the-spot': {
    label: 'Code of the key',
    hint: 'Plug the user’s key in, click here, and touch it: it types 44 letters',
  },
  'look-up': {
    title: 'Touch the key that was found',
    text: 'Plug it in, click into the field, and touch it. The first letters that it types say which key it is.',
  },
  setting: {
    yes: '<tick>YubiKey: Yes.</tick> <muted>Users can activate YubiKeys; the credentials are saved and were checked with the validation server.</muted>',
    lent: '<tick>YubiKey: Yes, with the credentials of {partner}.</tick> <muted>Credentials of your own take their place.</muted>',
    no: 'YubiKey: No. <muted>There are no credentials yet, so nobody can activate a YubiKey.</muted>',
    'use-yes': 'Yes',
    'use-no': 'No',
    'use-no-remove': 'No: remove the credentials',
    where: 'Where these two values come from',
    'where-form':
      'Open <strong>upgrade.yubico.com/getapikey</strong>, enter your e-mail address, and touch any YubiKey of yours in the field for a Yubico OTP.',
    'where-values':
      'Copy the <strong>Client ID</strong>, a number, and the <strong>Secret key</strong>. They stand for your organization, and work for all of its keys.',
    'where-keys':
      'The keys need Yubico OTP in one of their slots: new ones have it in the first one, which a short touch uses.',
    clientId: 'Client ID',
    'clientId-hint': 'A number, such as 12345.',
    clientSecret: 'Secret key',
    'clientSecret-hint': '28 letters, digits and signs. It is sealed, and never shown again.',
    'clientSecret-kept': 'It is saved and never shown; leave it empty to keep it.',
    servers: 'Validation servers of your own',
    'servers-hint':
      'One address per line, such as https://validation.example.com/wsapi/2.0/verify; all are asked at once. Empty: YubiCloud. Others need the secret key again, and every key to be activated again.',
    lend: 'Clients that have no credentials of their own use these',
    'asked-first': 'The validation server is asked first whether the credentials are right.',
  },
  wrong: {
    credentials: 'These are not credentials for YubiKeys yet. Nothing was saved.',
    clientId: 'A client ID is a number, such as 12345.',
    clientSecret: 'A secret key has 28 letters, digits, + and /, and often ends in =.',
    address: 'Each line is one address, such as https://validation.example.com/wsapi/2.0/verify.',
    'too-many': 'Name at most {most} servers.',
    foreign: '{server} is not a server that may be named here.',
    'secret-again': 'Enter the secret key again: the other values have changed.',
    needed: 'YubiKeys need a client ID and a secret key: enter them first, or leave YubiKeys out.',
    'only-partner': 'Only a partner can lend its credentials to its clients.',
    'no-server': 'There is no server {server}. Nothing was saved.',
    unreachable:
      '{server} cannot be reached at the moment. Nothing was saved: try again in a few minutes.',
    'refused-clientId':
      '{server} refused this ({status}). The client ID looks wrong: it is not known there, or may not ask. Nothing was saved.',
    'refused-clientSecret':
      '{server} refused this ({status}). The secret key looks wrong: it does not belong to this client ID. Nothing was saved.',
    'refused-servers':
      '{server} refused this ({status}). It does not speak the protocol 2.0. Nothing was saved.',
    'not-it':
      'What answers as {server} is no validation server with this secret key. Nothing was saved.',
    certificate: 'The certificate of {server} is not trusted here. Nothing was saved.',
  },
  asking: {
    'remove-title': 'Remove the credentials for YubiKeys',
    'remove-heading': 'Remove the credentials for YubiKeys?',
    'remove-text':
      'YubiKeys are no longer offered, from the next request on. The secret key is deleted here and stays valid at the validation server.',
    'remove-left':
      'Who has activated a YubiKey alone can no longer prove it, and gets in again only after you have reset them.',
    'replace-title': 'Other servers for YubiKeys',
    'replace-heading': 'Save these credentials for YubiKeys?',
    'replace-text':
      'The servers have taken the credentials; nothing is saved yet. Whoever has activated a YubiKey by the word of other servers, or with credentials that are lent no longer, has to activate it again.',
    'replace-left':
      'They are asked to activate at their next login: with an activation key where you demand one, otherwise with their password alone.',
  },
  change: {
    credentials: 'YubiKey',
    client: 'client {clientId} at {servers}',
    none: 'no credentials',
    lent: 'Credentials for YubiKeys lent to clients',
    yes: 'yes',
    no: 'no',
  },
} as const satisfies MethodWords;

export const yubikeyWords = messagesOf(YUBIKEY_WORDS, 'yubikey-otp');

export type YubikeyReason = keyof (typeof YUBIKEY_WORDS)['because'];
