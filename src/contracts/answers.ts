import type { Digest } from './keyring.js';
import type { Policy } from './policy.js';
import type { Enrollment, SessionDigest } from './records.js';
import type { Place, Subject } from './subject.js';

/** One answer of one person to one method, as the house has found it: a method sees it as `MethodContext`. */
export interface Attempt {
  readonly subject: Subject;
  readonly policy: Policy;
  readonly session: SessionDigest;
  /** Of the subject, as this session knows it: what is verified under another one does not count. */
  readonly epoch: number;
  /**
   * More is asked than at login: a step-up, or the proof before another method is activated. What counts at
   * login only is not enough.
   */
  readonly stepUp?: boolean;
  /** A refusal is no event: nobody has begun what would have failed. */
  readonly unrecorded?: boolean;
  /** What a new enrollment is called unless the person, or its method, gives it a name. */
  readonly defaultName?: string | null;
  /** Enrollments that the subject cannot be asked to prove here: a first activation may stand beside them. */
  readonly besides?: readonly string[];
  /** The names under which an authenticator app lists the account; `account` is by default the subject's label. */
  readonly issuer: string;
  readonly account?: string;
  /** Where the browser that answers has our pages. */
  readonly place?: Place;
  /** What the subject has activated, as far as it is known already: what is asked for can then fit to it. */
  readonly enrollments?: readonly Enrollment[];
  /** Of the subject's recovery codes, as far as it is known already. */
  readonly foreignCodes?: 'plain' | 'hashed' | null;
  /** Form fields or JSON body, as they came; each method takes from it only what it knows. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** What came of an answer, by the method alone. What must happen once, the house does with it in one step. */
export type Answered =
  | {
      readonly kind: 'accepted';
      /** Which of the person's enrollments it proves. Of a confirmation: left out. */
      readonly enrollmentId?: string;
      /** Must be later than the last accepted one: a code of the same step is a replay. */
      readonly step?: number;
      /** Digests of a single-use code kept with the subject: the first that is there is spent. */
      readonly spends?: readonly Digest[];
      /** `spends` is of a code so short that it can be guessed: it counts no more after as many failures as stop a factor. */
      readonly guessable?: boolean;
      /** As in `Factor`. */
      readonly loginOnly?: boolean;
      /** The person wants this device remembered, and said so on the page that asked for the answer. */
      readonly remember?: boolean;
      /** Of a confirmation: the enrollment's name, where only now it is known. */
      readonly label?: string;
      /** The same, unless the person gives it a name. */
      readonly suggestedLabel?: string;
      /** What is kept of the enrollment from now on, in the same step that accepts the answer. */
      readonly keep?: Kept;
      /** For the event, e.g. what somebody else says of it. */
      readonly detail?: string;
    }
  | Rejected;

/** What is kept of an enrollment; of what is left out, that which was kept before. */
export interface Kept {
  /** Bytes that are sealed: at most 2 kB. */
  readonly secret?: Uint8Array;
  /** At most 32 characters that are no secret. */
  readonly parameters?: string;
}

export interface Rejected {
  readonly kind: 'rejected';
  readonly reason: RefusalReason | 'ended';
  /** A sentence of `words.because`, in the place of that for the reason. */
  readonly because?: string;
  /** The enrollment of which there seems to be a copy: an event of its own says so. */
  readonly copied?: string;
  /** Of a code that is right at another time: by how many milliseconds the clock it comes from is fast. */
  readonly clockOffMs?: number;
  /** For the event, beyond the reason; never shown. */
  readonly detail?: string;
}

/** Why an answer was refused. */
export type RefusalReason =
  | 'wrong-code'
  | 'replayed'
  | 'expired'
  | 'superseded'
  | 'denied'
  | 'not-accepted'
  | 'malformed';

/** What came of an answer in all. One of a session that has ended (`ended`) is not told why: it signs in again. */
export type Verdict =
  | {
      readonly kind: 'verified';
      readonly enrollmentId: string;
      readonly epoch: number;
      readonly at: number;
      readonly via?: string;
      readonly loginOnly?: boolean;
      readonly remember?: boolean;
      readonly detail?: string;
    }
  | Rejected
  | { readonly kind: 'locked'; readonly retryAt: Date | null }
  | { readonly kind: 'unavailable'; readonly cause: unknown };

/** One field of an answer, as the form asks for it and the router bounds it. */
export interface AnswerField {
  /** Characters; what is longer is a 400. */
  readonly maxLength: number;
  /** For the form that we make where a method brings no view. */
  readonly label?: string;
  readonly hint?: string;
  readonly inputMode?: 'numeric' | 'text';
}

export type AnswerShape = Readonly<Record<string, AnswerField>>;
