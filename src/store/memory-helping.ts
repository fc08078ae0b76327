import type { SecondFactorStore } from '../contracts.js';
import { sameDigest } from './memory-digests.js';
import { changeSetting } from './memory-settings.js';
import type { MemorySubjects } from './memory-subjects.js';

/** What administrators do for a subject, and the codes for the day the phone is gone. */
export function memoryHelping({
  subjects,
  now,
}: {
  readonly subjects: MemorySubjects;
  readonly now: () => number;
}): Pick<
  SecondFactorStore,
  | 'reset'
  | 'voidPending'
  | 'raiseEpoch'
  | 'unlock'
  | 'deleteSubject'
  | 'writeUserSetting'
  | 'putActivationKey'
  | 'revokeActivationKey'
  | 'replaceRecoveryCodes'
  | 'keepRecoveryCodes'
  | 'spendRecoveryCode'
> {
  return {
    async reset(subjectId) {
      const subject = subjects.of(subjectId);
      subjects.clear(subject);
      return { epoch: subject.epoch };
    },

    async voidPending(subjectId) {
      subjects.of(subjectId).pending = null;
    },

    async raiseEpoch(subjectId, epoch) {
      const subject = subjects.of(subjectId);
      if (epoch !== undefined && subject.epoch !== epoch) return null;
      subject.epoch += 1;
      subjects.changed(subject);
      return { epoch: subject.epoch };
    },

    async unlock(subjectId) {
      subjects.accepted(subjects.of(subjectId));
    },

    async deleteSubject(subjectId) {
      const subject = subjects.of(subjectId);
      subject.setting = null;
      subjects.clear(subject);
    },

    async writeUserSetting(subjectId, change) {
      const subject = subjects.of(subjectId);
      const result = changeSetting(subject.setting, subject.settingVersion, change, now());
      if (result.kind === 'conflict') return result;
      subject.setting = result.setting;
      subject.settingVersion = result.version;
      subjects.changed(subject);
      return { kind: 'saved', version: result.version };
    },

    async putActivationKey(subjectId, { digest, lifetimeMs }) {
      const subject = subjects.of(subjectId);
      const endsAt = now() + lifetimeMs;
      subjects.voidKey(subject);
      subject.activationKey = { digest, endsAt };
      subjects.changed(subject);
      return endsAt;
    },

    async revokeActivationKey(subjectId) {
      const subject = subjects.of(subjectId);
      if (!subject.activationKey) return false;
      subjects.voidKey(subject);
      subjects.changed(subject);
      return true;
    },

    async replaceRecoveryCodes(subjectId, digests, epoch) {
      const subject = subjects.of(subjectId);
      if (epoch !== undefined && subject.epoch !== epoch) return false;
      subject.recoveryCodes = [...digests];
      subject.recoveryCodesKept = false;
      subjects.changed(subject);
      return true;
    },

    async keepRecoveryCodes(subjectId, candidates) {
      const subject = subjects.of(subjectId);
      const codes = subject.recoveryCodes ?? [];
      if (!codes.some((code) => candidates.some((one) => sameDigest(one, code)))) return false;
      subject.recoveryCodesKept = true;
      subjects.changed(subject);
      return true;
    },

    async spendRecoveryCode(subjectId, candidates) {
      const subject = subjects.of(subjectId);
      const codes = subject.recoveryCodes ?? [];
      const left = codes.filter((code) => !candidates.some((one) => sameDigest(one, code)));
      if (left.length === codes.length) return { kind: 'unknown' };
      subject.recoveryCodes = left;
      subject.recoveryCodesKept = true;
      subjects.accepted(subject);
      return { kind: 'spent', left: left.length, epoch: subject.epoch };
    },
  };
}
