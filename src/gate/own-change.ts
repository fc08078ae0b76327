import { isYounger } from '../session/age.js';
import { RENEWED_FOR_MS } from '../session/session-ends.js';
import type { Situation } from './situation.js';

/**
 * Whether the change that ends the sessions of a person was made by this very session a moment ago: it is about to
 * go on under another id. Whoever still carries this one is let in nowhere, and must not end it meanwhile.
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
    // A logout at that moment is one.
    assurance?.state !== 'ended'
  );
}
