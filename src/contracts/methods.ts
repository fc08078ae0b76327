import type { Answered, AnswerShape, Attempt, Kept, RefusalReason } from './answers.js';
import type { CodesImport, MethodImport } from './imports.js';
import type { Keyring } from './keyring.js';
import type { Sentence, Words } from './messages.js';
import type { MethodContext, PendingContext, Prompt, VerifyContext } from './method-contexts.js';
import type { MethodLookup } from './method-lookup.js';
import type { MethodSettings, SettingSection } from './method-settings.js';
import type { OrganizationSetting } from './settings.js';
import type { SecondFactorStore } from './store.js';
import type { Awaitable, MethodName, Place, Subject } from './subject.js';

/**
 * The sentences about one method: ICU messages, in English. Each is in the door's catalog under the method's name
 * (`email-code.refused.denied`), where a host can replace it.
 */
export interface MethodWords extends Words {
  /** Offers one more to whoever has one: `Another authenticator app`. */
  readonly another?: string;
  /** The page before an activation that a person has to begin, and its button. */
  readonly begin?: { readonly heading: string; readonly text: string; readonly button: string };
  readonly refused: Readonly<Record<RefusalReason, string>>;
  /** A service that it needs does not answer (`OutageError`). */
  readonly unavailable?: string;
  /** Sentences of the method's own, by the names that `Rejected.because` gives. */
  readonly because?: Readonly<Record<string, string>>;
  /** Too many wrong answers; `{wait}` is the time until the next one is accepted: `30 seconds`. */
  readonly locked: string;
  /** The same when an administrator has to help. */
  readonly stopped: string;
  /**
   * For a code that is right at another time: its clock is off by `{minutes}` in `{direction}` (`late` or `ahead`).
   */
  readonly clockOff?: string;
  /** For an administrator who begins it for somebody else, and enters the code that is read out. */
  readonly handedOver?: {
    /** Above the buttons; by default the method's title. */
    readonly heading?: string;
    readonly text?: string;
    /** The button when nothing is shown. */
    readonly begin?: string;
    readonly refused?: Readonly<Record<RefusalReason, string>>;
    readonly clockOff?: string;
  };
}

/** How a method is activated. */
export interface MethodEnrollment<State = unknown> {
  /** What is kept of a new enrollment before its confirmation. */
  begin(context: MethodContext<State>): Awaitable<Kept>;
  /** What is shown and asked for to confirm it. Without side effects, since it may be shown again. */
  prompt(context: MethodContext<State> & { readonly pending: PendingContext }): Awaitable<Prompt>;
  /** Whether the answer confirms it. */
  confirm(
    context: VerifyContext<State> & { readonly pending: PendingContext },
    answer: Readonly<Record<string, unknown>>,
  ): Awaitable<Answered>;
  /** Lets an administrator begin it for somebody. The answer's field is then called `code`. */
  readonly handOver?: {
    /**
     * What is handed over, and confirmed on the spot or at the first login. Left out when the administrator holds the
     * authenticator itself and answers with it.
     */
    show?(context: MethodContext<State> & { readonly pending: PendingContext }): HandedOver;
    /** The field for the answer that the person reads out on the spot, or the administrator gives. */
    field(context: MethodContext<State> & { readonly pending: PendingContext }): {
      readonly label: string;
      readonly hint: string;
      /** Default `numeric`. */
      readonly inputMode?: 'numeric' | 'text';
    };
  };
}

