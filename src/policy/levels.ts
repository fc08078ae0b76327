import type {
  LevelSetting,
  Message,
  Organization,
  OrganizationSetting,
  Policy,
  PolicyReason,
  Sentence,
  SettingStamp,
  UserSetting,
} from '../contracts.js';
import type { Stamped } from './settings.js';

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
export interface Demand extends LevelSetting {
  readonly level: 'partner' | 'client' | 'user';
  readonly id: string;
  readonly set: SettingStamp;
}

/** What each level demands, the one farthest from the user first. */
export function demandsOf({ organization, partner, own, user }: Levels): Demand[] {
  const demands: Demand[] = [];
  const { kind, id, partnerId } = organization;
  const floor = kind === 'client' ? partner?.value.clientsMust : null;
  if (floor && partner && partnerId !== null) {
    demands.push({ ...floor, level: 'partner', id: partnerId, set: stampOf(partner) });
  }
  if (own) {
    const { mode, methods, enrollment, graceUntil, maxAgeSeconds, rememberDays, proofs, ...more } =
      own.value;
    demands.push({
      level: kind,
      id,
      set: stampOf(own),
      mode,
      methods,
      enrollment,
      graceUntil,
      maxAgeSeconds,
      rememberDays,
      proofs,
      phishingResistant: more.phishingResistant,
    });
  }
  if (user) {
    demands.push({
      level: 'user',
      id: user.id,
      set: stampOf(user.setting),
      ...user.setting.value,
      methods: null,
      enrollment: null,
      maxAgeSeconds: null,
      rememberDays: null,
      proofs: null,
    });
  }
  return demands;
}

/** Those that nobody can phish, where a level takes no others: methods, and proofs of a sign-in. */
export function phishingResistantWhereDemanded<
  One extends { readonly phishingResistant?: boolean },
>(all: readonly One[], demands: readonly Demand[]): readonly One[] {
  const only = demands.some(({ phishingResistant }) => phishingResistant);
  return only ? Object.freeze(all.filter(({ phishingResistant }) => phishingResistant)) : all;
}

export function stampOf({ changedBy, changedAt }: Stamped<unknown>): SettingStamp {
  return { by: changedBy, on: changedAt.toISOString().slice(0, 10) };
}

/** A reason that is a level's demand. */
export function said({ level, id }: Demand, rule: Sentence): PolicyReason {
  return reason(level, id, rule);
}

export function reason(level: PolicyReason['level'], id: string, rule: Sentence): PolicyReason {
  return Object.freeze({ level, id, rule: typeof rule === 'string' ? rule : frozen(rule) });
}

/** A policy that is frozen through and through is checked once. */
function frozen(rule: Message): Message {
  Object.freeze(rule.values);
  return Object.freeze(rule);
}
