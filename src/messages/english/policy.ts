/** Why a policy is as it is: one reason for each of its parts. */
export const POLICY = {
  'policy.mode': 'two-factor is {mode} (set by {by} on {on})',
  'policy.mode-default': 'two-factor is {mode} where nothing is set',
  'policy.mode-off': 'nothing was switched on',
  'policy.offers': 'offers {methods}',
  'policy.accepts': 'accepts {methods} (set by {by} on {on})',
  'policy.activation-key': 'a first activation needs an activation key (set by {by} on {on})',
  'policy.activation-self': 'a first activation needs no activation key (set by {by} on {on})',
  'policy.activation-default': 'a first activation needs no activation key',
  'policy.grace': 'may be postponed until {until} (set by {by} on {on})',
  'policy.grace-none': 'cannot be postponed (set by {by} on {on})',
  'policy.max-age': 'a proof counts for {seconds} s (set by {by} on {on})',
  'policy.max-age-default': 'a proof counts as long as the app has it',
  'policy.phishing-resistant': 'accepts methods alone that nobody can phish (set by {by} on {on})',
  'policy.remember': 'a device is remembered for at most {days} days (set by {by} on {on})',
  'policy.remember-none': 'does not let devices be remembered',

  'policy.proofs': 'of a sign-in elsewhere count: {rules} (set by {by} on {on})',
  'policy.proofs-none': 'no proof of a sign-in elsewhere counts (set by {by} on {on})',
  'policy.proofs-not-named':
    'names the mechanisms, and no proof of a sign-in elsewhere: none counts',

  'sign-in.minutes-ago':
    'by {by}, {count, plural, =0 {just now} one {a minute ago} other {{count} minutes ago}}',
  'sign-in.hours-ago': 'by {by}, {count, plural, one {an hour ago} other {{count} hours ago}}',
  'sign-in.days-ago': 'by {by}, {count, plural, one {a day ago} other {{count} days ago}}',
  'sign-in.on': 'by {by} on {on}',
  'sign-in.detail': 'by {by} at {at}, amr {amr}, acr {acr}',

  'policy.explain.off': '{label}: two-factor is off.',
  'policy.explain.on': '{label}: two-factor is {mode}, with {methods}.',
  'policy.explain.required': 'required',
  'policy.explain.optional': 'optional',
  'policy.explain.default': 'By default: {rule}.',
  'policy.explain.because':
    '{level, select, partner {Because partner {id}: {rule}.} client {Because client {id}: {rule}.} user {Because user {id}: {rule}.} other {Because {level} {id}: {rule}.}}',
  'policy.explain.nothing': 'Nothing is activated.',
  'policy.explain.activated': 'Activated: {list}.',
  'policy.explain.one': '{method} on {on}',
  'policy.explain.list': '{first}, {rest}',
  'policy.explain.signed-in': 'Their sign-in opened the door last {name}.',
  'policy.explain.none-accepted':
    'None of these is accepted any longer: another one must be activated.',
} as const;
