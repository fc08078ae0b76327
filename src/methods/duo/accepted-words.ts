import type { Message } from '../../contracts.js';
import { DEFAULT_ACCEPTED, type DuoAcceptedResults } from './factors.js';
import { duoWords } from './words.js';

/** For the list of what changes. */
export function acceptedWords(stored: DuoAcceptedResults | undefined): Message {
  const { login, stepUp } = stored ?? DEFAULT_ACCEPTED;
  return duoWords('change.accepted-rules', { login: ruleWords(login), stepUp: ruleWords(stepUp) });
}

function ruleWords(of: DuoAcceptedResults[keyof DuoAcceptedResults]): Message {
  if (of === 'any') return duoWords('change.rule-any');
  if (of === 'actual') return duoWords('change.rule-actual');
  return duoWords('change.rule-these', {
    factors: of.factors?.join(', ') ?? duoWords('change.any-factor'),
    reasons: of.reasons?.join(', ') ?? duoWords('change.any-reason'),
  });
}
