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

/** A host's policy may change without a notice of the store, so watched decisions are checked again. */
const RECHECK_MS = 5000;

/** A proof that counts, as shown to the host's code. */
export type Assurance = readonly {
  readonly method: string;
  readonly enrollmentId: string;
  readonly at: Date;
  /** Phishing-resistant: a look-alike page gets nothing from it. */
  readonly phishingResistant: boolean;
  /** For a sign-in proof (`sign-in`): the identity provider, and a text: `by okta, 3 hours ago`. */
  readonly by?: string;
  readonly name?: string;
}[];

/** The decision about a request, for code that decides itself: WebSocket upgrades, GraphQL, an API route. */
export interface Check<S extends Subject = Subject> {
  readonly decision: Decision;
  readonly subject: S | null;
  readonly policy: Policy | null;
  /** The proofs of this session that still count. */
  readonly assurance: Assurance;
  /** When the last of these proofs ends; null when there is none. */
  readonly expiresAt: Date | null;
  /**
   * Calls back once, when the decision is no longer `pass` (logout, reset, expiry, a stricter policy, or a failing
   * store). Returns a function that stops watching: call it when the connection closes.
   */
  onRevoked(listener: (decision: Decision | null) => void | Promise<void>): () => void;
}

export interface CheckConfig {
  readonly inspector: Inspector;
  readonly store: Pick<SecondFactorStore, 'subscribe'>;
  readonly isPhishingResistant: (method: MethodName) => boolean;
  /** `by okta, 3 hours ago` */
  readonly nameOf: (signIn: SignIn, now: number) => string;
  /** Called when a listener of the host throws or rejects. */
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
    // Async, so that any failure of the host's function is handled.
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
      // Async, so that a throw of a cached read becomes a rejection.
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

/** The proofs that still count, and when the last of them ends. */
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
