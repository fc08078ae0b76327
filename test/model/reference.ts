/**
 * Who may be let in, written from what SECURITY.md and DESIGN.md say and from nothing in src: it imports none
 * of it. It knows sessions, secrets and codes as numbers, has no store, no processes and no cookies, and so
 * cannot share a mistake with them.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const BETWEEN_THE_DOORS = 10 * MINUTE;
const ENROLLMENT_LASTS = 10 * MINUTE;
const PROOF_LASTS = 12 * HOUR;
const FRESH_FOR = 5 * MINUTE;
const TOKEN_GRACE = 30 * SECOND;
const FREE = 5;
const WAITS = [30 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE];
const STOP = 100;

export type Name = 'one' | 'two';
export type Accepted = 'totp' | 'duo' | 'recovery-code';

export interface Rules {
  readonly mode: 'off' | 'optional' | 'required';
  readonly methods: readonly Accepted[];
  readonly enrollment: 'self' | 'activation-key';
  readonly graceUntil: number | null;
  readonly maxAge: number | null;
  readonly remember: number | null;
  /** How old a proof of a sign-in elsewhere may be; null: none counts. */
  readonly signIn: number | null;
}

/** `by`: what was proven. `device`: which remembered device stood for it. */
interface Proof {
  readonly by: 'totp' | 'recovery-code' | 'device';
  readonly at: number;
  readonly device?: number;
}

export interface Session {
  readonly user: Name;
  /** Of its user when it began: once that has risen, the session has ended. */
  readonly epoch: number;
  ended: boolean;
  /** When the time between the doors is over; null until it begins. */
  betweenUntil: number | null;
  proofs: { readonly epoch: number; readonly all: readonly Proof[] } | null;
  postponed: number | null;
  /** Sent to the challenge by something that demands a fresh proof. */
  steppingUp: Demand;
  /** When the sign-in elsewhere was proven that the host has noted in the session. */
  signedInAt: number | null;
}

/**
 * What is demanded beyond the policy. `change`: a fresh proof of a factor that there is; `route`: a fresh proof, and of
 * whoever has nothing to prove an activation; what a sign-in has proven is enough for the route alone.
 */
type Demand = 'change' | 'route' | null;

interface Authenticator {
  readonly secret: number;
  lastStep: number;
}

interface Begun {
  readonly secret: number;
  /** null: handed over by an administrator. */
  readonly session: Session | null;
  readonly basis: 'first' | 'activation-key' | 'handover' | 'proven';
  readonly until: number;
}

interface Person {
  epoch: number;
  epochRoseAt: number;
  authenticators: Authenticator[];
  begun: Begun | null;
  activationKey: { readonly number: number; readonly until: number } | null;
  codes: Set<number> | null;
  /** Whether somebody has used one of them; nobody here says to have kept them. */
  codesKept: boolean;
  failures: number;
  heardFrom: number;
}

interface Device {
  readonly user: Name;
  readonly epoch: number;
  readonly createdAt: number;
  readonly until: number;
  token: number;
  before: number | null;
  rotatedAt: number;
  gone: boolean;
}

/** What a browser sends. */
export interface Jar {
  session: Session | null;
  /** One remembered device for each person who uses this browser. */
  devices: Partial<Record<Name, { readonly number: number; readonly token: number }>>;
}

export type Standing =
  | { readonly kind: 'login' }
  | { readonly kind: 'pass'; readonly mayEnroll: boolean }
  | {
      readonly kind: 'enroll';
      readonly graceUntil: number | null;
      readonly methods: Accepted[];
      /** Only at one place: inside everywhere else. */
      readonly stepUp?: true;
    }
  | { readonly kind: 'challenge'; readonly why: string; readonly methods: Accepted[] };

export type Outcome =
  | { readonly kind: 'login' | 'enroll' | 'challenge' | 'done' | 'verified' }
  | { readonly kind: 'refused' | 'not-found' | 'conflict' | 'demanded' }
  | { readonly kind: 'locked'; readonly retryAfter: number | null };

