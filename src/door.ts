import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import type { Store } from 'express-session';
import type { AdminOptions } from './admin/options.js';
import type { Subject } from './contracts.js';
import type { Check } from './gate/check.js';
import type { GateOptions } from './gate/gate.js';
import type { RequireOptions } from './gate/step-up.js';
import type { Organizations } from './host/organizations.js';
import type { Subjects } from './host/subjects.js';
import type { Tokens } from './host/token.js';
import type { PassportLike } from './methods/passport-like.js';

/**
 * The parts of a door: mount them in this order. `pages`, `gate` and `require` are called, and their results are
 * mounted; their parameters make `app.use(door.gate)` a compile error.
 */
export interface Door<S extends Subject = Subject> {
  /** Resolves when keys, store and views are usable; rejects with a coded error that says what is not. */
  ready(): Promise<void>;
  /** Guards the host's express-session store against late saves and hanging. The gate refuses any other store. */
  sessions(store: Store): Store;
  /** The user's pages below `path`, and the 503 page for the layers before them. For `app.use()`. */
  readonly pages: (...nothing: never[]) => (RequestHandler | ErrorRequestHandler)[];
  /**
   * Everything mounted below is behind both doors. For `app.use()`: the gate, and its side for requests that have
   * failed above it.
   */
  readonly gate: (
    options?: GateOptions,
    ...nothing: never[]
  ) => (RequestHandler | ErrorRequestHandler)[];
  /** Step-up: a fresh proof, or one by a certain method, for the routes it is mounted on. */
  readonly require: (requirement?: RequireOptions, ...nothing: never[]) => RequestHandler;
  /**
   * The administrator's pages and their JSON API, under whatever path: `app.use('/setup', door.admin(…))`.
   * Needs `policy: organizationPolicy(…)`. Throws ERR_OPTION.
   */
  admin(options: AdminOptions): RequestHandler;
  /** For the host's code: a subject's factors, and what to do when the subject moves or is removed. */
  readonly subjects: Subjects;
  /** For the host's code: what organizations set for a method. */
  readonly organizations: Organizations;
  /**
   * The fully authenticated subject, instead of `req.user`, which is set after the password already; null for
   * everybody else. Rejects like `check`.
   */
  user(req: Request): Promise<S | null>;
  /** The decision about a request. Rejects with `UnavailableError` when there is none: do not let it in. */
  check(req: Request): Promise<Check<S>>;
  /** Bearer tokens for programs: made from what a session has proven, and void when that no longer counts. */
  readonly token: Tokens<S>;
  /**
   * For host code that calls strategies by name: registers `sallyport-NAME` for each method with a Passport. Their
   * callback gets `(error, verdict | false, { verdict })`; only our pages elevate a session. A second door on the
   * same Passport takes another `prefix` than `sallyport`, or throws ERR_OPTION.
   */
  passport(passport: PassportLike, options?: { readonly prefix?: string }): void;
  /** Ends the library's connections and timers. */
  close(): Promise<void>;
}
