import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Verdict } from '../contracts.js';

/** A second click comes within this time. */
const KEPT_MS = 5000;

/** Of a response, whether and when it is over. */
interface Closing {
  readonly closed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * One verdict for one answer, however often it is sent while it is looked at: the second of two clicks gets what
 * the first one got, and not "used already". Where the browser has given the first one up, its right answer is
 * kept for the second, once; nothing was opened with it.
 */
export interface IdenticalAnswers {
  /** `parts` say whose answer it is, to what, and how it reads. */
  one(res: Closing, parts: readonly unknown[], verify: () => Promise<Verdict>): Promise<Verdict>;
  /** Whether such an answer is looked at, or was found right and is still to be answered. */
  isUnderWay(parts: readonly unknown[]): boolean;
  /** Keeps the verdict of an answer whose sender is gone. */
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
        // A wrong answer that is sent again is another attempt; a right one is used up.
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

/** Codes are kept in no readable form, however short. */
function keyOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
