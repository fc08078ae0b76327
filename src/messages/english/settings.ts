/** Of what an organization sets, on the administrators' pages. */
export const SETTINGS = {
  'admin.overview.kind': 'Kind',
  'admin.overview.mode': '{mode} {from}',
  'admin.overview.none': 'None',
  'admin.overview.nothing': 'Nothing',
  'admin.overview.clients-must':
    '{mode, select, required {Two-factor required} optional {Two-factor optional} other {Two-factor off}}',
  'admin.overview.authentication': 'Switch two-factor on or off, and choose the mechanisms.',
  'admin.overview.clients': 'The clients of this partner, and what holds for each.',
  'admin.overview.users': 'Switch users on or off, activate or reset them.',
  'admin.overview.events': 'Who did what, and when.',

  'admin.setting.mode': 'Two-factor',
  'admin.setting.methods': 'Mechanisms',
  'admin.setting.enrollment': 'First activation',
  'admin.setting.graceUntil': 'May be postponed until',
  'admin.setting.maxAgeSeconds': 'A proof counts for',
  'admin.setting.rememberDays': 'A device may be remembered for',
  'admin.setting.clientsMust': 'Clients must',
} as const;
