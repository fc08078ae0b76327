import { createHash } from 'node:crypto';
import type { Attempt, MethodName, SecondFactorStore, Sentence } from '../contracts.js';
import { RequestError } from '../errors.js';

const WINDOW_MS = 5 * 60 * 1000;
/** More than anybody needs who is looking for their phone. */
const PER_SESSION = 15;
/** A stolen password opens sessions without end. */
const PER_SUBJECT = 60;

/**
 * Bounds how often somebody else is asked about a person, of a method of which nothing is guessable and so nothing is
 * counted: by a session and by a subject, who have proven nothing more than a password. Throws a 429 with the time
 * to wait.
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
