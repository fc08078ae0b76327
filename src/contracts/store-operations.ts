import type { SecondFactorStore } from './store.js';

type Operation = {
  [K in keyof SecondFactorStore]: SecondFactorStore[K] extends (...all: never[]) => unknown
    ? K
    : never;
}[keyof SecondFactorStore];

// A record, so that the compiler finds the operation that is missing here.
const OPERATIONS: Readonly<Record<Operation, true>> = {
  now: true,
  ready: true,
  close: true,
  subscribe: true,
  readSubject: true,
  refreshSubject: true,
  readAssurance: true,
  refreshAssurance: true,
  openPending: true,
  prove: true,
  end: true,
  reserveAttempt: true,
  judgeAttempt: true,
  importEnrollments: true,
  importOnce: true,
  commitAttempt: true,
  beginEnrollment: true,
  resumeEnrollment: true,
  confirmEnrollment: true,
  reseal: true,
  renameEnrollment: true,
  unenroll: true,
  reset: true,
  voidPending: true,
  raiseEpoch: true,
  noteSignIn: true,
  unlock: true,
  deleteSubject: true,
  readSetting: true,
  writeSetting: true,
  writeUserSetting: true,
  putActivationKey: true,
  revokeActivationKey: true,
  replaceRecoveryCodes: true,
  keepRecoveryCodes: true,
  spendRecoveryCode: true,
  putTransaction: true,
  readTransaction: true,
  takeTransaction: true,
  countUse: true,
  claim: true,
  putDevice: true,
  useDevice: true,
  readDevices: true,
  removeDevice: true,
  appendEvent: true,
  readEvents: true,
  appendHistory: true,
  readHistory: true,
  readHolders: true,
};

/** The names of the operations that a store lacks; empty for a complete one. */
export function missingOperations(store: unknown): readonly string[] {
  const given = (store ?? {}) as Readonly<Record<string, unknown>>;
  return Object.keys(OPERATIONS).filter((name) => typeof given[name] !== 'function');
}
