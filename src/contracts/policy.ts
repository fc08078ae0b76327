import type { Sentence } from './messages.js';
import type { ProofRule } from './sign-in.js';
import type { Awaitable, MethodName, Subject } from './subject.js';

/** Why a part of a policy is as it is: who decided (`level`, `id`) and by which `rule`. */
export interface PolicyReason {
  readonly level: 'partner' | 'client' | 'user' | 'host' | (string & {});
  readonly id: string;
  /** A text of the host's own policy, or a message of the catalog: its `key` and `values` say which rule it is. */
  readonly rule: Sentence;
}

/** What one subject must prove, resolved. A method with settings adds its part, under its name. */
export interface Policy {
  readonly mode: 'off' | 'optional' | 'required';
  /** Accepted methods, the preferred one first. */
  readonly methods: readonly MethodName[];
  readonly enrollment: 'self' | 'activation-key';
  /** Until then a subject who is not enrolled may postpone it. */
  readonly graceUntil: Date | null;
  /** How long a proof counts, in seconds; null leaves it to the door's `maxAge`. */
  readonly maxAgeSeconds: number | null;
  /** For how long, in seconds, a person may have a device remembered; null: not at all. At most 30 days. */
  readonly rememberDeviceSeconds: number | null;
  /** What the host's sign-in may have proven already (`proofs`); empty: nothing counts. At most 400. */
  readonly proofs: readonly ProofRule[];
  readonly because: readonly PolicyReason[];
}

/** What a policy says of one method; each method has more of its own. */
export interface PolicyPart {
  /** Whose setting is used, e.g. the organization whose keys they are. */
  readonly source?: string | undefined;
  /** Of a method whose proof is somebody else's word: by whose (`authorityId`) it counts here. */
  readonly account?: string | undefined;
  /**
   * A regular expression: an enrollment of the method counts here where its `parameters` match. One that does not
   * still proves who asks, and opens the way to another one instead of the door.
   */
  readonly accepts?: string | undefined;
}

/**
 * The part of a policy that is about one method; null where there is none.
 * @example
 * const source = partOf(context.policy, 'email-code')?.source;
 */
export function partOf(policy: Policy, method: MethodName): PolicyPart | null {
  const part: unknown = Reflect.get(policy, method);
  return typeof part === 'object' && part !== null ? part : null;
}

/** What a host's policy function may return: a `Policy` of which all but `mode` has a default. */
export type PolicyInput = Pick<Policy, 'mode'> & Partial<Policy>;

export interface PolicyContext {
  /** Aborted when the deadline (`policyTimeout`) has passed. */
  readonly signal: AbortSignal;
}

export type PolicyFunction<S extends Subject = Subject> = (
  subject: S,
  context: PolicyContext,
) => Awaitable<Policy | PolicyInput>;

export interface PolicyResolver<S extends Subject = Subject> {
  resolve: PolicyFunction<S>;
}
