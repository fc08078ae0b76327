import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Verdict } from '../contracts.js';

/** How long after the first a second click may come. */
const KEPT_MS = 5000;

/** Whether and when a response is closed. */
interface Closing {
  readonly closed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Gives one verdict for one answer, even if it is sent again while it is checked: the second of two clicks gets the
 * verdict of the first, not "used already". If the browser has given up the first request, its right answer is kept
 * for the second, once.
 */
export interface IdenticalAnswers {
  /** `parts` identify the answer: subject, session, method and text. */
  one(res: Closing, parts: readonly unknown[], verify: () => Promise<Verdict>): Promise<Verdict>;
  /** Whether such an answer is looked at, or was found right and is still to be answered. */
  isUnderWay(parts: readonly unknown[]): boolean;
  /** Keeps the verdict of an answer whose request was given up. */
  keep(verdict: Verdict): void;
}

export function identicalAnswers(): IdenticalAnswers {
  const underWay = new Map<string, Promise<Verdict>>();
  const keys = new WeakMap<Verdict, string>();
  const kept = new LRUCache<string, Verdict>({ max: 1000, ttl: KEPT_MS });

  return {
    one(res, parts, verify) {
      const key = keyOf(parts);
      const left = kept.get(key);
      if (left) {
        kept.delete(key);
        return Promise.resolve(left);
      }
      const present = underWay.get(key);
      if (present) return present;
      const forget = () => void underWay.delete(key);
      const verdict = verify();
      underWay.set(key, verdict);
      verdict.then((found) => {
        keys.set(found, key);
        // Only right answers are kept: a wrong one that is sent again is another attempt.
        if (found.kind === 'verified' && !res.closed) res.once('close', forget);
        else forget();
      }, forget);
      return verdict;
    },

    isUnderWay: (parts) => underWay.has(keyOf(parts)),

    keep(verdict) {
      const key = keys.get(verdict);
      if (key !== undefined) kept.set(key, verdict);
    },
  };
}

/** Hashed, since codes are never kept readable. */
function keyOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
