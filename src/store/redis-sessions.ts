import type { AssuranceRecord, SecondFactorStore } from '../contracts.js';
import { decodeAssurance, packProof } from './redis-assurance.js';
import type { RedisRecords } from './redis-records.js';
import { END, OPEN_PENDING, PROVE } from './redis-session-scripts.js';

type SessionOperations = Pick<SecondFactorStore, 'readAssurance' | 'openPending' | 'prove' | 'end'>;

/** `marginMs`: how much longer keys are kept than they count, when time is not the server's (tests). */
export function redisSessions(
  { read, write }: RedisRecords<AssuranceRecord | null>,
  keyOf: (digest: string) => string,
  { marginMs }: { readonly marginMs: number },
): SessionOperations {
  const keep = (ms: number) => Math.max(1, Math.ceil(ms + marginMs));
  return {
    readAssurance: (session) => read(keyOf(session)),

    openPending: (session, { subjectId, epoch, login, lifetimeMs, keepMs }) =>
      write(
        keyOf(session),
        OPEN_PENDING,
        [lifetimeMs, keep(lifetimeMs + keepMs), packProof(login, subjectId, []), epoch],
        (value) => decodeAssurance(value as Buffer),
      ),

    prove: (session, { subjectId, epoch, login, factors, lifetimeMs }) =>
      write(
        keyOf(session),
        PROVE,
        [lifetimeMs, keep(lifetimeMs), packProof(login, subjectId, factors), epoch],
        (done) => Number(done) === 1,
      ),

    end: (session, keepMs, { renewed } = { renewed: false }) =>
      write(
        keyOf(session),
        END,
        [keepMs, keep(keepMs), packProof('', '', []), renewed ? 'r' : 'e'],
        (done) => Number(done) === 1,
      ),
  };
}
