import type { EVENT_TYPES } from '../../contracts.js';

/** What happened, by the types of events; and what an event says more. */
export const EVENTS = {
  'event.verification.succeeded': 'Verified',
  'event.verification.failed': 'Wrong answer',
  'event.verification.locked': 'Refused: too many wrong answers',
  'event.activation-key.issued': 'Activation key issued',
  'event.activation-key.revoked': 'Activation key revoked',
  'event.setting.changed': 'Setting changed',
  'event.subject.deleted': 'User deleted',
  'event.subject.moved': 'User moved',
  'event.subject.unlocked': 'Unlocked',
  'event.sessions.ended': 'Other sessions ended',
  'event.password.changed': 'Password changed',
  'event.token.issued': 'Token issued',
  'event.fallback.used': 'Fallback used',
  'event.enrollment.handed-over': 'Key handed over',
  'event.enrollment.confirmed': 'Activated',
  'event.enrollment.failed': 'Activation failed',
  'event.enrollment.removed': 'Removed',
  'event.enrollment.copied': 'Possibly copied',
  'event.enrollment.imported': 'Taken over',
  'event.enrollment.reset': 'Reset',
  'event.enrollment.looked-up': 'Found key looked up',
  'event.device.remembered': 'Device remembered',
  'event.device.forgotten': 'Device forgotten',
  'event.device.stolen': 'Remembered device used twice',
  'event.unavailable': 'Unavailable',

  'event.detail.locked-until': 'until {until}',
  'event.detail.locked-until-help': 'until somebody helps',
  'event.detail.token': '{id}, until {until}',
  'event.detail.enabled': 'two-factor enabled for the user',
  'event.detail.enabled-grace': 'two-factor enabled for the user, may be postponed until {until}',
  'event.detail.disabled': 'two-factor disabled for the user',
} as const satisfies Readonly<Record<`event.${(typeof EVENT_TYPES)[number]}`, string>> &
  Readonly<Record<string, string>>;
