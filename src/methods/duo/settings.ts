import { z } from 'zod';
import {
  authorityId,
  type Change,
  type MethodSettings,
  type PolicyReason,
  type ResolvedPart,
  type Sentence,
  type SettingLevels,
} from '../../contracts.js';
import { inForce, type Lendable } from '../lending.js';
import { acceptedWords } from './accepted-words.js';
import type { SealedCredentials } from './credentials.js';
import type { DuoAcceptedResults } from './factors.js';
import { isWeaker, WHEN_UNAVAILABLE, type WhenUnavailable, weakestAllowed } from './fallback.js';
import { sealedKeys } from './sealed-keys.js';
import { duoWords as words } from './words.js';

/** What an organization has stored for Duo. */
export interface DuoSetting extends Lendable {
  readonly keys: SealedCredentials;
  /** What happens when Duo cannot be reached (never when it denies). */
  readonly whenUnavailable: WhenUnavailable;
  /** Which of Duo's results count; by default all at login, actual factors in a step-up. */
  readonly accepted?: DuoAcceptedResults | undefined;
}

/** The part of a policy about Duo: whose keys are used, never the keys. */
export interface DuoPolicy {
  readonly source: string;
  readonly credentialVersion: string;
  /** The Duo account of the keys (`authorityId` of its API hostname); looked up if it is left out. */
  readonly account?: string | undefined;
  /** Replaces what is stored with the keys, if a level above allows no more than this. */
  readonly whenUnavailable?: WhenUnavailable | undefined;
}

declare module '../../contracts/policy.js' {
  interface Policy {
    /** Whose Duo keys are used, and their version. Left out by a door without Duo. */
    readonly duo?: DuoPolicy | null | undefined;
  }
}

declare module '../../contracts/settings.js' {
  interface OrganizationSetting {
    readonly duo: DuoSetting | null;
  }

  interface Floor {
    /** The weakest choice when Duo cannot be reached; not set: no `let-in` if two-factor is required. */
    readonly whenUnavailable?: WhenUnavailable | null | undefined;
  }
}

const keys = z.strictObject({
  clientId: z.string(),
  apiHost: z.string(),
  sealedSecret: z.string(),
  version: z.string(),
});

const resultNames = z
  .array(z.string().regex(/^\w{1,64}$/))
  .min(1)
  .max(40)
  .readonly()
  .nullable();
const resultRule = z.union([
  z.enum(['any', 'actual']),
  z.strictObject({ factors: resultNames, reasons: resultNames }),
]);

export const acceptedSchema = z.strictObject({ login: resultRule, stepUp: resultRule });

const whenUnavailable = z.enum(WHEN_UNAVAILABLE);

export const duoSettings: MethodSettings<DuoSetting, DuoPolicy> = {
  stored: z.strictObject({
    keys,
    whenUnavailable,
    lendToClients: z.boolean(),
    accepted: acceptedSchema.optional(),
  }),
  policy: z.strictObject({
    source: z.string(),
    credentialVersion: z.string(),
    account: z.string().optional(),
    whenUnavailable: whenUnavailable.optional(),
  }),
  floor: {
    whenUnavailable: {
      schema: whenUnavailable.nullish(),
      wrong: words('wrong.one-of-three'),
    },
  },
  required: words('wrong.needs-keys'),
  resolve,
  accountOf: ({ keys: { apiHost } }) => authorityId(apiHost),

  contradictions: ({ lendToClients }, { kind }) =>
    kind === 'client' && lendToClients
      ? [{ field: 'lendToClients', message: words('wrong.only-partner') }]
      : [],

  changes,

  floorChanges(before, after) {
    const [from, to] = [weakestAllowed(before), weakestAllowed(after)];
    const field = 'clientsMust.whenUnavailable';
    const label = words('change.unreachable-clients');
    return from === to ? [] : [{ field, label, from, to }];
  },

  sealed: sealedKeys,
};

function resolve(levels: SettingLevels<DuoSetting>): ResolvedPart<DuoPolicy> {
  const { partner } = levels;
  const used = inForce(levels);
  if (!used) {
    const { kind: level, id } = levels.organization;
    return { part: null, reasons: () => [{ level, id, rule: words('policy.no-keys') }] };
  }
  const { stored, level, id } = used;
  const limit = weakestAllowed(partner?.floor);
  const limited = partner !== null && isWeaker(stored.whenUnavailable, limit);
  return {
    part: {
      source: id,
      credentialVersion: stored.keys.version,
      account: authorityId(stored.keys.apiHost),
      ...(limited && { whenUnavailable: limit }),
    },
    // With keys even if Duo is no longer accepted: users with nothing else prove it once more to activate another.
    reasons(offered): readonly PolicyReason[] {
      const rule = words(offered ? 'policy.offered' : 'policy.not-offered');
      return [
        ...(limited
          ? [
              {
                ...{ level: 'partner', id: partner.id },
                rule: words('policy.limit', { limit, ...partner.set }),
              },
            ]
          : []),
        { level, id, rule },
      ];
    },
  };
}

/** Keys are compared by version, since nothing else of them is shown. */
function changes(before: DuoSetting | null, after: DuoSetting | null): readonly Change[] {
  const found: Change[] = [];
  const change = (field: string, label: Sentence, from: Sentence, to: Sentence) => {
    if (String(from) !== String(to)) found.push({ field, label, from, to });
  };
  const named = (setting: DuoSetting | null) =>
    setting ? words('change.keys-of', { host: setting.keys.apiHost }) : words('change.no-keys');
  if (before?.keys.version !== after?.keys.version) {
    const [from, to] = [named(before), named(after)];
    found.push({ field: 'duo', label: words('change.keys'), from, to });
  }
  if (!before || !after) return found;
  const yes = ({ lendToClients }: DuoSetting) => words(lendToClients ? 'change.yes' : 'change.no');
  const accepted = (setting: DuoSetting) => acceptedWords(setting.accepted);
  change(
    'duo.whenUnavailable',
    words('change.unreachable'),
    before.whenUnavailable,
    after.whenUnavailable,
  );
  change('duo.accepted', words('change.accepted'), accepted(before), accepted(after));
  change('duo.lendToClients', words('change.lent'), yes(before), yes(after));
  return found;
}
