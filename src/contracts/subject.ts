/** A value that a warm read has at hand and a cold one must wait for. */
export type Awaitable<T> = T | Promise<T>;

/** A kind of second factor. The built-in ones are named; a host may add its own. */
export type MethodName = 'totp' | 'duo' | 'recovery-code' | (string & {});

/**
 * The person at the keyboard, never an impersonated user. `id` is stable, never re-used and unique over all
 * tenants: all records are keyed by it alone, so that a new e-mail address or another tenant un-enrolls nobody.
 */
export interface Subject {
  readonly id: string;
  readonly tenantId: string;
  /** What the authenticator app shows beside the issuer; an e-mail address or a user name. */
  readonly label: string;
}
