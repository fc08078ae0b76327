import { LRUCache } from 'lru-cache';
import { type ErrorCode, SallyportError } from '../errors.js';

const OF_THE_APP: ReadonlySet<ErrorCode> = new Set([
  'ERR_OPTION',
  'ERR_SESSION_MISSING',
  'ERR_SESSION_STORE',
]);
const TOLD_AT_MOST = 50;

/** Reports a mistake in how the app is set up only once; every request would report it again. */
export function oncePerMistake(report: (error: unknown) => void): (error: unknown) => void {
  const told = new LRUCache<string, true>({ max: TOLD_AT_MOST });
  return (error) => {
    if (error instanceof SallyportError && OF_THE_APP.has(error.code)) {
      if (told.has(error.message)) return;
      told.set(error.message, true);
    }
    report(error);
  };
}
