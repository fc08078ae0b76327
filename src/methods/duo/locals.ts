import type { Later, MethodLink, Moment, Page } from '../../web/locals.js';

/** `duo/prompt`: on the way to Duo, or what came of it. */
export interface DuoPromptLocals extends Page {
  readonly purpose: 'activate' | 'challenge';
  readonly reason: null | 'step-up' | 'enroll-other';
  /** Whether the page leads on by itself, by a Refresh header. */
  readonly atOnce: boolean;
  /** The way on, with `data-sp="continue"`: to Duo, or after an error to where it begins again. */
  readonly href: string;
  readonly error: string | null;
  readonly otherMethods: readonly MethodLink[];
  readonly later: Later | null;
  /** POST `remember=1` and `_csrf`: goes on to Duo as well, and has this device remembered for so many days. */
  readonly remember: { readonly action: string; readonly days: number } | null;
}

/** `duo/fallback`: Duo is out of reach, and the tenant lets this person in by another way. */
export interface DuoFallbackLocals extends Page {
  /** POST `_csrf`, and `code` where one is asked for. */
  readonly action: string;
  /** Whether a code of the authenticator app is asked for. */
  readonly withCode: boolean;
  readonly error: string | null;
  readonly retryAt: Moment | null;
  readonly otherMethods: readonly MethodLink[];
}
