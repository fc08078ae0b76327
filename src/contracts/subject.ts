/** A value that a cached read gives at once and an uncached one as a promise. */
export type Awaitable<T> = T | Promise<T>;

/** The names of known methods, for editors; each method adds its own. */
// biome-ignore lint/suspicious/noEmptyInterface: methods add to it
export interface MethodNames {}

/** A kind of second factor. A host may add its own. */
export type MethodName = keyof MethodNames | (string & {});

/**
 * The person at the keyboard, never an impersonated user. `id` is stable, never re-used and unique over all
 * tenants: all records are keyed by it alone, so that a new e-mail address or another tenant un-enrolls nobody.
 */
export interface Subject {
  readonly id: string;
  /** The organization in whose name they act now; `default` in an app that has one and does not name it. */
  readonly tenantId: string;
  /** What the authenticator app shows beside the issuer; an e-mail address or a user name. */
  readonly label: string;
}

/** What a host's `subject` returns; other fields are passed on to its policy as they are. */
export interface SubjectInput extends Omit<Subject, 'tenantId'> {
  /** Left out (not undefined) in an app with one organization: then it is `default`. */
  readonly tenantId?: string;
}

/** One of the app's addresses, and where our pages are there, e.g. `https://console.example.com` and `/two-factor`. */
export interface Place {
  readonly origin: string;
  readonly path: string;
}
