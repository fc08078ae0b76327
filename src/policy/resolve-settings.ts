import {
  authorityId,
  type MethodName,
  type Policy,
  type PolicyReason,
  type WhenUnavailable,
} from '../contracts.js';
import { UnavailableError } from '../errors.js';
import { isWeaker, weakestAllowed } from './fallback.js';
import type { DuoSetting, OrganizationSetting, Stamped, UserSetting } from './settings.js';

export interface Organization {
  readonly id: string;
  readonly kind: 'partner' | 'client';
  /** The partner of a client; null for a partner, and for a client without one. */
  readonly partnerId: string | null;
}

/** All that a policy is made of; for a partner's own user, `partner` is null. */
export interface Levels {
  readonly organization: Organization;
  readonly partner: Stamped<OrganizationSetting> | null;
  readonly own: Stamped<OrganizationSetting> | null;
  readonly user: { readonly id: string; readonly setting: Stamped<UserSetting> } | null;
  /** What holds where no level says anything. Default `off`. */
  readonly byDefault?: Policy['mode'] | undefined;
}

/** What one level demands; null where it says nothing. */
interface Demand {
  readonly level: 'partner' | 'client' | 'user';
  readonly id: string;
  readonly by: string;
  readonly mode: Policy['mode'] | null;
  readonly methods: readonly MethodName[] | null;
  readonly enrollment: Policy['enrollment'] | null;
  readonly graceUntil: string | null;
  readonly maxAgeSeconds: number | null;
  readonly rememberDays: number | null;
}

const STRENGTH = { off: 0, optional: 1, required: 2 } as const;

/** Methods that no setting has to name: a way back in for whoever has one of the others. */
const ALWAYS: readonly MethodName[] = ['recovery-code'];

/**
 * Partner → client → user, resolved. Restrictions intersect and never unite: the strictest mode holds, methods
 * are those that every level accepts, the smaller `maxAge`, and the earliest end of grace of the levels that
 * require (a level that requires without grace leaves none). What several levels accept in different orders
 * stands in that of the level nearest to the user. Every part has its reasons in `because`. Pure.
 */
export function resolveSettings(levels: Levels, registered: readonly MethodName[]): Policy {
  const demands = demandsOf(levels);
  const because: PolicyReason[] = [];
  const mode = resolveMode(levels, demands, because);
  const { methods, duo } = resolveMethods(levels, demands, registered, because);
  // Not even where it is optional: whoever has activated one could neither use it nor activate another.
  if (mode !== 'off' && methods.length === 0) {
    const reasons = because.map(({ level, id, rule }) => `${level} ${id}: ${rule}`).join('; ');
    const { kind, id } = levels.organization;
    throw new UnavailableError(
      'ERR_POLICY',
      `no method is left that every level above the users of ${kind} ${id} accepts: ${reasons}`,
    );
  }
  return Object.freeze({
    mode,
    methods: Object.freeze([...methods, ...ALWAYS.filter((method) => registered.includes(method))]),
    duo,
    enrollment: resolveEnrollment(demands, because),
    graceUntil: resolveGrace(demands, because),
    maxAgeSeconds: resolveMaxAge(demands, because),
    rememberDeviceSeconds: resolveRemembering(levels, demands, because),
    because: Object.freeze(because),
  });
}

function resolveMode(
  { organization, byDefault = 'off' }: Levels,
  demands: readonly Demand[],
  because: PolicyReason[],
): Policy['mode'] {
  let mode: Policy['mode'] | null = null;
  for (const demand of demands) {
    if (demand.mode === null) continue;
    because.push(said(demand, `two-factor is ${demand.mode}`));
    if (mode === null || STRENGTH[demand.mode] > STRENGTH[mode]) mode = demand.mode;
  }
  if (mode !== null) return mode;
  because.push(
    byDefault === 'off'
      ? reason(organization.kind, organization.id, 'nothing was switched on')
      : reason('host', 'door', `two-factor is ${byDefault} where nothing is set`),
  );
  return byDefault;
}

function resolveMethods(
  levels: Levels,
  demands: readonly Demand[],
  registered: readonly MethodName[],
  because: PolicyReason[],
): Pick<Policy, 'methods' | 'duo'> {
  const { kind, id } = levels.organization;
  because.push(reason('host', 'door', `offers ${registered.join(', ')}`));
  const keys = registered.includes('duo') ? duoKeysOf(levels) : null;
  let methods = registered.filter(
    (method) => !ALWAYS.includes(method) && (method !== 'duo' || keys !== null),
  );
  for (const demand of demands) {
    if (demand.methods === null) continue;
    because.push(said(demand, `accepts ${demand.methods.join(', ')}`));
    methods = [...new Set(demand.methods)].filter((method) => methods.includes(method));
  }
  if (!keys) {
    if (registered.includes('duo')) because.push(reason(kind, id, 'has no keys for Duo'));
    return { methods, duo: null };
  }
  const { level, chosen, ...facts } = keys;
  const { source } = facts;
  const limit = fallbackLimit(levels, chosen, because);
  const duo = { ...facts, ...(limit !== null && { whenUnavailable: limit }) };
  // The keys also where Duo is accepted no longer: who has nothing else proves it once more, to activate another.
  const offered = methods.includes('duo') ? 'is offered' : 'is not offered, and only proven again,';
  because.push(reason(level, source, `Duo ${offered} with the keys of this account`));
  return { methods, duo: Object.freeze(duo) };
}

