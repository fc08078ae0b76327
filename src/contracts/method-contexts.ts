import type { Policy } from './policy.js';
import type { Enrollment, EnrollmentBasis, SessionDigest } from './records.js';
import type { Place, Subject } from './subject.js';

/** What a method gets of the person, the policy and the request. `State` is what its own `start` returns. */
export interface MethodContext<State = unknown> {
  readonly subject: Subject;
  readonly policy: Policy;
  readonly session: SessionDigest;
  /** The store's time (ms): what codes are compared at. */
  readonly now: number;
  /** The names under which an app lists the account. */
  readonly issuer: string;
  readonly account: string;
  /** The address of our pages in the person's browser, for links and callbacks. Null without a page. */
  readonly place: Place | null;
  /** `step-up`: a proof that counts only at login is not enough. */
  readonly purpose: 'login' | 'step-up' | 'activation';
  /** The person's active enrollments of this method. */
  readonly enrollments: readonly Enrollment[];
  /** The same with their secrets, opened on demand; this reads the store. */
  openEnrollments(): Promise<readonly EnrolledContext[]>;
  /** What is being activated; null at a challenge. */
  readonly pending: PendingContext | null;
  /** What `start` has returned for this challenge; null without `start`, and while another request is starting it. */
  readonly challenge: State | null;
  /** The person asked to have this device remembered, before they left for an outside page. */
  readonly remember: boolean;
}

/** An enrollment that has been begun and not confirmed, as its method sees it. */
export interface PendingContext {
  readonly id: string;
  readonly basis: EnrollmentBasis;
  readonly parameters: string;
  readonly expiresAt: number;
  /** Begun in this session, so that its secret was shown here. */
  readonly own: boolean;
  /** What `begin` made, opened. */
  secret(): Uint8Array;
}

/** An active enrollment, with what its method needs to verify an answer. */
export interface EnrolledContext {
  readonly id: string;
  readonly parameters: string;
  /** The last accepted step; -1 before the first. */
  readonly lastStep: number;
  secret(): Uint8Array;
}

/** While an answer is verified, the enrollments can be opened. */
export interface VerifyContext<State = unknown>
  extends Omit<MethodContext<State>, 'enrollments' | 'openEnrollments'> {
  readonly enrollments: readonly EnrolledContext[];
  /** Opens the `foreign` part of imported recovery codes; null when there is none. */
  readonly foreignCodes: (() => Uint8Array) | null;
}

/**
 * What a person is asked for: a form of ours, or an outside page. `locals` are for the view, `json` for programs;
 * both hold a secret only at activation. Functions are called only for what is sent; a function within `json` only
 * when it is asked for by name: `qr` for `?qr`.
 */
export type Prompt =
  | {
      readonly kind: 'form';
      readonly title: string;
      /** A view of the method's; by default a form with the fields of `answer` under `locals.heading` and `.text`. */
      readonly view?: string;
      readonly locals?: Part<object>;
      readonly json?: Part<Readonly<Record<string, unknown>>>;
    }
  | { readonly kind: 'leave'; readonly url: string };

type Part<T> = T | (() => T);
