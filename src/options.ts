import type { Request } from 'express';
import { EVENTS_KEPT } from './audit/trail.js';
import {
  booleanOption,
  checkOptions,
  durationOption,
  functionOption,
  integerOption,
  listOption,
  objectWith,
  option,
  optionsObject,
  textOption,
} from './check-options.js';
import {
  type AuditEvent,
  missingOperations,
  type PolicyFunction,
  type PolicyResolver,
  type ProofsFunction,
  type SecondFactorStore,
  type SignInAgainFunction,
  type Subject,
  type SubjectInput,
} from './contracts.js';
import { SallyportError } from './errors.js';
import type { LegacyFunction } from './host/legacy-factors.js';
import type { MethodPlan } from './methods/pages.js';
import type { PassportLike } from './methods/passport-like.js';
import {
  isOrganizationPolicyPlan,
  type OrganizationPolicyPlan,
} from './policy/organization-policy.js';
import type { Duration } from './time.js';
import { type Addresses, addresses, isOrigin, type OriginOption } from './web/addresses.js';
import type { BrandingFunction } from './web/branding.js';
import type { CsrfProtection } from './web/csrf.js';
import { refusePlainHttp } from './web/plain-http.js';

/** `S` is what `subject` gives, with fields of the host's own. */
export interface SallyportOptions<S extends SubjectInput = SubjectInput> {
  /**
   * Scheme, host and port that browsers use, e.g. `https://console.example.com`; a list of them where the app has
   * several addresses, or a lookup `(host) => origin or null` (docs/several-addresses.md). Never taken from the Host
   * header: that picks one of them, and any other address is answered with a 421.
   */
  readonly origin: OriginOption;
  /**
   * Accepts an `origin` of plain HTTP that is not this machine, where everything can be read on its way: refused under
   * NODE_ENV `production` otherwise, and warned of elsewhere. Default false.
   */
  readonly allowHttp?: boolean;
  /**
   * The name under which authenticator apps list the account: a text for everybody, or by the organization in whose
   * name a subject acts. A text is also the pages' name without `branding`. It may be left out where `branding`
   * gives names, which are then the issuer. What people see on the pages is what their app was given.
   */
  readonly issuer?: string | IssuerFunction | undefined;
  /** The account's name there, beside the issuer. Default: the subject's label. */
  readonly account?: (subject: Subject) => string;
  /** 32 bytes each, base64. The first seals, all of them open: to rotate, put a new one in front. */
  readonly keys: readonly (string | undefined)[];
  /** `memoryStore()`, or `redisStore(client)` from `sallyport/redis`. */
  readonly store: SecondFactorStore;
  /** Who is signed in with a password: the person at the keyboard, not one they act as. Nobody: null or undefined. */
  readonly subject: (req: Request) => S | null | undefined | false;
  /** What a subject must prove. */
  readonly policy:
    | PolicyFunction<S & Subject>
    | PolicyResolver<S & Subject>
    | OrganizationPolicyPlan;
  /**
   * What the host's own sign-in has proven beyond a password, from its session: by single sign-on, or by a passkey.
   * Nothing of it counts until an organization's setting, or the policy, says what does (docs/single-sign-on.md).
   * @example proofs: (req) => req.session.proofs
   */
  readonly proofs?: ProofsFunction<Request>;
  /**
   * Where somebody signs in again at the identity provider of a proof that is too old, or too little: our pages offer it
   * beside what can be proven or activated here (docs/single-sign-on.md). One that throws or is late is reported, and not
   * offered.
   * @example signInAgain: (req, { by }) => (by === 'okta' ? { name: 'Okta', url: '/login/okta?again' } : null)
   */
  readonly signInAgain?: SignInAgainFunction<Request>;
  /** The host's login page, a local path. */
  readonly loginUrl: string;
  /** Where to go when no page was asked for. Default `/`. */
  readonly homeUrl?: string;
  /** Where the library's pages live. Default `/two-factor`. */
  readonly path?: string;
  /**
   * The path below which browsers find the app, where a proxy takes it off before it hands requests on, e.g.
   * `/console`. What Express mounts the app at needs no saying. `loginUrl`, `homeUrl` and `path` are the app's own.
   */
  readonly baseUrl?: string;
  /** How long a proof counts. Default `12h`; a policy's `maxAgeSeconds` counts where it is smaller. */
  readonly maxAge?: Duration;
  /** How long a session may stand between the doors. Default `10m`. */
  readonly pendingMaxAge?: Duration;
  /**
   * How long the store remembers that a session is over. It must outlive the longest request: one that was under
   * way when its session ended may save that session back. Default `15m`.
   */
  readonly endedFor?: Duration;
  /** How long a key that is shown for activation can be confirmed. Default `10m`. */
  readonly enrollmentMaxAge?: Duration;
  /** Deadline of the policy, of `proofs`, and of `signInAgain`. Default `2s`. */
  readonly policyTimeout?: Duration;
  /** Deadline of each call of the session store. Default `2s`. */
  readonly sessionTimeout?: Duration;
  /**
   * What people can prove, in the order in which it is offered where a policy does not say: the built-in methods
   * (README) and methods of your own (docs/writing-a-method.md). Default: all that are built in.
   */
  readonly methods?: readonly MethodPlan[];
  /**
   * What somebody had before who has nothing here: asked once, at their first request, and taken over as
   * `door.subjects.import` does (docs/migrating.md). Null: nothing. What it throws, gives wrongly or gives too late is a
   * 503, and is asked for again.
   * @example legacy: async ({ id }) => { const user = await users.find(id); return user.secret ? { [method]: [{ secret: user.secret }] } : null; }
   */
  readonly legacy?: LegacyFunction;
  /** Deadline of `legacy`. Default `5s`. */
  readonly legacyTimeout?: Duration;
  /** Deadline of each call of a method. Default `20s`. */
  readonly methodTimeout?: Duration;
  /** Name, logo and accent color of the pages, per organization. */
  readonly branding?: BrandingFunction;
  /** A folder whose EJS views come before ours, file by file. */
  readonly views?: string;
  /** What people read instead of our sentences, as ICU messages by their keys (docs/translating.md). */
  readonly messages?: Readonly<Record<string, string>>;
  /** Of `messages` (BCP 47): it has their plurals, numbers and dates. Default `en`. */
  readonly language?: string;
  /** Where this person switches two-factor for their whole account (a page of `door.admin()`); null for most. */
  readonly accountUrl?: (subject: Subject) => string | null;
  /** The host's own CSRF protection for our forms; by default a token in the session. */
  readonly csrf?: CsrfProtection;
  /** The Passport that our pages have answers checked by. Default: the one that `import passport` gives. */
  readonly passport?: PassportLike;
  /** About how many events the store keeps per organization; the oldest go first. Default 10 000. */
  readonly eventsKept?: number;
  /** Told of everything that happens; see `AuditEvent`. */
  readonly onEvent?: (event: AuditEvent) => void | Promise<void>;
  /** Told of every failure that was answered with a 503. Default: one line on stderr. */
  readonly onError?: (error: unknown) => void;
}

