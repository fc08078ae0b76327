import { andThen } from '../awaitable.js';
import type { SecondFactorStore } from '../contracts.js';
import { indexedSubjects } from './indexed-subjects.js';
import type { RecordStore } from './record-store.js';
import { commitAttempt, reserveAttempt } from './transitions/attempts.js';
import {
  keepRecoveryCodes,
  putActivationKey,
  replaceRecoveryCodes,
  revokeActivationKey,
  spendRecoveryCode,
} from './transitions/codes.js';
import { putDevice, readDevices, removeDevice, useDevice } from './transitions/devices.js';
import {
  beginEnrollment,
  confirmEnrollment,
  renameEnrollment,
  reseal,
  resumeEnrollment,
  unenroll,
  voidPending,
} from './transitions/enrolling.js';
import { importEnrollments, importOnce } from './transitions/importing.js';
import { judgeAttempt } from './transitions/judging.js';
import { end, openPending, prove, viewedAssurance } from './transitions/session.js';
import { writeSetting, writeUserSetting } from './transitions/settings.js';
import {
  deleteSubject,
  noteSignIn,
  raiseEpoch,
  reset,
  type SubjectTransition,
  unlock,
  viewedSubject,
  viewOfSubject,
} from './transitions/subject.js';
import {
  claim,
  countUse,
  putTransaction,
  readTransaction,
  takeTransaction,
} from './transitions/transactions.js';

const REPAIRS = { repairs: true } as const;

/**
 * A store of second factors over any store of records. Its decisions are the functions in `transitions/`.
 * @example
 * sallyport({ store: secondFactorStore(sqliteRecords('factors.db')), … })
 */
export function secondFactorStore(records: RecordStore): SecondFactorStore {
  const { read, update, append, page, forget } = records;
  const subjects = indexedSubjects(records);
  const subject = <T>(id: string, transition: SubjectTransition<T>) =>
    subjects.update(id, transition);

  return {
    name: records.name,
    stalenessMs: records.stalenessMs,
    now: records.now,
    ready: records.ready,
    close: records.close,
    subscribe: records.subscribe,

    readSubject: (id) => andThen(read('subject', id), viewOfSubject),
    refreshSubject: (id) => update('subject', id, viewedSubject),
    reserveAttempt: (id, limits, attempt) => subject(id, reserveAttempt(limits, attempt)),
    async judgeAttempt(id, limits, attempt, judge) {
      const judged = await subject(id, judgeAttempt(limits, attempt, judge));
      if (judged.kind === 'threw') throw judged.error;
      return judged;
    },
    commitAttempt: (id, accepted) => subject(id, commitAttempt(accepted)),
    beginEnrollment: (id, proposal, options) => subject(id, beginEnrollment(proposal, options)),
    importEnrollments: (id, given, codes) =>
      subjects.update(id, importEnrollments(given, codes), { candidates: given }),
    importOnce: (id, given, codes) =>
      subjects.update(id, importOnce(given, codes), { candidates: given }),
    resumeEnrollment: (id, session) => subject(id, resumeEnrollment(session)),
    confirmEnrollment: (id, confirmation) =>
      subjects.update(id, confirmEnrollment(confirmation), { candidates: [confirmation] }),
    reseal: (id, enrollmentId, expected, resealed) =>
      subject(id, reseal(enrollmentId, expected, resealed)),
    renameEnrollment: (id, enrollmentId, label) =>
      subject(id, renameEnrollment(enrollmentId, label)),
    unenroll: (id, enrollmentId, epoch, by) => subject(id, unenroll(enrollmentId, epoch, by)),
    reset: (id) => subjects.update(id, reset, REPAIRS),
    voidPending: (id) => subject(id, voidPending),
    raiseEpoch: (id, epoch, by) => subject(id, raiseEpoch(epoch, by)),
    noteSignIn: (id, signIn) => subject(id, noteSignIn(signIn)),
    unlock: (id) => subject(id, unlock),
    async deleteSubject(id) {
      await subjects.update(id, deleteSubject, REPAIRS);
      await forget('subject', id);
    },
    writeUserSetting: (id, change) => subject(id, writeUserSetting(change)),
    putActivationKey: (id, key) => subject(id, putActivationKey(key)),
    revokeActivationKey: (id) => subject(id, revokeActivationKey),
    replaceRecoveryCodes: (id, digests, epoch) => subject(id, replaceRecoveryCodes(digests, epoch)),
    keepRecoveryCodes: (id, candidates) => subject(id, keepRecoveryCodes(candidates)),
    spendRecoveryCode: (id, candidates, epoch) => subject(id, spendRecoveryCode(candidates, epoch)),

    readSetting: (id) => andThen(read('organization', id), (kept) => kept?.setting ?? null),
    writeSetting: (id, change) =>
      update('organization', id, writeSetting(change), {
        repairs: change.expectedVersion === null,
      }),

    readAssurance: (session) => read('session', session),
    refreshAssurance: (session) => update('session', session, viewedAssurance),
    openPending: (session, pending) => update('session', session, openPending(pending)),
    prove: (session, proof) => update('session', session, prove(proof)),
    end: (session, keepMs, how = { renewed: false }) =>
      update('session', session, end(keepMs, how), REPAIRS),

    putDevice: (id, device) => update('devices', id, putDevice(device), REPAIRS),
    useDevice: (id, use) => update('devices', id, useDevice(use), REPAIRS),
    readDevices: (id) => update('devices', id, readDevices, REPAIRS),
    removeDevice: (id, device) => update('devices', id, removeDevice(device), REPAIRS),

    putTransaction: (id, value, lifetimeMs) =>
      update('transaction', id, putTransaction(value, lifetimeMs), REPAIRS),
    readTransaction: (id) => update('transaction', id, readTransaction),
    takeTransaction: (id) => update('transaction', id, takeTransaction),
    claim: (id, wanted) => update('transaction', id, claim(wanted), REPAIRS),
    countUse: (id, bound) => update('transaction', id, countUse(bound), REPAIRS),

    appendEvent: (id, event, place) => append('organization', id, event, place),
    readEvents: (id, wanted) => page('organization', id, wanted),
    appendHistory: (id, event, { folds }) =>
      append('subject', id, event, { trail: 'history', keep: null, folds }),
    readHistory: (id, wanted) => page('subject', id, wanted),
    readHolders: subjects.readHolders,
  };
}
