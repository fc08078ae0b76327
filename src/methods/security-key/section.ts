import { z } from 'zod';
import type { SettingPlace, SettingSection } from '../../contracts.js';
import { checkbox } from '../../web/form-fields.js';
import { AAGUID, ANY, MOST_MODELS, type SecurityKeySetting } from './settings.js';
import { securityKeyWords as words } from './words.js';

const shape = {
  userVerification: checkbox,
  deviceBound: checkbox,
  /** AAGUIDs, one a line. */
  models: z.string().max(4000).default(''),
};

type Fields = z.output<z.ZodObject<typeof shape>>;

/** Clients → a client → Authentication Mechanism → which passkeys and security keys count. */
export const securityKeySection: SettingSection<SecurityKeySetting, Fields> = {
  view: 'security-key/setting',
  fields: shape,

  locals({ stored }: SettingPlace<SecurityKeySetting>, typed) {
    const { models, ...rest } = stored ?? ANY;
    return { values: typed ?? { ...rest, models: models?.join('\n') ?? '' } };
  },

  json: ({ stored }) => stored,

  read({ userVerification, deviceBound, models: typed }) {
    const models = typed
      .toLowerCase()
      .split(/[\s,;]+/)
      .filter((one) => one !== '');
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
    const listed = models.length > 0 ? [...new Set(models)] : null;
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

  asking: {
    remove: {
      title: words('asking.remove-title'),
      heading: words('asking.remove-heading'),
      text: words('asking.remove-text'),
      left: words('asking.remove-left'),
    },
    replace: {
      title: words('asking.replace-title'),
      heading: words('asking.replace-heading'),
      text: words('asking.replace-text'),
      left: words('asking.replace-left'),
    },
  },
};
