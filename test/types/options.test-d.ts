/** Compiled by `npm run types`, never run: what a host may write, and what the compiler must refuse. */
import type { Request } from 'express';
import {
  memoryStore,
  type Policy,
  type PolicyFunction,
  type PolicyInput,
  type PolicyResolver,
  type SallyportOptions,
  type Subject,
  sallyport,
} from 'sallyport';
import type { Equal } from './equal.js';

const user = { id: 'a', tenantId: 'acme', label: 'a@acme.example' };

// The least, with a key from the environment, and every parameter inferred.
sallyport({
  origin: 'https://console.example',
  issuer: 'Console',
  keys: [process.env.SALLYPORT_KEY],
  store: memoryStore(),
  subject: (req) => {
    true satisfies Equal<typeof req, Request>;
    return req.headers.host ? user : null;
  },
  policy: (subject, context) => {
    true satisfies Equal<typeof subject.id, string>;
    true satisfies Equal<typeof context.signal, AbortSignal>;
    return { mode: 'required' };
  },
  loginUrl: '/login',
});

declare const base: SallyportOptions;
declare const req: Request;

// All that a policy may be: sync, async, in part, in whole, a function or an object.
({ ...base, policy: async () => ({ mode: 'off' }) }) satisfies SallyportOptions;
({ ...base, policy: { resolve: () => ({ mode: 'optional' }) } }) satisfies SallyportOptions;
declare const whole: Policy;
const answers: PolicyInput[] = [
  whole,
  { mode: 'off' },
  { mode: 'required', methods: ['totp', 'a-method-of-the-host'], graceUntil: new Date() },
  { mode: 'required', duo: { source: 'acme', credentialVersion: '1' }, maxAgeSeconds: null },
];
const fixed = Object.freeze({ mode: 'required', methods: Object.freeze(['totp']) });
const frozen: PolicyFunction = () => fixed;
const resolver: PolicyResolver = { resolve: frozen };
export const accepted = { answers, resolver };

// Nobody is null, undefined or false: `req.user && {…}` fits.
({ ...base, subject: (req) => (req.user ? user : undefined) }) satisfies SallyportOptions;
({ ...base, subject: () => false }) satisfies SallyportOptions;

// @ts-expect-error a policy says its mode
export const noMode: PolicyInput = { methods: ['totp'] };
// @ts-expect-error one of three
export const otherMode: PolicyInput = { mode: 'disabled' };
// @ts-expect-error no other field
export const extra: PolicyInput = { mode: 'off', required: true };
// @ts-expect-error a date, not a number of milliseconds
export const grace: PolicyInput = { mode: 'required', graceUntil: Date.now() };
// @ts-expect-error a policy is never nothing
export const nothing: PolicyFunction = () => undefined;
// @ts-expect-error a mode is not computed as just any text
export const text: PolicyFunction = () => ({ mode: String('off') });

// @ts-expect-error the subject has an id that is a text
({ ...base, subject: () => ({ ...user, id: 7 }) }) satisfies SallyportOptions;
// One organization needs no name.
({ ...base, subject: () => ({ id: 'a', label: 'a' }) }) satisfies SallyportOptions;
// @ts-expect-error but where it is said it is a text
({ ...base, subject: () => ({ ...user, tenantId: null }) }) satisfies SallyportOptions;

// A policy sees what the host's own subject has, with its types; so do `door.user()` and `door.check()`.
interface Person extends Subject {
  readonly plan: 'free' | 'paid';
}
const person: Person = { ...user, plan: 'paid' };
const named = sallyport<Person>({
  ...base,
  subject: () => person,
  policy: (subject) => {
    true satisfies Equal<typeof subject.plan, 'free' | 'paid'>;
    return { mode: subject.plan === 'paid' ? 'required' : 'off' };
  },
});
export const plan = named
  .check(req)
  .then(({ subject }) => subject?.plan satisfies 'free' | 'paid' | undefined);
export const planOfUser = named
  .user(req)
  .then((one) => one?.plan satisfies 'free' | 'paid' | undefined);
sallyport({
  ...base,
  subject: (from) => from.headers.host !== undefined && { id: 'a', label: 'a', admin: true },
  policy: (subject) => {
    true satisfies Equal<typeof subject.admin, boolean>;
    true satisfies Equal<typeof subject.tenantId, string>;
    return { mode: 'required' };
  },
});
sallyport<Person>({
  ...base,
  // @ts-expect-error it has no plan
  subject: () => user,
});
// @ts-expect-error nor has it another field
sallyport<Person>({ ...base, subject: () => person, policy: ({ price }) => ({ mode: price }) });
// @ts-expect-error the subject is at hand, not fetched
({ ...base, subject: async () => user }) satisfies SallyportOptions;
// @ts-expect-error a duration has a unit
({ ...base, maxAge: '12' }) satisfies SallyportOptions;
// @ts-expect-error in short
({ ...base, maxAge: '12 hours' }) satisfies SallyportOptions;
// @ts-expect-error a duration is not a number
({ ...base, pendingMaxAge: 600 }) satisfies SallyportOptions;
// @ts-expect-error 6 or 8
({ ...base, totp: { digits: 7 } }) satisfies SallyportOptions;
// @ts-expect-error keys are a list
({ ...base, keys: 'key' }) satisfies SallyportOptions;
// @ts-expect-error a store, not a client
({ ...base, store: { get() {}, set() {} } }) satisfies SallyportOptions;
// @ts-expect-error no such option
({ ...base, loginURL: '/login' }) satisfies SallyportOptions;
// @ts-expect-error options are not changed afterwards
base.origin = 'https://other.example';
// @ts-expect-error nor what a policy has answered
whole.mode = 'off';
