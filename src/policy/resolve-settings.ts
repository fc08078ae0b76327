import type {
  MethodName,
  Organization,
  Policy,
  PolicyMethod,
  PolicyPart,
  PolicyReason,
  ResolvedPart,
} from '../contracts.js';
import { acrossCopies, UnavailableError } from '../errors.js';
import { message } from '../messages/english.js';
import {
  type Demand,
  demandsOf,
  type Levels,
  phishingResistantWhereDemanded,
  reason,
  said,
  stampOf,
} from './levels.js';
import { resolveProofs } from './resolve-proofs.js';
import { storedOf } from './settings.js';

/** The levels leave no method that each of them accepts: nobody of the organization gets in. */
export class ContradictionError extends UnavailableError {
  constructor(
    { kind, id }: Organization,
    readonly because: readonly PolicyReason[],
  ) {
    const reasons = because.map((one) => `${one.level} ${one.id}: ${one.rule}`).join('; ');
    super(
      'ERR_POLICY',
      `no method is left that every level above the users of ${kind} ${id} accepts: ${reasons}`,
    );
  }
}
acrossCopies('ContradictionError', ContradictionError);

const STRENGTH = { off: 0, optional: 1, required: 2 } as const;

/**
 * Partner → client → user, resolved. Restrictions intersect and never unite: the strictest mode holds, methods are
 * those that every level accepts, the smaller `maxAge`, and the earliest end of grace of the levels that require (a
 * level that requires without grace leaves none). Methods keep the order of the level nearest to the user. Every part
 * has its reasons in `because`. Pure.
 */
export function resolveSettings(levels: Levels, registered: readonly PolicyMethod[]): Policy {
  const demands = demandsOf(levels);
  const because: PolicyReason[] = [];
  const mode = resolveMode(levels, demands, because);
  const parts = resolveParts(levels, registered);
  const methods = resolveMethods(demands, registered, parts, because);
  // Also when it is optional: users with a factor could neither use it nor activate another.
  if (mode !== 'off' && methods.length === 0) {
    throw new ContradictionError(levels.organization, because);
  }
  return Object.freeze({
    mode,
    // Backups need not be named by a setting: they are a way back in for users with another method.
    methods: Object.freeze([...methods, ...backupsOf(registered, demands)]),
    ...partsOf(parts),
    enrollment: resolveEnrollment(demands, because),
    graceUntil: resolveGrace(demands, because),
    maxAgeSeconds: resolveMaxAge(demands, because),
    rememberDeviceSeconds: resolveRemembering(levels, demands, because),
    proofs: phishingResistantWhereDemanded(resolveProofs(levels, demands, because), demands),
    because: Object.freeze(because),
    // Each method has resolved its own part.
  }) as Policy;
}

/** The resolved part of each method with settings. */
type Parts = ReadonlyMap<MethodName, ResolvedPart<PolicyPart>>;

function partsOf(parts: Parts): Readonly<Record<MethodName, PolicyPart | null>> {
  const entries = [...parts].map(([name, { part }]) => [name, part && Object.freeze(part)]);
  return Object.fromEntries(entries);
}

/** The methods that cannot be offered since no level has set what they need, such as keys. */
export function withoutSetting(
  levels: Levels,
  registered: readonly PolicyMethod[],
): readonly MethodName[] {
  const parts = resolveParts(levels, registered);
  return registered.filter((method) => lacks(method, parts)).map(({ name }) => name);
}

function lacks({ name, settings }: PolicyMethod, parts: Parts): boolean {
  return settings?.required !== undefined && parts.get(name)?.part === null;
}

function isBackup({ role }: PolicyMethod): boolean {
  return role === 'backup';
}

function backupsOf(
  registered: readonly PolicyMethod[],
  demands: readonly Demand[],
): readonly MethodName[] {
  return phishingResistantWhereDemanded(registered.filter(isBackup), demands).map(
    ({ name }) => name,
  );
}

function resolveParts(levels: Levels, registered: readonly PolicyMethod[]): Parts {
  const { organization, own, partner } = levels;
  const { kind, partnerId } = organization;
  const found = new Map<MethodName, ResolvedPart<PolicyPart>>();
  for (const { name, settings } of registered) {
    if (!settings) continue;
    const resolved = settings.resolve({
      organization,
      own: own && { stored: storedOf(own.value, name), set: stampOf(own) },
      partner:
        kind === 'client' && partner && partnerId !== null
          ? {
              ...{ id: partnerId, set: stampOf(partner), stored: storedOf(partner.value, name) },
              floor: partner.value.clientsMust,
            }
          : null,
    });
    found.set(name, resolved);
  }
  return found;
}

