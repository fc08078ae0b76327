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

/** The settings that a policy is resolved from; for a partner's own user, `partner` is null. */
export interface Levels {
  readonly organization: Organization;
  readonly partner: Stamped<OrganizationSetting> | null;
  readonly own: Stamped<OrganizationSetting> | null;
  readonly user: { readonly id: string; readonly setting: Stamped<UserSetting> } | null;
  /** The mode when no level sets one. Default `off`. */
  readonly byDefault?: Policy['mode'] | undefined;
}

/** What one level demands; null for what it does not set. */
export interface Demand extends LevelSetting {
  readonly level: 'partner' | 'client' | 'user';
  readonly id: string;
  readonly set: SettingStamp;
}

/** The demands of each level, the one farthest from the user first. */
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

/** Only the phishing-resistant methods or sign-in proofs, if a level accepts no others. */
export function phishingResistantWhereDemanded<
  One extends { readonly phishingResistant?: boolean },
>(all: readonly One[], demands: readonly Demand[]): readonly One[] {
  const only = demands.some(({ phishingResistant }) => phishingResistant);
  return only ? Object.freeze(all.filter(({ phishingResistant }) => phishingResistant)) : all;
}

export function stampOf({ changedBy, changedAt }: Stamped<unknown>): SettingStamp {
  return { by: changedBy, on: changedAt.toISOString().slice(0, 10) };
}

/** The reason for a level's demand. */
export function said({ level, id }: Demand, rule: Sentence): PolicyReason {
  return reason(level, id, rule);
}

export function reason(level: PolicyReason['level'], id: string, rule: Sentence): PolicyReason {
  return Object.freeze({ level, id, rule: typeof rule === 'string' ? rule : frozen(rule) });
}

/** Frozen deeply, so that the policy is validated only once. */
function frozen(rule: Message): Message {
  Object.freeze(rule.values);
  return Object.freeze(rule);
}
