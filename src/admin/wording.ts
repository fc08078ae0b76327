import type { SubjectRecord } from '../contracts.js';
import { isolated } from '../names.js';
import type { State } from './locals.js';
import type { TitleOf } from './organization/changes.js';
import type { Standing } from './standing.js';

const MODES: Readonly<Record<Standing['mode'], State>> = {
  required: { on: true, label: 'Required', tone: 'success' },
  optional: { on: true, label: 'Optional', tone: 'plain' },
  off: { on: false, label: 'Off', tone: 'plain' },
  contradictory: { on: false, label: 'Contradictory', tone: 'danger' },
};

export function stateOf({ mode }: Standing): State {
  return MODES[mode];
}

/** Who switched it on: `from client and user`, or nothing. */
export function fromWords({ from }: Standing): string {
  return from.length === 0 ? '' : `from ${from.join(' and ')}`;
}

/** What a user has activated, by name, e.g. `Authenticator app, Passkey`. */
export function activatedWords({ enrollments }: SubjectRecord, titleOf: TitleOf): string | null {
  const titles = [...new Set(enrollments.map(({ method }) => titleOf(method)))];
  return titles.length === 0 ? null : titles.join(', ');
}

/** Why, in sentences. */
export function becauseOf({ policy, problem }: Standing): string[] {
  if (!policy) return [problem ?? 'The settings contradict each other.'];
  return policy.because.map(({ level, id, rule }) =>
    level === 'host' ? `By default: ${rule}.` : `${capital(level)} ${isolated(id)}: ${rule}.`,
  );
}

/** `24 hours`, `7 days` */
export function lifetimeWords(ms: number): string {
  const hours = Math.round(ms / 3_600_000);
  if (hours < 1) return count(Math.max(1, Math.round(ms / 60_000)), 'minute');
  return hours <= 48 ? count(hours, 'hour') : count(Math.round(hours / 24), 'day');
}

export function count(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? '' : 's'}`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
