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
 * What a person is told about one method, as whole sentences that fit what was asked for: ICU messages, in English.
 * Each is in the door's catalog under the method's name (`email-code.refused.denied`), where a host words it otherwise.
 */
export interface MethodWords extends Words {
  /** Offers one more to whoever has one: `Another authenticator app`. */
  readonly another?: string;
  /** On the page before an activation that a person has to begin: what it is about, and the button. */
  readonly begin?: { readonly heading: string; readonly text: string; readonly button: string };
  readonly refused: Readonly<Record<RefusalReason, string>>;
  /** What it asks of somebody else cannot be asked (`OutageError`). */
  readonly unavailable?: string;
  /** Sentences of the method's own, by the names that `Rejected.because` gives. */
  readonly because?: Readonly<Record<string, string>>;
  /** Too many wrong answers; `{wait}` is how long it is until the next one is heard: `30 seconds`. */
  readonly locked: string;
  /** The same where it takes somebody's help. */
  readonly stopped: string;
  /**
   * Of a code that is right at another time: by how many `{minutes}`, and in which `{direction}` (`late` or `ahead`)
   * the clock is off that it comes from.
   */
  readonly clockOff?: string;
  /** What an administrator is told who begins it for somebody else, and enters the code that is read out. */
  readonly handedOver?: {
    /** Above the buttons; by default the method's title. */
    readonly heading?: string;
    readonly text?: string;
    /** The button where nothing is shown. */
    readonly begin?: string;
    readonly refused?: Readonly<Record<RefusalReason, string>>;
    readonly clockOff?: string;
  };
}

/** How a method is activated. */
export interface MethodEnrollment<State = unknown> {
  /** What a new enrollment is made of, as far as it is known before its confirmation. */
  begin(context: MethodContext<State>): Awaitable<Kept>;
  /** What is asked for, and shown, to confirm it. Without side effects: it may be shown again. */
  prompt(context: MethodContext<State> & { readonly pending: PendingContext }): Awaitable<Prompt>;
  /** Whether the answer confirms it. */
  confirm(
    context: VerifyContext<State> & { readonly pending: PendingContext },
    answer: Readonly<Record<string, unknown>>,
  ): Awaitable<Answered>;
  /**
   * An administrator may begin it for somebody. Left out where there is nothing that one can hand over. The answer's
   * field is then called `code`.
   */
  readonly handOver?: {
    /**
     * What is handed over, and confirmed on the spot or at the first login. Left out where the administrator holds
     * the authenticator itself, and answers with it.
     */
    show?(context: MethodContext<State> & { readonly pending: PendingContext }): HandedOver;
    /** For the answer that the person reads out on the spot, or the administrator gives. */
    field(context: MethodContext<State> & { readonly pending: PendingContext }): {
      readonly label: string;
      readonly hint: string;
      /** Default `numeric`. */
      readonly inputMode?: 'numeric' | 'text';
    };
  };
}