/** The form that was shown: about which secret, and whether that secret stands on it. */
export interface Shown {
  readonly kind: 'form';
  readonly secret: number;
  readonly shown: boolean;
}

/** A code: of which secret, and of which time step; `secret` null is right for nobody. */
export interface TypedCode {
  readonly secret: number | null;
  readonly step: number;
}

export class Reference {
  now: number;
  readonly rules: Record<Name, Rules>;
  readonly people: Record<Name, Person>;
  readonly devices: Device[] = [];
  /** How often what came about, so that a run can show that it got there. */
  readonly seen: (what: string) => void;

  constructor(now: number, rules: Rules, seen: (what: string) => void) {
    this.now = now;
    this.rules = { one: rules, two: rules };
    this.people = { one: nobody(), two: nobody() };
    this.seen = seen;
  }

  get step(): number {
    return Math.floor(this.now / (30 * SECOND));
  }

  // ---- who may be let in ---------------------------------------------------------------------------------

  /** What is demanded of a session at a gated path; `demand`: at one that demands more. */
  standing(session: Session | null, demand: Demand = null): Standing {
    if (!session || session.ended) return { kind: 'login' };
    if (session.epoch !== this.people[session.user].epoch) return { kind: 'login' };
    const standing = this.#demanded(session, demand);
    const over = session.betweenUntil !== null && session.betweenUntil <= this.now;
    return over && session.proofs === null && !isInside(standing) ? { kind: 'login' } : standing;
  }