/** The issuer for the organization in whose name a subject acts, at one of the app's addresses. */
export type IssuerFunction = (subject: Subject, place: { readonly origin: string }) => string;

/** The options, checked, with defaults, in one unit. */
export interface Config {
  readonly addresses: Addresses;
  readonly issuer: string | IssuerFunction | undefined;
  readonly account: ((subject: Subject) => string) | undefined;
  readonly keys: readonly string[];
  readonly store: SecondFactorStore;
  readonly subject: (req: Request) => unknown;
  /** The host's own function, or what `organizationPolicy()` gave: that is made for the door. */
  readonly policy: PolicyFunction | OrganizationPolicyPlan;
  readonly proofs: ProofsFunction<Request> | undefined;
  readonly signInAgain: SignInAgainFunction<Request> | undefined;
  readonly loginUrl: string;
  readonly homeUrl: string;
  readonly path: string;
  readonly baseUrl: string;
  readonly maxAgeMs: number;
  readonly pendingMaxAgeMs: number;
  readonly endedForMs: number;
  readonly enrollmentMaxAgeMs: number;
  readonly policyTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly methods: readonly MethodPlan[] | undefined;
  readonly legacy: LegacyFunction | undefined;
  readonly legacyTimeoutMs: number;
  readonly methodTimeoutMs: number;
  readonly branding: BrandingFunction | undefined;
  readonly views: string | undefined;
  readonly messages: Readonly<Record<string, string>>;
  readonly language: string;
  readonly accountUrl: ((subject: Subject) => string | null) | undefined;
  readonly csrf: CsrfProtection | undefined;
  readonly passport: PassportLike | undefined;
  readonly eventsKept: number;
  readonly onEvent: ((event: AuditEvent) => void | Promise<void>) | undefined;
  readonly onError: (error: unknown) => void;
}

