/** Of every page: times, errors, and what stands around the content. */
export const WEB = {
  'action.activate': 'Activate',
  'action.cancel': 'Cancel',
  'action.continue': 'Continue',
  'action.go-on': 'Go on',
  'action.save': 'Save',
  'action.sign-in': 'Sign in',
  'action.try-again': 'Try again',

  'frame.error-title': 'Error: {title}',
  'frame.signed-in-as': 'Signed in as <name>{label}</name>',
  'frame.sign-out': 'Sign\u00a0out',
  'frame.not-taken':
    'What you sent was not taken, because you were not signed in to the end. Afterwards you are brought back to the page of the form, as far as it is known: send it again from there.',
  'frame.error-number': 'Error {status}',

  'time.date': '{at, date, day} {at, date, month} {at, date, year}, {at, time, short} UTC',
  'time.wait': 'in {duration}',
  'time.seconds': '{count, plural, one {# second} other {# seconds}}',
  'time.minutes': '{count, plural, one {# minute} other {# minutes}}',
  'time.hours': '{count, plural, one {# hour} other {# hours}}',
  'time.days': '{count, plural, one {# day} other {# days}}',
  'time.left.minutes': '{count, plural, one {# minute} other {# minutes}}',
  'time.left.hours': '{count, plural, one {# hour} other {# hours}}',
  'time.left.days': '{count, plural, one {# day} other {# days}}',

  'error.heading.session_ended': 'This session has ended',
  'error.heading.second_factor_missing': 'Activate a second factor first',
  'error.heading.400': 'That request was not understood',
  'error.heading.401': 'Confirm that it is you',
  'error.heading.csrf_token_invalid': 'Please try that again',
  'error.heading.403': 'You cannot go on here',
  'error.heading.404': 'There is no such page',
  'error.heading.405': 'That is not possible here',
  'error.heading.409': 'That is not possible now',
  'error.heading.413': 'That was too much',
  'error.heading.other': 'That did not work',
  'error.unreadable': 'The request could not be read.',
  'error.unavailable.heading': 'Please try again in a moment',
  'error.unavailable.heading-for-good': 'This cannot go on now',
  'error.unavailable.text': 'Your sign-in cannot be checked right now, so nobody is let in.',
  'error.unavailable.wait':
    'Wait a few seconds and try again; if it goes on, tell your administrator.',
  'error.unavailable.wait-and-look':
    'Wait a few seconds, and look whether it was done before you try again; if it goes on, tell your administrator.',
  'error.unavailable.for-good': 'Waiting does not help here: tell your administrator.',
  'error.unavailable.last': 'Two-factor authentication is unavailable.',
  'error.detail': '{advice} ({code}: {detail})',

  'request.use-get': 'Use GET.',
  'request.no-address': 'There is nothing at this address.',
  'request.not-our-address': 'This app is not at this address.',
  'request.path-alone': 'Ask for a path alone.',
  'request.form': 'The form was not understood: only {names} may be sent, each as one text.',
  'request.form-without-fields':
    'The form was not understood: only no fields may be sent, each as one text.',
  'request.stale-token':
    'This page was open for too long, or the form did not come from it. Please try again.',
  'request.no-token':
    'No token was sent with this: it belongs into the field _csrf or the header x-csrf-token, and every page of ours has it. Please try again from the page.',
  'request.refused-form':
    'The app has refused this form, so it was not taken. Tell your administrator.',
  'request.refused-form-because':
    'The app has refused this form, so it was not taken. Tell your administrator. ({reason})',

  'leave.title': 'One moment',
  'leave.text': 'You are on your way to another site.',
  'leave.over': 'This way on is over. Go back and try again.',
} as const;
