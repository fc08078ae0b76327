import type { AssuranceRecord, MethodName, Policy, SignIn, SubjectRecord } from '../contracts.js';
import type { Login } from '../session/session-data.js';

/** Everything a decision depends on. Times are milliseconds on the store's clock. */
export interface Facts {
  readonly subjectId: string;
  /** In whose name the subject acts now. */
  readonly tenantId: string;
  readonly policy: Policy;
  readonly record: SubjectRecord;
  readonly assurance: AssuranceRecord | null;
  readonly now: number;
  /** The login that the session stands for, as the session keeps it. */
  readonly login: Login;
  /** The door's own limit for the age of a proof; the policy's counts where it is smaller. */
  readonly maxAgeMs: number;
  /** How long a session may stand between the doors. */
  readonly pendingMaxAgeMs: number;
  /** The end of the grace period (ms) that this session was told when the person postponed enrollment. */
  readonly postponedUntil: number | null;
  /** The door's methods that stand in for a lost factor; nobody activates them by themselves. */
  readonly backups: readonly MethodName[];
  /** What one route demands beyond the policy. */
  readonly stepUp: StepUp | null;
  /** What the host's sign-in has proven; left out where nobody has asked for it. */
  readonly signIns?: readonly SignIn[] | undefined;
}

export interface StepUp {
  readonly maxAgeMs: number | null;
  readonly methods: readonly MethodName[] | null;
  /** Only a proof that counts in every organization of the person. */
  readonly everywhere?: boolean | undefined;
  /** Whoever has nothing to prove activates something first, whatever the policy says; otherwise they pass. */
  readonly enroll?: boolean | undefined;
  /** Which proofs at sign-in are enough, where they are young enough. Left out: none. */
  readonly signIn?: 'any' | 'phishing-resistant' | undefined;
}
