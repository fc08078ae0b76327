import type {
  Message,
  MethodName,
  Policy,
  PolicyMethod,
  PolicyReason,
  Subject,
  SubjectRecord,
} from '../contracts.js';
import type { SallyportError } from '../errors.js';
import { type CountingSignIn, countingSignIns } from '../gate/sign-in.js';
import { isLostRecord, LostRecordError } from '../lost.js';
import { message } from '../messages/english.js';
import { isolated } from '../names.js';
import type { Levels } from '../policy/levels.js';
import type { Hypothesis, OrganizationPolicy } from '../policy/organization-policy.js';
import { isAccepted, provable } from '../policy/provable.js';
import { ContradictionError, resolveSettings, withoutSetting } from '../policy/resolve-settings.js';
import type { WithinDeadline } from './deadline.js';

export type Level = 'partner' | 'client' | 'user';

/** What holds for a subject, or for everybody of an organization, and who decided. */
export interface Standing {
  readonly mode: Policy['mode'] | 'contradictory';
  /** The levels that demand this mode. */
  readonly from: readonly Level[];
  /** null when the levels contradict each other. */
  readonly policy: Policy | null;
  /** That they do, or that a record is lost. */
  readonly problem: Message | null;
  /** What each level says, where they contradict each other. */
  readonly contradicting: readonly PolicyReason[];
  /** Methods that no level has set what they need for, e.g. keys. */
  readonly withoutSetting: readonly MethodName[];
}

export interface Standings {
  /** Of one user. */
  of(subject: Subject, hypothesis?: Hypothesis | null): Promise<Standing>;
  /** Of whoever has no setting of their own; `reader` is anybody whose record may be read. */
  everybody(
    organizationId: string,
    reader: Subject,
    hypothesis?: Hypothesis | null,
  ): Promise<Standing>;
}

/**
 * Settings that contradict each other let nobody in, and it is on these pages that they are put right: so here
 * a contradiction is a value, and what cannot be read still throws.
 */
export function standings(
  policy: Pick<OrganizationPolicy, 'levels'>,
  registered: readonly PolicyMethod[],
  withinDeadline: WithinDeadline,
): Standings {
  // The host's own function says what an organization is, so this may hang like the directory.
  const levelsOf = (subject: Subject, hypothesis: Hypothesis | null) =>
    withinDeadline('ERR_POLICY', 'the policy', () => policy.levels(subject, hypothesis));

  /** A setting that is lost shuts everybody out as well, and is begun anew on these pages. */
  async function orLost(standing: () => Promise<Standing>): Promise<Standing> {
    try {
      return await standing();
    } catch (error) {
      if (!isLostRecord(error)) throw error;
      return contradictory(lostWords(error), [], []);
    }
  }

  return {
    of: (subject, hypothesis = null) =>
      orLost(async () => conclude(await levelsOf(subject, hypothesis), registered)),
    everybody: (organizationId, reader, hypothesis = null) =>
      orLost(async () => {
        const levels = await levelsOf({ ...reader, tenantId: organizationId }, hypothesis);
        return conclude({ ...levels, user: null }, registered);
      }),
  };
}

function conclude(levels: Levels, registered: readonly PolicyMethod[]): Standing {
  const without = withoutSetting(levels, registered);
  let policy: Policy;
  try {
    policy = resolveSettings(levels, registered);
  } catch (error) {
    if (!(error instanceof ContradictionError)) throw error;
    return contradictory(message('admin.problem.none-left'), error.because, without);
  }
  const from = whoDemands(levels, policy.mode);
  return {
    mode: policy.mode,
    from,
    policy,
    problem: null,
    contradicting: [],
    withoutSetting: without,
  };
}

function lostWords(error: SallyportError): Message {
  if (!(error instanceof LostRecordError)) return message('admin.problem.lost-record');
  const { kind, id } = error.record;
  return kind === 'organization'
    ? message('admin.problem.lost-organization', { id: isolated(id) })
    : message('admin.problem.lost-user', { id: isolated(id) });
}

function contradictory(
  problem: Message,
  contradicting: readonly PolicyReason[],
  withoutSetting: readonly MethodName[],
): Standing {
  return { mode: 'contradictory', from: [], policy: null, problem, contradicting, withoutSetting };
}

function whoDemands({ organization, partner, own, user }: Levels, mode: Policy['mode']): Level[] {
  const from: Level[] = [];
  if (mode === 'off') return from;
  const floor = organization.kind === 'client' ? partner?.value.clientsMust?.mode : null;
  if (floor === mode) from.push('partner');
  if (own?.value.mode === mode) from.push(organization.kind);
  if (user?.setting.value.mode === mode) from.push('user');
  return from;
}

/** Active enrollments that the policy accepts: what this person could sign in with. */
function usable(record: SubjectRecord, policy: Policy): boolean {
  return provable(record, policy).some((one) => isAccepted(one, policy));
}

/** Whether signing in asks for a second factor. */
export function asks({ policy, mode }: Standing, record: SubjectRecord): boolean {
  if (mode === 'contradictory' || policy === null) return true;
  return mode === 'required' || (mode === 'optional' && record.enrollments.length > 0);
}

/** The proof that this person's sign-in gave last, while it counts; null: none does. */
export function lastSignIn(
  { proofs, maxAgeSeconds }: Policy,
  { signIn, epochRoseAt }: SubjectRecord,
  now: number,
): CountingSignIn | null {
  if (signIn === null) return null;
  const limitMs = (maxAgeSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  const [found = null] = countingSignIns([signIn], proofs, {
    ...{ now, limitMs, after: epochRoseAt ?? 0 },
  });
  return found;
}

/** Whether this person cannot get in as they are: what is required they have not activated. */
function shutsOut({ policy, mode }: Standing, record: SubjectRecord, now: number): boolean {
  if (policy === null) return true;
  if (mode === 'off' || lastSignIn(policy, record, now)) return false;
  return record.enrollments.length === 0 ? mode === 'required' : !usable(record, policy);
}

/** Whether a change shuts out somebody who gets in now, be it for as long as activation may be postponed. */
export function newlyShutsOut(
  before: Standing,
  after: Standing,
  record: SubjectRecord,
  now: number,
): boolean {
  if (!shutsOut(after, record, now)) return false;
  const postponable = ({ policy }: Standing) =>
    record.enrollments.length === 0 && (policy?.graceUntil?.getTime() ?? 0) > now;
  return !shutsOut(before, record, now) || (postponable(before) && !postponable(after));
}

/** What holds for a user whom an administrator switches on alone. */
export function switchedOn(standing: Standing, graceUntil: string | null): Standing {
  const { policy } = standing;
  const grace = graceUntil === null ? null : new Date(graceUntil);
  return { ...standing, mode: 'required', policy: policy && { ...policy, graceUntil: grace } };
}
