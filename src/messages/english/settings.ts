/** Of what an organization sets, on the administrators' pages. */
export const SETTINGS = {
  'admin.overview.partner-title': 'Partner Details',
  'admin.overview.client-title': 'Client Details',
  'admin.overview.facts': 'What holds here',
  'admin.overview.administration': 'Administration',
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
  'admin.setting.phishingResistant': 'Only mechanisms that nobody can phish',
  'admin.setting.rememberDays': 'A device may be remembered for',
  'admin.setting.proofs': 'Sign-in proofs',
  'admin.setting.clientsMust': 'Clients must',
  'admin.setting.of-clients': 'Clients: {label}',
  'admin.setting.line': '{label}: {value}',
  'admin.setting.list': '{first}; {rest}',
  'admin.setting.change': '{label}: {before} → {after}',
  'admin.setting.value.nothing': 'nothing',
  'admin.setting.value.yes': 'yes',
  'admin.setting.value.not-set': 'not set',
  'admin.setting.value.required': 'required',
  'admin.setting.value.optional': 'optional',
  'admin.setting.value.off': 'off',
  'admin.setting.value.any': 'any',
  'admin.setting.value.none': 'none',
  'admin.setting.value.self': 'by everybody',
  'admin.setting.value.activation-key': 'with an activation key',
  'admin.setting.value.not-postponable': 'not postponable',
  'admin.setting.value.usual-time': 'the usual time',
  'admin.setting.value.minutes': '{minutes} minutes',
  'admin.setting.value.days': '{days} days',
  'admin.setting.record': 'What was stored',
  'admin.setting.record-lost': 'lost or damaged: nobody gets in, and what it said is not known',
  'admin.setting.record-anew':
    'begun anew with what follows; everything else, keys included, is not set',

  'admin.setting.wrong': 'This setting contradicts itself or is incomplete. Nothing was saved.',
  'admin.setting.wrong-below': 'Nothing was saved: please look at what is marked below.',
  'admin.setting.wrong.mode': 'Choose off, optional or required.',
  'admin.setting.wrong.methods': 'Choose at least one mechanism, or accept any.',
  'admin.setting.wrong.enrollment':
    'Choose who may activate: everybody, or whoever has an activation key.',
  'admin.setting.wrong.maxAgeSeconds': 'Enter a number of minutes from 1 to 43200 (30 days).',
  'admin.setting.wrong.phishingResistant': 'Send true, or null for no such demand.',
  'admin.setting.wrong.rememberDays': 'Enter a whole number of days from 0 to 30.',
  'admin.setting.wrong.proofs':
    'Rule {line} is not right. Write a name, amr= or acr= with at least one value, and max-age= from 1m to 30d: okta amr=mfa,hwk max-age=12h phishing-resistant',
  'admin.setting.wrong.too-many-proofs':
    'Enter at most 20 rules, one in each line, and 4000 characters in all.',
  'admin.setting.wrong.past': 'This date is past: choose one to come, or none.',
  'admin.setting.wrong.none-left':
    'No mechanism is left: what is accepted here and what the partner accepts have none in common.',
  'admin.setting.wrong.not-here': '{names} cannot be activated here: choose from {enrollable}.',
  'admin.setting.wrong.one-method': 'Choose at least one method: two-factor is required.',
  'admin.setting.wrong.partner-only': 'Only a partner can set what its clients must do.',
  'admin.setting.conflict':
    '{by} has changed this setting meanwhile. Nothing of yours was saved: look at what holds now, and decide again.',
  'admin.setting.conflict-text':
    '<strong>{by} has changed this setting meanwhile.</strong> Nothing of yours was saved. The form shows what holds now; decide again.',
  'admin.setting.conflict-method':
    'Somebody has changed this setting meanwhile. Nothing was saved: look at what holds now, and decide again.',
  'admin.setting.somebody': 'Somebody',
  'admin.setting.somebody-else': 'Somebody else',
  'admin.setting.start-again': 'The form was not understood: start again.',
  'admin.setting.differs': 'Where yours differs',
  'admin.setting.holds-now': 'Holds now',
  'admin.setting.yours': 'Yours',

  'admin.setting.now': 'Now',
  'admin.setting.then': 'Then',
  'admin.setting.on-partner':
    '{mode, select, required {<tick>Two-factor is required</tick> for the partner’s own users.} other {<tick>Two-factor is optional</tick> for the partner’s own users.}}',
  'admin.setting.on-client':
    '{mode, select, required {<tick>Two-factor is required</tick> for all users of this client, present and future.} other {<tick>Two-factor is optional</tick> for all users of this client, present and future.}}',
  'admin.setting.off':
    '{mode, select, off {Two-factor is off.} other {Two-factor is contradictory.}}',
  'admin.setting.floor':
    'The partner <bdi>{partner}</bdi> demands of its clients: {lines}. What is set here can add to that, and not lower it.',
  'admin.setting.changed': 'Last changed by <bdi>{by}</bdi> on {at}.',
  'admin.setting.enable': 'Enable',
  'admin.setting.disable': 'Disable',
  'admin.setting.settings': 'Settings',
  'admin.setting.nothing-yet': 'Nothing is saved yet: you see first whom it concerns.',
  'admin.setting.clients-text':
    'What all clients of this partner have to keep to, at least. Each client can demand more, and none can demand less.',
  'admin.setting.legend-partner': 'Two-factor for the partner’s own users',
  'admin.setting.legend-client': 'Two-factor for all users of this client',
  'admin.setting.legend-clients': 'Two-factor for all users of all clients',
  'admin.setting.not-set': 'Not set',
  'admin.setting.not-set-hint': 'Only users who are enabled one by one are asked.',
  'admin.setting.off-label': 'Off',
  'admin.setting.off-hint': 'The same, said on purpose.',
  'admin.setting.optional': 'Optional',
  'admin.setting.optional-hint': 'Whoever has activated it is asked.',
  'admin.setting.required': 'Required',
  'admin.setting.required-hint':
    'Everybody is asked; who has nothing activated has to activate first.',
  'admin.setting.no-demand': 'No demand',
  'admin.setting.no-demand-hint': 'Each client decides for itself.',
  'admin.setting.not-demanded': 'Not demanded',
  'admin.setting.not-demanded-hint':
    'But what is chosen below holds for clients that switch it on.',
  'admin.setting.required-clients-hint': 'Every user of every client is asked.',
  'admin.setting.self-not-set': 'Not set: by everybody for themselves',
  'admin.setting.self': 'By everybody for themselves',
  'admin.setting.self-on-purpose': 'By everybody for themselves, said on purpose',
  'admin.setting.with-key': 'Only with an activation key from an administrator',
  'admin.setting.any-method': 'Any that is available',
  'admin.setting.only-these': 'Only these:',
  'admin.setting.more':
    'More: first activation, grace period, how long a proof counts, remembered devices, single sign-on',
  'admin.setting.grace-hint':
    'The beginning of that day in UTC; empty: not at all. It counts where two-factor is required.',
  'admin.setting.max-age': 'A proof counts for (minutes)',
  'admin.setting.max-age-hint':
    'After that the second factor is asked for again. Empty: the usual time.',
  'admin.setting.phishing-resistant': 'Only those that nobody can phish',
  'admin.setting.phishing-resistant-hint':
    'Codes can be typed into a look-alike page, recovery codes too; passkeys and security keys give it nothing. Whoever loses their only one needs an administrator.',
  'admin.setting.remember': 'A device may be remembered for (days)',
  'admin.setting.remember-hint':
    'Whoever confirms at login may leave it out on that device for so long. Empty or 0: not at all.',
  'admin.setting.proofs-hint':
    'What single sign-on, or a passkey at the sign-in, has proven counts as a second factor by these rules, one in each line. The identity provider comes first, then all amr values that it must name, or acr values of which one is enough, and how old it may be: okta amr=mfa,hwk max-age=12h phishing-resistant. Empty: nothing counts.',
  'admin.setting.proofs-clients-hint':
    'Clients’ rules count only together with one of these. none: nothing counts. Empty: no limit, but where only some mechanisms are accepted above nothing counts.',
  'admin.setting.remember-clients-hint':
    'Clients may allow that many days at most. 0: not at all; empty: no limit.',

  'admin.preview.title': 'What would change',
  'admin.preview.nothing': 'Nothing: this is what is saved already.',
  'admin.preview.back': 'Back',
  'admin.preview.setting': 'The setting',
  'admin.preview.whom': 'Whom it concerns',
  'admin.preview.examined-all':
    '{count, plural, one {The only user was examined.} other {All {count} users were examined.}}',
  'admin.preview.examined': 'The first {count} users were examined.',
  'admin.preview.examined-of': 'The first {count} of {total} users were examined.',
  'admin.preview.newly-asked': 'Newly asked',
  'admin.preview.must-activate': 'Have to activate first',
  'admin.preview.no-longer': 'No longer asked',
  'admin.preview.blocked':
    '<strong>{count} of them could not sign in at all:</strong> what their own organization accepts and what is demanded here have no mechanism in common.',
  'admin.preview.first-asked': 'The first {count} who are newly asked',
  'admin.preview.who-asked': 'Who is newly asked',
  'admin.preview.lockout': '<strong>It would lock you out.</strong> {text}',
  'admin.preview.lockout-text':
    'You have not activated any of the mechanisms that this setting demands of you. Activate one first; otherwise you will be shut out until you have.',
  'admin.preview.lock-me-out':
    'Lock me out: save it although I cannot get in until I have activated a mechanism.',
  'admin.preview.tick': 'Tick this box, or go back.',
  'admin.preview.send': 'Send "{text}".',

  'admin.confirm.left': 'Left without a mechanism',
  'admin.confirm.blocked': 'Could not sign in at all',
  'admin.confirm.lockout':
    '<strong>It would lock you out:</strong> what you have activated would not be accepted any longer.',
  'admin.confirm.lock-me-out': 'Lock me out: do it although I cannot get in then.',
  'admin.confirm.remove': 'Remove',
} as const;
