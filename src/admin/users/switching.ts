import type { DirectoryOrganization, Message, Subject } from '../../contracts.js';
import { message } from '../../messages/english.js';
import type { AdminContext } from '../context.js';
import { newlyShutsOut, switchedOn } from '../effective-policy.js';
import type { Visit } from '../guard.js';
import type { State } from '../page.js';
import type { Selected } from './selection.js';

/** The outcome for one user. */
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
  /** The reason, when there is more to say. */
  readonly reason: string | null;
}

export interface Switch {
  readonly enable: boolean;
  /** ISO 8601, or null: at once. */
  readonly graceUntil: string | null;
  /** The administrator has confirmed being locked out. */
  readonly override: boolean;
}

export const TONES: Readonly<Record<Outcome, State['tone']>> = {
  enabled: 'success',
  'already-enabled': 'plain',
  disabled: 'success',
  'already-disabled': 'plain',
  'required-by-organization': 'warning',
  'would-lock-you-out': 'warning',
  'changed-meanwhile': 'warning',
  forbidden: 'warning',
  'not-found': 'warning',
};

export function isDone(outcome: Outcome): boolean {
  return outcome === 'enabled' || outcome === 'disabled';
}

/**
 * Switches two-factor on or off for one user: by the user's own setting, which can only add to the organization's.
 */
export async function switchUser(
  { policies, store, audit, present, words }: AdminContext,
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
    const everybody = await policies.everybody(organization.id, subject);
    if (everybody.mode === 'required') {
      const reason = everybody.policy?.because.find(
        ({ rule }) => typeof rule !== 'string' && rule.values.mode === 'required',
      );
      return told(
        'required-by-organization',
        reason ? words.reasonWords(reason) : present.say(message('admin.outcome.required')),
      );
    }
    if (!isOn) return told('already-disabled');
  }
  const sameGrace = (record.setting?.value.graceUntil ?? null) === graceUntil;
  if (enable && isOn && sameGrace) return told('already-enabled');
  if (enable && user.id === admin.id && !override) {
    const effective = await policies.of(subject);
    if (newlyShutsOut(effective, switchedOn(effective, graceUntil), record, store.now())) {
      return told('would-lock-you-out', present.say(message('admin.outcome.activate-first')));
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
    from: req,
    detail: changeOf(enable, graceUntil),
  });
  return told(enable ? 'enabled' : 'disabled');
}

function changeOf(enable: boolean, until: string | null): Message {
  if (!enable) return message('event.detail.disabled');
  return until === null
    ? message('event.detail.enabled')
    : message('event.detail.enabled-grace', { until });
}
