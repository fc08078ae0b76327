import type { Awaitable } from './subject.js';

/** What the host's own sign-in has proven, as `proofs(req)` tells it. */
export interface SignInProof {
  /** Whose word it is: the name that settings have for this identity provider. No blanks, at most 100 characters. */
  readonly by: string;
  /** When the person proved it there: a `Date`, ISO 8601 with a time zone, or milliseconds since 1970. */
  readonly at: Date | string | number;
  /** How (RFC 8176), e.g. `['mfa', 'hwk']`: at most 32 values. They are compared as they are, upper and lower case apart. */
  readonly amr?: readonly string[] | undefined;
  /** At which level, e.g. a URI; of SAML the `AuthnContextClassRef`. */
  readonly acr?: string | null | undefined;
  /** Whom it is about (`Subject.id`), where the session says so: of anybody else it does not count. */
  readonly subjectId?: string | undefined;
}

/** `proofs` of the options: asked at most once for each request, and only where an answer can count. */
export type ProofsFunction<Req> = (
  req: Req,
) => Awaitable<readonly SignInProof[] | null | undefined>;

/** One that was checked: the values of `amr` once each, and the time in milliseconds. */
export interface SignIn {
  readonly by: string;
  readonly at: number;
  readonly amr: readonly string[];
  readonly acr: string | null;
}

/** Which proofs of an identity provider count as a second factor: those that have all that is named here. */
export interface ProofRule {
  readonly by: string;
  /** All of these must be there. */
  readonly amr: readonly string[];
  /** One of these; with an empty list any. At least one of the two lists has something in it. */
  readonly acr: readonly string[];
  /** How old it may be. */
  readonly maxAgeSeconds: number;
  readonly phishingResistant: boolean;
}

/** The `method` of a proof at sign-in, where methods are named; no method has this name. */
export const SIGN_IN = 'sign-in';
