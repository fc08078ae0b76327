import type { AssuranceRecord, SecondFactorStore } from '../contracts.js';
import { decodeAssurance, packProof } from './redis-assurance.js';
import type { RedisRecords } from './redis-records.js';
import { END, OPEN_PENDING, PROVE } from './redis-session-scripts.js';

type SessionOperations = Pick<SecondFactorStore, 'readAssurance' | 'openPending' | 'prove' | 'end'>;

/**
 * A session between the doors that has run out must stay so ("cannot be extended by retrying"): its record
 * is kept on for a day.
 */
const EXPIRED_PENDING_MS = 24 * 60 * 60 * 1000;

/** `marginMs`: how much longer keys are kept than they count, when time is not the server's (tests). */
export function redisSessions(
  { read, write }: RedisRecords<AssuranceRecord | null>,
  keyOf: (digest: string) => string,
  { marginMs }: { readonly marginMs: number },
): SessionOperations {
  const keep = (ms: number) => Math.max(1, Math.ceil(ms + marginMs));
  return {
    readAssurance: (session) => read(keyOf(session)),

    openPending: (session, { subjectId, epoch, lifetimeMs }) =>
      write(
        keyOf(session),
        OPEN_PENDING,
        [lifetimeMs, keep(lifetimeMs + EXPIRED_PENDING_MS), packProof(subjectId, []), epoch],
        (value) => decodeAssurance(value as Buffer),
      ),

    prove: (session, { subjectId, epoch, factors, lifetimeMs }) =>
      write(
        keyOf(session),
        PROVE,
        [lifetimeMs, keep(lifetimeMs), packProof(subjectId, factors), epoch],
        (done) => Number(done) === 1,
      ),

    end: (session, keepMs, { renewed } = { renewed: false }) =>
      write(
        keyOf(session),
        END,
        [keepMs, keep(keepMs), packProof('', []), renewed ? 'r' : 'e'],
        (done) => Number(done) === 1,
      ),
  };
}
