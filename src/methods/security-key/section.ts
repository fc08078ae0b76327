import { z } from 'zod';
import type { SettingPlace, SettingSection } from '../../contracts.js';
import { checkbox } from '../../web/form-fields.js';
import { askingWords } from '../asking-words.js';
import { demandOf } from './floor.js';
import { withdrawnAs } from './metadata/attestation.js';
import type { Metadata } from './metadata/blob.js';
import { AAGUID, ANY, MOST_MODELS, modelsIn, type SecurityKeySetting } from './restriction.js';
import { securityKeyWords as words } from './words.js';

const shape = {
  userVerification: checkbox,
  deviceBound: checkbox,
  /** AAGUIDs, one a line. */
  models: z.string().max(4000).default(''),
};

type Fields = z.output<z.ZodObject<typeof shape>>;

/** Clients → a client → Authentication Mechanism → which passkeys and security keys count. */
export const securityKeySection = (
  metadata: Metadata | null,
  now: () => number,
): SettingSection<SecurityKeySetting, Fields> => ({
  view: 'security-key/setting',
  floorView: 'security-key/floor',
  fields: shape,

  locals({ stored, partner }: SettingPlace<SecurityKeySetting>, typed) {
    const demand = demandOf(partner?.floor);
    const { models, ...rest } = stored ?? ANY;
    return {
      metadata: metadata && shownOf(metadata, now(), models ?? []),
      values: typed ?? { ...rest, models: models?.join('\n') ?? '' },
      demanded: demand && { ...demand, partner: partner?.name, models: demand.models?.join(', ') },
    };
  },

  json: ({ stored }) => stored,

  read({ userVerification, deviceBound, models: typed }, { partner }) {
    const models = modelsIn(typed);
    const wrong = models.find((one) => !AAGUID.test(one));
    if (wrong !== undefined || models.length > MOST_MODELS) {
      return {
        ...{ kind: 'refused', status: 422, error: 'invalid_models' },
        message: words('wrong.models'),
        errors: {
          models:
            wrong === undefined
              ? words('wrong.too-many', { most: MOST_MODELS })
              : words('wrong.aaguid', { typed: wrong.slice(0, 40) }),
        },
      };
    }
    const allowed = demandOf(partner?.floor)?.models;
    const outside = allowed && models.find((one) => !allowed.includes(one));
    if (outside) {
      return {
        ...{ kind: 'refused', status: 422, error: 'invalid_models' },
        message: words('wrong.models'),
        errors: { models: words('wrong.outside', { model: outside }) },
      };
    }
    const listed = models.length > 0 ? models : null;
    const restricts = userVerification || deviceBound || listed !== null;
    return {
      kind: 'read',
      stored: restricts ? { userVerification, deviceBound, models: listed } : null,
    };
  },

  /** What is taken from people is shown first, with whose keys count no longer. */
  asksFirst({ stored }, next) {
    const before = stored ?? ANY;
    return (
      (next.userVerification && !before.userVerification) ||
      (next.deviceBound && !before.deviceBound) ||
      (next.models !== null &&
        !(before.models?.every((one) => next.models?.includes(one)) ?? false))
    );
  },

  concernsClients: () => false,
  asking: askingWords(words),
});

/** What the page says of the makers' word; `dueOn` where the metadata is old. */
function shownOf({ number, goodUntil, models }: Metadata, now: number, taken: readonly string[]) {
  return {
    number,
    count: models.size,
    dueOn: now > goodUntil ? new Date(goodUntil).toISOString().slice(0, 10) : null,
    taken: taken.map((aaguid) => {
      const model = models.get(aaguid);
      return { aaguid, name: model?.name ?? null, status: model ? withdrawnAs(model) : null };
    }),
  };
}
