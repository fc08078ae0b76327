/** Of the person's own pages: the way in, and My Profile. */
export const PAGES = {
  'again.heading': 'One moment',
  'again.heading-form': 'Please send that again',
  'again.text': 'Your sign-in has just gone on in another tab, or with another click.',
  'again.text-brought':
    'Your sign-in has just gone on in another tab, or with another click. You are brought there.',
  'again.text-form':
    'Your sign-in has just gone on in another tab, or with another click. What you sent was not taken: go back to the form and send it again.',
  'again.to-form': 'Back to the form',

  'expired.title': 'Please sign in again',
  'expired.text':
    'This session is over: signing in took too long, or your sessions were ended, for example by a changed password. What you sent last was not done.',

  'sign-in-again.title': 'Please sign in again',
  'sign-in-again.title-in-vain': 'Signing in again was not enough',
  'sign-in-again.text-in-vain':
    'You may have been signed in without being asked. Use another way, or tell your administrator.',
  'sign-in-again.not-offered': 'You cannot sign in again there now.',
  'sign-in-again.or-activate': 'Or activate a second factor here',

  'method.code': 'Code',
  'method.not-offered': 'This method is not offered to you.',
  'method.not-yours': 'This method is not yours to use here.',
  'method.none-accepted': 'None of your methods is accepted here.',
  'method.add-one': 'You can activate one that is, and then come back.',
  'method.sends-nothing': 'This method sends nothing.',
  'method.asked-too-often': 'This was asked for too often. Wait a few minutes, and try again.',
  'method.unavailable':
    'This cannot be checked at the moment, so nobody is let in with it. Try again in a few minutes.',
  'method.nothing-to-hand-over': 'There is nothing to hand over.',
  'method.other-ways': 'Use another way',
  'method.try-again-at': 'You can try again {when}.',
  'method.nothing-came': 'Nothing has come?',
  'method.start-again': 'Start again',
  'method.remember':
    'Do not ask again on this device for {days, plural, one {# day} other {# days}}',

  'challenge.choose.title': 'How do you want to confirm?',
  'challenge.choose.text': 'Choose the one that you have at hand.',
  'challenge.step-up.title': 'Confirm that it is you',
  'challenge.step-up.text':
    'What you are about to do needs a fresh confirmation, although you are signed in.',
  'challenge.enroll-other.title': 'Confirm with the method you have',
  'challenge.enroll-other.text':
    'Your organization now asks for another method. Confirm with the one that you have; then you activate the new one.',

  'activate.title': 'Activate two-factor',
  'activate.choose.title': 'Choose your second factor',
  'activate.choose.text':
    'From now on, signing in takes your password and one of these. You need only one.',
  'activate.begin.text': 'The next page says what to do.',
  'activate.begin.replaces': 'The one that you have is accepted until the new one is confirmed.',
  'activate.begin.voids':
    'If you have begun to activate something elsewhere, it is void from then on.',
  'activate.name': 'Name',
  'activate.name-hint': 'So that you tell it from your others',
  'activate.later':
    '<strong>You have {left} left for this</strong>, until {until}. After that it is needed to sign in.',
  'activate.not-now': 'Not now',
  'activate.not-postponable': 'Two-factor can no longer be postponed.',
  'activate.not-begun': 'This method cannot be activated now.',
  'activate.already': 'You have a method already.',
  'activate.no-enrollment':
    'A code is sent together with `enrollment`, as the page or its JSON names it.',

  'activation-key.title': 'Enter your activation key',
  'activation-key.text':
    'Your organization asks for a key before two-factor authentication is activated. Your administrator gives it to you; it works once.',
  'activation-key.label': 'Activation key',
  'activation-key.hint': 'Letters and digits, with or without dashes',

  'profile.title': 'Two-factor authentication',
  'profile.activated': 'Activated',
  'profile.last-used': 'Last used',
  'profile.never': 'Never',
  'profile.device': 'Device',
  'profile.off': 'Your organization has not switched on two-factor authentication.',
  'profile.off-though-active':
    'Your organization has not switched on two-factor authentication: signing in takes your password only.',
  'profile.active': 'Signing in takes your password and one of these.',
  'profile.required': 'Not activated yet. Your organization requires it.',
  'profile.optional': 'Not activated yet. It is up to you.',
  'profile.phishing-resistant': 'Phishing-resistant: a look-alike page gets nothing from it.',
  'profile.copied':
    'There is a copy of it, most likely: its count went back at {at}, and that answer was refused. Activate another one, remove this one, and tell your administrator.',
  'profile.only-one':
    'You have one only. Activate a second one now: it lets you in when the first is lost.',
  'profile.not-accepted': 'Your organization no longer accepts this method.',
  'profile.rename': 'Rename',
  'profile.replace': 'Replace',
  'profile.remove': 'Remove',
  'profile.activate-one': 'Activate a method',
  'profile.activate-another': 'Activate another method',
  'profile.another': 'Another {method}',
  'profile.devices': 'Remembered devices',
  'profile.devices.text': 'On these no code is asked for until the date given.',
  'profile.devices.until': 'Until',
  'profile.devices.forget': 'Forget',
  'profile.sessions': 'Your other sessions',
  'profile.sessions.text':
    'Did you leave one open somewhere? Each of them has to sign in again then; this one goes on.',
  'profile.sessions.button': 'Sign out my other sessions',
  'profile.account': 'Your account',
  'profile.account.text':
    'Two-factor authentication for everybody in your account is switched on and off in its settings.',
  'profile.account.button': 'Account settings',
  'profile.done.activated': 'The new method is activated.',
  'profile.done.replaced':
    'The new one is activated, and the old one is gone. Your other sessions must sign in again.',
  'profile.done.renamed': 'The new name is saved.',
  'profile.done.removed': 'The method is removed. Your other sessions must sign in again.',
  'profile.done.forgotten':
    'The device is forgotten: a code is asked for there at the next sign-in.',
  'profile.done.signed-out': 'Your other sessions are signed out: each must sign in again.',
  'profile.no-method': 'There is no such method of yours.',
  'profile.no-device': 'There is no such device of yours.',
  'profile.have-already': 'You have activated {method} already: replace it instead.',
  'profile.too-many':
    '{count, plural, other {You have # of these already, and no more are kept: replace or remove one of them.}}',
  'profile.changed': 'Your methods have changed meanwhile. Nothing was done: look at them again.',
  'profile.required-here':
    'Your organization requires two-factor authentication: replace this method instead.',
  'profile.remove.title': 'Remove a method',
  'profile.remove.heading': 'Remove {method}?',
  'profile.remove.text':
    'It will no longer be accepted, and your other sessions must sign in again.',
  'profile.sign-out.heading': 'Sign out your other sessions?',
  'profile.sign-out.text':
    'Every other device and browser has to sign in again. This session goes on.',
  'profile.sign-out.button': 'Sign out the others',

  'rename.title': 'Rename',
  'rename.name': 'Name',
  'rename.hint': 'At most {count} characters',
  'rename.wrong': 'Give it a name of 1 to {count} characters.',
} as const;