/** What an administrator hands over to somebody, as part of a page and as fields of JSON. */
export interface HandedOver {
  readonly view: string;
  readonly locals: object;
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * A kind of second factor. A method says what it asks for and whether an answer is right; the library reserves
 * attempts, seals secrets, accepts a step once, and handles waits, events and pages.
 */
export interface Method<State = unknown> {
  /** Lower-case letters, digits and dashes, since it is part of addresses, events and policies. */
  readonly name: MethodName;
  /** Its name on pages, e.g. `Authenticator app`. */
  readonly title: string;
  readonly words: MethodWords;
  /**
   * A `backup` cannot be activated alone: it stands in for a lost factor, and no device is remembered by it. Default
   * `factor`.
   */
  readonly role?: 'factor' | 'backup';
  /** `lockout`: guessable, waits and stops at the limit. `backoff`: waits only. `none`: not guessable. */
  readonly throttle: 'lockout' | 'backoff' | 'none';
  /**
   * Where a proof counts. `organization`: it rests on an outside authority, and counts only in the organization whose
   * keys it came by; `parameters` are then that `authorityId`. Default `subject`.
   */
  readonly scope?: 'subject' | 'organization';
  /** How many enrollments of it a person may have; each is one more that a guess may hit. Default 1. */
  readonly atMost?: number;
  readonly phishingResistant?: boolean;
  /**
   * `verify` and `enrollment.confirm` are synchronous, depend on their arguments alone and have no side effects. They
   * then run within the step that counts the answer, perhaps several times, which saves a round trip to the store.
   * Not with `start`. Default false.
   */
  readonly pure?: boolean;
  readonly answer: AnswerShape;
  /** The views that it shows, which must exist at construction. */
  readonly views?: readonly string[];
  /**
   * A script for its pages, as a file or as its text: served from our own path under a name with its hash, and loaded by the view
   * from `methodScript`. Pages say what to do without it.
   */
  readonly script?: URL | string;
  /**
   * What a browser must have for this method, as a property of `window`. A method that a policy lists first is shown
   * first only in a browser that has it and runs script, and second elsewhere.
   */
  readonly needsBrowser?: string;
  /** JSON to serve at the root of the origin, by its name below `/.well-known/`. */
  readonly wellKnown?: Readonly<Record<string, object>>;
  /** Whether the input has the form of an answer; other input is refused before anything is counted. */
  wellFormed?(
    input: Readonly<Record<string, unknown>>,
    person?: Pick<Attempt, 'foreignCodes'>,
  ): boolean;
  /**
   * The side effect before the first prompt, e.g. a code that is sent. What it returns (at most 2 kB of JSON) is
   * kept, sealed, for this session and subject, until an answer is right or `challengeMs` are over; not called again
   * while it is valid, whatever is typed.
   */
  start?(context: MethodContext): Awaitable<State>;
  /** Default 10 minutes. */
  readonly challengeMs?: number;
  /**
   * `once`: any answer uses up what `start` gave, right or wrong, and calls of `start` are not limited, since they
   * send nothing. Default `until-right`.
   */
  readonly challengeUse?: 'until-right' | 'once';
  /** What is asked for. Without side effects, since it may be shown again. */
  prompt(context: MethodContext<State>): Awaitable<Prompt>;
  verify(
    context: VerifyContext<State>,
    answer: Readonly<Record<string, unknown>>,
  ): Awaitable<Answered>;
  readonly enrollment?: MethodEnrollment<State>;
  /** Its own types of events in words, e.g. `codes.made`: they are about a person's enrollments of it. */
  readonly events?: Readonly<Record<string, string>>;
  /** How it imports factors that were enrolled elsewhere, under its name in `door.subjects.import`. */
  readonly imports?: MethodImport | CodesImport;
  /** How administrators find the owner of a found authenticator. */
  readonly lookup?: MethodLookup | undefined;
  /** What an organization sets for it, and how that is resolved into a policy. */
  readonly settings?: MethodSettings;
  /** The section for it on the administrators' page of an organization. */
  readonly section?: SettingSection;
}

/** The services of a door that its built-in methods use. */
export interface MethodServices {
  readonly store: SecondFactorStore;
  readonly keyring: Keyring;
  /** The first of the door's origins, empty for a lookup; that of a request is `context.place`. */
  readonly origin: string;
  /** All origins, if there are several. */
  readonly origins?: readonly string[];
  /** The path of our pages as browsers saw it last, e.g. `/two-factor`. */
  path(): string;
  /** The brand's name for this person, at one of the addresses; by default the first. */
  brandName(subject: Subject, place?: Place | null): string;
  /** To be called before an app is given these names. */
  appNamed(subject: Subject, names: { readonly issuer: string; readonly account: string }): void;
  /** Puts a sentence into the words of this door, once the door is made. */
  say(sentence: Sentence): string;
  readonly onError: (error: unknown) => void;
  /** What administrators have set for an organization; null for nothing. Rejects for a damaged setting. */
  readSetting(organizationId: string): Awaitable<OrganizationSetting | null>;
}
