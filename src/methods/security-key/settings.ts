import { z } from 'zod';
import type {
  Change,
  MethodSettings,
  PolicyPart,
  Sentence,
  SettingStamp,
} from '../../contracts.js';
import { demandOf, floorChanges, keyFloor } from './floor.js';
import { ANY, models, type SecurityKeySetting, stricter } from './restriction.js';
import { securityKeyWords as words } from './words.js';

export interface SecurityKeyPolicy extends PolicyPart, SecurityKeySetting {}

declare module '../../contracts/policy.js' {
  interface Policy {
    /** Which keys count; null or left out: all of them. */
    readonly 'security-key'?: SecurityKeyPolicy | null | undefined;
  }
}

declare module '../../contracts/settings.js' {
  interface OrganizationSetting {
    readonly 'security-key'?: SecurityKeySetting | null | undefined;
  }
}

const fields = {
  userVerification: z.boolean(),
  deviceBound: z.boolean(),
  models: models.min(1).readonly().nullable(),
};

/** Matches nothing. */
const NONE = '(?!)';

/** Of the parameters of a key (`credential.ts`): its model, and its flags in their order. */
function acceptsOf(
  { userVerification, deviceBound, models }: SecurityKeySetting,
  attested: boolean,
): string {
  const named = models?.map((one) =>
    Buffer.from(one.replaceAll('-', ''), 'hex').toString('base64url'),
  );
  const model = named ? (named.length > 0 ? `(${named.join('|')})` : NONE) : '[A-Za-z0-9_-]*';
  const vouched = named && attested ? 'a' : 'a?';
  return `^${model}/${userVerification ? 'v' : 'v?'}${deviceBound ? '' : '(eb?)?'}${vouched}$`;
}

function rulesOf(
  { userVerification, deviceBound, models: named }: SecurityKeySetting,
  set: SettingStamp,
  attested: boolean,
): readonly Sentence[] {
  const models = attested ? 'policy.models-attested' : 'policy.models';
  const by = { by: set.by, on: set.on };
  return [
    ...(userVerification ? [words('policy.verified', by)] : []),
    ...(deviceBound ? [words('policy.device-bound', by)] : []),
    ...(named ? [words(models, { count: named.length, ...by })] : []),
  ];
}

/** `attested`: where certain models are taken, their makers have to vouch for them. */
export const securityKeySettings = (
  attested: boolean,
): MethodSettings<SecurityKeySetting, SecurityKeyPolicy> => ({
  stored: z.strictObject(fields),

  policy: z
    .strictObject({
      source: z.string().optional(),
      userVerification: fields.userVerification.default(false),
      deviceBound: fields.deviceBound.default(false),
      // None where an organization and its partner take different ones.
      models: models.readonly().nullable().default(null),
      accepts: z.string().optional(),
    })
    .transform((part) => ({ ...part, accepts: acceptsOf(part, attested) })),

  floor: keyFloor,
  floorChanges,

  resolve({ organization: { id, kind }, own, partner }) {
    const stored = own?.stored ?? null;
    const demand = demandOf(partner?.floor);
    const levels = [
      ...(partner && demand
        ? [{ level: 'partner', id: partner.id, set: partner.set, demand }]
        : []),
      ...(own && stored ? [{ level: kind, id, set: own.set, demand: stored }] : []),
    ];
    if (levels.length === 0) return { part: null, reasons: () => [] };
    const setting = stricter(stored ?? ANY, demand ?? ANY);
    return {
      part: {
        source: stored ? id : String(partner?.id),
        ...setting,
        accepts: acceptsOf(setting, attested),
      },
      reasons: (offered) =>
        levels.flatMap(({ demand: rules, set, ...who }) =>
          offered ? rulesOf(rules, set, attested).map((rule) => ({ ...who, rule })) : [],
        ),
    };
  },

  changes(before, after) {
    const found: Change[] = [];
    const change = (field: string, label: Sentence, of: (one: SecurityKeySetting) => Sentence) => {
      const [from, to] = [of(before ?? ANY), of(after ?? ANY)];
      if (String(from) !== String(to)) {
        found.push({ field: `security-key.${field}`, label, from, to });
      }
    };
    const yes = (value: boolean) => words(value ? 'change.yes' : 'change.no');
    change('userVerification', words('change.verification'), (one) => yes(one.userVerification));
    change('deviceBound', words('change.device-bound'), (one) => yes(one.deviceBound));
    change(
      'models',
      words('change.models'),
      ({ models }) => models?.join(', ') ?? words('change.any'),
    );
    return found;
  },
});
