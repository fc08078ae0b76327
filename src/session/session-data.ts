import type { LoginId, SessionDigest } from '../contracts.js';

/** One login, as its session keeps it. */
export interface Login {
  readonly id: LoginId;
  /** Of the id that the session had then: data that are copied to another session say nothing there. */
  readonly session: SessionDigest;
  /** The subject's id. */
  readonly subject: string;
  /** Of the subject when it was first seen in this session: once it has risen, the session has ended. */
  readonly epoch: number;
  /** When the time between the doors is over (ms); null: it has not begun. */
  readonly until: number | null;
  /**
   * Where somebody had signed in before in this session: when it became this login's (ms). What the host keeps there of
   * before is of another sign-in, and no proof for this one.
   */
  readonly proofsAfter?: number | undefined;
}

/**
 * What Sallyport keeps in the host's session. Nothing in it opens a door: assurance lives in our store. A method adds
 * what its own pages keep.
 */
export interface SallyportSessionData {
  /** null: whoever was signed in is so no longer. Everything else here is this login's. */
  login?: Login | null;
  /** The local path to go to when both doors are open. */
  returnTo?: string;
  /** Where that was, for a second click that asks once more. */
  landed?: string;
  /** New recovery codes that nobody has said to have kept, sealed (pages/unkept-codes.ts). */
  unkept?: string;
  /** The synchronizer token of our forms. */
  csrf?: string;
  /** The end of the grace period (ms) that the person was told when postponing. */
  postponedUntil?: number;
  /** What the route at `returnTo` demands beyond the policy; it can only ask for more. */
  stepUp?: {
    readonly maxAgeMs: number | null;
    readonly methods: readonly string[] | null;
    readonly everywhere?: boolean | undefined;
    readonly enroll?: boolean | undefined;
    readonly signIn?: 'any' | 'phishing-resistant' | undefined;
  };
  /** Which proof at sign-in was told as an event, so that it is told once for each login. */
  signIn?: string;
}

declare module 'express-session' {
  interface SessionData {
    sallyport?: SallyportSessionData;
  }
}
