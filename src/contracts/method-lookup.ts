import type { Kept, Rejected } from './answers.js';
import type { EnrolledContext, Prompt } from './method-contexts.js';
import type { Awaitable, Place } from './subject.js';

/** What is known where an administrator has found an authenticator, and asks whose it is. */
export interface LookupContext<State = unknown> {
  /** On whose page it is asked. */
  readonly organizationId: string;
  /** Where the administrator's browser has our pages; null where no page asks. */
  readonly place: Place | null;
  /** The store's time (ms). */
  readonly now: number;
  /** What `start` has given for this administrator's session; null without it. */
  readonly challenge: State | null;
}

/** What an authenticator has shown of itself. */
export interface Shown {
  readonly kind: 'shown';
  /** One of the `tokens` of the enrollment that it is. */
  readonly token: string;
}

/**
 * How a found authenticator leads to its owner, for administrators ("Look up a key"). The index holds digests and is
 * only a hint: whom it names is checked against the person's record, and told to those alone who may read them.
 * Not with `pure`.
 */
export interface MethodLookup<State = unknown> {
  /** What an enrollment is found by, of what is kept of it at its confirmation: at most 4 texts. Pure. */
  tokens(kept: Required<Kept>): readonly string[];
  /** What is asked anew with each look, e.g. random bytes; kept, sealed, for one session, and taken by any answer. */
  start?(): Awaitable<State>;
  /** What the administrator is asked for: the fields of `answer`, on a form of ours or in a `view` of the method's. */
  prompt(context: LookupContext<State>): Awaitable<Extract<Prompt, { kind: 'form' }>>;
  /** What the answer names, or why it names nothing. */
  read(
    context: LookupContext<State>,
    answer: Readonly<Record<string, unknown>>,
  ): Awaitable<Shown | Rejected>;
  /** Whether the answer is this very one's, e.g. by its signature. Left out, what it names is enough. */
  isFrom?(
    context: LookupContext<State> & { readonly enrollment: EnrolledContext },
    answer: Readonly<Record<string, unknown>>,
  ): Awaitable<boolean>;
}
