import type { MethodName, Policy, PolicyReason } from '../contracts.js';
import { UnavailableError } from '../errors.js';
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
}

/** What one level demands. Levels can only tighten: see `tighten`. */
interface Demand {
  readonly level: 'partner' | 'client' | 'user';
  readonly id: string;
  readonly by: string;
  readonly mode: Policy['mode'] | null;
  readonly methods: readonly MethodName[] | null;
  readonly enrollment: Policy['enrollment'] | null;
  readonly graceUntil: string | null;
  readonly maxAgeSeconds: number | null;
}

const STRENGTH = { off: 0, optional: 1, required: 2 } as const;

/** Methods that no setting has to name: a way back in for whoever has one of the others. */
const ALWAYS: readonly MethodName[] = ['recovery-code'];

/**
 * Partner → client → user, resolved. Restrictions intersect and never unite: the strictest mode holds, methods
 * are those that every level accepts, the smaller `maxAge`, and the earliest end of grace of the levels that
 * require (a level that requires without grace leaves none). Pure.
 */
export function resolveSettings(levels: Levels, registered: readonly MethodName[]): Policy {
  const demands = demandsOf(levels);
  const because: PolicyReason[] = [];
  const say = (demand: Pick<Demand, 'level' | 'id' | 'by'>, rule: string) =>
    because.push(
      Object.freeze({ level: demand.level, id: demand.id, rule: `${rule} (${demand.by})` }),
    );

  let mode: Policy['mode'] = 'off';
  for (const demand of demands) {
    if (demand.mode === null) continue;
    if (STRENGTH[demand.mode] > STRENGTH[mode]) mode = demand.mode;
    say(demand, `two-factor is ${demand.mode}`);
  }
  if (mode === 'off' && because.length === 0) {
    const { kind, id } = levels.organization;
    because.push(Object.freeze({ level: kind, id, rule: 'nothing was switched on' }));
  }

  const duo = duoOf(levels);
  const enrollable = registered.filter(
    (method) => !ALWAYS.includes(method) && (method !== 'duo' || duo !== null),
  );
  let methods: readonly MethodName[] = enrollable;
  for (const demand of demands) {
    const accepted = demand.methods;
    if (accepted === null) continue;
    say(demand, `accepts ${accepted.join(', ')}`);
    // The order is that of the level nearest to the user: the preferred one first.
    methods = accepted.filter((method) => methods.includes(method));
  }
  if (mode === 'required' && methods.length === 0) {
    throw new UnavailableError(
      'ERR_POLICY',
      `no method is accepted by every level of ${levels.organization.kind} ${levels.organization.id}: ${because.map(({ level, id, rule }) => `${level} ${id} ${rule}`).join('; ')}`,
    );
  }
  if (duo && methods.includes('duo')) {
    because.push(
      Object.freeze({
        level: duo.level,
        id: duo.source,
        rule: 'Duo is offered with the keys of this account',
      }),
    );
  }

  let enrollment: Policy['enrollment'] = 'self';
  let maxAgeSeconds: number | null = null;
  let graceUntil: number | null = null;
  let graceGone = false;
  for (const demand of demands) {
    if (demand.enrollment === 'activation-key') {
      enrollment = 'activation-key';
      say(demand, 'a first activation needs an activation key');
    }
    if (demand.maxAgeSeconds !== null) {
      maxAgeSeconds = Math.min(maxAgeSeconds ?? Number.POSITIVE_INFINITY, demand.maxAgeSeconds);
      say(demand, `a proof counts for ${demand.maxAgeSeconds} s`);
    }
    if (demand.mode !== 'required') continue;
    if (demand.graceUntil === null) {
      graceGone = true;
    } else {
      const until = Date.parse(demand.graceUntil);
      graceUntil = Math.min(graceUntil ?? Number.POSITIVE_INFINITY, until);
      say(demand, `may be postponed until ${demand.graceUntil}`);
    }
  }

  return Object.freeze({
    mode,
    methods: Object.freeze([...methods, ...ALWAYS.filter((method) => registered.includes(method))]),
    duo:
      duo && methods.includes('duo')
        ? Object.freeze({ source: duo.source, credentialVersion: duo.setting.keys.version })
        : null,
    enrollment,
    graceUntil: graceGone || graceUntil === null ? null : new Date(graceUntil),
    maxAgeSeconds,
    because: Object.freeze(because),
  });
}

function demandsOf({ organization, partner, own, user }: Levels): Demand[] {
  const demands: Demand[] = [];
  const floor = organization.kind === 'client' ? (partner?.value.clientsMust ?? null) : null;
  if (floor && partner && organization.partnerId !== null) {
    demands.push({ ...floor, level: 'partner', id: organization.partnerId, by: by(partner) });
  }
  if (own) {
    const { mode, methods, enrollment, graceUntil, maxAgeSeconds } = own.value;
    const { kind: level, id } = organization;
    demands.push({ level, id, by: by(own), mode, methods, enrollment, graceUntil, maxAgeSeconds });
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
    });
  }
  return demands;
}

function by({ changedBy, changedAt }: Stamped<unknown>): string {
  return `set by ${changedBy} on ${changedAt.toISOString().slice(0, 10)}`;
}

/** Whose Duo keys hold: the organization's own, or those that its partner lends. */
function duoOf({
  organization,
  partner,
  own,
}: Levels): { level: 'partner' | 'client'; source: string; setting: DuoSetting } | null {
  if (own?.value.duo) {
    return { level: organization.kind, source: organization.id, setting: own.value.duo };
  }
  const lent = organization.kind === 'client' ? partner?.value.duo : null;
  if (lent?.lendToClients && organization.partnerId !== null) {
    return { level: 'partner', source: organization.partnerId, setting: lent };
  }
  return null;
}
