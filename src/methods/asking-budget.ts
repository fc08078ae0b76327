import { createHash } from 'node:crypto';
import type { Attempt, MethodName, SecondFactorStore, Sentence } from '../contracts.js';
import { RequestError } from '../errors.js';

const WINDOW_MS = 5 * 60 * 1000;
/** Enough for somebody who is looking for their phone. */
const PER_SESSION = 15;
/** Also per subject, since a stolen password opens any number of sessions. */
const PER_SUBJECT = 60;

/**
 * Limits how often an outside service is asked about a person, for methods that cannot be guessed and so count no
 * attempts: per session and per subject, who have proven only a password. Throws a 429 with the time to wait.
 */
export function askingBudget({
  method,
  store,
  tooOften,
}: {
  readonly method: MethodName;
  readonly store: Pick<SecondFactorStore, 'countUse' | 'now'>;
  readonly tooOften: (minutes: number) => Sentence;
}) {
  return async function spend({ subject, session }: Pick<Attempt, 'subject' | 'session'>) {
    for (const [of, id, most] of [
      ['session', session, PER_SESSION],
      ['subject', subject.id, PER_SUBJECT],
    ] as const) {
      const until = await store.countUse(idOf(method, of, id), { most, windowMs: WINDOW_MS });
      if (until === null) continue;
      const retryAfterSeconds = Math.max(1, Math.ceil((until - store.now()) / 1000));
      const minutes = Math.ceil(retryAfterSeconds / 60);
      throw new RequestError(429, 'too_many_prompts', tooOften(minutes), null, {
        retryAfterSeconds,
      });
    }
  };
}

function idOf(method: MethodName, of: 'session' | 'subject', id: string): string {
  return createHash('sha256')
    .update(JSON.stringify([`${method}-budget`, of, id]))
    .digest('base64url');
}
