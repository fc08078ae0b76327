import type { Sentence } from './contracts.js';

/** The codes of errors that a method throws; each adds its own. */
// biome-ignore lint/suspicious/noEmptyInterface: methods add to it
export interface MethodErrorCodes {}

/**
 * Every error Sallyport throws on purpose carries one of these codes; docs/errors.md has a row for each.
 */
export type ErrorCode =
  | 'ERR_OPTION'
  | 'ERR_KEYS'
  | 'ERR_SEALED'
  | 'ERR_STORE_UNAVAILABLE'
  | 'ERR_STORE_NOT_INITIALIZED'
  | 'ERR_STORE_RECORD'
  | 'ERR_SESSION_STORE'
  | 'ERR_SESSION_MISSING'
  | 'ERR_REDIS_CLIENT'
  | 'ERR_REDIS_TRACKING'
  | 'ERR_REDIS_EVICTION'
  | 'ERR_REDIS_PERMISSION'
  | 'ERR_POSTGRES_POOL'
  | 'ERR_POSTGRES_SCHEMA'
  | 'ERR_POSTGRES_PERMISSION'
  | 'ERR_POSTGRES_READ_ONLY'
  | 'ERR_POSTGRES_LISTEN'
  | 'ERR_SUBJECT'
  | 'ERR_PROOFS'
  | 'ERR_POLICY'
  | 'ERR_DIRECTORY'
  | 'ERR_AUTHORIZE'
  | 'ERR_METHOD'
  | 'ERR_APP_NAMES'
  | 'ERR_IMPORT'
  | 'ERR_LEGACY'
  | 'ERR_VIEW'
  | 'ERR_CONFLICT'
  | 'ERR_DEPENDENCY'
  | 'ERR_INTERNAL'
  | keyof MethodErrorCodes;

const CLASSES = Symbol.for('sallyport.error classes');

/**
 * Makes `instanceof` recognize the errors of another copy of the library in this process, by the name of their class,
 * which a bundler does not change. Subclasses of a host are recognized as usual.
 */
export function acrossCopies(
  name: string,
  ofErrors: abstract new (...args: never[]) => Error,
): void {
  const { prototype } = ofErrors;
  const names: readonly string[] = [...(Reflect.get(prototype, CLASSES) ?? []), name];
  Object.defineProperty(prototype, CLASSES, { value: Object.freeze(names) });
  Object.defineProperty(ofErrors, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
      const theirs: unknown = this === ofErrors ? Reflect.get(Object(value), CLASSES) : null;
      return Array.isArray(theirs) && theirs.includes(name);
    },
  });
}

/**
 * Every error of this package that is not about one request. `code` is stable, docs/errors.md has a row for each;
 * `message` is for developers and operators, never for a page.
 * @example if (error instanceof SallyportError && error.code === 'ERR_KEYS') process.exit(1);
 */
export class SallyportError extends Error {
  override readonly name: string = 'SallyportError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * A dependency (store, policy, session layer) is broken or late. It is answered with a 503 and never with a pass.
 * `status` and `headers` are the shape that Express's own final error handler honors, so that a host without our
 * error page still answers 503.
 * @example
 * app.use((error, req, res, next) => {
 *   if (error instanceof UnavailableError) return res.status(error.status).set(error.headers).end();
 *   next(error);
 * });
 */
export class UnavailableError extends SallyportError {
  override readonly name = 'UnavailableError';
  readonly status = 503;
  readonly headers = { 'Retry-After': '5' } as const;
}

/**
 * An outside service of a method (a gateway, a server that checks codes) is unavailable or refuses us: thrown by
 * `verify` or `confirm`, it shows the form again with a sentence of the method's words, and the person's other
 * methods, as a 503. It lets nobody in. `message` goes to `onError`; what goes to the event is `detail`.
 * @example throw new OutageError('the gateway did not answer in time', { detail: 'timeout' })
 */
export class OutageError extends UnavailableError {
  /** The name of a sentence in `words.because`, shown instead of `words.unavailable`. */
  readonly because: string | null;
  readonly detail: string | null;

  constructor(
    message: string,
    {
      because = null,
      detail = null,
      cause,
    }: { because?: string | null; detail?: string | null; cause?: unknown } = {},
  ) {
    super('ERR_METHOD', message, { cause });
    this.because = because;
    this.detail = detail;
  }
}

/** Errors that last until somebody changes the app or its data. */
const NEVER_HEALS: ReadonlySet<ErrorCode> = new Set([
  'ERR_OPTION',
  'ERR_KEYS',
  'ERR_SEALED',
  'ERR_STORE_NOT_INITIALIZED',
  'ERR_STORE_RECORD',
  'ERR_SESSION_STORE',
  'ERR_SESSION_MISSING',
  'ERR_REDIS_TRACKING',
  'ERR_REDIS_EVICTION',
  'ERR_REDIS_PERMISSION',
  'ERR_VIEW',
  'ERR_DEPENDENCY',
  'ERR_INTERNAL',
]);

/** Whether a failure may soon be over by itself. */
export function mayHeal(error: unknown): boolean {
  if (!(error instanceof SallyportError)) return true;
  // An error of the host's function may come from its database; an invalid subject stays invalid.
  if (error.code === 'ERR_SUBJECT') return error.cause !== undefined;
  return !NEVER_HEALS.has(error.code);
}

/** A mistake of ours: a state that the code before rules out. It throws, since continuing would be a guess. */
export function broken(what: string): SallyportError {
  return new SallyportError('ERR_INTERNAL', what);
}

/**
 * The request cannot be served as it was sent: `status` is a 4xx, `sentence` is safe to show.
 * @example
 * throw new RequestError(409, 'no_address', 'There is no address that a code could be sent to.');
 */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  /** Stable, for JSON clients: `invalid_request`, `csrf_token_invalid`, … */
  readonly error: string;

  /** The sentence for the person; `message` is the same in English. */
  readonly sentence: Sentence;

  /** The local path that the page links to; null for the home page. */
  readonly href: string | null;

  /** When it may be sent again, in seconds; null if waiting does not help. */
  readonly retryAfterSeconds: number | null;

  constructor(
    status: number,
    error: string,
    sentence: Sentence,
    href: string | null = null,
    { retryAfterSeconds = null }: { readonly retryAfterSeconds?: number | null } = {},
  ) {
    super(String(sentence));
    this.sentence = sentence;
    this.retryAfterSeconds = retryAfterSeconds;
    this.href = href;
    this.status = status;
    this.error = error;
  }
}

acrossCopies('SallyportError', SallyportError);
acrossCopies('UnavailableError', UnavailableError);
acrossCopies('OutageError', OutageError);
acrossCopies('RequestError', RequestError);

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node reports "localhost refused on IPv4 and on IPv6" as an AggregateError without a message.
  const first = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error ? first.message : error.message;
}