function resolveMode(
  { organization, byDefault = 'off' }: Levels,
  demands: readonly Demand[],
  because: PolicyReason[],
): Policy['mode'] {
  let mode: Policy['mode'] | null = null;
  for (const demand of demands) {
    if (demand.mode === null) continue;
    because.push(said(demand, message('policy.mode', { mode: demand.mode, ...demand.set })));
    if (mode === null || STRENGTH[demand.mode] > STRENGTH[mode]) mode = demand.mode;
  }
  if (mode !== null) return mode;
  because.push(
    byDefault === 'off'
      ? reason(organization.kind, organization.id, message('policy.mode-off'))
      : reason('host', 'door', message('policy.mode-default', { mode: byDefault })),
  );
  return byDefault;
}

function resolveMethods(
  demands: readonly Demand[],
  registered: readonly PolicyMethod[],
  parts: Parts,
  because: PolicyReason[],
): readonly MethodName[] {
  const names = registered.map(({ name }) => name);
  because.push(reason('host', 'door', message('policy.offers', { methods: names.join(', ') })));
  let methods = phishingResistantWhereDemanded(registered, demands)
    .filter((method) => !isBackup(method) && !lacks(method, parts))
    .map(({ name }) => name);
  for (const demand of demands) {
    if (!demand.phishingResistant) continue;
    because.push(said(demand, message('policy.phishing-resistant', demand.set)));
  }
  for (const demand of demands) {
    if (demand.methods === null) continue;
    const accepted = demand.methods.join(', ');
    because.push(said(demand, message('policy.accepts', { methods: accepted, ...demand.set })));
    methods = [...new Set(demand.methods)].filter((method) => methods.includes(method));
  }
  for (const [name, { reasons }] of parts) {
    for (const { level, id, rule } of reasons(methods.includes(name))) {
      because.push(reason(level, id, rule));
    }
  }
  return methods;
}

function resolveEnrollment(
  demands: readonly Demand[],
  because: PolicyReason[],
): Policy['enrollment'] {
  let enrollment: Policy['enrollment'] | null = null;
  for (const demand of demands) {
    if (demand.enrollment === null) continue;
    const key = demand.enrollment === 'self' ? 'policy.activation-self' : 'policy.activation-key';
    because.push(said(demand, message(key, demand.set)));
    if (enrollment !== 'activation-key') enrollment = demand.enrollment;
  }
  if (enrollment === null) {
    because.push(reason('host', 'door', message('policy.activation-default')));
  }
  return enrollment ?? 'self';
}

function resolveGrace(demands: readonly Demand[], because: PolicyReason[]): Date | null {
  let until = Number.POSITIVE_INFINITY;
  for (const demand of demands) {
    if (demand.mode !== 'required') continue;
    if (demand.graceUntil === null) {
      because.push(said(demand, message('policy.grace-none', demand.set)));
      until = Number.NEGATIVE_INFINITY;
    } else {
      const rule = message('policy.grace', { until: demand.graceUntil, ...demand.set });
      because.push(said(demand, rule));
      until = Math.min(until, Date.parse(demand.graceUntil));
    }
  }
  return Number.isFinite(until) ? new Date(until) : null;
}

function resolveMaxAge(demands: readonly Demand[], because: PolicyReason[]): number | null {
  let smallest: number | null = null;
  for (const demand of demands) {
    if (demand.maxAgeSeconds === null) continue;
    const seconds = demand.maxAgeSeconds;
    because.push(said(demand, message('policy.max-age', { seconds, ...demand.set })));
    smallest = Math.min(smallest ?? demand.maxAgeSeconds, demand.maxAgeSeconds);
  }
  if (smallest === null) because.push(reason('host', 'door', message('policy.max-age-default')));
  return smallest;
}

/** Off unless the user's own organization allows it; then the smallest of what the levels allow. */
function resolveRemembering(
  { own, organization }: Levels,
  demands: readonly Demand[],
  because: PolicyReason[],
): number | null {
  if (!own?.value.rememberDays) {
    const rule = message('policy.remember-none');
    because.push(reason(organization.kind, organization.id, rule));
    return null;
  }
  let smallest = Number.POSITIVE_INFINITY;
  for (const demand of demands) {
    if (demand.rememberDays === null) continue;
    const days = demand.rememberDays;
    because.push(said(demand, message('policy.remember', { days, ...demand.set })));
    smallest = Math.min(smallest, demand.rememberDays);
  }
  return smallest === 0 ? null : smallest * 24 * 3600;
}
