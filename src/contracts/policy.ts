import type { Awaitable, MethodName, Subject } from './subject.js';

/** Why a part of a policy is as it is: who decided (`level`, `id`) and by which `rule`. */
export interface PolicyReason {
  readonly level: 'partner' | 'client' | 'user' | 'host' | (string & {});
  readonly id: string;
  readonly rule: string;
}

/** What happens when Duo cannot be reached; never when it says no. */
export type WhenUnavailable = 'deny' | 'fall-back-to-totp' | 'let-in';

/** What one subject must prove, resolved. */
export interface Policy {
  readonly mode: 'off' | 'optional' | 'required';
  /** Accepted methods, the preferred one first. */
  readonly methods: readonly MethodName[];
  /** Whose Duo configuration is used, and which version of its keys. Never the keys. */
  readonly duo: {
    readonly source: string;
    readonly credentialVersion: string;
    /** Of whose Duo account they are (`authorityId` of its API hostname); looked up where it is left out. */
    readonly account?: string | undefined;
    /** In the place of what is stored with the keys, where a level above allows no more than this. */
    readonly whenUnavailable?: WhenUnavailable | undefined;
  } | null;
  readonly enrollment: 'self' | 'activation-key';
  /** Until then a subject who is not enrolled may postpone it. */
  readonly graceUntil: Date | null;
  /** How long a proof counts, in seconds; null leaves it to the door's `maxAge`. */
  readonly maxAgeSeconds: number | null;
  /** For how long, in seconds, a person may have a device remembered; null: not at all. At most 30 days. */
  readonly rememberDeviceSeconds: number | null;
  readonly because: readonly PolicyReason[];
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
