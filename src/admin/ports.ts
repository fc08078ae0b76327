import type { Request, RequestHandler, Response } from 'express';
import type { Audit } from '../audit/events.js';
import type {
  Attempt,
  Awaitable,
  Keyring,
  MethodName,
  Place,
  SecondFactorStore,
  Sentence,
  Subject,
  SubjectRecord,
} from '../contracts.js';
import type { RequireAdministrator } from '../gate/administrator-proof.js';
import type { Inspector, Situation } from '../gate/situation.js';
import type { Sentences } from '../messages/sentences.js';
import type { BoundMethod } from '../methods/bound-method.js';
import type { OrganizationPolicy } from '../policy/organization-policy.js';
import type { Stylesheets } from '../web/assets.js';
import type { AdminViews } from './locals.js';
import type { Moment } from './page.js';

/** What the door gives to the administrator's pages, which import neither the user's pages nor a store. */
export interface AdminPorts {
  readonly store: Pick<
    SecondFactorStore,
    | 'now'
    | 'readSubject'
    | 'readSetting'
    | 'writeSetting'
    | 'writeUserSetting'
    | 'putActivationKey'
    | 'revokeActivationKey'
    | 'reserveAttempt'
    | 'reset'
    | 'unlock'
    | 'readEvents'
    | 'readHistory'
    | 'readHolders'
    | 'countUse'
  >;
  readonly policy: Pick<OrganizationPolicy, 'levels' | 'settings'>;
  readonly methods: ReadonlyMap<MethodName, BoundMethod>;
  readonly keyring: Pick<Keyring, 'digest' | 'seal' | 'open'>;
  /** How a user's authenticator app lists the account. */
  readonly appNames: (subject: Subject, place: Place) => Pick<Attempt, 'issuer' | 'account'>;
  /** A user's record, after taking over factors that they had elsewhere. Rejects when the host cannot tell. */
  readonly recordOf: (subject: Subject) => Awaitable<SubjectRecord>;
  /** Whether the host is asked at a user's first request for the factors that they had elsewhere. */
  readonly hasLegacy: boolean;
  /** Where the administrator's browser has our pages. */
  readonly placeOf: (req: Request) => Place;
  readonly audit: Audit;
  /** Told of failures that end in a 503. */
  readonly onError: (error: unknown) => void;
  readonly inspector: Pick<Inspector, 'inspectFurther'>;
  /** The prefix that a proxy removes from paths; empty for none. */
  readonly baseUrl: string;
  readonly denyOrRedirect: (situation: Situation, req: Request, res: Response) => Promise<void>;
  readonly requireAdministrator: RequireAdministrator;
  readonly csrf: { check(req: Request, res: Response): Promise<void> };
  /** Security headers of all our pages. */
  readonly headers: RequestHandler;
  readonly wantsHtml: (req: Request) => boolean;
  readonly present: Presenter;
}

/** One answer in both of its forms: a view for a browser, JSON for a program. */
export interface AdminAnswer<Name extends keyof AdminViews> {
  readonly status?: number;
  readonly view: Name;
  readonly title: Sentence;
  readonly subject: Subject;
  readonly locals: AdminViews[Name];
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Presenter {
  page<Name extends keyof AdminViews>(
    req: Request,
    res: Response,
    answer: AdminAnswer<Name>,
  ): Promise<void>;
  /** Redirects a browser; gives a program the JSON. */
  onward(req: Request, res: Response, url: string, json: Readonly<Record<string, unknown>>): void;
  fail(req: Request, res: Response, error: unknown): void;
  moment(at: Date): Moment;
  /** The address of a method's script, as this browser sees it. */
  stylesheets(req: Request): Pick<Stylesheets, 'scriptOf'>;
  readonly sentences: Sentences;
  readonly say: Sentences['say'];
}
