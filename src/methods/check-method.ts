import { existsSync } from 'node:fs';
import { shown } from '../check-options.js';
import { REMEMBERED_DEVICE, SIGN_IN } from '../contracts.js';
import { SallyportError } from '../errors.js';
import { SETTING_FIELDS } from '../policy/settings.js';
import { ACTIVATION_KEY } from './activation-key-words.js';
import type { PagedMethod } from './pages.js';

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** Names that events and sessions use in place of a method's. */
const RESERVED = [ACTIVATION_KEY, REMEMBERED_DEVICE, SIGN_IN];
/** Paths of the administrator's pages: a method's own setting has its name as path. */
const ADDRESSES = [
  ...['authentication', 'clients', 'users', 'events', 'two-factor'],
  ...['organization', 'version', 'lost', 'setting', 'effective', 'selectable', 'look-up'],
];
/** The fields that every form of a method's setting has. */
const FORM_FIELDS = ['version', 'override', 'pending', '_csrf'];
const FUNCTIONS = ['prompt', 'verify'] as const;
const OPTIONAL = ['start', 'wellFormed', 'pages'] as const;
const CHOICES: readonly (readonly [string, readonly string[]])[] = [
  ['throttle', ['lockout', 'backoff', 'none']],
  ['scope', ['subject', 'organization']],
  ['role', ['factor', 'backup']],
  ['challengeUse', ['until-right', 'once']],
];
/** The numeric options, with the maximum of each: a day, for a challenge. */
const NUMBERS: readonly (readonly [string, number])[] = [
  ['atMost', 20],
  ['challengeMs', 24 * 60 * 60 * 1000],
];
const ENROLLMENT_FUNCTIONS = ['begin', 'prompt', 'confirm'] as const;
const REASONS = [
  ...['wrong-code', 'replayed', 'expired', 'superseded', 'denied', 'not-accepted', 'malformed'],
] as const;
const MOST_CHARACTERS = 20_000;

/** Throws ERR_METHOD for an invalid method; `where` says which one was given. */
export function checkMethod(
  method: PagedMethod,
  where: string,
  hasView: (name: string) => boolean,
): void {
  const name: unknown = Object(method).name;
  if (typeof name !== 'string' || !NAME.test(name) || RESERVED.includes(name)) {
    throw new SallyportError(
      'ERR_METHOD',
      `${where} must have a name of small letters, digits and dashes, e.g. 'email-code', got ${shown(name)}`,
    );
  }
  const missing = FUNCTIONS.filter((one) => typeof method[one] !== 'function');
  if (missing.length > 0) throw wrong(name, `lacks ${missing.join(' and ')}`);
  if (typeof method.title !== 'string' || method.title.trim() === '')
    throw wrong(name, 'needs a title');
  for (const [field, allowed] of CHOICES) {
    const value: unknown = Reflect.get(method, field);
    if (value === undefined && field !== 'throttle') continue;
    if (allowed.includes(String(value))) continue;
    const right = allowed
      .map((one) => `'${one}'`)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1');
    throw wrong(name, `needs ${field}: ${right}`);
  }
  for (const [field, most] of NUMBERS) {
    const value: unknown = Reflect.get(method, field);
    if (value === undefined) continue;
    if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most) continue;
    throw wrong(name, `needs ${field}: a whole number from 1 to ${most}`);
  }
  const strange = OPTIONAL.find((one) => {
    const value: unknown = Reflect.get(method, one);
    return value !== undefined && typeof value !== 'function';
  });
  if (strange) throw wrong(name, `has ${strange}, which must be a function`);
  const { pure, start } = method;
  if (pure !== undefined && typeof pure !== 'boolean')
    throw wrong(name, 'needs pure: true or false');
  if (pure && start) {
    throw wrong(
      name,
      'is pure and has a start: what was started is taken in a step of its own, so leave pure out',
    );
  }
  checkAnswer(name, method);
  checkLookup(name, method);
  checkSettings(name, method);
  checkWords(name, method);
  const { enrollment, role = 'factor' } = method;
  const lacks = ENROLLMENT_FUNCTIONS.filter(
    (one) => enrollment && typeof enrollment[one] !== 'function',
  );
  if (lacks.length > 0) throw wrong(name, `lacks enrollment.${lacks.join(' and enrollment.')}`);
  if (role === 'factor' && !enrollment) {
    throw wrong(name, "needs an enrollment, or role: 'backup' where nobody activates it");
  }
  const { handOver } = enrollment ?? {};
  const { show, field } = handOver ?? {};
  if (
    handOver &&
    (typeof field !== 'function' || !['function', 'undefined'].includes(typeof show))
  ) {
    throw wrong(
      name,
      'needs enrollment.handOver.field, a function, and so is .show where it is there',
    );
  }
  if (handOver && !Object.hasOwn(method.answer, 'code')) {
    throw wrong(name, 'needs answer.code, where administrators can begin it');
  }
  if (method.views !== undefined && !Array.isArray(method.views)) {
    throw wrong(name, "needs views: a list of names, e.g. ['email-code/challenge']");
  }
  const { script } = method;
  if (script !== undefined && !isScript(script)) {
    throw wrong(
      name,
      "needs script: its text, or the URL of a file, e.g. new URL('./email-code.js', import.meta.url)",
    );
  }
  const { needsBrowser } = method;
  if (needsBrowser !== undefined && !/^[A-Za-z]\w*$/.test(String(needsBrowser))) {
    throw wrong(name, "needs needsBrowser: a property of window, e.g. 'PublicKeyCredential'");
  }
  const view = method.views?.find((one) => !hasView(one));
  if (view !== undefined) {
    throw wrong(
      name,
      `shows the view ${view}.ejs, which is neither in the folder of the option views nor ours`,
    );
  }
}