/** What an administrator hands over to somebody, as the part of a page and as fields of JSON. */
export interface HandedOver {
  readonly view: string;
  readonly locals: object;
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * A kind of second factor. A method says what it asks for and whether an answer is right; reserving the attempt,
 * sealing secrets, accepting a step once, the waits, events and pages are the house's.
 */
export interface Method<State = unknown> {
  /** Small letters, digits and dashes: it stands in addresses, events and policies. */
  readonly name: MethodName;
  /** How pages name it, e.g. `Authenticator app`. */
  readonly title: string;
  readonly words: MethodWords;
  /** A `backup` is not activated by itself: it stands in for a lost factor, and keeps no device. Default `factor`. */
  readonly role?: 'factor' | 'backup';
  /** `lockout`: guessable, waits and stops at the limit. `backoff`: waits only. `none`: not guessable. */
  readonly throttle: 'lockout' | 'backoff' | 'none';
  /**
   * Whose proof it is. `organization`: it rests on somebody else's word, and counts only in the organization whose
   * keys it came by; `parameters` are then the `authorityId` of whoever says so. Default `subject`.
   */
  readonly scope?: 'subject' | 'organization';
  /** How many of it a person may have: each of them is one more that a guess may hit. Default 1. */
  readonly atMost?: number;
  readonly phishingResistant?: boolean;
  /**
   * `verify` and `enrollment.confirm` answer at once, by their arguments alone and without side effects. They are
   * then run within the step that counts the answer, where they may be run several times: one round trip to the
   * store, in place of two. Not with `start`. Default false.
   */
  readonly pure?: boolean;
  readonly answer: AnswerShape;
  /** Views that it shows, which must be there at construction. */
  readonly views?: readonly string[];
  /**
   * A script for its pages, as a file or as its text: served from our own path under a name with its hash, and loaded by the view
   * from `methodScript`. Pages say what to do without it.
   */
  readonly script?: URL | string;
  /** What browsers are told about it at the root of the origin: JSON, by the name below `/.well-known/`. */
  readonly wellKnown?: Readonly<Record<string, object>>;
  /** Whether the input has the form of an answer; what has not is refused before anything is counted. */
  wellFormed?(
    input: Readonly<Record<string, unknown>>,
    person?: Pick<Attempt, 'foreignCodes'>,
  ): boolean;
  /**
   * The side effect before the first prompt, e.g. a code that is sent. What it returns (at most 2 kB of JSON) is
   * kept, sealed, for this session and subject, until an answer is right or `challengeMs` are over; not called
   * again while it is good, whatever is typed.
   */
  start?(context: MethodContext): Awaitable<State>;
  /** Default 10 minutes. */
  readonly challengeMs?: number;
  /**
   * `once`: any answer uses up what `start` gave, right or wrong; and since it costs nobody anything, it is not
   * limited how often it is called. Default `until-right`.
   */
  readonly challengeUse?: 'until-right' | 'once';
  /** What is asked for. Without side effects: it may be shown again. */
  prompt(context: MethodContext<State>): Awaitable<Prompt>;
  verify(
    context: VerifyContext<State>,
    answer: Readonly<Record<string, unknown>>,
  ): Awaitable<Answered>;
  readonly enrollment?: MethodEnrollment<State>;
  /** Types of events of its own, e.g. `codes.made`, in words: they are about what a person has of it. */
  readonly events?: Readonly<Record<string, string>>;
  /** How it takes over what was enrolled elsewhere, under its name in `door.subjects.import`. */
  readonly imports?: MethodImport | CodesImport;
  /** How administrators find out whose a found authenticator is. */
  readonly lookup?: MethodLookup | undefined;
  /** What an organization sets for it, and what becomes of that in a policy. */
  readonly settings?: MethodSettings;
  /** Where administrators set that: a section on their page of an organization. */
  readonly section?: SettingSection;
}

/** What a door lends the methods that come with it. */
export interface MethodServices {
  readonly store: SecondFactorStore;
  readonly keyring: Keyring;
  /** The first of the door's addresses, empty where a lookup gives them; a request's own is `context.place`. */
  readonly origin: string;
  /** All of them, where there are several. */
  readonly origins?: readonly string[];
  /** The path of our pages as browsers saw it last, e.g. `/two-factor`. */
  path(): string;
  /** What the pages are called for this person, at one of the addresses; by default the first. */
  brandName(subject: Subject, place?: Place | null): string;
  /** To be called when an app is about to be given these names. */
  appNamed(subject: Subject, names: { readonly issuer: string; readonly account: string }): void;
  /** Words a sentence as people of this door read it, once the door is made. */
  say(sentence: Sentence): string;
  readonly onError: (error: unknown) => void;
  /** What administrators have set for an organization; null where nothing is. Rejects for what is damaged. */
  readSetting(organizationId: string): Awaitable<OrganizationSetting | null>;
}
