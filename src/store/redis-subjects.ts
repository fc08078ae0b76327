import type {
  Commit,
  Confirmation,
  PendingEnrollment,
  SecondFactorStore,
  SubjectRecord,
} from '../contracts.js';
import { COMMIT, RESERVE, UNLOCK } from './redis-attempt-scripts.js';
import { decodePending, decodeSubject, packOwner, publicEnrollment } from './redis-codec.js';
import { packDigest } from './redis-digests.js';
import {
  BEGIN,
  CLEAR,
  CONFIRM,
  RAISE,
  RENAME,
  RESEAL,
  RESUME,
  UNENROLL,
  VOID_PENDING,
} from './redis-enrollment-scripts.js';
import { packHead, packText } from './redis-fields.js';
import type { RedisRecords } from './redis-records.js';
import { writeSetting } from './redis-settings.js';

type SubjectOperations = Pick<
  SecondFactorStore,
  | 'readSubject'
  | 'reserveAttempt'
  | 'commitAttempt'
  | 'beginEnrollment'
  | 'confirmEnrollment'
  | 'resumeEnrollment'
  | 'reseal'
  | 'renameEnrollment'
  | 'unenroll'
  | 'reset'
  | 'voidPending'
  | 'raiseEpoch'
  | 'unlock'
  | 'deleteSubject'
  | 'writeUserSetting'
>;

/** Everything that lives in a subject's hash. `keyOf` gives its key. */
export function redisSubjects(
  { read, write, save, ask }: RedisRecords<SubjectRecord>,
  keyOf: (subjectId: string) => string,
  { forgetHistory }: { readonly forgetHistory: (subjectId: string) => Promise<void> },
): SubjectOperations {
  return {
    readSubject: (subjectId) => read(keyOf(subjectId)),

    reserveAttempt: (subjectId, { free, stop, waits }, { method, stoppable }) =>
      write(keyOf(subjectId), RESERVE, [free, stop, stoppable ? 1 : 0, ...waits], (reply) => {
        const [kind, time, fields] = reply as [Buffer, Buffer, Buffer[]];
        if (String(kind) === 'locked') {
          return { kind: 'locked', retryAt: time.length === 0 ? null : Number(time) };
        }
        const { epoch, enrollments, pending, activationKey: key } = decodeSubject(fields);
        const at = Number(time);
        return {
          kind: 'reserved',
          at,
          epoch,
          authenticators: enrollments.filter((one) => one.method === method),
          pending,
          activationKey: key && at < key.endsAt ? key.digest : null,
        };
      }),

    commitAttempt: (subjectId, { enrollmentId, step, epoch }) =>
      write(keyOf(subjectId), COMMIT, [enrollmentId, step ?? '', epoch], (reply): Commit => {
        const kind = String((reply as Buffer[])[0]) as Commit['kind'];
        return kind === 'committed' ? { kind, epoch } : { kind };
      }),

    beginEnrollment: (
      subjectId,
      { lifetimeMs, ...proposal },
      { restart, activationKey, unlessPending },
    ) =>
      write(
        keyOf(subjectId),
        BEGIN,
        [
          packHead(proposal),
          Buffer.from(proposal.sealed),
          packText(proposal.label),
          packOwner(proposal),
          lifetimeMs,
          restart ? 1 : 0,
          activationKey ? packDigest(activationKey) : '',
          unlessPending ? 1 : 0,
        ],
        pendingOrNull,
      ),

    resumeEnrollment: (subjectId, session) =>
      ask(keyOf(subjectId), RESUME, [session], pendingOrNull),

    confirmEnrollment: (subjectId, { id, session, step, replaces, epoch, besides = [], label }) =>
      save(
        keyOf(subjectId),
        CONFIRM,
        [
          ...[id, session, step, replaces ?? ''],
          label === undefined ? '' : packText(label),
          epoch,
          ` ${besides.join(' ')} `,
        ],
        (reply): Confirmation => {
          const [word, fields] = reply as [Buffer, Buffer[]?];
          const kind = String(word) as Confirmation['kind'];
          if (kind !== 'confirmed') return { kind };
          const { epoch, enrollments } = decodeSubject(fields as Buffer[]);
          const made = enrollments.find((one) => one.id === id);
          if (!made) throw new Error('the confirmed enrollment is not in the record');
          return { kind, epoch, enrollment: publicEnrollment(made) };
        },
      ),

    reseal: (subjectId, enrollmentId, expected, resealed) =>
      ask(
        keyOf(subjectId),
        RESEAL,
        [enrollmentId, Buffer.from(expected), Buffer.from(resealed)],
        (done) => Number(done) === 1,
      ),

    renameEnrollment: (subjectId, enrollmentId, label) =>
      save(keyOf(subjectId), RENAME, [enrollmentId, packText(label)], (done) => Number(done) === 1),

    unenroll: (subjectId, enrollmentId, epoch) =>
      save(keyOf(subjectId), UNENROLL, [enrollmentId, epoch], (raised) =>
        raised === null ? null : toEpoch(raised),
      ),

    reset: (subjectId) => save(keyOf(subjectId), CLEAR, [1], toEpoch),
    voidPending: (subjectId) => save(keyOf(subjectId), VOID_PENDING, [], () => undefined),
    raiseEpoch: (subjectId, epoch) =>
      save(keyOf(subjectId), RAISE, [epoch ?? ''], (raised) =>
        raised === null ? null : toEpoch(raised),
      ),
    unlock: (subjectId) => write(keyOf(subjectId), UNLOCK, [], () => undefined),
    async deleteSubject(subjectId) {
      await save(keyOf(subjectId), CLEAR, [0], () => undefined);
      await forgetHistory(subjectId);
    },
    writeUserSetting: (subjectId, change) => writeSetting(save, keyOf(subjectId), change),
  };
}

function toEpoch(reply: unknown): { readonly epoch: number } {
  return { epoch: Number(reply) };
}

function pendingOrNull(reply: unknown): PendingEnrollment | null {
  return reply === null ? null : decodePending(reply as Buffer[]);
}