function isScript(script: unknown): boolean {
  return typeof script === 'string' ? script !== '' : script instanceof URL && existsSync(script);
}

function checkAnswer(name: string, { answer }: PagedMethod): void {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    throw wrong(name, 'needs an answer: its fields, e.g. { code: { maxLength: 20 } }');
  }
  for (const [field, shape] of Object.entries(answer)) {
    const { maxLength } = Object(shape);
    const sound = Number.isInteger(maxLength) && maxLength >= 1 && maxLength <= MOST_CHARACTERS;
    if (sound && !['_csrf', 'enrollment', 'name', 'remember'].includes(field)) continue;
    throw wrong(
      name,
      sound
        ? `has the field answer.${field}, which is ours: give it another name`
        : `needs answer.${field}.maxLength, from 1 to ${MOST_CHARACTERS} characters`,
    );
  }
}

function checkLookup(name: string, { lookup, pure }: PagedMethod): void {
  if (!lookup) return;
  const lacks = ['tokens', 'prompt', 'read'].filter(
    (one) => typeof Reflect.get(lookup, one) !== 'function',
  );
  if (lacks.length > 0) throw wrong(name, `lacks lookup.${lacks.join(' and lookup.')}`);
  // The index entry is written before the enrollment, and so before a pure step could know the tokens.
  if (pure) throw wrong(name, 'is pure and has a lookup: leave pure out');
}

function checkSettings(name: string, { settings, section, views = [] }: PagedMethod): void {
  if (!settings) {
    if (section) throw wrong(name, 'has a section for administrators, and no settings');
    return;
  }
  if ([...SETTING_FIELDS, ...ADDRESSES].includes(name)) {
    throw wrong(
      name,
      'has settings, and needs another name: this one is taken where they are kept',
    );
  }
  const functions = ['resolve', 'changes', ...(settings.floor ? ['floorChanges'] : [])];
  const lacks = functions.filter((one) => typeof Reflect.get(settings, one) !== 'function');
  for (const one of ['stored', 'policy'] as const) {
    if (typeof Object(settings[one]).safeParse !== 'function') lacks.push(one);
  }
  if (lacks.length > 0) throw wrong(name, `lacks settings.${lacks.join(' and settings.')}`);
  const taken = Object.keys(settings.floor ?? {}).find((field) => SETTING_FIELDS.includes(field));
  if (taken !== undefined)
    throw wrong(name, `has the field settings.floor.${taken}, which is ours`);
  const sent = Object.keys(section?.fields ?? {}).find((field) => FORM_FIELDS.includes(field));
  if (sent !== undefined) throw wrong(name, `has the field section.fields.${sent}, which is ours`);
  const shown = section ? [section.view, ...(section.floorView ? [section.floorView] : [])] : [];
  const unlisted = shown.find((view) => !views.includes(view));
  if (unlisted !== undefined) throw wrong(name, `needs ${unlisted} among its views`);
}

function checkWords(name: string, { words }: PagedMethod): void {
  const { refused, locked, stopped } = Object(words);
  const unsaid = REASONS.filter((reason) => typeof Object(refused)[reason] !== 'string');
  if (unsaid.length > 0) throw wrong(name, `needs words.refused for ${unsaid.join(', ')}`);
  if (typeof locked !== 'string' || !locked.includes('{wait}')) {
    throw wrong(name, "needs words.locked, e.g. 'Too many wrong codes. Try again in {wait}.'");
  }
  if (typeof stopped !== 'string') throw wrong(name, 'needs words.stopped, a sentence');
}

/** The error for a method: its name, what is wrong, and what would be right. */
export function wrong(name: string, what: string): SallyportError {
  return new SallyportError('ERR_METHOD', `the method ${name} ${what}`);
}
