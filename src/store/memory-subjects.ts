import {
  type Authenticator,
  type Digest,
  type Enrollment,
  emptySubject,
  type PendingEnrollment,
  type StoredSetting,
  type SubjectRecord,
} from '../contracts.js';

export interface StoredEnrollment extends Authenticator {
  readonly label: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

export interface StoredSubject {
  epoch: number;
  failures: number;
  retryAt: number;
  pending: PendingEnrollment | null;
  activationKey: { readonly digest: Digest; readonly endsAt: number } | null;
  recoveryCodes: readonly Digest[] | null;
  recoveryCodesKept: boolean;
  setting: StoredSetting | null;
  /** Goes on rising when the setting is removed. */
  settingVersion: number;
  readonly enrollments: Map<string, StoredEnrollment>;
  /** What `readSubject` answers; made anew after each change, so that a warm gate allocates nothing. */
  view: SubjectRecord;
}

/** The records of subjects, and what must happen to one together. */
export interface MemorySubjects {
  /** What `readSubject` answers. */
  view(id: string): SubjectRecord;
  of(id: string): StoredSubject;
  /** To be called after each change of what `view` shows. */
  changed(subject: StoredSubject): void;
  /** An answer was right: the count of failures is cleared. */
  accepted(subject: StoredSubject): void;
  /** Takes the activation key away, and what was begun with it. */
  voidKey(subject: StoredSubject): void;
  /** Takes everything away but the setting, and raises the epoch. */
  clear(subject: StoredSubject): void;
}

export function memorySubjects({ announce }: { readonly announce: () => void }): MemorySubjects {
  const all = new Map<string, StoredSubject>();

  function changed(subject: StoredSubject): void {
    subject.view = Object.freeze({
      epoch: subject.epoch,
      enrollments: Object.freeze([...subject.enrollments.values()].map(publicView)),
      setting: subject.setting,
      activationKeyEndsAt: subject.activationKey?.endsAt ?? null,
      recoveryCodesLeft: subject.recoveryCodes?.length ?? null,
      recoveryCodesKept: subject.recoveryCodes !== null && subject.recoveryCodesKept,
      failures: subject.failures,
    });
    announce();
  }

  function accepted(subject: StoredSubject): void {
    subject.failures = 0;
    subject.retryAt = 0;
    changed(subject);
  }

  return {
    view: (id) => all.get(id)?.view ?? emptySubject,
    of(id) {
      let subject = all.get(id);
      if (!subject) {
        subject = newSubject();
        all.set(id, subject);
      }
      return subject;
    },
    changed,
    accepted,
    voidKey(subject) {
      subject.activationKey = null;
      if (subject.pending?.basis === 'activation-key') subject.pending = null;
    },
    clear(subject) {
      subject.enrollments.clear();
      subject.pending = null;
      subject.activationKey = null;
      subject.recoveryCodes = null;
      subject.epoch += 1;
      accepted(subject);
    },
  };
}

function newSubject(): StoredSubject {
  return {
    epoch: 0,
    failures: 0,
    retryAt: 0,
    pending: null,
    activationKey: null,
    recoveryCodes: null,
    recoveryCodesKept: false,
    setting: null,
    settingVersion: 0,
    enrollments: new Map(),
    view: emptySubject,
  };
}

export function publicView({
  id,
  method,
  label,
  parameters,
  createdAt,
  lastUsedAt,
}: StoredEnrollment): Enrollment {
  return Object.freeze({ id, method, label, parameters, createdAt, lastUsedAt });
}