const localUrl = (right: string) => option<string>(right, isLocalUrl);

const A_STORE = "a store: memoryStore(), or redisStore(client) from 'sallyport/redis'";

/** What would be right, with what a store of somebody else's lacks. */
function storeWanted(value: unknown): string {
  const missing = missingOperations(value);
  if (typeof value !== 'object' || value === null || missing.length === 0) return A_STORE;
  const more = missing.length > 3 ? ` and ${missing.length - 3} more` : '';
  return `${A_STORE}; it lacks ${missing.slice(0, 3).join(', ')}${more}`;
}

const schema = optionsObject({
  origin: option<OriginOption>(
    "scheme, host and port without a path, e.g. 'https://console.example.com', a list of them, all of one scheme, or a function (host) => origin or null",
    isOriginOption,
  ),
  allowHttp: booleanOption().default(false),
  issuer: option<NonNullable<Config['issuer']>>(
    'a text of 1 to 64 characters, none of them cut in half, or a function (subject) => text',
    (value) => typeof value === 'function' || isName(value),
  ).optional(),
  account: functionOption<NonNullable<Config['account']>>(
    'a function (subject) => text',
  ).optional(),
  keys: option<string[]>(
    'a list of keys, 32 bytes in base64 each',
    (value) => Array.isArray(value) && value.length > 0,
  ).transform((keys) => [...keys]),
  store: option<SecondFactorStore>(storeWanted, (value) => missingOperations(value).length === 0),
  subject: functionOption<Config['subject']>(
    'a function (req) => ({ id, tenantId, label }) or null',
  ),
  policy: option<PolicyFunction | PolicyResolver | OrganizationPolicyPlan>(
    'a function (subject) => policy, an object with such a function named resolve, or organizationPolicy(…)',
    (value) =>
      typeof value === 'function' ||
      isOrganizationPolicyPlan(value) ||
      typeof (value as PolicyResolver | null | undefined)?.resolve === 'function',
  ),
  proofs: functionOption<ProofsFunction<Request>>(
    'a function (req) => a list of proofs { by, at, amr, acr }, or null',
  ).optional(),
  signInAgain: functionOption<SignInAgainFunction<Request>>(
    'a function (req, { by }) => ({ name, url }) or null',
  ).optional(),
  loginUrl: localUrl("the local path of the login page, e.g. '/login'"),
  homeUrl: localUrl("a local path, e.g. '/'").default('/'),
  baseUrl: option<string>(
    "the path that a proxy takes off, without a slash at its end, e.g. '/console'",
    (value) => typeof value === 'string' && /^(\/[\w.~-]+)*$/.test(value),
  ).default(''),
  path: option<string>(
    "a local path without a slash at its end, e.g. '/two-factor'",
    (value) => typeof value === 'string' && /^(\/[\w.~-]+)+$/.test(value),
  ).default('/two-factor'),
  maxAge: durationOption('12h').prefault('12h'),
  pendingMaxAge: durationOption('10m').prefault('10m'),
  endedFor: durationOption('15m').prefault('15m'),
  enrollmentMaxAge: durationOption('10m').prefault('10m'),
  policyTimeout: durationOption('2s').prefault('2s'),
  sessionTimeout: durationOption('2s').prefault('2s'),
  methods: listOption<MethodPlan>(
    'a method: a built-in one, or what docs/writing-a-method.md describes',
    (value) => typeof value === 'function' || (typeof value === 'object' && value !== null),
    { atLeastOne: 'method' },
  ).optional(),
  legacy: functionOption<LegacyFunction>(
    'a function (subject) => factors as door.subjects.import takes them, or null',
  ).optional(),
  legacyTimeout: durationOption('5s').prefault('5s'),
  methodTimeout: durationOption('20s').prefault('20s'),
  branding: functionOption<BrandingFunction>(
    'a function (subject or null) => ({ name, logoUrl, accent })',
  ).optional(),
  views: textOption(4096, 'the path of a folder').optional(),
  messages: option<Readonly<Record<string, string>>>(
    "an object of sentences by their keys, e.g. { 'again.heading': 'One moment, please' }",
    isTexts,
  )
    .default({})
    .transform((messages) => ({ ...messages })),
  language: option<string>("a language tag (BCP 47), e.g. 'de'", isLanguage).default('en'),
  accountUrl: functionOption<NonNullable<SallyportOptions['accountUrl']>>(
    'a function (subject) => local path or null',
  ).optional(),
  csrf: objectWith<CsrfProtection>('an object with token(req, res) and protect(req, res, next)', [
    'token',
    'protect',
  ]).optional(),
  passport: objectWith<PassportLike>('a Passport instance', ['authenticate', 'use']).optional(),
  eventsKept: integerOption(1, 1_000_000).default(EVENTS_KEPT),
  onEvent: functionOption<NonNullable<Config['onEvent']>>('a function (event) => void').optional(),
  onError: functionOption<Config['onError']>('a function (error) => void').default(
    () => reportOnStderr,
  ),
});

