import type { Awaitable } from './subject.js';

/** What the host's own sign-in has proven, as `proofs(req)` tells it. */
export interface SignInProof {
  /** The identity provider, by its name in settings. No blanks, at most 100 characters. */
  readonly by: string;
  /** When the person proved it there: a `Date`, ISO 8601 with a time zone, or milliseconds since 1970. */
  readonly at: Date | string | number;
  /** How (RFC 8176), e.g. `['mfa', 'hwk']`: at most 32 values. They are compared case-sensitively. */
  readonly amr?: readonly string[] | undefined;
  /** At which level, e.g. a URI; of SAML the `AuthnContextClassRef`. */
  readonly acr?: string | null | undefined;
  /** The subject's id, if the session knows it: the proof does not count for anybody else. */
  readonly subjectId?: string | undefined;
}

/** The option `proofs`: called at most once for each request, and only when a proof can count. */
export type ProofsFunction<Req> = (
  req: Req,
) => Awaitable<readonly SignInProof[] | null | undefined>;

/** Where a fresh sign-in at an identity provider begins. */
export interface SignInAgain {
  /** The provider's name for people, e.g. `Okta`: 1 to 64 characters. */
  readonly name: string;
  /** A local path of the app, which has the provider ask the person anew (OpenID Connect: `prompt=login`). */
  readonly url: string;
}

/** What `signInAgain` is asked about. */
export interface SignInAgainQuestion {
  /** As the proof has it, and the policy's rules. */
  readonly by: string;
  /**
   * The page that the person is brought to afterwards, a local path: by us, once your callback sends them to our
   * `/challenge`. null: home.
   */
  readonly returnTo: string | null;
  /** How old the proof may be here, where that it is older is what it lacks. */
  readonly maxAgeSeconds: number | null;
}

/** `signInAgain` of the options; null for a provider at which nobody is sent to sign in again. */
export type SignInAgainFunction<Req> = (
  req: Req,
  question: SignInAgainQuestion,
) => Awaitable<SignInAgain | null | undefined>;

/** A proof that was checked: without duplicates in `amr`, and the time in milliseconds. */
export interface SignIn {
  readonly by: string;
  readonly at: number;
  readonly amr: readonly string[];
  readonly acr: string | null;
}

/** Which proofs of an identity provider count as a second factor: those that satisfy all fields. */
export interface ProofRule {
  readonly by: string;
  /** All of these must be there. */
  readonly amr: readonly string[];
  /** One of these, or any for an empty list. One of the two lists must not be empty. */
  readonly acr: readonly string[];
  /** How old it may be. */
  readonly maxAgeSeconds: number;
  readonly phishingResistant: boolean;
}

/** The `method` of a proof at sign-in, where methods are named; no method has this name. */
export const SIGN_IN = 'sign-in';
