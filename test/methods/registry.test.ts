import assert from 'node:assert/strict';
import { type MethodPlan, memoryStore, recoveryCodes, sallyport } from 'sallyport';
import { duoSettings } from '../../src/methods/duo/settings.js';
import { emailCode } from '../journeys/email-code.js';
import { hostOptions } from '../support/app.js';

const email = emailCode({ addressOf: ({ label }) => label, send: async () => {} });
const { words } = email;
const settings = { ...duoSettings };

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
  ['no title', { ...email, title: ' ' }, /^the method email-code needs a title$/],
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
