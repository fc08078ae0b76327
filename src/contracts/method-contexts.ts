import type { Policy } from './policy.js';
import type { Enrollment, EnrollmentBasis, SessionDigest } from './records.js';
import type { Place, Subject } from './subject.js';

/** What a method is told of the person, the policy and the moment. `State` is what its own `start` has given. */
export interface MethodContext<State = unknown> {
  readonly subject: Subject;
  readonly policy: Policy;
  readonly session: SessionDigest;
  /** The store's time (ms): what codes are compared at. */
  readonly now: number;
  /** The names under which an app lists the account. */
  readonly issuer: string;
  readonly account: string;
  /** Where the person's browser has our pages: links and callbacks lead there. Null where no page asks. */
  readonly place: Place | null;
  /** `step-up`: more is asked than at login, and what counts at login only is not enough. */
  readonly purpose: 'login' | 'step-up' | 'activation';
  /** The person's active enrollments of this method. */
  readonly enrollments: readonly Enrollment[];
  /** The same with what is kept of them, opened on demand: this asks the store. */
  openEnrollments(): Promise<readonly EnrolledContext[]>;
  /** What is being activated; null at a challenge. */
  readonly pending: PendingContext | null;
  /**
   * What `start` has given for this challenge; null for a method without it, and for whoever looks while another
   * request is starting it.
   */
  readonly challenge: State | null;
  /** The person has asked, before leaving for somebody else's page, that this device be remembered. */
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
  /** Of imported recovery codes that are of another form than ours, what is no digest, opened; null where there are none. */
  readonly foreignCodes: (() => Uint8Array) | null;
}

/**
 * What a person is asked for: a form of ours, or a page of somebody else's. `locals` are for the view, `json` for
 * programs; both hold a secret only at activation. Given as functions, only what is sent is made. A member of `json`
 * that is a function is made for whoever asks for it by its name: `qr` for `?qr`.
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