  #demanded(session: Session, demand: Demand): Standing {
    const standing = this.#demandedOfFactors(session, demand);
    if (standing.kind === 'pass' || standing.kind === 'login') return standing;
    const age = this.#signInAge(session);
    if (age === null) return standing;
    this.seen('signed in elsewhere');
    if (demand === null) return { kind: 'pass', mayEnroll: false };
    if (demand === 'route' && age < FRESH_FOR) {
      this.seen('signed in elsewhere, freshly');
      return { kind: 'pass', mayEnroll: false };
    }
    // Inside, and never by this alone where more is asked for.
    if (this.people[session.user].authenticators.length === 0) {
      return demand === 'route'
        ? toActivate(this.rules[session.user])
        : { kind: 'pass', mayEnroll: false };
    }
    return standing.kind === 'enroll'
      ? { ...standing, graceUntil: null, stepUp: true }
      : { ...standing, why: 'step-up' };
  }

  /** How old the proof of a sign-in elsewhere is that counts; null where none does. */
  #signInAge({ user, signedInAt: at }: Session): number | null {
    const { signIn, maxAge } = this.rules[user];
    if (signIn === null || at === null || at <= this.people[user].epochRoseAt) return null;
    const age = this.now - at;
    return age < Math.min(signIn, PROOF_LASTS, maxAge ?? PROOF_LASTS) ? age : null;
  }

  #demandedOfFactors(session: Session, demand: Demand): Standing {
    const fresh = demand !== null;
    const rules = this.rules[session.user];
    const { authenticators, codes } = this.people[session.user];
    const pass: Standing = { kind: 'pass', mayEnroll: false };
    const counting = this.#counting(session);
    const real = counting.filter(({ by }) => by !== 'device');
    const isFresh = (proofs: readonly Proof[]) =>
      proofs.some(({ by, at }) => by !== 'device' && this.now - at < FRESH_FOR);
    const spare: Accepted[] =
      codes && codes.size > 0 && rules.methods.includes('recovery-code') ? ['recovery-code'] : [];

    if (rules.mode === 'off') {
      if (authenticators.length === 0) return demand === 'route' ? toActivate(rules) : pass;
      return fresh && !isFresh(real)
        ? { kind: 'challenge', why: 'step-up', methods: ['totp', ...spare] }
        : pass;
    }
    if (authenticators.length === 0) {
      const nothing: Standing =
        demand === 'route' ? toActivate(rules) : { kind: 'pass', mayEnroll: true };
      if (rules.mode === 'optional') return nothing;
      const { graceUntil } = rules;
      const grace = graceUntil !== null && this.now < graceUntil ? graceUntil : null;
      // Put off, and not forbidden meanwhile.
      if (grace !== null && session.postponed === grace) return nothing;
      return { kind: 'enroll', graceUntil: grace, methods: enrollable(rules) };
    }
    if (!rules.methods.includes('totp')) {
      // The old one is valid solely for enrolling a new one; never plain enroll.
      return real.length > 0
        ? { kind: 'enroll', graceUntil: null, methods: enrollable(rules) }
        : { kind: 'challenge', why: 'to-enroll-another', methods: ['totp', ...spare] };
    }
    const accepted = real.filter(({ by }) => rules.methods.includes(by as Accepted));
    const remembered = rules.remember !== null && counting.some(({ by }) => by === 'device');
    if (accepted.length === 0 && !remembered) {
      return { kind: 'challenge', why: 'not-proven', methods: ['totp', ...spare] };
    }
    return fresh && !isFresh(accepted)
      ? { kind: 'challenge', why: 'step-up', methods: ['totp', ...spare] }
      : pass;
  }

  /** The proofs that count: of this epoch, and young enough for the policy as it is now. */
  #counting({ user, proofs }: Session): readonly Proof[] {
    if (!proofs || proofs.epoch !== this.people[user].epoch) return [];
    const limit = Math.min(PROOF_LASTS, this.rules[user].maxAge ?? PROOF_LASTS);
    return proofs.all.filter(({ at }) => this.now - at < limit);
  }

  /** A request to a gated path or a page. The time between the doors begins, and ends, with a request. */
  visit(jar: Jar, demand: Demand = null): Standing {
    const standing = this.standing(jar.session, demand);
    const { session } = jar;
    if (!session) return standing;
    if (standing.kind === 'login' && !session.ended) {
      const older = session.epoch !== this.people[session.user].epoch;
      const had = session.proofs ? 'proven' : session.betweenUntil ? 'between' : 'unseen';
      this.seen(older ? `older epoch: ${had}` : 'time between the doors over');
      session.ended = true;
    }
    if (standing.kind !== 'login' && !isInside(standing)) {
      if (session.proofs === null) session.betweenUntil ??= this.now + BETWEEN_THE_DOORS;
    }
    return standing;
  }

  /** A visit to a page of the library, which knows whether the session was sent there to step up. */
  page(jar: Jar): Standing {
    return this.visit(jar, jar.session?.steppingUp ?? null);
  }

  /** A request of a program to a route that demands a fresh proof, or to one that changes factors. */
  demandFresh(jar: Jar, demand: 'change' | 'route' = 'route'): Standing {
    // The gate stands before the route: only whoever it lets through is asked for more.
    const atGate = this.gate(jar);
    if (atGate.kind !== 'pass') return atGate;
    const standing = this.visit(jar, demand);
    const more = standing.kind === 'challenge' || (standing.kind === 'enroll' && standing.stepUp);
    if (more && jar.session) jar.session.steppingUp = demand;
    return standing;
  }

  #elevate(jar: Jar, session: Session, proof: Proof): void {
    session.ended = true;
    const { epoch } = this.people[session.user];
    const kept =
      session.proofs?.epoch === epoch ? session.proofs.all.filter(({ by }) => by !== proof.by) : [];
    jar.session = {
      ...newSession(session.user, epoch),
      proofs: { epoch, all: [...kept, proof] },
      signedInAt: session.signedInAt,
    };
  }

  // ---- password ------------------------------------------------------------------------------------------

  login(jar: Jar, user: Name): void {
    if (jar.session) jar.session.ended = true;
    jar.session = newSession(user, this.people[user].epoch);
  }

  /** What the host notes after a sign-in elsewhere. */
  signIn(session: Session, at: number): void {
    session.signedInAt = at;
  }

  logout(jar: Jar): void {
    if (jar.session) jar.session.ended = true;
  }

  // ---- attempts ------------------------------------------------------------------------------------------

  /** Counts an answer of somebody, or says that it is not heard. */
  #attempt(user: Name, stops: boolean): Outcome | null {
    const person = this.people[user];
    if (stops && person.failures >= STOP) {
      this.seen('stopped');
      return { kind: 'locked', retryAfter: null };
    }
    if (this.now < person.heardFrom) {
      this.seen('locked');
      const wait = Math.max(SECOND, person.heardFrom - this.now);
      return { kind: 'locked', retryAfter: Math.ceil(wait / SECOND) };
    }
    person.failures += 1;
    if (person.failures >= FREE) {
      const wait = WAITS[Math.min(person.failures - FREE, WAITS.length - 1)] ?? 0;
      person.heardFrom = this.now + wait;
    }
    return null;
  }

  #forgive(user: Name): void {
    this.people[user].failures = 0;
    this.people[user].heardFrom = 0;
  }

  /** `step` is right for `secret` at this time, ±1. */
  #inTime({ step }: TypedCode): boolean {
    return Math.abs(step - this.step) <= 1;
  }

  answerTotp(jar: Jar, code: TypedCode, remember: boolean): Outcome {
    const standing = this.page(jar);
    if (standing.kind !== 'challenge') return elsewhere(standing);
    const session = jar.session as Session;
    const { user } = session;
    const locked = this.#attempt(user, true);
    if (locked) return locked;
    const matching = this.people[user].authenticators.find(
      ({ secret }) => secret === code.secret && this.#inTime(code),
    );
    if (!matching) return this.#refused('wrong code');
    if (code.step <= matching.lastStep) return this.#refused('replayed code');
    matching.lastStep = code.step;
    this.#forgive(user);
    this.seen(`proven: ${standing.why}`);
    this.#elevate(jar, session, { by: 'totp', at: this.now });
    if (remember && standing.why === 'not-proven') this.#remember(jar, user);
    return { kind: 'verified' };
  }

  answerRecoveryCode(jar: Jar, code: number): Outcome {
    const standing = this.page(jar);
    if (standing.kind !== 'challenge') return elsewhere(standing);
    if (!standing.methods.includes('recovery-code')) return { kind: 'not-found' };
    const session = jar.session as Session;
    const { user } = session;
    const person = this.people[user];
    const stopped = person.failures >= STOP;
    const locked = this.#attempt(user, false);
    if (locked) return locked;
    if (!person.codes?.delete(code)) return this.#refused('wrong recovery code');
    person.codesKept = true;
    this.#forgive(user);
    this.seen(stopped ? 'recovery code lifts the stop' : 'recovery code');
    this.#elevate(jar, session, { by: 'recovery-code', at: this.now });
    return { kind: 'verified' };
  }

  #refused(why: string): Outcome {
    this.seen(why);
    return { kind: 'refused' };
  }

  // ---- enrollment ----------------------------------------------------------------------------------------

  /** Where an enrollment may take place now: null, or why not. */
  #place(jar: Jar, place: 'login' | 'profile'): Outcome | null {
    if (place === 'login') {
      const standing = this.page(jar);
      if (standing.kind === 'login' || standing.kind === 'challenge') return elsewhere(standing);
      if (standing.kind === 'pass' && !standing.mayEnroll) return { kind: 'done' };
      return this.#rulesOf(jar).methods.includes('totp') ? null : { kind: 'not-found' };
    }
    const standing = this.gate(jar);
    if (standing.kind !== 'pass') return elsewhere(standing);
    const rules = this.#rulesOf(jar);
    if (rules.mode === 'off' || !rules.methods.includes('totp')) return { kind: 'not-found' };
    return this.#freshlyProven(jar);
  }

  #rulesOf(jar: Jar): Rules {
    return this.rules[(jar.session as Session).user];
  }

  /** A change of factors needs a fresh proof of an existing one. */
  #freshlyProven(jar: Jar): Outcome | null {
    const { user } = jar.session as Session;
    if (this.people[user].authenticators.length === 0) return null;
    const standing = this.demandFresh(jar, 'change');
    return elsewhereUnless(standing);
  }

  /**
   * Opening the form. `fresh` is the number that a new secret would get; the secret that the form is about,
   * or null where an activation key is asked for first.
   */
  openForm(
    jar: Jar,
    place: 'login' | 'profile',
    fresh: number,
    replaces: number | null,
  ): Outcome | Shown {
    if (replaces !== null && this.visit(jar).kind === 'pass') {
      const { user } = jar.session as Session;
      const { mode, methods } = this.rules[user];
      const has = this.people[user].authenticators.some(({ secret }) => secret === replaces);
      if (!has || mode === 'off' || !methods.includes('totp')) return { kind: 'not-found' };
    }
    return this.#place(jar, place) ?? this.#form(jar, fresh);
  }

  /** What stands on the form: what this session has begun, or what it begins by asking for it. */
  #form(jar: Jar, fresh: number): Shown | Outcome {
    const session = jar.session as Session;
    const { user } = session;
    const person = this.people[user];
    const open = person.begun && this.now < person.begun.until ? person.begun : null;
    const mine = open && open.session === session ? open : null;
    const until = this.now + ENROLLMENT_LASTS;
    if (person.authenticators.length > 0) {
      if (mine?.basis === 'proven') return { kind: 'form', secret: mine.secret, shown: true };
      person.begun = { secret: fresh, session, basis: 'proven', until };
      return { kind: 'form', secret: fresh, shown: true };
    }
    if (open?.basis === 'handover') return { kind: 'form', secret: open.secret, shown: false };
    if (this.rules[user].enrollment === 'self') {
      if (mine?.basis === 'first') return { kind: 'form', secret: mine.secret, shown: true };
      if (open && open.session !== session) this.seen('a newer attempt voids an older one');
      person.begun = { secret: fresh, session, basis: 'first', until };
      return { kind: 'form', secret: fresh, shown: true };
    }
    return mine?.basis === 'activation-key'
      ? { kind: 'form', secret: mine.secret, shown: true }
      : { kind: 'demanded' };
  }

  /** An activation key typed on the form. `fresh` is the number of the secret that is begun. */
  redeem(jar: Jar, typed: number, fresh: number): Outcome {
    const refused = this.#place(jar, 'login');
    if (refused) return refused;
    const session = jar.session as Session;
    const { user } = session;
    const person = this.people[user];
    const locked = this.#attempt(user, true);
    if (locked) return locked;
    const { activationKey } = person;
    if (activationKey?.number !== typed || this.now >= activationKey.until) {
      return this.#refused('wrong activation key');
    }
    this.#forgive(user);
    this.seen('activation key');
    const until = this.now + ENROLLMENT_LASTS;
    person.begun = { secret: fresh, session, basis: 'activation-key', until };
    return { kind: 'enroll' };
  }

  /** Confirming the form that was about `secret`. `codes` are the numbers of those that may be made then. */
  confirm(
    jar: Jar,
    place: 'login' | 'profile',
    form: { readonly secret: number; readonly replaces: number | null },
    code: TypedCode,
    codes: readonly number[],
    fresh: number,
  ): { readonly outcome: Outcome; readonly again?: Shown | Outcome; readonly codes?: boolean } {
    const { replaces } = form;
    if (replaces !== null && this.visit(jar).kind === 'pass') {
      const { user } = jar.session as Session;
      const { mode, methods } = this.rules[user];
      const has = this.people[user].authenticators.some(({ secret }) => secret === replaces);
      if (!has || mode === 'off' || !methods.includes('totp'))
        return { outcome: { kind: 'not-found' } };
    }
    const refused = this.#place(jar, place);
    if (refused) return { outcome: refused };
    const due = this.#codesDue((jar.session as Session).user);
    const outcome = this.#confirmed(jar, form, code);
    // Whoever is refused is shown the form again, and that is an attempt newer than anybody else's.
    if (outcome.kind !== 'verified') return { outcome, again: this.#form(jar, fresh) };
    const { user } = jar.session as Session;
    const person = this.people[user];
    if (due) this.#makeCodes(person, codes);
    return { outcome, codes: due };
  }

  /** With the first authenticator, and as long as nobody is known to have the ones that were made. */
  #codesDue(user: Name): boolean {
    const { authenticators, codesKept } = this.people[user];
    const due = authenticators.length === 0 || !codesKept;
    return due && this.rules[user].methods.includes('recovery-code');
  }

  #makeCodes(person: Person, codes: readonly number[]): void {
    person.codes = new Set(codes);
    person.codesKept = false;
  }

  #confirmed(
    jar: Jar,
    { secret: shown, replaces }: { readonly secret: number; readonly replaces: number | null },
    code: TypedCode,
  ): Outcome {
    const session = jar.session as Session;
    const { user } = session;
    const person = this.people[user];
    const rules = this.rules[user];
    const locked = this.#attempt(user, true);
    if (locked) return locked;
    const { begun } = person;
    if (begun?.secret !== shown) return this.#refused('superseded form');
    if (code.secret !== begun.secret || !this.#inTime(code)) return this.#refused('wrong code');
    if (this.now >= begun.until) return this.#refused('expired form');
    if (begun.basis !== 'handover' && begun.session !== session) {
      return this.#refused('somebody else’s form');
    }
    const first = person.authenticators.length === 0;
    switch (begun.basis) {
      case 'proven':
        // What was proven is gone, and the proof with it.
        if (first) return this.#refused('a form on a void proof');
        break;
      case 'first':
        if (!first) return this.#refused('not the first any more');
        // A stolen password alone must not be enough, from the moment that the policy says so.
        if (rules.enrollment === 'activation-key') return this.#refused('a form without its key');
        break;
      case 'activation-key':
        if (!first) return this.#refused('not the first any more');
        if (!person.activationKey) return this.#refused('a form on a void key');
        person.activationKey = null;
        break;
      case 'handover':
        if (!first) return this.#refused('not the first any more');
        break;
      default:
        begun.basis satisfies never;
    }
    const old = person.authenticators.length;
    person.authenticators = person.authenticators.filter(({ secret }) => secret !== replaces);
    if (person.authenticators.length < old) {
      this.#raise(user);
      this.seen('replaced');
    }
    person.authenticators.push({ secret: begun.secret, lastStep: code.step });
    person.begun = null;
    this.#forgive(user);
    this.seen(`enrolled: ${begun.basis}`);
    this.#elevate(jar, session, { by: 'totp', at: this.now });
    return { kind: 'verified' };
  }

  postpone(jar: Jar): Outcome {
    const standing = this.page(jar);
    if (standing.kind === 'login') return standing;
    // The second of two clicks finds it done.
    if (standing.kind === 'pass') return { kind: 'done' };
    if (standing.kind !== 'enroll' || standing.graceUntil === null) return { kind: 'conflict' };
    // It lets this session in, so from here on it has another id.
    const session = jar.session as Session;
    session.ended = true;
    jar.session = {
      ...newSession(session.user, session.epoch),
      postponed: standing.graceUntil,
      signedInAt: session.signedInAt,
    };
    this.seen('postponed');
    return { kind: 'done' };
  }

  // ---- My Profile ----------------------------------------------------------------------------------------

  removeFactor(jar: Jar, secret: number): Outcome {
    const standing = this.gate(jar);
    if (standing.kind !== 'pass') return elsewhere(standing);
    const session = jar.session as Session;
    const person = this.people[session.user];
    const rules = this.rules[session.user];
    const others = person.authenticators.filter((one) => one.secret !== secret);
    if (others.length === person.authenticators.length) return { kind: 'not-found' };
    const holds = others.length > 0 && rules.methods.includes('totp');
    if (rules.mode === 'required' && !holds) return { kind: 'conflict' };
    const demanded = this.#freshlyProven(jar);
    if (demanded) return demanded;
    const proofs = this.#counting(session);
    person.authenticators = others;
    // They stand in for a lost one, and there is none left to lose.
    if (others.length === 0) {
      person.codes = null;
      person.codesKept = false;
      this.seen('recovery codes gone with the last');
    }
    this.#raise(session.user);
    this.#restamp(jar, session, proofs);
    this.seen('removed');
    return { kind: 'done' };
  }

  signOutOthers(jar: Jar): Outcome {
    const standing = this.gate(jar);
    if (standing.kind !== 'pass') return elsewhere(standing);
    const session = jar.session as Session;
    const demanded = this.#freshlyProven(jar);
    if (demanded) return demanded;
    const proofs = this.#counting(session);
    this.#raise(session.user);
    this.#restamp(jar, session, proofs);
    this.seen('signed the others out');
    return { kind: 'done' };
  }

  #raise(user: Name): void {
    this.people[user].epoch += 1;
    this.people[user].epochRoseAt = this.now;
  }

  /** The actor's own session goes on, with what it has proven, under a new id. */
  #restamp(jar: Jar, session: Session, all: readonly Proof[]): void {
    session.ended = true;
    const { user, postponed, betweenUntil, signedInAt } = session;
    const { epoch } = this.people[user];
    const renewed = { ...newSession(user, epoch), signedInAt };
    jar.session =
      all.length === 0
        ? { ...renewed, postponed, betweenUntil }
        : { ...renewed, proofs: { epoch, all } };
  }

  renewCodes(jar: Jar, codes: readonly number[]): Outcome {
    const standing = this.gate(jar);
    if (standing.kind !== 'pass') return elsewhere(standing);
    const { user } = jar.session as Session;
    const person = this.people[user];
    const offered =
      this.rules[user].methods.includes('recovery-code') && person.authenticators.length > 0;
    if (!offered) return { kind: 'not-found' };
    const demanded = this.#freshlyProven(jar);
    if (demanded) return demanded;
    this.#makeCodes(person, codes);
    this.seen('recovery codes made anew');
    return { kind: 'done' };
  }

  // ---- remembered devices --------------------------------------------------------------------------------

  #remember(jar: Jar, user: Name): void {
    const { remember } = this.rules[user];
    if (remember === null) return;
    this.devices.push({
      user,
      epoch: this.people[user].epoch,
      createdAt: this.now,
      until: this.now + remember,
      token: 0,
      before: null,
      rotatedAt: this.now,
      gone: false,
    });
    jar.devices[user] = { number: this.devices.length - 1, token: 0 };
    this.seen('device remembered');
  }

  /** A request that is turned away for want of a proof: there a device stands for one. */
  navigate(jar: Jar): Standing & { readonly recognized?: boolean } {
    const standing = this.visit(jar);
    if (standing.kind !== 'challenge' || standing.why !== 'not-proven') return standing;
    const session = jar.session as Session;
    const { user } = session;
    const rules = this.rules[user];
    const given = jar.devices[user];
    const device = given && this.devices[given.number];
    if (!given || !device || rules.remember === null) return standing;
    if (device.gone || this.now >= device.until) {
      delete jar.devices[user];
      return standing;
    }
    const current = given.token === device.token;
    const justRotated = given.token === device.before && this.now - device.rotatedAt < TOKEN_GRACE;
    if (!current && !justRotated) {
      this.seen('device stolen');
      device.gone = true;
      delete jar.devices[user];
      // The chain is revoked, and whoever came in by it is out; who is here has proven nothing, and goes on.
      this.#raise(user);
      session.ended = true;
      jar.session = {
        ...newSession(user, this.people[user].epoch),
        signedInAt: session.signedInAt,
      };
      return this.standing(jar.session);
    }
    const { epoch } = this.people[user];
    const holds =
      device.epoch === epoch &&
      this.now < device.createdAt + rules.remember &&
      rules.methods.includes('totp');
    if (!holds) {
      this.seen('device void');
      device.gone = true;
      delete jar.devices[user];
      return standing;
    }
    if (current) {
      device.before = device.token;
      device.token += 1;
      device.rotatedAt = this.now;
      jar.devices[user] = { number: given.number, token: device.token };
    }
    this.seen('device recognized');
    this.#elevate(jar, session, { by: 'device', at: this.now, device: given.number });
    return { ...standing, recognized: true };
  }

  /** The same for a program, which is told to send its request again: with this id it is nobody. */
  gate(jar: Jar): Standing {
    const { recognized, ...standing } = this.navigate(jar);
    return recognized ? { kind: 'login' } : standing;
  }

  // ---- administrators ------------------------------------------------------------------------------------

  reset(user: Name): void {
    const person = this.people[user];
    this.people[user] = { ...nobody(), epoch: person.epoch + 1, epochRoseAt: this.now };
    this.seen('reset');
  }

  unlock(user: Name): void {
    this.#forgive(user);
  }

  endSessions(user: Name): void {
    this.#raise(user);
  }

  issueKey(user: Name, number: number, lasts: number): void {
    this.#voidKey(user);
    this.people[user].activationKey = { number, until: this.now + lasts };
  }

  revokeKey(user: Name): void {
    this.#voidKey(user);
  }

  /** What rests on a key goes with it. */
  #voidKey(user: Name): void {
    const person = this.people[user];
    person.activationKey = null;
    if (person.begun?.basis === 'activation-key') {
      this.seen('a begun form loses its key');
      person.begun = null;
    }
  }

  handOver(user: Name, secret: number, lasts: number): void {
    const until = this.now + lasts;
    this.people[user].begun = { secret, session: null, basis: 'handover', until };
  }
}

