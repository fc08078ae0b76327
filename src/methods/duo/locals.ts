import type { Later, MethodLink, Moment, Page } from '../../web/locals.js';

/** `duo/prompt`: leads to Duo, or shows the result of a visit. */
export interface DuoPromptLocals extends Page {
  readonly purpose: 'activate' | 'challenge';
  readonly reason: null | 'step-up' | 'enroll-other';
  /** Whether the page forwards by itself, by a Refresh header. */
  readonly atOnce: boolean;
  /** The link to continue, with `data-sp="continue"`: to Duo, or after an error to start again. */
  readonly href: string;
  readonly error: string | null;
  readonly otherMethods: readonly MethodLink[];
  readonly later: Later | null;
  /** POST `remember=1` and `_csrf`: also leads to Duo, and asks to remember this device for so many days. */
  readonly remember: { readonly action: string; readonly days: number } | null;
}

/** `duo/fallback`: Duo is unavailable, and the tenant offers another way in. */
export interface DuoFallbackLocals extends Page {
  /** POST `_csrf`, and `code` where one is asked for. */
  readonly action: string;
  /** Whether a code of the authenticator app is asked for. */
  readonly withCode: boolean;
  readonly error: string | null;
  readonly retryAt: Moment | null;
  readonly otherMethods: readonly MethodLink[];
}
