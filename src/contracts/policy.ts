import type { Sentence } from './messages.js';
import type { ProofRule } from './sign-in.js';
import type { Awaitable, MethodName, Subject } from './subject.js';

/** The reason for a part of a policy: who decided it (`level`, `id`) and by which `rule`. */
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
  /** How long a person may have a device remembered, in seconds, at most 30 days; null for not at all. */
  readonly rememberDeviceSeconds: number | null;
  /** Which proofs of the host's sign-in count as a second factor; empty for none. At most 400. */
  readonly proofs: readonly ProofRule[];
  readonly because: readonly PolicyReason[];
}

/** The part of a policy about one method; a method may add fields. */
export interface PolicyPart {
  /** The organization whose setting is used, e.g. whose keys. */
  readonly source?: string | undefined;
  /** The authority (`authorityId`) whose word counts here, for a method that rests on one. */
  readonly account?: string | undefined;
  /**
   * A regular expression that the `parameters` of an accepted enrollment match. Another enrollment still proves who
   * asks, but leads to activating an accepted one instead of letting them in.
   */
  readonly accepts?: string | undefined;
}

/**
 * The part of a policy about one method; null for none.
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
