/** Of the gate and of sessions: why somebody is asked for more, or sent away. */
export const GATE = {
  'gate.sign-in-first': 'Please sign in first.',
  'gate.session-ended': 'This session has ended. Please sign in again.',
  'gate.renewed': 'Send this again: your session has a new id.',
  'gate.renewed-by-device':
    'Send this again: this device is remembered, and your session has a new id.',
  'gate.nothing-binds':
    'This would count in your other organizations too, and you have nothing left that proves you there. Ask an administrator to reset your two-factor authentication.',
  'gate.administrator-activates':
    'Whoever looks after the accounts of others proves a second factor of their own, whatever their own organization demands. Activate one now: after that you come back here.',
  'gate.route-activates':
    'This needs a second factor, and you have none yet. Activate one now: after that you come back here.',
  'gate.confirm-again':
    'This needs a fresh confirmation that it is you. Nothing was changed: confirm, and do it again.',

  'sign-in-again.action': 'Sign in again with {name}',
  'sign-in-again.too-old':
    'Your sign-in with {name} was more than {age} ago. Your organization accepts it for {limit}.',
  'sign-in-again.too-old-for-this':
    'Your sign-in with {name} was more than {age} ago. What you are about to do needs one of the last {limit}.',
  'sign-in-again.not-enough': 'Your sign-in with {name} is no second factor here.',
  'sign-in-again.ended': 'Your sign-in with {name} no longer counts.',
} as const;
