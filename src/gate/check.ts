import type { Request } from 'express';
import {
  type MethodName,
  type Policy,
  type SecondFactorStore,
  SIGN_IN,
  type SignIn,
  type Subject,
} from '../contracts.js';
import { type Decision, freshFactors, freshSignIns, limitOf } from './decide.js';
import type { Facts } from './facts.js';
import type { Inspector, Situation } from './situation.js';

/** A policy of the host's may change without the store's knowing, so standing checks are repeated. */
const RECHECK_MS = 5000;

/** Proofs that count, as the host's own code is told of them. */
export type Assurance = readonly {
  readonly method: string;
  readonly enrollmentId: string;
  readonly at: Date;
  /** A look-alike page would have got nothing. */
  readonly phishingResistant: boolean;
  /** Of a proof at the host's sign-in (`sign-in`): whose word it is, and both in words: `by okta, 3 hours ago`. */
  readonly by?: string;
  readonly name?: string;
}[];

/** Where a request stands, for code that decides for itself: WebSocket upgrades, GraphQL, an API route. */
export interface Check<S extends Subject = Subject> {
  readonly decision: Decision;
  readonly subject: S | null;
  readonly policy: Policy | null;
  /** What this session has proven and what still counts. */
  readonly assurance: Assurance;
  /** When the last of these proofs ends; null when there is none. */
  readonly expiresAt: Date | null;
  /**
   * Calls back once, when the decision is `pass` no longer (logout, reset, expiry, a stricter policy, or a
   * store that cannot tell). Returns a function that stops watching: call it when the connection closes.
   */
  onRevoked(listener: (decision: Decision | null) => void | Promise<void>): () => void;
}

export interface CheckConfig {
  readonly inspector: Inspector;
  readonly store: Pick<SecondFactorStore, 'subscribe'>;
  readonly isPhishingResistant: (method: MethodName) => boolean;
  /** `by okta, 3 hours ago` */
  readonly nameOf: (signIn: SignIn, now: number) => string;
  /** Told of a listener of the host's that throws or rejects. */
  readonly onError: (error: unknown) => void;
}

export interface Checker {
  check(req: Request): Promise<Check>;
  close(): void;
}

export function checker(config: CheckConfig): Checker {
  const { inspector, store, isPhishingResistant, nameOf, onError } = config;
  const watching = new Set<() => void>();
  const recheckAll = () => {
    for (const recheck of watching) recheck();
  };
  let stopListening: (() => void) | null = null;
  let timer: NodeJS.Timeout | null = null;

  function watch(recheck: () => void): () => void {
    watching.add(recheck);
    stopListening ??= store.subscribe(recheckAll);
    timer ??= setInterval(recheckAll, RECHECK_MS).unref();
    return () => {
      watching.delete(recheck);
      if (watching.size === 0) close();
    };
  }

  function close(): void {
    watching.clear();
    stopListening?.();
    stopListening = null;
    if (timer) clearInterval(timer);
    timer = null;
  }

  function onRevoked(
    situation: Situation,
    listener: (decision: Decision | null) => void | Promise<void>,
  ): () => void {
    // Async, so that whatever becomes of the host's function is heard.
    const tell = (decision: Decision | null): void => {
      (async () => listener(decision))().catch(onError);
    };
    if (situation.kind === 'anonymous' || situation.decision.kind !== 'pass') {
      queueMicrotask(() => tell(situation.decision));
      return () => {};
    }
    const revoked = (decision: Decision | null): void => {
      if (!watching.has(recheck)) return;
      stop();
      tell(decision);
    };
    const recheck = (): void => {
      // Async, so that a throw of a warm read arrives as a rejection.
      (async () => inspector.inspectAgain(situation))().then(
        ({ decision }) => {
          if (decision.kind !== 'pass') revoked(decision);
        },
        () => revoked(null),
      );
    };
    const stop = watch(recheck);
    return stop;
  }

  return {
    async check(req) {
      const situation = await inspector.inspect(req, null, { whole: true });
      const { factors, expiresAt } =
        situation.kind === 'known'
          ? withSignIns(provenBy(situation.facts, isPhishingResistant), situation.facts, nameOf)
          : { factors: [], expiresAt: null };
      return {
        decision: situation.decision,
        subject: situation.kind === 'known' ? situation.subject : null,
        policy: situation.kind === 'known' ? situation.facts.policy : null,
        assurance: factors,
        expiresAt,
        onRevoked: (listener) => onRevoked(situation, listener),
      };
    },
    close,
  };
}

/** What is proven and still counts, and when the last of it ends. */
export function provenBy(
  facts: Facts,
  isPhishingResistant: CheckConfig['isPhishingResistant'],
): { readonly factors: Assurance; readonly expiresAt: Date | null } {
  const fresh = freshFactors(facts);
  if (fresh.length === 0 || !facts.assurance) return { factors: [], expiresAt: null };
  const last = Math.max(...fresh.map(({ at }) => at)) + limitOf(facts);
  return {
    factors: fresh.map(({ method, enrollmentId, at }) => ({
      method,
      enrollmentId,
      at: new Date(at),
      phishingResistant: isPhishingResistant(method),
    })),
    expiresAt: new Date(Math.min(last, facts.assurance.expiresAt)),
  };
}

/** The same with what the host's sign-in has proven. */
function withSignIns(
  { factors, expiresAt }: ReturnType<typeof provenBy>,
  facts: Facts,
  nameOf: CheckConfig['nameOf'],
): ReturnType<typeof provenBy> {
  const signIns = freshSignIns(facts);
  if (signIns.length === 0) return { factors, expiresAt };
  const last = Math.max(expiresAt?.getTime() ?? 0, ...signIns.map(({ endsAt }) => endsAt));
  const shown = signIns.map(({ signIn, phishingResistant }) => ({
    ...{ method: SIGN_IN, enrollmentId: '', at: new Date(signIn.at), phishingResistant },
    ...{ by: signIn.by, name: nameOf(signIn, facts.now) },
  }));
  return { factors: [...factors, ...shown], expiresAt: new Date(last) };
}
