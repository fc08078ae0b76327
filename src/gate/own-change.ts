import { isYounger } from '../session/age.js';
import { RENEWED_FOR_MS } from '../session/session-ends.js';
import type { Situation } from './situation.js';

/**
 * Whether this session itself made the change that ends the person's sessions a moment ago: it is about to continue
 * under another id. A request with the old id is not let in, but must not end the session meanwhile.
 */
export function isOwnChange(situation: Situation): boolean {
  if (situation.kind === 'anonymous') return false;
  const { session, facts } = situation;
  const { record, login, assurance, now } = facts;
  const { epoch, epochRoseAt, epochRaisedBy } = record;
  return (
    epochRaisedBy === session &&
    login.epoch < epoch &&
    epochRoseAt !== null &&
    isYounger(epochRoseAt, RENEWED_FOR_MS, now) &&
    // A logout at that moment counts.
    assurance?.state !== 'ended'
  );
}
