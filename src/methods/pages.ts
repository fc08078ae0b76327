import type { Request, Response } from 'express';
import type { Audit } from '../audit/events.js';
import type { AnswerShape, Attempt, Method, MethodServices, Verdict } from '../contracts.js';
import type { RequireFresh } from '../gate/fresh-proof.js';
import type { KnownSituation } from '../gate/situation.js';
import type { Elevate } from '../session/elevate.js';
import type { Later, MethodLink } from '../web/locals.js';
import type { Places } from '../web/places.js';
import type { AnyResponder } from '../web/respond.js';
import type { Operation } from './attempt.js';
import type { Begun, BoundMethod } from './bound-method.js';

export type Handler = (req: Request, res: Response, situation: KnownSituation) => Promise<void>;

/** The page of a challenge or an activation, and what it shows. */
export interface MethodPlace {
  readonly purpose: 'activate' | 'challenge';
  /** GET starts again. */
  readonly url: string;
  /** Why it is asked: null at login, for one action, or before another method is activated. */
  readonly reason: null | 'step-up' | 'enroll-other';
  readonly others: readonly MethodLink[];
  readonly later: Later | null;
  /** The enrollment to replace, in My Profile. */
  readonly replaces: string | null;
  /** How many days this device may be remembered; null if that is not offered. */
  readonly rememberDays: number | null;
}

/** The services of a door for a method's own pages. */
export interface MethodWeb extends Places {
  readonly respond: AnyResponder;
  readonly audit: Audit;
  readonly requireFresh: RequireFresh;
  readonly elevate: Elevate;
  /** Called for failures that end in a 503. */
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
  /** This method. */
  readonly own: BoundMethod;
  method(name: string): BoundMethod | undefined;
  attemptOf(situation: KnownSituation, input: Attempt['input']): Attempt;
  /** Runs one answer to a method through Passport. Rejects with the error that prevented a verdict. */
  prove(
    req: Request,
    res: Response,
    situation: KnownSituation,
    method: BoundMethod,
    operation: Operation,
    answer?: { readonly input: Attempt['input']; readonly unrecorded?: boolean },
  ): Promise<Verdict>;
  /** After a right answer: proves the session under a new id, and leads on. */
  completeVerification(
    req: Request,
    res: Response,
    situation: KnownSituation,
    method: BoundMethod,
    verdict: Extract<Verdict, { kind: 'verified' }>,
    how?: { readonly activated?: boolean },
  ): Promise<void>;
  /** The path where this person continues; can be taken once. */
  onward(req: Request): string;
}

/** A page of a method's own, below the door's path. */
export interface MethodRoute {
  readonly verb: 'get' | 'post';
  readonly path: string;
  /** `inside`: only fully authenticated. `known`: also with a password only. A POST carries our token. */
  readonly admits: 'inside' | 'known';
  readonly handler: Handler;
  /** Handles requests without a subject; true when it has answered. */
  readonly anonymous?: (req: Request, res: Response) => Promise<boolean>;
}

/** A method's own pages, when our form for its prompt is not enough. */
export interface MethodPages {
  readonly routes?: readonly MethodRoute[];
  /** Replaces our form: GET and POST of its challenge. */
  readonly challenge?: {
    /** The fields that may be sent beside the method's answer. */
    readonly fields?: AnswerShape;
    ask(req: Request, res: Response, situation: KnownSituation, place: MethodPlace): Promise<void>;
    answer(
      req: Request,
      res: Response,
      situation: KnownSituation,
      place: MethodPlace,
      remember: boolean,
    ): Promise<void>;
  };
  /** Replaces our form for what was begun. */
  readonly activation?: {
    show(
      req: Request,
      res: Response,
      situation: KnownSituation,
      place: MethodPlace,
      begun: Begun,
    ): Promise<void>;
    /** Whether this session has begun it for another page than this one. */
    isElsewhere(req: Request, place: Pick<MethodPlace, 'replaces'>): boolean;
    /** Answers an error of `begin`; false for an error that is not the method's. */
    failed(
      req: Request,
      res: Response,
      situation: KnownSituation,
      place: MethodPlace,
      error: unknown,
    ): Promise<boolean>;
  };
  /** Called after any method was activated. True when it has answered. */
  afterActivation?(
    req: Request,
    res: Response,
    situation: KnownSituation,
    activated: { readonly method: BoundMethod; readonly epoch: number; readonly onward: string },
  ): Promise<boolean>;
  /** Called after another method was proven. True when it has answered. */
  afterLogin?(
    req: Request,
    res: Response,
    situation: KnownSituation,
    proven: { readonly method: BoundMethod; readonly epoch: number; readonly onward: string },
  ): Promise<boolean>;
  /** Called after this method was proven. True when it has answered. */
  afterProof?(
    req: Request,
    res: Response,
    situation: KnownSituation,
    onward: string,
  ): Promise<boolean>;
  /** A page that the person has to see before they continue; null for none. */
  unfinished?(req: Request, situation: KnownSituation): string | null;
  /** Its section of My Profile; null for none. */
  profile?(
    req: Request,
    situation: KnownSituation,
  ): { readonly view: string; readonly locals: object } | null;
  /** Its JSON in My Profile. */
  profileJson?(situation: KnownSituation): Readonly<Record<string, unknown>>;
}

/** A method that brings pages of its own. */
export interface PagedMethod extends Method {
  pages?(web: MethodWeb): MethodPages;
}

/** A method, or a function that makes it for a door. */
export type MethodPlan = PagedMethod | ((services: MethodServices) => PagedMethod);
