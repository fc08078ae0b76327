import type { SecondFactorStore } from '../contracts.js';
import {
  KEEP_CODES,
  PUT_KEY,
  REPLACE_CODES,
  REVOKE_KEY,
  SPEND_CODE,
} from './redis-code-scripts.js';
import { packCodes, packDigest } from './redis-digests.js';
import type { RedisRecords } from './redis-records.js';

type CodeOperations = Pick<
  SecondFactorStore,
  | 'putActivationKey'
  | 'revokeActivationKey'
  | 'replaceRecoveryCodes'
  | 'keepRecoveryCodes'
  | 'spendRecoveryCode'
>;

/** Activation keys and recovery codes, in the subject's hash. `keyOf` gives its key. */
export function redisCodes(
  { save }: Pick<RedisRecords<unknown>, 'save'>,
  keyOf: (subjectId: string) => string,
): CodeOperations {
  return {
    putActivationKey: (subjectId, { digest, lifetimeMs }) =>
      save(keyOf(subjectId), PUT_KEY, [lifetimeMs, packDigest(digest)], Number),

    revokeActivationKey: (subjectId) =>
      save(keyOf(subjectId), REVOKE_KEY, [], (removed) => Number(removed) === 1),

    replaceRecoveryCodes: (subjectId, digests, epoch) =>
      save(
        keyOf(subjectId),
        REPLACE_CODES,
        [epoch ?? '', ...packCodes(digests)],
        (done) => Number(done) === 1,
      ),

    keepRecoveryCodes: (subjectId, candidates) =>
      save(keyOf(subjectId), KEEP_CODES, candidates.map(packDigest), (done) => Number(done) === 1),

    spendRecoveryCode: (subjectId, candidates, epoch) =>
      save(keyOf(subjectId), SPEND_CODE, [epoch, ...candidates.map(packDigest)], (reply) => {
        const [word, left] = reply as [Buffer, number];
        const kind = String(word) as 'spent' | 'unknown' | 'ended';
        return kind === 'spent' ? { kind, left, epoch } : { kind };
      }),
  };
}