/** Checks the options once, at construction. ERR_OPTION names the option, its value, and what would be right. */
export function parseOptions(raw: unknown): Config {
  const {
    policy,
    maxAge,
    pendingMaxAge,
    endedFor,
    enrollmentMaxAge,
    policyTimeout,
    sessionTimeout,
    methodTimeout,
    allowHttp,
    legacyTimeout,
    origin,
    ...rest
  } = checkOptions(raw, schema, { name: 'options', path: '', secrets: ['keys'] });
  const reached = addresses(origin);
  if (!allowHttp) for (const listed of reached.listed) refusePlainHttp(listed);
  if (typeof rest.issuer !== 'string' && rest.branding === undefined) {
    throw new SallyportError(
      'ERR_OPTION',
      `issuer must be a text of 1 to 64 characters where there is no branding, which names the pages, got ${typeof rest.issuer}`,
    );
  }
  if (rest.loginUrl === rest.path || rest.loginUrl.startsWith(`${rest.path}/`)) {
    throw new SallyportError(
      'ERR_OPTION',
      `loginUrl must be the local path of the login page, e.g. '/login', outside of path (${rest.path}), got '${rest.loginUrl}'`,
    );
  }
  if (rest.signInAgain && !rest.proofs) {
    throw new SallyportError(
      'ERR_OPTION',
      'signInAgain must come with proofs: what is signed in for again is a proof of theirs',
    );
  }
  return Object.freeze({
    ...rest,
    addresses: reached,
    issuer: rest.issuer,
    account: rest.account,
    branding: rest.branding,
    views: rest.views,
    accountUrl: rest.accountUrl,
    csrf: rest.csrf,
    passport: rest.passport,
    proofs: rest.proofs,
    signInAgain: rest.signInAgain,
    onEvent: rest.onEvent,
    policy:
      typeof policy === 'function' || isOrganizationPolicyPlan(policy)
        ? policy
        : policy.resolve.bind(policy),
    maxAgeMs: maxAge,
    pendingMaxAgeMs: pendingMaxAge,
    endedForMs: endedFor,
    enrollmentMaxAgeMs: enrollmentMaxAge,
    policyTimeoutMs: policyTimeout,
    sessionTimeoutMs: sessionTimeout,
    methods: rest.methods,
    legacy: rest.legacy,
    legacyTimeoutMs: legacyTimeout,
    methodTimeoutMs: methodTimeout,
  });
}

function isTexts(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === 'string');
}

function isLanguage(value: unknown): boolean {
  try {
    return typeof value === 'string' && Intl.getCanonicalLocales(value).length === 1;
  } catch {
    return false;
  }
}

function isName(value: unknown): boolean {
  if (typeof value !== 'string' || value.trim() === '' || value.length > 64) return false;
  return !/\p{Surrogate}/u.test(value);
}

function isOriginOption(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (!Array.isArray(value)) return isOrigin(value);
  if (value.length === 0 || !value.every(isOrigin)) return false;
  return new Set(value.map((one: string) => new URL(one).protocol)).size === 1;
}

function isLocalUrl(value: unknown): boolean {
  return typeof value === 'string' && /^\/(?![/\\])[^\\\s]*$/.test(value);
}

function reportOnStderr(error: unknown): void {
  // The cause may be another library's error with a request inside, so it is named and not printed.
  const name = error instanceof SallyportError ? `${error.code}: ${error.message}` : String(error);
  const cause =
    error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  console.error(`sallyport: ${name}${cause}`);
}
