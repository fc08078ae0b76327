import type { AssuranceRecord, MethodName, Policy, SignIn, SubjectRecord } from '../contracts.js';
import type { Login } from '../session/session-data.js';

/** Everything a decision depends on. Times are milliseconds on the store's clock. */
export interface Facts {
  readonly subjectId: string;
  /** The organization in whose name the subject acts now. */
  readonly tenantId: string;
  readonly policy: Policy;
  readonly record: SubjectRecord;
  readonly assurance: AssuranceRecord | null;
  readonly now: number;
  /** The login that the session stands for, as the session keeps it. */
  readonly login: Login;
  /** The door's limit for the age of a proof; a smaller one of the policy applies. */
  readonly maxAgeMs: number;
  /** How long a session may stand between the doors. */
  readonly pendingMaxAgeMs: number;
  /** The end of the grace period (ms) that this session was told when the person postponed enrollment. */
  readonly postponedUntil: number | null;
  /** The door's backup methods, which cannot be activated by themselves. */
  readonly backups: readonly MethodName[];
  /** The demand of one route beyond the policy. */
  readonly stepUp: StepUp | null;
  /** The proofs of the host's sign-in; left out if they were not asked for. */
  readonly signIns?: readonly SignIn[] | undefined;
}

export interface StepUp {
  readonly maxAgeMs: number | null;
  readonly methods: readonly MethodName[] | null;
  /** Only a proof that counts in every organization of the person. */
  readonly everywhere?: boolean | undefined;
  /** Whether a person without a factor has to activate one first, whatever the policy; otherwise they pass. */
  readonly enroll?: boolean | undefined;
  /** The sign-in proofs that are enough while young enough. Default: none. */
  readonly signIn?: 'any' | 'phishing-resistant' | undefined;
}
