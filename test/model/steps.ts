import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Answered } from '../support/dispatch.js';
import type { Accepted, Name, Outcome, Reference, Rules, Shown, Standing } from './reference.js';
import { copySlot, type Form, type Slot, type System } from './system.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const ACTIVATE = '/two-factor/activate/totp';
const PROFILE = '/two-factor/profile';

/** Which browser sends it, and to which process. */
interface Who {
  readonly slot: number;
  readonly process: number;
}

type Act<Args> = (model: Reference, system: System, args: Args) => Promise<void>;

/** One command: what is done to both, and then the question who is let in. */
class Step<Args extends object> implements fc.AsyncCommand<Reference, System> {
  readonly #name: string;
  readonly #args: Args;
  readonly #act: Act<Args>;

  constructor(name: string, args: Args, act: Act<Args>) {
    this.#name = name;
    this.#args = args;
    this.#act = act;
  }

  check(): boolean {
    return true;
  }

  async run(model: Reference, system: System): Promise<void> {
    await this.#act(model, system, this.#args);
    await compare(model, system, this.#args as Partial<Who>);
  }

  toString(): string {
    return `${this.#name}(${JSON.stringify(this.#args)})`;
  }
}

// ---- the oracle ---------------------------------------------------------------------------------------------

/** Who is let in now, and what everybody else has to do: asked of the app, and of the model. */
async function compare(model: Reference, system: System, { slot = 0, process = 0 }: Partial<Who>) {
  const { slots } = system;
  // The one that acted, and another; at the end of a run all of them are asked.
  const asked = [slots[slot % slots.length], slots[(slot + 1 + process) % slots.length]] as Slot[];
  for (const one of asked) await ask(model, system, one, process + 1);
  for (const user of ['one', 'two'] as const) await compareRecord(model, system, user);
}

export async function compareAll(model: Reference, system: System): Promise<void> {
  const all = [...system.slots, ...system.old];
  for (const [process, one] of all.entries()) await ask(model, system, one, process);
}

async function ask(model: Reference, system: System, slot: Slot, process: number): Promise<void> {
  const expected = model.gate(slot.jar);
  const answer = await system.send(slot, process, { path: '/reports' });
  assert.deepEqual(standingOf(answer), shape(expected));
}

async function compareRecord(model: Reference, system: System, user: Name): Promise<void> {
  const person = model.people[user];
  const record = await system.look(user);
  assert.deepEqual(
    {
      epoch: record.epoch,
      enrollments: record.enrollments.map(({ id }) => id).toSorted(),
      failures: record.failures,
      recoveryCodesLeft: record.recoveryCodesLeft,
      recoveryCodesKept: record.recoveryCodesKept,
      activationKeyEndsAt: record.activationKeyEndsAt,
    },
    {
      epoch: person.epoch,
      enrollments: person.authenticators.map(({ secret }) => system.idOf(secret)).toSorted(),
      failures: person.failures,
      recoveryCodesLeft: person.codes?.size ?? null,
      recoveryCodesKept: person.codesKept,
      activationKeyEndsAt: person.activationKey?.until ?? null,
    },
  );
}

function shape(standing: Standing) {
  switch (standing.kind) {
    case 'login':
    case 'pass':
      return { kind: standing.kind };
    case 'enroll': {
      const { kind, methods, graceUntil } = standing;
      const graceEndsAt = graceUntil === null ? null : new Date(graceUntil).toISOString();
      return { kind, methods: methods.toSorted(), graceEndsAt };
    }
    case 'challenge': {
      const { kind, why, methods } = standing;
      return { kind, why, methods: methods.toSorted() };
    }
    default:
      return standing satisfies never;
  }
}

function standingOf({ status, text }: Answered): ReturnType<typeof shape> {
  if (status === 200) {
    assert.match(text, /^inside/);
    return { kind: 'pass' };
  }
  const { error, next, why, methods, graceEndsAt } = JSON.parse(text);
  // Nobody either, who is told to look for the new id first.
  if (status === 409 && error === 'session_renewed') return { kind: 'login' };
  assert.equal(status, 401);
  if (error === 'authentication_required') return { kind: 'login' };
  assert.equal(error, 'second_factor_required');
  const sorted = (methods as Accepted[]).toSorted();
  return next === 'enroll'
    ? { kind: 'enroll', methods: sorted, graceEndsAt }
    : { kind: 'challenge', why, methods: sorted };
}

function outcomeOf({ status, headers, text }: Answered): Outcome | { kind: 'form' } {
  const body = JSON.parse(text);
  switch (status) {
    case 200:
      if (body.next === 'enroll' && body.enrollment !== undefined) return { kind: 'form' };
      if (body.next === 'activation-key') return { kind: 'demanded' };
      return { kind: body.next };
    case 401:
      return { kind: body.error === 'authentication_required' ? 'login' : body.next };
    case 404:
      return { kind: 'not-found' };
    case 409:
      return { kind: body.error === 'session_renewed' ? 'login' : 'conflict' };
    case 422:
      return { kind: 'refused' };
    case 429: {
      const wait = headers['retry-after'];
      return { kind: 'locked', retryAfter: wait === undefined ? null : Number(wait) };
    }
    default:
      throw new Error(`answered ${status}: ${text}`);
  }
}

/** The model's outcome is the app's; and there is a new session id where, and only where, it says so. */
async function both(
  slot: Slot,
  expected: () => Outcome,
  actual: () => Promise<Answered>,
): Promise<Answered> {
  const before = { session: slot.jar.session, sid: slot.cookies.get('connect.sid') };
  const answer = await actual();
  const outcome = expected();
  const { kind, ...rest } = outcome;
  const normal = { ...rest, kind: kind === 'verified' ? 'done' : kind };
  assert.deepEqual(outcomeOf(answer), normal, answer.text.slice(0, 300));
  const renewed = slot.jar.session !== before.session;
  assert.equal(slot.cookies.get('connect.sid') !== before.sid, renewed, 'the session id changes');
  return answer;
}

// ---- what people do -----------------------------------------------------------------------------------------

function slotOf(system: System, { slot }: { slot: number }): Slot {
  return system.slots[slot % system.slots.length] as Slot;
}

/** Its cookies as they are now may be used again later. */
function keepOld(system: System, slot: Slot): void {
  if (system.old.length < 5) system.old.push(copySlot(slot));
}

async function login(model: Reference, system: System, args: Who & { user: Name }) {
  const slot = slotOf(system, args);
  if (slot.jar.session && !slot.jar.session.ended) keepOld(system, slot);
  const username = system.subject(args.user).id;
  model.login(slot.jar, args.user);
  const sid = slot.cookies.get('connect.sid');
  await system.send(slot, args.process, {
    method: 'POST',
    path: '/login',
    body: { username, password: 'sallyport' },
  });
  assert.notEqual(slot.cookies.get('connect.sid'), sid, 'the session id changes at login');
}

/** The host has its person come back from single sign-on, and notes in the session what was proven there, and when. */
async function signIn(model: Reference, system: System, args: Who & { age: number }) {
  const slot = slotOf(system, args);
  const { session } = slot.jar;
  if (!session || session.ended) return;
  const at = model.now - args.age;
  await system.send(slot, args.process, {
    method: 'POST',
    path: '/signed-in',
    body: { at: String(at) },
  });
  model.signIn(session, at);
}

/** Somebody comes by single sign-on, where it counts, and asks for a page and for one that demands more. */
async function elsewhere(
  model: Reference,
  system: System,
  args: Who & { user: Name; age: number },
) {
  const rules = { mode: 'required', methods: ['totp'], enrollment: 'self', grace: null } as const;
  await setRules(model, system, { ...args, ...rules, maxAge: null, remember: null, signIn: HOUR });
  await login(model, system, args);
  await signIn(model, system, args);
  await navigate(model, system, args);
  await demandFresh(model, system, args);
}

async function logout(model: Reference, system: System, args: Who & { page: boolean }) {
  const slot = slotOf(system, args);
  keepOld(system, slot);
  if (args.page) {
    await system.post(model, slot, args.process, '/two-factor/sign-out');
  } else {
    await system.send(slot, args.process, { method: 'POST', path: '/logout', body: {} });
  }
  model.logout(slot.jar);
}

async function copy(_model: Reference, system: System, args: Who & { from: number }) {
  const all = [...system.slots, ...system.old];
  const from = all[args.from % all.length] as Slot;
  system.slots[args.slot % system.slots.length] = copySlot(from);
}

async function navigate(model: Reference, system: System, args: Who) {
  const slot = slotOf(system, args);
  const sid = slot.cookies.get('connect.sid');
  const expected = model.navigate(slot.jar);
  const answer = await system.send(slot, args.process, { path: '/reports', html: true });
  const { location } = answer.headers;
  if (expected.recognized) {
    assert.equal(location, '/reports', 'the device is recognized');
    assert.notEqual(slot.cookies.get('connect.sid'), sid, 'the session id changes');
    return;
  }
  switch (expected.kind) {
    case 'pass':
      assert.equal(answer.status, 200);
      return;
    case 'login':
      // Nobody either, who is led to try again with the id that may have come meanwhile.
      if (answer.status === 409 && answer.headers.refresh === '1; url=/reports') return;
      assert.ok(location === '/login' || location === '/two-factor/expired', String(location));
      return;
    case 'enroll':
      assert.equal(location, '/two-factor/activate');
      return;
    case 'challenge':
      assert.equal(location, '/two-factor/challenge');
      return;
    default:
      expected satisfies never;
  }
}

/** To a route that demands a fresh proof, as a program or as a browser. */
async function demandFresh(model: Reference, system: System, args: Who) {
  const slot = slotOf(system, args);
  const answer = await system.send(slot, args.process, { path: '/fresh' });
  const expected = model.demandFresh(slot.jar);
  assert.deepEqual(standingOf(answer), shape(expected));
}

interface Typed {
  /** The secret that is meant here, any that there has been, or none: a code that is right for nobody. */
  readonly of: 'meant' | 'any' | 'none';
  readonly secret: number;
  /** In time steps from now; `last`: the very code that was accepted last. */
  readonly offset: number | 'last';
}

function typedCode(
  model: Reference,
  system: System,
  { of, secret: n, offset }: Typed,
  meant: { readonly secret: number; readonly lastStep: number } | undefined,
) {
  const known = system.secrets.length;
  const any = known === 0 ? null : known - 1 - (n % known);
  const secret = of === 'none' ? null : of === 'meant' ? (meant?.secret ?? any) : any;
  const step = offset === 'last' ? (meant?.lastStep ?? model.step) : model.step + offset;
  const typed = { secret, step };
  return { typed, digits: system.digits(typed, model.step) };
}

/** An authenticator of whoever is signed in there. */
function ownOf(model: Reference, slot: Slot, n: number) {
  const own = slot.jar.session ? model.people[slot.jar.session.user].authenticators : [];
  return own[n % Math.max(1, own.length)];
}

async function answerTotp(
  model: Reference,
  system: System,
  args: Who & Typed & { remember: boolean },
) {
  const slot = slotOf(system, args);
  const { typed, digits } = typedCode(model, system, args, ownOf(model, slot, args.secret));
  if (digits === null) return;
  keepSometimes(system, slot);
  await both(
    slot,
    () => model.answerTotp(slot.jar, typed, args.remember),
    () =>
      system.post(model, slot, args.process, '/two-factor/challenge/totp', {
        code: digits,
        ...(args.remember ? { remember: '1' } : {}),
      }),
  );
}

function keepSometimes(system: System, slot: Slot): void {
  if (slot.cookies.size > 0 && system.old.length < 3) keepOld(system, slot);
}

async function answerRecoveryCode(
  model: Reference,
  system: System,
  args: Who & { code: number; remember: boolean },
) {
  const slot = slotOf(system, args);
  const known = system.codes.length;
  const number = known === 0 ? -1 : known - 1 - (args.code % known);
  const code = system.codes[number] ?? '0000-0000-0000-0000';
  await both(
    slot,
    () => model.answerRecoveryCode(slot.jar, number),
    () =>
      system.post(model, slot, args.process, '/two-factor/challenge/recovery-code', {
        code: code.toLowerCase(),
        ...(args.remember ? { remember: '1' } : {}),
      }),
  );
}

async function openForm(
  model: Reference,
  system: System,
  args: Who & { place: Form['place']; replace: number | null },
) {
  const slot = slotOf(system, args);
  const { user } = slot.jar.session ?? { user: 'one' as const };
  const has = model.people[user].authenticators;
  // Where a person would look for it: on the way in, or once inside.
  const inside = model.standing(slot.jar.session).kind === 'pass' && has.length > 0;
  if (inside && args.place === 'login' && args.replace !== null) {
    return openForm(model, system, { ...args, place: 'profile' });
  }
  const replaces =
    args.place === 'profile' && args.replace !== null && has.length > 0
      ? (has[args.replace % has.length]?.secret ?? null)
      : null;
  const path = urlOf(system, args.place, replaces);
  let answer = await system.send(slot, args.process, { path });
  const { begin } = JSON.parse(answer.text) as { begin?: string };
  if (begin !== undefined) {
    await system.post(model, slot, args.process, begin);
    answer = await system.send(slot, args.process, { path });
  }
  const expected = model.openForm(slot.jar, args.place, system.secrets.length, replaces);
  if (expected.kind !== 'form') {
    assert.deepEqual(outcomeOf(answer), expected, answer.text.slice(0, 300));
    return;
  }
  assert.deepEqual(outcomeOf(answer), { kind: 'form' });
  takeForm(system, answer, expected, { place: args.place, replaces });
}

/** The form that is shown is about the secret that the model says. */
function takeForm(
  system: System,
  { text }: Answered,
  { secret, shown }: Shown,
  where: Pick<Form, 'place' | 'replaces'>,
): void {
  const { key, enrollment } = JSON.parse(text);
  if (system.isNew(secret)) {
    assert.ok(system.secrets.every((one) => one !== key));
    system.noteSecret(key, enrollment, secret);
  } else {
    assert.equal(enrollment, system.idOf(secret));
    assert.equal(key, shown ? system.secrets[secret] : undefined);
  }
  system.forms.push({ secret, place: where.place, replaces: where.replaces });
}

function urlOf(system: System, place: Form['place'], replaces: number | null): string {
  if (place === 'login') return ACTIVATE;
  return replaces === null
    ? `${PROFILE}/activate/totp`
    : `${PROFILE}/replace/${system.idOf(replaces)}`;
}

async function confirm(model: Reference, system: System, args: Who & { form: number } & Typed) {
  const slot = slotOf(system, args);
  const known = system.forms.length;
  if (known === 0) return;
  const form = system.forms[known - 1 - (args.form % known)] as Form;
  const meant = { secret: form.secret, lastStep: model.step - 1 };
  const { typed, digits } = typedCode(model, system, args, meant);
  if (digits === null) return;
  await confirmWith(model, system, args, slot, form, typed, digits);
}

async function confirmWith(
  model: Reference,
  system: System,
  { process }: Who,
  slot: Slot,
  form: Form,
  typed: { secret: number | null; step: number },
  digits: string,
) {
  const numbers = Array.from({ length: 10 }, (_, n) => system.codes.length + n);
  let made = false;
  let again: Shown | Outcome | undefined;
  keepSometimes(system, slot);
  const answer = await both(
    slot,
    () => {
      const expected = model.confirm(
        slot.jar,
        form.place,
        form,
        typed,
        numbers,
        system.secrets.length,
      );
      made = expected.codes ?? false;
      again = expected.again;
      return expected.outcome;
    },
    () =>
      system.post(model, slot, process, urlOf(system, form.place, form.replaces), {
        code: digits,
        enrollment: system.idOf(form.secret),
      }),
  );
  const { recoveryCodes, next } = JSON.parse(answer.text);
  assert.equal(recoveryCodes?.length, made ? 10 : undefined);
  if (made) system.codes.push(...recoveryCodes);
  if (again?.kind === 'form') takeForm(system, answer, again, form);
  else if (again) assert.equal(next, 'activation-key');
}

async function redeem(model: Reference, system: System, args: Who & { key: number | null }) {
  const slot = slotOf(system, args);
  const known = system.activationKeys.length;
  const number = args.key === null || known === 0 ? -1 : known - 1 - (args.key % known);
  const activationKey = system.activationKeys[number] ?? '00000-00000-00000-00000';
  const secret = system.secrets.length;
  const answer = await both(
    slot,
    () => model.redeem(slot.jar, number, secret),
    () => system.post(model, slot, args.process, `${ACTIVATE}/key`, { activationKey }),
  );
  if (JSON.parse(answer.text).next !== 'enroll' || answer.status !== 200) return;
  const begun = slot.jar.session && model.people[slot.jar.session.user].begun;
  if (begun?.secret !== secret) return;
  // It stands on the form, which is opened next; unless no key was asked for there.
  system.expectSecret();
  await openForm(model, system, { ...args, place: 'login', replace: null });
}

async function postpone(model: Reference, system: System, args: Who) {
  const slot = slotOf(system, args);
  await both(
    slot,
    () => model.postpone(slot.jar),
    () => system.post(model, slot, args.process, '/two-factor/postpone'),
  );
}

async function removeFactor(model: Reference, system: System, args: Who & { secret: number }) {
  const slot = slotOf(system, args);
  if (system.secrets.length === 0) return;
  const secret = system.secrets.length - 1 - (args.secret % system.secrets.length);
  await both(
    slot,
    () => model.removeFactor(slot.jar, secret),
    () => system.post(model, slot, args.process, `${PROFILE}/remove/${system.idOf(secret)}`),
  );
}

async function signOutOthers(model: Reference, system: System, args: Who) {
  const slot = slotOf(system, args);
  await both(
    slot,
    () => model.signOutOthers(slot.jar),
    () => system.post(model, slot, args.process, `${PROFILE}/sign-out-others`),
  );
}

async function renewCodes(model: Reference, system: System, args: Who) {
  const slot = slotOf(system, args);
  const numbers = Array.from({ length: 10 }, (_, n) => system.codes.length + n);
  const answer = await both(
    slot,
    () => model.renewCodes(slot.jar, numbers),
    () => system.post(model, slot, args.process, `${PROFILE}/recovery-codes`),
  );
  const { recoveryCodes } = JSON.parse(answer.text);
  if (recoveryCodes) system.codes.push(...recoveryCodes);
}

/** What this person would do to get in: sign in, activate, or prove. */
async function proceed(model: Reference, system: System, args: Who & { user: Name }) {
  const slot = slotOf(system, args);
  if (model.standing(slot.jar.session).kind === 'login') await login(model, system, args);
  const session = slot.jar.session;
  if (!session) return;
  const standing = model.standing(session);
  const person = model.people[session.user];
  if (standing.kind === 'enroll' && standing.methods.includes('totp')) {
    if (model.rules[session.user].enrollment === 'activation-key') {
      await admin(model, system, { ...args, user: session.user, what: 'key' });
      await redeem(model, system, { ...args, key: 0 });
    } else {
      await openForm(model, system, { ...args, place: 'login', replace: null });
    }
    const form = system.forms.at(-1);
    if (!form) return;
    const typed = { secret: form.secret, step: model.step };
    const digits = system.digits(typed, model.step);
    if (digits !== null) await confirmWith(model, system, args, slot, form, typed, digits);
    return;
  }
  if (standing.kind !== 'challenge') return;
  const [own] = person.authenticators;
  if (!own) return;
  if (own.lastStep >= model.step) pass(model, system, 30 * SECOND);
  await answerTotp(model, system, { ...args, of: 'meant', secret: 0, offset: 0, remember: true });
}

/** Where every run begins: a person who is in, and may have had the device remembered. */
export async function settleIn(model: Reference, system: System): Promise<void> {
  const args = { slot: 0, process: 0, user: 'one' } as const;
  await proceed(model, system, args);
  if (model.rules.one.remember === null) return;
  pass(model, system, 30 * SECOND);
  await login(model, system, { ...args, slot: 1 });
  await proceed(model, system, { ...args, slot: 1 });
}

/** On the same device later on: the session is gone, what outlives it is not. */
async function comeBack(model: Reference, system: System, args: Who & { user: Name }) {
  await login(model, system, args);
  await navigate(model, system, args);
}

type Between = 'time' | 'policy' | Deed | 'other' | 'sign-out' | 'remove';

/** Begins an enrollment, lets something come between, and then confirms it with the right code. */
async function interrupted(
  model: Reference,
  system: System,
  args: Who & { user: Name; between: Between; and: Between; keyed: boolean },
) {
  const slot = slotOf(system, args);
  if (model.standing(slot.jar.session).kind === 'login') await login(model, system, args);
  const { user } = slot.jar.session as { user: Name };
  if (args.keyed && model.people[user].authenticators.length === 0) {
    await admin(model, system, { ...args, user, what: 'key' });
    await redeem(model, system, { ...args, key: 0 });
  } else {
    await openForm(model, system, { ...args, place: 'login', replace: 0 });
  }
  const form = system.forms.at(-1);
  if (!form) return;
  for (const between of [args.between, args.and]) {
    await comeBetween(model, system, { ...args, user, between });
  }
  const typed = { secret: form.secret, step: model.step };
  const digits = system.digits(typed, model.step);
  if (digits !== null) await confirmWith(model, system, args, slot, form, typed, digits);
}

async function comeBetween(
  model: Reference,
  system: System,
  { between, ...args }: Who & { user: Name; between: Between },
) {
  const other = { ...args, slot: args.slot + 1 };
  const secret = model.people[args.user].authenticators[0]?.secret ?? 0;
  switch (between) {
    case 'time':
      // So late that the form is too old, and not the session that shows it.
      pass(model, system, 9 * MINUTE + 59 * SECOND);
      return;
    case 'policy': {
      const { graceUntil: _grace, ...rules } = model.rules[args.user];
      await setRules(model, system, {
        ...args,
        ...rules,
        enrollment: 'activation-key',
        grace: null,
      });
      return;
    }
    case 'other':
      await proceed(model, system, other);
      return;
    case 'sign-out':
      await proceed(model, system, other);
      await signOutOthers(model, system, other);
      return;
    case 'remove':
      await proceed(model, system, other);
      await removeFactor(model, system, { ...other, secret: system.secrets.length - 1 - secret });
      return;
    default:
      await admin(model, system, { ...args, what: between });
  }
}

/** Somebody who is in adds another authenticator, or replaces the old one; and removes one, perhaps. */
async function changeFactors(
  model: Reference,
  system: System,
  args: Who & { user: Name; replace: boolean; remove: number | null },
) {
  const slot = slotOf(system, args);
  await proceed(model, system, args);
  const { user } = slot.jar.session ?? args;
  await openForm(model, system, { ...args, place: 'profile', replace: args.replace ? 0 : null });
  await confirm(model, system, { ...args, form: 0, of: 'meant', secret: 0, offset: 0 });
  const own = model.people[user].authenticators;
  if (args.remove === null || own.length === 0) return;
  const { secret } = own[args.remove % own.length] as { secret: number };
  await removeFactor(model, system, { ...args, secret: system.secrets.length - 1 - secret });
}

/** Somebody who is in does something after a while, for which the proof may have become too old. */
async function grownOld(
  model: Reference,
  system: System,
  args: Who & { user: Name; ms: number; maxAge: number | null; what: 'fresh' | 'remove' | 'codes' },
) {
  const { graceUntil: _grace, ...rules } = model.rules[args.user];
  await setRules(model, system, { ...args, ...rules, maxAge: args.maxAge, grace: null });
  await proceed(model, system, args);
  pass(model, system, args.ms);
  await ask(model, system, slotOf(system, args), args.process);
  if (args.what === 'fresh') {
    await demandFresh(model, system, args);
    const right = { of: 'meant', secret: 0, offset: 0, remember: false } as const;
    await answerTotp(model, system, { ...args, ...right });
  }
  if (args.what === 'codes') await renewCodes(model, system, args);
  if (args.what === 'remove') {
    const { mode: _mode, ...others } = rules;
    await setRules(model, system, { ...args, ...others, mode: 'optional', grace: null });
    const { secret } = ownOf(model, slotOf(system, args), 0) ?? { secret: 0 };
    await removeFactor(model, system, { ...args, secret: system.secrets.length - 1 - secret });
  }
}

/** On a remembered device something is wanted that a device does not stand for. */
async function remembered(model: Reference, system: System, args: Who & { user: Name }) {
  const { graceUntil: _grace, ...rules } = model.rules[args.user];
  await setRules(model, system, { ...args, ...rules, remember: DAY, grace: null });
  await login(model, system, args);
  await proceed(model, system, args);
  const thief = { ...args, slot: args.slot + 1 };
  await copy(model, system, { ...thief, from: args.slot % system.slots.length });
  await comeBack(model, system, args);
  await demandFresh(model, system, args);
  pass(model, system, MINUTE);
  await comeBack(model, system, thief);
}

/** Not now: until the grace period is over, or is another one. */
async function putOff(
  model: Reference,
  system: System,
  args: Who & { user: Name; ms: number; grace: number | null },
) {
  const rules = { mode: 'required', methods: ['totp'], enrollment: 'self' } as const;
  const ages = { maxAge: null, remember: null, signIn: null };
  if (model.people[args.user].authenticators.length > 0) {
    await admin(model, system, { ...args, what: 'reset' });
  }
  await setRules(model, system, { ...args, ...rules, ...ages, grace: HOUR });
  await login(model, system, args);
  await postpone(model, system, args);
  pass(model, system, args.ms);
  if (args.grace !== null) {
    await setRules(model, system, { ...args, ...rules, ...ages, grace: args.grace });
  }
}

/** A slow request spans what happens to its session, and then saves the session back. */
async function overlapped(
  model: Reference,
  system: System,
  args: Who & { user: Name; by: 'logout' | 'proceed' | 'sign-out' | 'login' },
) {
  const slot = slotOf(system, args);
  if (model.standing(slot.jar.session).kind === 'login') await login(model, system, args);
  // What is answered while it is under way has begun the time between the doors for both.
  await ask(model, system, slot, args.process);
  keepOld(system, slot);
  await system.duringSlowRequest(slot, args.process + 1, async () => {
    switch (args.by) {
      case 'logout':
        return logout(model, system, { ...args, page: false });
      case 'proceed':
        return proceed(model, system, args);
      case 'sign-out':
        // Being sent to step up would be written to the session, and lost.
        if (model.standing(slot.jar.session, 'change').kind !== 'pass') return;
        return signOutOthers(model, system, args);
      case 'login':
        return login(model, system, args);
      default:
        args.by satisfies never;
    }
  });
  const last = system.old.at(-1);
  if (last) await ask(model, system, last, args.process);
}

/** A guesser at the end of all attempts. */
async function guess(
  model: Reference,
  system: System,
  args: Who & { user: Name; by: 'totp' | 'recovery-code' | 'unlock' },
) {
  await exhaust(model, system, args);
  pass(model, system, 15 * MINUTE);
  await login(model, system, args);
  const right = { ...args, of: 'meant', secret: 0, offset: 0, remember: false } as const;
  await answerTotp(model, system, { ...right, of: 'none' });
  pass(model, system, DAY);
  await login(model, system, args);
  await answerTotp(model, system, right);
  if (args.by === 'recovery-code') await answerRecoveryCode(model, system, { ...right, code: 0 });
  if (args.by === 'unlock') {
    await admin(model, system, { ...args, what: 'unlock' });
    await answerTotp(model, system, right);
  }
}

// ---- what administrators do, and time -----------------------------------------------------------------------

type Deed = 'reset' | 'unlock' | 'end-sessions' | 'key' | 'short-key' | 'revoke' | 'hand-over';

async function admin(
  model: Reference,
  system: System,
  { user, what, process }: Who & { user: Name; what: Deed },
) {
  const subject = system.subject(user);
  switch (what) {
    case 'reset':
      model.reset(user);
      await system.door.subjects.reset(subject);
      break;
    case 'unlock':
      model.unlock(user);
      await system.door.subjects.unlock(subject);
      break;
    case 'end-sessions':
      model.endSessions(user);
      await system.door.subjects.endSessions(subject);
      break;
    case 'key':
    case 'short-key': {
      const lasts = what === 'key' ? DAY : 5 * MINUTE;
      model.issueKey(user, await system.issueKey(user, process, lasts), lasts);
      break;
    }
    case 'revoke':
      model.revokeKey(user);
      await system.store.revokeActivationKey(subject.id);
      break;
    case 'hand-over': {
      // The page refuses it for a user who has one.
      if (model.people[user].authenticators.length > 0) return;
      const secret = await system.handOver(user, process, DAY);
      model.handOver(user, secret, DAY);
      system.forms.push({ secret, place: 'login', replaces: null });
      break;
    }
    default:
      what satisfies never;
  }
  await system.settled();
}

async function setRules(
  model: Reference,
  system: System,
  { user, grace, ...rest }: Who & { user: Name } & GivenRules,
) {
  const { slot: _slot, process: _process, ...rules } = rest;
  model.rules[user] = { ...rules, graceUntil: grace === null ? null : model.now + grace };
  system.setRules(user, model.rules[user]);
}

function pass(model: Reference, system: System, ms: number): void {
  model.now += ms;
  system.advance(ms);
}

async function exhaust(model: Reference, system: System, { user }: Who & { user: Name }) {
  const person = model.people[user];
  const times = 99 - person.failures;
  if (times <= 0) return;
  await system.exhaust(user, times, () => pass(model, system, 15 * MINUTE));
  person.failures = 99;
  person.heardFrom = model.now + 15 * MINUTE;
  await system.settled();
}

async function rotate(_model: Reference, system: System, { process }: Who) {
  system.rotate(process);
}

// ---- arbitraries --------------------------------------------------------------------------------------------

type GivenRules = Omit<Rules, 'graceUntil'> & { readonly grace: number | null };

const who = { slot: fc.constantFrom(0, 0, 0, 1, 1, 2, 3), process: fc.nat(1) };
const user = fc.constantFrom<Name>('one', 'one', 'one', 'one', 'two');
const typed = {
  of: fc.constantFrom<Typed['of']>('meant', 'meant', 'meant', 'meant', 'any', 'none'),
  secret: fc.nat(2),
  offset: fc.constantFrom<Typed['offset']>(0, 0, 0, 0, 1, -1, -2, 2, 'last'),
};

const ALL: readonly Accepted[] = ['totp', 'recovery-code'];

const rules = {
  mode: fc.constantFrom<Rules['mode']>('required', 'required', 'optional', 'off'),
  methods: fc.constantFrom<readonly Accepted[]>(
    ALL,
    ALL,
    ['totp'],
    ['recovery-code', 'totp'],
    ['duo'],
    ['duo', 'recovery-code'],
    ['totp', 'duo'],
  ),
  enrollment: fc.constantFrom<Rules['enrollment']>('self', 'self', 'activation-key'),
  grace: fc.option(fc.constantFrom(HOUR, 7 * DAY), { freq: 2, nil: null }),
  maxAge: fc.option(fc.constantFrom(10 * MINUTE, HOUR), { freq: 2, nil: null }),
  remember: fc.option(fc.constantFrom(DAY, 30 * DAY), { freq: 2, nil: null }),
  signIn: fc.option(fc.constantFrom(8 * MINUTE, HOUR, DAY), { freq: 2, nil: null }),
};

export const firstRules = fc.record({
  ...rules,
  mode: fc.constantFrom<Rules['mode']>('required', 'required', 'required', 'optional'),
  methods: fc.constantFrom<readonly Accepted[]>(ALL, ALL, ['totp']),
});

function step<Args extends object>(
  weight: number,
  name: string,
  args: { [Key in keyof Args]: fc.Arbitrary<Args[Key]> },
  act: Act<Args>,
): fc.Arbitrary<Step<Args>>[] {
  const arbitrary = fc.record(args).map((made) => new Step(name, made as Args, act));
  return Array.from({ length: weight }, () => arbitrary);
}

const place = fc.constantFrom<Form['place']>('login', 'login', 'profile');

const deed = fc.constantFrom<Deed>(
  'reset',
  'unlock',
  'end-sessions',
  'key',
  'key',
  'short-key',
  'revoke',
  'hand-over',
  'hand-over',
);

const between = fc.constantFrom<Between>(
  ...(['time', 'policy', 'policy', 'other', 'sign-out', 'remove'] as const),
  ...(['reset', 'end-sessions', 'key', 'revoke', 'hand-over'] as const),
);

const moments = fc.constantFrom(
  ...[SECOND, 10 * SECOND, 30 * SECOND, 30 * SECOND, 30 * SECOND, 30 * SECOND],
  ...[MINUTE, MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, HOUR, 12 * HOUR, 2 * DAY],
);

export const steps: fc.Arbitrary<fc.AsyncCommand<Reference, System>>[] = [
  ...step(8, 'proceed', { ...who, user }, proceed),
  ...step(3, 'comeBack', { ...who, user }, comeBack),
  ...step(2, 'login', { ...who, user }, login),
  ...step(
    3,
    'signIn',
    { ...who, age: fc.constantFrom(0, 0, 4 * MINUTE, 5 * MINUTE, HOUR) },
    signIn,
  ),
  ...step(
    1,
    'elsewhere',
    { ...who, user, age: fc.constantFrom(0, 4 * MINUTE, 5 * MINUTE, HOUR) },
    elsewhere,
  ),
  ...step(1, 'logout', { ...who, page: fc.boolean() }, logout),
  ...step(3, 'copy', { ...who, from: fc.nat(9) }, copy),
  ...step(3, 'navigate', who, navigate),
  ...step(2, 'demandFresh', who, demandFresh),
  ...step(8, 'answerTotp', { ...who, ...typed, remember: fc.boolean() }, answerTotp),
  ...step(
    4,
    'answerRecoveryCode',
    { ...who, code: fc.nat(12), remember: fc.boolean() },
    answerRecoveryCode,
  ),
  ...step(5, 'openForm', { ...who, place, replace: fc.option(fc.nat(2)) }, openForm),
  ...step(8, 'confirm', { ...who, form: fc.constantFrom(0, 0, 0, 1, 2), ...typed }, confirm),
  ...step(2, 'redeem', { ...who, key: fc.option(fc.nat(2), { freq: 5 }) }, redeem),
  ...step(4, 'postpone', who, postpone),
  ...step(2, 'removeFactor', { ...who, secret: fc.nat(2) }, removeFactor),
  ...step(
    4,
    'changeFactors',
    { ...who, user, replace: fc.boolean(), remove: fc.option(fc.nat(1), { freq: 2 }) },
    changeFactors,
  ),
  ...step(1, 'signOutOthers', who, signOutOthers),
  ...step(1, 'renewCodes', who, renewCodes),
  ...step(5, 'admin', { ...who, user, what: deed }, admin),
  ...step(5, 'setRules', { ...who, user, ...rules }, setRules),
  ...step(6, 'pass', { ms: moments }, async (model, system, { ms }) => pass(model, system, ms)),
  ...step(
    5,
    'interrupted',
    { ...who, user, between, and: between, keyed: fc.boolean() },
    interrupted,
  ),
  ...step(
    3,
    'grownOld',
    {
      ...who,
      user,
      ms: fc.constantFrom(4 * MINUTE, 5 * MINUTE, 10 * MINUTE, HOUR, 12 * HOUR),
      maxAge: rules.maxAge,
      what: fc.constantFrom('fresh', 'remove', 'codes'),
    },
    grownOld,
  ),
  ...step(2, 'remembered', { ...who, user }, remembered),
  ...step(
    1,
    'putOff',
    {
      ...who,
      user,
      ms: fc.constantFrom(0, 59 * MINUTE, HOUR),
      grace: fc.constantFrom(null, HOUR, DAY),
    },
    putOff,
  ),
  ...step(
    3,
    'overlapped',
    { ...who, user, by: fc.constantFrom('logout', 'proceed', 'sign-out', 'login') },
    overlapped,
  ),
  ...step(
    1,
    'guess',
    { ...who, user, by: fc.constantFrom('totp', 'recovery-code', 'unlock') },
    guess,
  ),
  ...step(1, 'rotate', who, rotate),
];
