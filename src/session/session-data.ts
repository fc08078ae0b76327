/** What Sallyport keeps in the host's session. Nothing in it opens a door: assurance lives in our store. */
export interface SallyportSessionData {
  /** The local path to go to when both doors are open. */
  returnTo?: string;
  /** The synchronizer token of our forms. */
  csrf?: string;
  /** The end of the grace period (ms) that the person was told when postponing. */
  postponedUntil?: number;
  /** From which page this person was sent to Duo, and which enrollment is to be replaced. */
  duo?: { readonly url: string; readonly replaces: string | null };
  /** What the route at `returnTo` demands beyond the policy; it can only ask for more. */
  stepUp?: { readonly maxAgeMs: number | null; readonly methods: readonly string[] | null };
}

declare module 'express-session' {
  interface SessionData {
    sallyport?: SallyportSessionData;
  }
}
