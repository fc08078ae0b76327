import type { Digest } from './keyring.js';
import type { Policy } from './policy.js';
import type { Enrollment, SessionDigest } from './records.js';
import type { Place, Subject } from './subject.js';

/** One answer of one person to one method; the method sees it as a `MethodContext`. */
export interface Attempt {
  readonly subject: Subject;
  readonly policy: Policy;
  readonly session: SessionDigest;
  /** The subject's epoch as this session knows it: a proof under another epoch does not count. */
  readonly epoch: number;
  /** A step-up, or the proof before another method is activated: a proof that counts only at login is not enough. */
  readonly stepUp?: boolean;
  /** A refusal is not recorded as an event, since the person has begun nothing. */
  readonly unrecorded?: boolean;
  /** The name of a new enrollment unless the person or the method gives one. */
  readonly defaultName?: string | null;
  /** Enrollments that the subject cannot be asked to prove here, and that do not prevent a first activation. */
  readonly besides?: readonly string[];
  /** The names under which an authenticator app lists the account; `account` is by default the subject's label. */
  readonly issuer: string;
  readonly account?: string;
  /** The address of our pages in the browser that answers. */
  readonly place?: Place;
  /** The subject's enrollments, if already known, so that the prompt can suit them. */
  readonly enrollments?: readonly Enrollment[];
  /** The form of the subject's imported recovery codes, if already known. */
  readonly foreignCodes?: 'plain' | 'hashed' | null;
  /** Form fields or JSON body, as they came; each method takes from it only what it knows. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** A method's result for an answer. The library then applies in one step whatever must happen only once. */
export type Answered =
  | {
      readonly kind: 'accepted';
      /** The enrollment that it proves. Left out for a confirmation. */
      readonly enrollmentId?: string;
      /** Must be later than the last accepted one: a code of the same step is a replay. */
      readonly step?: number;
      /** Digests of a single-use code kept with the subject: the first that is there is spent. */
      readonly spends?: readonly Digest[];
      /**
       * The code in `spends` is short enough to be guessed: it is refused after as many failures as stop a factor.
       */
      readonly guessable?: boolean;
      /** As in `Factor`. */
      readonly loginOnly?: boolean;
      /** The person asked on this page to have the device remembered. */
      readonly remember?: boolean;
      /** For a confirmation: the enrollment's name, if it becomes known only now. */
      readonly label?: string;
      /** The same, unless the person gives it a name. */
      readonly suggestedLabel?: string;
      /** Replaces what is kept of the enrollment, in the step that accepts the answer. */
      readonly keep?: Kept;
      /** For the event, e.g. what an outside service says about it. */
      readonly detail?: string;
    }
  | Rejected;

/** What is kept of an enrollment; a field that is left out stays as it was. */
export interface Kept {
  /** Bytes that are sealed: at most 2 kB. */
  readonly secret?: Uint8Array;
  /** At most 32 characters that are no secret. */
  readonly parameters?: string;
}

export interface Rejected {
  readonly kind: 'rejected';
  readonly reason: RefusalReason | 'ended';
  /** The name of a sentence in `words.because`, shown instead of the one for the reason. */
  readonly because?: string;
  /** The enrollment that seems to have been copied, which is recorded as an event of its own. */
  readonly copied?: string;
  /** For a code that is right at another time: by how many milliseconds its clock is fast. */
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

/** The final result for an answer. `ended`: the session has ended, and the person signs in again. */
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

/** One field of an answer, for the form and for the limits that the router enforces. */
export interface AnswerField {
  /** In characters; a longer value is a 400. */
  readonly maxLength: number;
  /** For the form that we make where a method brings no view. */
  readonly label?: string;
  readonly hint?: string;
  readonly inputMode?: 'numeric' | 'text';
}

export type AnswerShape = Readonly<Record<string, AnswerField>>;
