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

/** The policy in effect for a subject, or for everybody of an organization, and which levels demand it. */
export interface EffectivePolicy {
  readonly mode: Policy['mode'] | 'contradictory';
  /** The levels that demand this mode. */
  readonly from: readonly Level[];
  /** null when the levels contradict each other. */
  readonly policy: Policy | null;
  /** Set when the levels contradict each other or a record is lost. */
  readonly problem: Message | null;
  /** What each level demands, when they contradict each other. */
  readonly contradicting: readonly PolicyReason[];
  /** Methods for which no level has set what they need, such as keys. */
  readonly withoutSetting: readonly MethodName[];
}

export interface EffectivePolicies {
  /** That of one user. */
  of(subject: Subject, hypothesis?: Hypothesis | null): Promise<EffectivePolicy>;
  /** That of users without a setting of their own; `reader` is any subject. */
  everybody(
    organizationId: string,
    reader: Subject,
    hypothesis?: Hypothesis | null,
  ): Promise<EffectivePolicy>;
}

/**
 * Contradicting settings let nobody in and are corrected on these pages: so here a contradiction is a value. What
 * cannot be read still throws.
 */
export function effectivePolicies(
  policy: Pick<OrganizationPolicy, 'levels'>,
  registered: readonly PolicyMethod[],
  withinDeadline: WithinDeadline,
): EffectivePolicies {
  // Calls the host's own function for organizations, which may hang like the directory.
  const levelsOf = (subject: Subject, hypothesis: Hypothesis | null) =>
    withinDeadline('ERR_POLICY', 'the policy', () => policy.levels(subject, hypothesis));

  /** A lost setting locks everybody out as well, and is replaced on these pages. */
  async function orLost(resolve: () => Promise<EffectivePolicy>): Promise<EffectivePolicy> {
    try {
      return await resolve();
    } catch (error) {
      if (!isLostRecord(error)) throw error;
      return contradictory(lostWords(error), [], []);
    }
  }

  return {
    of: (subject, hypothesis = null) =>
      orLost(async () => resolved(await levelsOf(subject, hypothesis), registered)),
    everybody: (organizationId, reader, hypothesis = null) =>
      orLost(async () => {
        const levels = await levelsOf({ ...reader, tenantId: organizationId }, hypothesis);
        return resolved({ ...levels, user: null }, registered);
      }),
  };
}

function resolved(levels: Levels, registered: readonly PolicyMethod[]): EffectivePolicy {
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
): EffectivePolicy {
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

/** Whether an active enrollment is accepted by the policy, so that the user could sign in with it. */
function usable(record: SubjectRecord, policy: Policy): boolean {
  return provable(record, policy).some((one) => isAccepted(one, policy));
}

/** Whether signing in asks for a second factor. */
export function asks({ policy, mode }: EffectivePolicy, record: SubjectRecord): boolean {
  if (mode === 'contradictory' || policy === null) return true;
  return mode === 'required' || (mode === 'optional' && record.enrollments.length > 0);
}

/** The proof that the user's last sign-in gave, while it counts; otherwise null. */
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

/** Whether the user cannot get in, since they have not activated what is required. */
function locksOutNow(
  { policy, mode }: EffectivePolicy,
  record: SubjectRecord,
  now: number,
): boolean {
  if (policy === null) return true;
  if (mode === 'off' || lastSignIn(policy, record, now)) return false;
  return record.enrollments.length === 0 ? mode === 'required' : !usable(record, policy);
}

/** Whether a change locks out a user who can get in now, even if only by postponing activation. */
export function newlyShutsOut(
  before: EffectivePolicy,
  after: EffectivePolicy,
  record: SubjectRecord,
  now: number,
): boolean {
  if (!locksOutNow(after, record, now)) return false;
  const postponable = ({ policy }: EffectivePolicy) =>
    record.enrollments.length === 0 && (policy?.graceUntil?.getTime() ?? 0) > now;
  return !locksOutNow(before, record, now) || (postponable(before) && !postponable(after));
}

/** The policy of a user for whom an administrator switches two-factor on individually. */
export function switchedOn(effective: EffectivePolicy, graceUntil: string | null): EffectivePolicy {
  const { policy } = effective;
  const grace = graceUntil === null ? null : new Date(graceUntil);
  return { ...effective, mode: 'required', policy: policy && { ...policy, graceUntil: grace } };
}
