import type { Kept, Rejected } from './answers.js';
import type { EnrolledContext, Prompt } from './method-contexts.js';
import type { Awaitable, Place } from './subject.js';

/** The context of an administrator who has found an authenticator and asks whose it is. */
export interface LookupContext<State = unknown> {
  /** The organization on whose page it is asked. */
  readonly organizationId: string;
  /** The address of our pages in the administrator's browser; null without a page. */
  readonly place: Place | null;
  /** The store's time (ms). */
  readonly now: number;
  /** What `start` has returned for this administrator's session; null without `start`. */
  readonly challenge: State | null;
}

/** What an authenticator has shown of itself. */
export interface Shown {
  readonly kind: 'shown';
  /** One of the `tokens` of its enrollment. */
  readonly token: string;
}

/**
 * Finds the owner of a found authenticator, for administrators ("Look up a key"). The index holds digests and is only
 * a hint: its answer is checked against the person's record, and shown only to administrators who may read that
 * person. Not with `pure`.
 */
export interface MethodLookup<State = unknown> {
  /** The texts that an enrollment is found by, from what is kept at its confirmation: at most 4. Pure. */
  tokens(kept: Required<Kept>): readonly string[];
  /**
   * Makes the state of one look-up, e.g. random bytes. It is kept, sealed, for one session and used up by any answer.
   */
  start?(): Awaitable<State>;
  /** What the administrator is asked for: the fields of `answer`, on a form of ours or in a view of the method. */
  prompt(context: LookupContext<State>): Awaitable<Extract<Prompt, { kind: 'form' }>>;
  /** The token that the answer shows, or why it is refused. */
  read(
    context: LookupContext<State>,
    answer: Readonly<Record<string, unknown>>,
  ): Awaitable<Shown | Rejected>;
  /** Whether the answer comes from this enrollment, e.g. by its signature. Without it the token is enough. */
  isFrom?(
    context: LookupContext<State> & { readonly enrollment: EnrolledContext },
    answer: Readonly<Record<string, unknown>>,
  ): Awaitable<boolean>;
}
