import type { DirectoryOrganization, Subject } from '../../contracts.js';
import type { AdminContext } from '../context.js';
import type { Visit } from '../guard.js';
import type { State } from '../locals.js';
import { newlyShutsOut, switchedOn } from '../standing.js';
import { becauseOf } from '../wording.js';
import type { Selected } from './selection.js';

/** What was done with one user. */
export type Outcome =
  | 'enabled'
  | 'already-enabled'
  | 'disabled'
  | 'already-disabled'
  | 'required-by-organization'
  | 'would-lock-you-out'
  | 'changed-meanwhile'
  | 'forbidden'
  | 'not-found';

export interface Switched {
  readonly id: string;
  readonly label: string | null;
  readonly outcome: Outcome;
  /** Why, where it needs saying. */
  readonly reason: string | null;
}

export interface Switch {
  readonly enable: boolean;
  /** ISO 8601, or null: at once. */
  readonly graceUntil: string | null;
  /** The administrator has said that being locked out is meant. */
  readonly override: boolean;
}

/** Words and tone of an outcome. */
export const OUTCOMES: Readonly<Record<Outcome, { text: string; tone: State['tone'] }>> = {
  enabled: { text: 'Enabled', tone: 'success' },
  'already-enabled': { text: 'Was enabled already', tone: 'plain' },
  disabled: { text: 'Disabled', tone: 'success' },
  'already-disabled': { text: 'Was not enabled', tone: 'plain' },
  'required-by-organization': { text: 'Not disabled', tone: 'warning' },
  'would-lock-you-out': { text: 'Not enabled: it would lock you out', tone: 'warning' },
  'changed-meanwhile': { text: 'Somebody else changed this user meanwhile', tone: 'warning' },
  forbidden: { text: 'You may not change this user', tone: 'warning' },
  'not-found': { text: 'There is no such user here', tone: 'warning' },
};

export function isDone(outcome: Outcome): boolean {
  return outcome === 'enabled' || outcome === 'disabled';
}

/** Switches one user on or off: only this user's own setting, which can add to the organization's and not take away. */
export async function switchUser(
  { standings, store, audit }: AdminContext,
  { req, admin, may }: Visit,
  organization: DirectoryOrganization,
  { id, user }: Selected,
  { enable, graceUntil, override }: Switch,
): Promise<Switched> {
  const unseen: Switched = { id, label: null, outcome: 'not-found', reason: null };
  if (!user) return unseen;
  const target = { kind: 'user', organization, user } as const;
  if (!(await may('user:read', target))) return unseen;
  const told = (outcome: Outcome, reason: string | null = null): Switched => ({
    id,
    label: user.label,
    outcome,
    reason,
  });
  if (!(await may('user:change', target))) return told('forbidden');

  const subject: Subject = { id: user.id, tenantId: organization.id, label: user.label };
  const record = await store.readSubject(user.id);
  const isOn = record.setting !== null;
  if (!enable) {
    const everybody = await standings.everybody(organization.id, subject);
    if (everybody.mode === 'required') {
      const reason = becauseOf(everybody).find((sentence) => sentence.includes('required'));
      return told(
        'required-by-organization',
        reason ?? 'The organization requires two-factor of all its users.',
      );
    }
    if (!isOn) return told('already-disabled');
  }
  const sameGrace = (record.setting?.value.graceUntil ?? null) === graceUntil;
  if (enable && isOn && sameGrace) return told('already-enabled');
  if (enable && user.id === admin.id && !override) {
    const standing = await standings.of(subject);
    if (newlyShutsOut(standing, switchedOn(standing, graceUntil), record, store.now())) {
      return told('would-lock-you-out', 'Activate a mechanism of your own first.');
    }
  }

  const written = await store.writeUserSetting(user.id, {
    value: enable ? { mode: 'required', graceUntil } : null,
    changedBy: admin.label,
    expectedVersion: record.setting?.version ?? 0,
  });
  if (written.kind === 'conflict') return told('changed-meanwhile');
  audit.record('setting.changed', {
    subject,
    actorId: admin.id,
    from: req.ip ?? null,
    detail: enable
      ? `two-factor enabled for the user${graceUntil ? `, may be postponed until ${graceUntil}` : ''}`
      : 'two-factor disabled for the user',
  });
  return told(enable ? 'enabled' : 'disabled');
}
