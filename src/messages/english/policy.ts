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
  'policy.remember': 'a device is remembered for at most {days} days (set by {by} on {on})',
  'policy.remember-none': 'does not let devices be remembered',
} as const;
