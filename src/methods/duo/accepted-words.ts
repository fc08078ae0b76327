import { DEFAULT_ACCEPTED, type DuoAcceptedResults } from './factors.js';

/** For the list of what changes. */
export function acceptedWords(stored: DuoAcceptedResults | undefined): string {
  const { login, stepUp } = stored ?? DEFAULT_ACCEPTED;
  return `login: ${ruleWords(login)}; step-up: ${ruleWords(stepUp)}`;
}

function ruleWords(of: DuoAcceptedResults[keyof DuoAcceptedResults]): string {
  if (of === 'any') return 'whatever Duo lets in';
  if (of === 'actual') return 'actual factors';
  const { factors, reasons } = of;
  return [factors?.join(', ') ?? 'any factor', reasons?.join(', ') ?? 'any reason'].join(' for ');
}
