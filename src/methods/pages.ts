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

/** Where a challenge or an activation takes place: a page of ours, and what is said on it. */
export interface MethodPlace {
  readonly purpose: 'activate' | 'challenge';
  /** GET begins again. */
  readonly url: string;
  /** Why it is asked: at login (null), again for one action, or before another method is activated. */
  readonly reason: null | 'step-up' | 'enroll-other';
  readonly others: readonly MethodLink[];
  readonly later: Later | null;
  /** The enrollment that is replaced, in My Profile. */
  readonly replaces: string | null;
  /** For how many days this device may be remembered; null where that is not offered. */
  readonly rememberDays: number | null;
}

/** What a door lends the pages that a method brings. */
export interface MethodWeb extends Places {
  readonly respond: AnyResponder;
  readonly audit: Audit;
  readonly requireFresh: RequireFresh;
  readonly elevate: Elevate;
  /** Told of failures that end in a 503. */
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
  /** This method. */
  readonly own: BoundMethod;
  method(name: string): BoundMethod | undefined;
  attemptOf(situation: KnownSituation, input: Attempt['input']): Attempt;
  /** One answer to a method, through Passport. Rejects with what made it impossible to tell. */
  prove(
    req: Request,
    res: Response,
    situation: KnownSituation,
    method: BoundMethod,
    operation: Operation,
    answer?: { readonly input: Attempt['input']; readonly unrecorded?: boolean },
  ): Promise<Verdict>;
  /** After a right answer: a proven session under a new id, and the way on. */
  openDoor(
    req: Request,
    res: Response,
    situation: KnownSituation,
    method: BoundMethod,
    verdict: Extract<Verdict, { kind: 'verified' }>,
    how?: { readonly activated?: boolean },
  ): Promise<void>;
  /** Where this person goes on to; it is asked for once. */
  onward(req: Request): string;
}

/** A page of a method's own, below the door's path. */
export interface MethodRoute {
  readonly verb: 'get' | 'post';
  readonly path: string;
  /** `inside`: through both doors. `known`: with a password at least. A POST carries our token. */
  readonly admits: 'inside' | 'known';
  readonly handler: Handler;
  /** For whoever is not signed in; true when it has answered. */
  readonly anonymous?: (req: Request, res: Response) => Promise<boolean>;
}

/** What a method brings beside its prompt, where a form of ours is not enough. */
export interface MethodPages {
  readonly routes?: readonly MethodRoute[];
  /** In the place of our form: GET and POST of its challenge. */
  readonly challenge?: {
    /** What may be sent beside the method's answer. */
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
  /** In the place of our form: what was begun. */
  readonly activation?: {
    show(
      req: Request,
      res: Response,
      situation: KnownSituation,
      place: MethodPlace,
      begun: Begun,
    ): Promise<void>;
    /** Whether what this session has begun is for another place than this one. */
    isElsewhere(req: Request, place: Pick<MethodPlace, 'replaces'>): boolean;
    /** Answers a failure to begin; false for one that is not the method's. */
    failed(
      req: Request,
      res: Response,
      situation: KnownSituation,
      place: MethodPlace,
      error: unknown,
    ): Promise<boolean>;
  };
  /** Whoever has just activated a method, this or another one. True when it has answered. */
  afterActivation?(
    req: Request,
    res: Response,
    situation: KnownSituation,
    activated: { readonly method: BoundMethod; readonly epoch: number; readonly onward: string },
  ): Promise<boolean>;
  /** Whoever has just got in by another method. True when it has answered. */
  afterLogin?(
    req: Request,
    res: Response,
    situation: KnownSituation,
    proven: { readonly method: BoundMethod; readonly epoch: number; readonly onward: string },
  ): Promise<boolean>;
  /** Whoever has just proven this method. True when it has answered. */
  afterProof?(
    req: Request,
    res: Response,
    situation: KnownSituation,
    onward: string,
  ): Promise<boolean>;
  /** A page that somebody has to see before they go on; null when there is none. */
  unfinished?(req: Request, situation: KnownSituation): string | null;
  /** Its part of My Profile; null where there is none. */
  profile?(
    req: Request,
    situation: KnownSituation,
  ): { readonly view: string; readonly locals: object } | null;
  /** What My Profile says to a program. */
  profileJson?(situation: KnownSituation): Readonly<Record<string, unknown>>;
}

/** A method that brings pages of its own. */
export interface PagedMethod extends Method {
  pages?(web: MethodWeb): MethodPages;
}

/** A method, or what makes it for a door. */
export type MethodPlan = PagedMethod | ((services: MethodServices) => PagedMethod);
