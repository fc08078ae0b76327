import type { LoginId, SessionDigest } from '../contracts.js';

/** One login, as noted in its session. */
export interface Login {
  readonly id: LoginId;
  /** The digest of the session's id then, so that data copied to another session mean nothing there. */
  readonly session: SessionDigest;
  /** The subject's id. */
  readonly subject: string;
  /** The subject's epoch when first seen in this session: once it rises, the session has ended. */
  readonly epoch: number;
  /** When the time between the doors is over (ms); null before it begins. */
  readonly until: number | null;
  /**
   * Set if somebody had signed in before in this session: when this login took it over (ms). Earlier sign-in proofs
   * in it do not count for this login.
   */
  readonly proofsAfter?: number | undefined;
}

/**
 * What Sallyport keeps in the host's session. Nothing in it grants access: assurance is kept in our store. A method
 * adds the data of its own pages.
 */
export interface SallyportSessionData {
  /** null after a logout. Everything else here belongs to this login. */
  login?: Login | null;
  /** The local path to go to after the verification. */
  returnTo?: string;
  /** The same path after its use, for a second click. */
  landed?: string;
  /** New recovery codes that are not confirmed as kept, sealed. */
  unkept?: string;
  /** The CSRF token of our forms. */
  csrf?: string;
  /** The end of the grace period (ms) that the person was told when postponing. */
  postponedUntil?: number;
  /** The demand of the route at `returnTo` beyond the policy; it can only ask for more. */
  stepUp?: {
    readonly maxAgeMs: number | null;
    readonly methods: readonly string[] | null;
    readonly everywhere?: boolean | undefined;
    readonly enroll?: boolean | undefined;
    readonly signIn?: 'any' | 'phishing-resistant' | undefined;
  };
  /** The sign-in proof that was recorded, so that it is recorded once for each login. */
  signIn?: string;
}

declare module 'express-session' {
  interface SessionData {
    sallyport?: SallyportSessionData;
  }
}
