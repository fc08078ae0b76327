import type { DirectoryOrganization, DirectoryUser, SubjectRecord } from '../../contracts.js';
import { message } from '../../messages/english.js';
import { lockOf } from '../../methods/lock.js';
import { FieldsError } from '../bodies.js';
import type { AdminContext } from '../context.js';
import type { EffectivePolicy } from '../effective-policy.js';

/** The states by which users can be filtered. */
export const STATES = ['not-activated', 'activated', 'in-grace', 'locked'] as const;

export type UserState = (typeof STATES)[number];

/** A user and their record, to be filtered. */
export interface Candidate {
  readonly user: DirectoryUser;
  readonly record: SubjectRecord;
}

/** The state that was asked for; null for everybody. */
export function stateFrom(text: string): UserState | null {
  if (text === '') return null;
  const state = STATES.find((one) => one === text);
  if (state) return state;
  throw new FieldsError(400, 'invalid_request', message('admin.address'), {
    state: message('admin.field.one-of', { names: STATES.join(', ') }),
  });
}

/** Until when a user who has nothing activated may postpone what is required of them; null: not at all. */
export function graceOf({ mode, policy }: EffectivePolicy, record: SubjectRecord, now: number) {
  const until = policy?.graceUntil ?? null;
  const open = mode === 'required' && record.enrollments.length === 0;
  return open && until !== null && until.getTime() > now ? until : null;
}

/** Whether a user is in a state. The policy is asked for only where it decides. */
export async function isInState(
  { policies, store }: Pick<AdminContext, 'policies' | 'store'>,
  { id: tenantId }: DirectoryOrganization,
  { user: { id, label }, record }: Candidate,
  state: UserState,
): Promise<boolean> {
  const nothing = record.enrollments.length === 0;
  switch (state) {
    case 'not-activated':
      return nothing;
    case 'activated':
      return !nothing;
    case 'locked':
      return lockOf(record, store.now()).locked;
    case 'in-grace': {
      if (!nothing) return false;
      const effective = await policies.of({ id, tenantId, label });
      return graceOf(effective, record, store.now()) !== null;
    }
    default:
      return state satisfies never;
  }
}