function resolveEnrollment(
  demands: readonly Demand[],
  because: PolicyReason[],
): Policy['enrollment'] {
  let enrollment: Policy['enrollment'] | null = null;
  for (const demand of demands) {
    if (demand.enrollment === null) continue;
    const needs = demand.enrollment === 'activation-key' ? 'an' : 'no';
    because.push(said(demand, `a first activation needs ${needs} activation key`));
    if (enrollment !== 'activation-key') enrollment = demand.enrollment;
  }
  if (enrollment === null) {
    because.push(reason('host', 'door', 'a first activation needs no activation key'));
  }
  return enrollment ?? 'self';
}

function resolveGrace(demands: readonly Demand[], because: PolicyReason[]): Date | null {
  let until = Number.POSITIVE_INFINITY;
  for (const demand of demands) {
    if (demand.mode !== 'required') continue;
    if (demand.graceUntil === null) {
      because.push(said(demand, 'cannot be postponed'));
      until = Number.NEGATIVE_INFINITY;
    } else {
      because.push(said(demand, `may be postponed until ${demand.graceUntil}`));
      until = Math.min(until, Date.parse(demand.graceUntil));
    }
  }
  return Number.isFinite(until) ? new Date(until) : null;
}

function resolveMaxAge(demands: readonly Demand[], because: PolicyReason[]): number | null {
  let smallest: number | null = null;
  for (const demand of demands) {
    if (demand.maxAgeSeconds === null) continue;
    because.push(said(demand, `a proof counts for ${demand.maxAgeSeconds} s`));
    smallest = Math.min(smallest ?? demand.maxAgeSeconds, demand.maxAgeSeconds);
  }
  if (smallest === null)
    because.push(reason('host', 'door', 'a proof counts as long as the app has it'));
  return smallest;
}

/** Off unless the user's own organization allows it; then the smallest of what the levels allow. */
function resolveRemembering(
  { own, organization }: Levels,
  demands: readonly Demand[],
  because: PolicyReason[],
): number | null {
  if (!own?.value.rememberDays) {
    because.push(reason(organization.kind, organization.id, 'does not let devices be remembered'));
    return null;
  }
  let smallest = Number.POSITIVE_INFINITY;
  for (const demand of demands) {
    if (demand.rememberDays === null) continue;
    because.push(said(demand, `a device is remembered for at most ${demand.rememberDays} days`));
    smallest = Math.min(smallest, demand.rememberDays);
  }
  return smallest === 0 ? null : smallest * 24 * 3600;
}

function demandsOf({ organization, partner, own, user }: Levels): Demand[] {
  const demands: Demand[] = [];
  const { kind, id, partnerId } = organization;
  const floor = kind === 'client' ? partner?.value.clientsMust : null;
  if (floor && partner && partnerId !== null) {
    demands.push({ ...floor, level: 'partner', id: partnerId, by: by(partner) });
  }
  if (own) {
    const { mode, methods, enrollment, graceUntil, maxAgeSeconds, rememberDays } = own.value;
    demands.push({
      level: kind,
      id,
      by: by(own),
      mode,
      methods,
      enrollment,
      graceUntil,
      maxAgeSeconds,
      rememberDays,
    });
  }
  if (user) {
    demands.push({
      level: 'user',
      id: user.id,
      by: by(user.setting),
      ...user.setting.value,
      methods: null,
      enrollment: null,
      maxAgeSeconds: null,
      rememberDays: null,
    });
  }
  return demands;
}

/** Whose Duo keys hold: the organization's own, or those that its partner lends. */
function duoKeysOf({ organization, partner, own }: Levels) {
  const { kind, id, partnerId } = organization;
  if (own?.value.duo) {
    return { level: kind, source: id, ...keyFacts(own.value.duo) };
  }
  const lent = kind === 'client' ? partner?.value.duo : null;
  if (!lent?.lendToClients || partnerId === null) return null;
  return { level: 'partner' as const, source: partnerId, ...keyFacts(lent) };
}

/** What the partner's floor allows at most, where the choice that is stored with the keys is weaker. */
function fallbackLimit(
  { organization, partner }: Levels,
  chosen: WhenUnavailable,
  because: PolicyReason[],
): WhenUnavailable | null {
  const { kind, partnerId } = organization;
  if (kind !== 'client' || !partner || partnerId === null) return null;
  const limit = weakestAllowed(partner.value.clientsMust);
  if (!isWeaker(chosen, limit)) return null;
  const stamp = by(partner);
  because.push(reason('partner', partnerId, `while Duo cannot be reached: ${limit} (${stamp})`));
  return limit;
}

function keyFacts({ keys: { version, apiHost }, whenUnavailable }: DuoSetting) {
  return {
    credentialVersion: version,
    account: authorityId(apiHost),
    chosen: whenUnavailable,
  };
}

function by({ changedBy, changedAt }: Stamped<unknown>): string {
  return `set by ${changedBy} on ${changedAt.toISOString().slice(0, 10)}`;
}

function said({ level, id, by: stamp }: Demand, rule: string): PolicyReason {
  return reason(level, id, `${rule} (${stamp})`);
}

function reason(level: PolicyReason['level'], id: string, rule: string): PolicyReason {
  return Object.freeze({ level, id, rule });
}