function nobody(): Person {
  return {
    epoch: 0,
    epochRoseAt: 0,
    authenticators: [],
    begun: null,
    activationKey: null,
    codes: null,
    codesKept: false,
    failures: 0,
    heardFrom: 0,
  };
}

function newSession(user: Name, epoch: number): Session {
  return {
    user,
    epoch,
    ended: false,
    betweenUntil: null,
    proofs: null,
    postponed: null,
    steppingUp: null,
    signedInAt: null,
  };
}

/** Asked for more at one place, and inside everywhere else. */
function isInside(standing: Standing): boolean {
  return (
    standing.kind === 'pass' ||
    (standing.kind === 'challenge' && standing.why === 'step-up') ||
    (standing.kind === 'enroll' && standing.stepUp === true)
  );
}

/** Of whoever has nothing to prove, where a route wants a proof. */
function toActivate(rules: Rules): Standing {
  return { kind: 'enroll', graceUntil: null, methods: enrollable(rules), stepUp: true };
}

function enrollable({ methods }: Rules): Accepted[] {
  return methods.filter((method) => method !== 'recovery-code');
}

function elsewhereUnless(standing: Standing): Outcome | null {
  return standing.kind === 'pass' ? null : elsewhere(standing);
}

/** What a page answers whoever does not belong there. */
function elsewhere(standing: Standing): Outcome {
  return { kind: standing.kind === 'pass' ? 'done' : standing.kind };
}
