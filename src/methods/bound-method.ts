import type {
  Attempt,
  AttemptLimits,
  Digest,
  EnrollmentBasis,
  HandedOver,
  Method,
  MethodContext,
  MethodEnrollment,
  MethodSettings,
  PendingContext,
  Prompt,
  SettingSection,
  Verdict,
} from '../contracts.js';
import type { Ask, AskNow } from './ask.js';
import type { BindConfig } from './bind-config.js';
import type { BoundLookup } from './bound-lookup.js';
import type { ChallengeKey } from './challenge-state.js';
import type { Judging } from './judging.js';
import type { Secrets } from './secrets.js';

/** A method as pages and strategies use it, with sealing, counting and single use added. */
export interface BoundMethod
  extends Required<
    Pick<
      Method,
      | 'name'
      | 'title'
      | 'words'
      | 'role'
      | 'throttle'
      | 'scope'
      | 'atMost'
      | 'phishingResistant'
      | 'answer'
      | 'wellFormed'
    >
  > {
  readonly settings?: MethodSettings | undefined;
  readonly section?: SettingSection | undefined;
  readonly events?: Method['events'] | undefined;
  readonly imports?: Method['imports'] | undefined;
  /** The prompt; a code that has to be sent first is sent once. */
  challenge(attempt: Attempt): Promise<Prompt>;
  /** Sends again; null for a method that sends nothing. */
  readonly restart: ((attempt: Attempt) => Promise<void>) | null;
  /** The file of its script; null for a method without one. */
  readonly script: URL | string | null;
  /** What a browser must have for it; null for a method that works in each. */
  readonly needsBrowser: string | null;
  /** One answer: counted, compared, and accepted once. */
  verify(attempt: Attempt, limits: AttemptLimits): Promise<Verdict>;
  /** null for a method that cannot be activated by itself. */
  readonly enrollment: BoundEnrollment | null;
  /** null if its authenticators cannot be looked up. */
  readonly lookup: BoundLookup | null;
}

export type EnrollableMethod = BoundMethod & { readonly enrollment: BoundEnrollment };

export type FindableMethod = BoundMethod & { readonly lookup: BoundLookup };

export function isFindable(method: BoundMethod): method is FindableMethod {
  return method.lookup !== null;
}

/** Parts that the method's challenge and its enrollment share. */
export interface Bound {
  readonly method: Method;
  readonly ask: Ask;
  readonly askNow: AskNow;
  readonly secrets: Secrets;
  readonly judging: Judging;
  readonly config: BindConfig;
  contextOf(attempt: Attempt, pending: PendingContext | null, challenge: unknown): MethodContext;
  /** The state that was started for a prompt, or starts it now. */
  started(key: ChallengeKey, context: MethodContext): Promise<unknown>;
}

export function isEnrollable(method: BoundMethod): method is EnrollableMethod {
  return method.enrollment !== null;
}

/** The methods of these names that a person can activate, in this order. */
export function enrollableMethods(
  methods: ReadonlyMap<string, BoundMethod>,
  names: readonly string[],
): EnrollableMethod[] {
  return names
    .map((name) => methods.get(name))
    .filter((method) => method !== undefined)
    .filter(isEnrollable);
}

type LockedVerdict = Extract<Verdict, { kind: 'locked' }>;

export interface BeginOptions {
  readonly basis: EnrollmentBasis;
  /** Voids the enrollment that this session has begun. */
  readonly restart: boolean;
  /** Voids no enrollment: gives null while another one is pending. */
  readonly unlessPending?: boolean;
  /** Milliseconds; by default the door's. */
  readonly lifetimeMs?: number;
}

/** An enrollment that has been begun, and the prompt to confirm it. */
export interface Begun extends Pick<PendingContext, 'id' | 'basis' | 'expiresAt'> {
  prompt(): Promise<Prompt>;
  /**
   * What an administrator hands over (null for nothing), and the field to answer. Rejects with a 422 if they cannot
   * begin it.
   */
  handOver(): Promise<{
    show(): HandedOver | null;
    readonly field: ReturnType<NonNullable<MethodEnrollment['handOver']>['field']>;
  }>;
}

export interface BoundEnrollment {
  /**
   * How an administrator can begin it for somebody: with something to hand over, or only with an answer on the spot.
   */
  readonly handsOver: 'shown' | 'on-the-spot' | null;
  /** null when the basis does not hold; see `SecondFactorStore.beginEnrollment`. */
  begin(attempt: Attempt, options: BeginOptions): Promise<Begun | null>;
  /**
   * The same with an activation key, which counts as an attempt: null when none of the digests (one per key of the
   * keyring) matches the subject's key.
   */
  beginByKey(
    attempt: Attempt,
    limits: AttemptLimits,
    candidates: readonly Digest[],
  ): Promise<Begun | LockedVerdict | null>;
  /** The enrollment that this session has begun or an administrator has handed over; null for neither. */
  resume(attempt: Attempt): Promise<Begun | null>;
  /** One answer: counted, compared, and accepted once. `replaces`: the enrollment that is replaced, or null. */
  confirm(attempt: Attempt, limits: AttemptLimits, replaces: string | null): Promise<Verdict>;
}
