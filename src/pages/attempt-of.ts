import type { Attempt, Place } from '../contracts.js';
import type { KnownSituation } from '../gate/situation.js';
import { unprovableIds } from '../policy/provable.js';

/** The attempt of a person who answers a method; `names` are those of the account in authenticator apps. */
export function attemptOf(
  { subject, facts, session, decision }: KnownSituation,
  input: Attempt['input'],
  place: Place,
  names: Pick<Attempt, 'issuer' | 'account'>,
): Attempt {
  return {
    stepUp: decision.kind === 'challenge' && decision.why !== 'not-proven',
    subject,
    policy: facts.policy,
    session,
    epoch: facts.record.epoch,
    besides: unprovableIds(facts.record, facts.policy),
    ...names,
    place,
    enrollments: facts.record.enrollments,
    foreignCodes: facts.record.foreignCodes,
    input,
  };
}
