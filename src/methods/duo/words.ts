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
  setting: {
    yes: '<tick>Duo Security: Yes.</tick> <muted>Users can activate Duo; the keys are saved and were checked with Duo.</muted>',
    lent: '<tick>Duo Security: Yes, with the keys of {partner}.</tick> <muted>Keys of your own take their place.</muted>',
    no: 'Duo Security: No. <muted>There are no keys yet, so nobody can activate Duo.</muted>',
    'use-yes': 'Yes',
    'use-no': 'No',
    'use-no-remove': 'No: remove the keys',
    where: 'Where these three values are found in Duo',
    'where-app':
      'Sign in to the Duo Admin Panel and open <strong>Applications</strong>, then <strong>Application Catalog</strong>; search for <strong>Web SDK</strong> and choose <strong>+ Add</strong>. (Before 2025: <strong>Protect an Application</strong>, <strong>Web SDK</strong>, <strong>Protect</strong>.)',
    'where-prompt':
      'If the application shows a section <strong>Universal Prompt</strong>, switch it to <strong>Show new Universal Prompt</strong>.',
    'where-values':
      'Under <strong>Details</strong>, copy the integration key (Client ID), the secret key (Client secret) and the API hostname.',
    clientId: 'Integration key',
    'clientId-hint': 'Duo also calls it Client ID: 20 characters, beginning with DI.',
    clientSecret: 'Secret key',
    'clientSecret-hint':
      'Duo also calls it Client secret: 40 characters. It is sealed, and never shown again.',
    'clientSecret-kept':
      'Duo also calls it Client secret. It is saved and never shown; leave it empty to keep it.',
    apiHost: 'API hostname',
    'apiHost-hint': 'Such as api-XXXXXXXX.duosecurity.com. Another one needs the secret key again.',
    unreachable: 'While Duo cannot be reached',
    'not-left': 'The partner does not leave this choice to its clients.',
    deny: 'Nobody gets in with Duo (safest)',
    'deny-hint': 'Users wait until Duo is back, or use another mechanism that is accepted.',
    'fall-back-to-totp': 'Users with an authenticator app use a code of it instead',
    'fall-back-to-totp-hint':
      'Also where the app is not accepted otherwise; then for an hour at most.',
    'let-in': 'Users get in with their password alone (least safe)',
    'let-in-hint':
      'Whoever has activated Duo gets in without a second factor, for an hour at most. Each time is recorded.',
    more: 'More: which of Duo’s answers count',
    'more-text':
      'Duo also lets people in without a second factor: by a bypass code, a remembered device, a trusted network.',
    login: 'Which of Duo’s answers count at login',
    stepUp: 'Which of them count where more is asked than at login',
    any: 'Whatever Duo lets in',
    actual: 'Only what a person does with a device or key',
    these: 'Only these:',
    factors: 'Factors; none ticked: any',
    reasons: 'Reasons; none ticked: any',
    lend: 'Clients that have no keys of their own use these',
    'asked-first': 'Duo is asked first whether the keys are right.',
    floor: 'While Duo cannot be reached, clients may choose at most',
    'floor-hint':
      'Not set: where two-factor is required, a code of the authenticator app; otherwise anything.',
    'floor-not-set': 'Not set',
    'floor-deny': 'Nobody gets in with Duo',
    'floor-fall-back-to-totp': 'A code of the authenticator app',
    'floor-let-in': 'The password alone',
  },
  factor: {
    duo_push: 'Duo Push',
    verified_duo_push: 'Verified Duo Push',
    phone_call: 'Phone call',
    sms_passcode: 'Passcode by text message',
    duo_mobile_passcode: 'Passcode of the Duo app',
    passcode: 'Other passcode',
    hardware_token: 'Hardware token',
    yubikey_passcode: 'YubiKey passcode',
    webauthn: 'Security key or passkey (WebAuthn)',
    platform_authenticator: 'Touch ID, Windows Hello and their like',
    bypass_code: 'Bypass code',
  },
  reason: {
    user_approved: 'The person approved',
    valid_passcode: 'A passcode was right',
    remembered_device: 'The device is remembered at Duo',
    bypass_user: 'The user is set to bypass',
    trusted_network: 'The network is trusted',
    trusted_device: 'The device is trusted',
    trusted_location: 'The location is trusted',
    allow_unenrolled_user: 'New users are let through',
    allowed_by_policy: 'Another policy allows it',
  },
  wrong: {
    accepted: 'Say which of Duo’s answers count. Nothing was saved.',
    'none-ticked': 'Tick at least one factor or reason.',
    'not-allowed': 'The partner does not allow this choice. Nothing was saved.',
    safer: 'Your partner does not allow this: choose a safer one.',
    'one-of-three': 'Choose one of the three, or leave it open.',
    'needs-keys': 'Duo needs keys: enter them first, or leave Duo out.',
    'only-partner': 'Only a partner can lend its keys to its clients.',
    keys: 'These are not keys of Duo yet. Nothing was saved.',
    clientId: 'An integration key has 20 letters and digits and begins with DI.',
    clientSecret: 'A secret key has 40 letters and digits.',
    apiHost: 'An API hostname looks like api-XXXXXXXX.duosecurity.com.',
    'secret-again': 'Enter the secret key again: the other values have changed.',
    'no-host': 'There is no such API hostname. Nothing was saved.',
    unreachable:
      'Duo cannot be reached at the moment. Nothing was saved: try again in a few minutes.',
    'not-duo': 'What answers at this API hostname is not Duo. Nothing was saved.',
    rejected: 'Duo rejected these keys. {hint} Nothing was saved.',
    'rejected-code': "Duo rejected these keys (Duo's code {code}). {hint} Nothing was saved.",
    'rejected-causes':
      "Duo rejected these keys (Duo's code {code}). {hint} Duo answers so {causes}. Nothing was saved.",
    'hint-clientId': 'The integration key looks wrong: Duo does not know it.',
    'hint-clientSecret': 'The secret key looks wrong: it does not belong to this integration key.',
    'hint-apiHost': 'Compare the integration key and the secret key with those in Duo.',
  },
  asking: {
    'remove-title': 'Remove the keys of Duo',
    'remove-heading': 'Remove the keys of Duo?',
    'remove-text':
      'Duo is no longer offered, from the next request on. The keys are deleted here and stay valid at Duo.',
    'remove-left':
      'Who has activated Duo alone can no longer prove it, and gets in again only after you have reset them.',
    'replace-title': 'Other keys of Duo',
    'replace-heading': 'Save these keys of Duo?',
    'replace-text':
      'Duo has accepted the keys; nothing is saved yet. Whoever has activated Duo at another account, or with keys that are lent no longer, has to activate again.',
    'replace-left':
      'They are asked to activate at their next login: with an activation key where you demand one, otherwise with their password alone.',
  },
  change: {
    keys: 'Duo Security',
    'keys-of': 'keys of {host}',
    'no-keys': 'no keys',
    unreachable: 'While Duo cannot be reached',
    'unreachable-clients': 'Clients: while Duo cannot be reached, at most',
    accepted: 'Answers of Duo that count',
    'accepted-rules': 'login: {login}; step-up: {stepUp}',
    'rule-any': 'whatever Duo lets in',
    'rule-actual': 'actual factors',
    'rule-these': '{factors} for {reasons}',
    'any-factor': 'any factor',
    'any-reason': 'any reason',
    lent: 'Duo’s keys lent to clients',
    yes: 'yes',
    no: 'no',
    saved: 'Duo Security: keys of {host}',
  },
  back: {
    heading: 'Coming back from Duo',
    text: 'You are brought back in a moment.',
  },
} as const satisfies MethodWords;

export const duoWords = messagesOf(DUO_WORDS, 'duo');
