import assert from 'node:assert/strict';
import { type MethodPlan, memoryStore, recoveryCodes, sallyport } from 'sallyport';
import { keyring } from '../../src/crypto/keyring.js';
import { builtInMethods } from '../../src/methods/built-in.js';
import { duoSettings } from '../../src/methods/duo/settings.js';
import { OWN_WORDS } from '../../src/methods/own-words.js';
import { emailCode } from '../journeys/email-code.js';
import { hostOptions, KEY } from '../support/app.js';
import { bound } from '../support/methods.js';

const email = emailCode({ addressOf: ({ label }) => label, send: async () => {} });
const { words } = email;
const settings = { ...duoSettings };

/** Words that could not be said on a page. */
const BAD_WORDS: readonly (readonly [string, object, RegExp])[] = [
  [
    'a brace that is left open',
    { refused: { ...words.refused, denied: 'No, {name' } },
    /^the method email-code has the words email-code\.refused\.denied, which must be an ICU message, got 'No, \{name' \(/,
  ],
  [
    'a tag that is left open',
    { stopped: 'Ask <b>us' },
    /email-code\.stopped, which must be an ICU message/,
  ],
  [
    'a kind of placeholder that there is not',
    { own: { sent: '{at, century}' } },
    /email-code\.own\.sent, which must be an ICU message/,
  ],
  [
    'a plural without other',
    { own: { deep: { sent: '{n, plural, one {once}}' } } },
    /email-code\.own\.deep\.sent, which must be an ICU message/,
  ],
  [
    'a placeholder that nobody fills',
    { because: { moved: 'Not to {address}.' } },
    /email-code\.because\.moved with the placeholder address; there are: none$/,
  ],
  [
    'another placeholder beside that of a wait',
    { locked: 'Wait {wait}, {name}.' },
    /email-code\.locked with the placeholder name; there are: wait$/,
  ],
  [
    'a duration that is taken for a day',
    { locked: '{wait}: until {wait, date}.' },
    /email-code\.locked, which must be an ICU message/,
  ],
  [
    'a placeholder that clocks have not',
    { clockOff: '{minutes} {hours}' },
    /clockOff with the placeholder hours; there are: minutes, direction$/,
  ],
  ['a number', { own: { sent: 5 } }, /email-code\.own\.sent, which must be a text, got number$/],
  ['null', { begin: null }, /email-code\.begin, which must be a text, got object$/],
  ['a list', { because: ['No.'] }, /email-code\.because, which must be a text, got object$/],
];

/** What is no method: what is given, and what its error says. */
const WRONG: readonly (readonly [string, unknown, RegExp])[] = [
  ['no name', { ...email, name: undefined }, /^methods\[0\] must have a name of small letters/],
  ['a name in capitals', { ...email, name: 'Email' }, /got 'Email'$/],
  ['a name with a slash', { ...email, name: 'a/b' }, /methods\[0\] must have a name/],
  ['a name of ours', { ...email, name: 'activation-key' }, /methods\[0\] must have a name/],
  [
    'another name of ours',
    { ...email, name: 'remembered-device' },
    /^methods\[0\] must have a name/,
  ],
  ['a long name', { ...email, name: 'a'.repeat(33) }, /methods\[0\] must have a name/],
  ...['mode', 'because', 'users', 'authentication'].map(
    (name) =>
      [
        `settings under the name ${name}, which is taken`,
        { ...email, name, settings },
        /has settings, and needs another name/,
      ] as const,
  ),
  [
    'half of its settings',
    { ...email, settings: { stored: settings.stored, policy: settings.policy } },
    /lacks settings\.resolve and settings\.changes$/,
  ],
  [
    'no schemas in its settings',
    { ...email, settings: { ...settings, stored: undefined, policy: {} } },
    /lacks settings\.stored and settings\.policy$/,
  ],
  [
    'a floor without words for what changes',
    { ...email, settings: { ...settings, floorChanges: undefined } },
    /lacks settings\.floorChanges$/,
  ],
  [
    'a floor with a field of ours',
    { ...email, settings: { ...settings, floor: { mode: {} } } },
    /has the field settings\.floor\.mode, which is ours/,
  ],
  [
    'a section without settings',
    { ...email, section: { view: 'x' } },
    /has a section for administrators, and no settings$/,
  ],
  [
    'a section whose view it does not list',
    { ...email, settings, section: { view: 'email-code/setting' } },
    /needs email-code\/setting among its views$/,
  ],
  [
    'half a lookup',
    { ...email, lookup: { tokens: () => [] } },
    /lacks lookup\.prompt and lookup\.read$/,
  ],
  [
    'a lookup, though it is judged in the step that counts it',
    {
      ...{ ...email, start: undefined, pure: true },
      lookup: { tokens: () => [], prompt: () => null, read: () => null },
    },
    /is pure and has a lookup: leave pure out$/,
  ],
  ['no title', { ...email, title: ' ' }, /^the method email-code needs a title$/],
  [
    'no property of a browser that it needs',
    { ...email, needsBrowser: 'navigator.usb' },
    /needs needsBrowser: a property of window/,
  ],
  ['no verify', { ...email, verify: undefined }, /^the method email-code lacks verify$/],
  ['no prompt', { ...email, prompt: 'x' }, /^the method email-code lacks prompt$/],
  ['no throttle', { ...email, throttle: undefined }, /needs throttle: 'lockout', 'backoff' or/],
  ['no answer', { ...email, answer: undefined }, /needs an answer: its fields/],
  [
    'an answer without a limit',
    { ...email, answer: { code: {} } },
    /needs answer\.code\.maxLength/,
  ],
  ['an endless answer', { ...email, answer: { code: { maxLength: 1e9 } } }, /from 1 to 20000 char/],
  ['an empty answer', { ...email, answer: { code: { maxLength: 0 } } }, /needs answer\.code\.maxL/],
  ['half a letter', { ...email, answer: { code: { maxLength: 1.5 } } }, /needs answer\.code\.maxL/],
  [
    'one field without a limit',
    { ...email, answer: { code: { maxLength: 9 }, pin: {} } },
    /needs answer\.pin\.maxLength/,
  ],
  ...['_csrf', 'enrollment', 'name', 'remember'].map(
    (field) =>
      [
        `the field ${field}, which is ours`,
        { ...email, answer: { code: { maxLength: 9 }, [field]: { maxLength: 9 } } },
        new RegExp(`has the field answer\\.${field}, which is ours: give it another name$`),
      ] as const,
  ),
  ['no words', { ...email, words: undefined }, /needs words\.refused for wrong-code, replayed/],
  ['half the words', { ...email, words: { ...words, refused: { denied: 'No.' } } }, /wrong-code/],
  ...Object.keys(words.refused).map(
    (reason) =>
      [
        `no word for ${reason}`,
        { ...email, words: { ...words, refused: { ...words.refused, [reason]: undefined } } },
        new RegExp(`needs words\\.refused for ${reason}$`),
      ] as const,
  ),
  [
    'no word of waits',
    { ...email, words: { ...words, locked: 'Wait.' } },
    /needs words\.locked, e\.g\. 'Too many wrong codes\. Try again in \{wait\}\.'$/,
  ],
  ['no last word', { ...email, words: { ...words, stopped: undefined } }, /needs words\.stopped/],
  ['no enrollment', { ...email, enrollment: undefined }, /needs an enrollment, or role: 'backup'/],
  [
    'half an enrollment',
    { ...email, enrollment: { begin() {} } },
    /enrollment\.prompt and enrollm/,
  ],
  ['nothing that a factory makes', () => undefined, /^methods\[0\] must have a name/],
  ['half a method from a factory', () => ({ ...email, verify: 1 }), /email-code lacks verify$/],
  ...BAD_WORDS.map(
    ([what, more, message]) =>
      [`${what} in its words`, { ...email, words: { ...words, ...more } }, message] as const,
  ),
  ['a broken title', { ...email, title: 'Code {' }, /has the words email-code\.title, which must/],
  [
    'a broken label',
    { ...email, answer: { code: { maxLength: 9, label: '{code}' } } },
    /email-code\.answer\.code\.label with the placeholder code; there are: none$/,
  ],
  [
    'an event type without words',
    { ...email, events: { 'address.moved': 1 } },
    /has the words event\.address\.moved, which must be a text, got number$/,
  ],
  [
    'an event type whose words are broken',
    { ...email, events: { 'address.moved': 'Moved {' } },
    /has the words event\.address\.moved, which must be an ICU message, got 'Moved \{' \(/,
  ],
  [
    'an event type of ours',
    { ...email, events: { 'verification.failed': 'Wrong' } },
    /has the words event\.verification\.failed, which is a sentence of ours/,
  ],
  [
    'a missing view',
    { ...email, views: ['email-code/x'] },
    /shows the view email-code\/x\.ejs, wh/,
  ],
];

describe('a door’s methods', () => {
  const make = (...methods: unknown[]) =>
    sallyport({
      ...hostOptions(),
      store: memoryStore(),
      methods: methods as readonly MethodPlan[],
    });

  for (const [what, given, message] of WRONG) {
    it(`are refused with ${what}, when the door is made`, () => {
      assert.throws(() => make(given), { code: 'ERR_METHOD', message });
    });
  }

  it('have each event type of its own: both methods are named', () => {
    const one = { ...email, events: { 'address.moved': 'Address changed' } };
    const other = { ...email, name: 'sms', events: { 'address.moved': 'Number changed' } };
    assert.throws(() => make(one, other), {
      code: 'ERR_METHOD',
      message:
        'the method sms has the event type address.moved, and so has email-code: give one another name',
    });
  });

  it('may say whatever their own code fills in', () => {
    const own = {
      ...words,
      own: { sent: 'Sent to <b>{address}</b> {count, plural, one {once} other {# times}}.' },
    };
    assert.doesNotThrow(() => make({ ...email, words: own }));
  });

  it('of this package are not parsed when a door is made', () => {
    const shared = { store: memoryStore(), keyring: keyring([KEY]) };
    for (const plan of builtInMethods()) assert.ok(OWN_WORDS.has(bound(plan, shared).words));
  });

  it('have each a name of its own', () => {
    assert.throws(() => make(email, recoveryCodes(), { ...email }), {
      code: 'ERR_METHOD',
      message: 'the method email-code is given twice: each name is one method',
    });
  });

  it('have at least one that a person can activate', () => {
    for (const backups of [[recoveryCodes()], [{ ...email, role: 'backup' }, recoveryCodes()]]) {
      assert.throws(() => make(...backups), {
        code: 'ERR_METHOD',
        message: 'methods has none that a person can activate',
      });
    }
  });

  it('may have a backup that nobody activates, beside one that somebody does', async () => {
    const backup = { ...email, name: 'spare', role: 'backup', enrollment: undefined };
    const door = make(email, backup);
    await door.ready();
    await door.close();
  });

  it('are what the door’s strategies and its demands are named after', async () => {
    const door = make(email);
    await door.ready();
    assert.throws(() => door.require({ methods: ['totp'] }), {
      code: 'ERR_OPTION',
      message: /must be one of email-code, got 'totp'$/,
    });
    const used: string[] = [];
    door.passport({
      use: (name: string) => void used.push(name),
      authenticate: () => assert.fail('is not asked'),
    } as never);
    assert.deepEqual(used, ['sallyport-email-code']);
    await door.close();
  });
});
