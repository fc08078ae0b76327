import { z } from 'zod';
import type {
  MethodServices,
  Sentence,
  SettingPlace,
  SettingRefused,
  SettingSection,
} from '../../contracts.js';
import { checkbox } from '../../web/form-fields.js';
import { askingWords } from '../asking-words.js';
import { lender, takesAway } from '../lending.js';
import { acceptedSection, acceptedShape, readAccepted, typedAccepted } from './accepted-form.js';
import { DEFAULT_ACCEPTED } from './factors.js';
import { isWeaker, WHEN_UNAVAILABLE, weakestAllowed } from './fallback.js';
import type { CheckedKeys, CheckKeys } from './save.js';
import type { DuoSetting } from './settings.js';
import { duoWords } from './words.js';

const text = z.string().max(200).default('');

const shape = {
  enabled: z.enum(['yes', 'no']),
  clientId: text,
  clientSecret: text,
  apiHost: text,
  whenUnavailable: z.enum(WHEN_UNAVAILABLE).default('deny'),
  lendToClients: checkbox,
  ...acceptedShape,
};

type Fields = z.output<z.ZodObject<typeof shape>>;
type Place = SettingPlace<DuoSetting>;

/** Clients → a client → Authentication Mechanism → Duo Security: Yes, and the same for a partner. */
export function duoSection(
  checkKeys: CheckKeys,
  say: MethodServices['say'],
): SettingSection<DuoSetting, Fields> {
  return {
    view: 'duo/setting',
    floorView: 'duo/floor',
    fields: shape,
    locals: (place, typed) => sectionLocals(place, typed, say),

    /** The name of the partner whose keys are used, and nothing else of it. */
    json(place) {
      const { stored } = place;
      const lentBy = lender(place);
      if (!stored) return lentBy === null ? null : { lentBy };
      const { keys, whenUnavailable, lendToClients, accepted = DEFAULT_ACCEPTED } = stored;
      const { clientId, apiHost } = keys;
      return { clientId, apiHost, whenUnavailable, lendToClients, accepted };
    },

    async read(fields, { organization, stored, partner }) {
      if (fields.enabled === 'no') return { kind: 'read', stored: null };
      const { accepted, errors } = readAccepted(fields, stored);
      if (Object.keys(errors).length > 0) {
        return invalid(duoWords('wrong.accepted'), errors);
      }
      const { whenUnavailable, clientId, clientSecret, apiHost } = fields;
      if (isWeaker(whenUnavailable, weakestAllowed(partner?.floor))) {
        return invalid(duoWords('wrong.not-allowed'), {
          whenUnavailable: duoWords('wrong.safer'),
        });
      }
      const typed = { clientId, clientSecret, apiHost };
      const checked = await checkKeys(organization.id, typed, stored?.keys ?? null);
      if (checked.kind !== 'checked') return refused(checked);
      return {
        kind: 'read',
        stored: {
          keys: checked.keys,
          whenUnavailable,
          lendToClients: organization.kind === 'partner' && fields.lendToClients,
          ...(accepted && { accepted }),
        },
      };
    },

    asksFirst: (place, next) => takesAway(place, next, ({ keys }) => keys.apiHost),
    concernsClients: ({ lendToClients }) => lendToClients,
    asking: askingWords(duoWords),
  };
}

function sectionLocals(place: Place, typed: Fields | null, say: MethodServices['say']) {
  const { organization, stored, partner } = place;
  const { keys, whenUnavailable = 'deny', lendToClients = false } = stored ?? {};
  const limit = weakestAllowed(partner?.floor);
  const values = typed ?? {
    ...{ clientId: keys?.clientId ?? '', apiHost: keys?.apiHost ?? '' },
    ...{ whenUnavailable, lendToClients },
  };
  return {
    on: stored !== null,
    lentBy: lender(place),
    isPartner: organization.kind === 'partner',
    // Never the secret.
    values: {
      clientId: values.clientId,
      apiHost: values.apiHost,
      whenUnavailable: values.whenUnavailable,
      lendToClients: values.lendToClients,
    },
    choices: WHEN_UNAVAILABLE.map((value) => ({
      value,
      label: say(duoWords(`setting.${value}`)),
      hint: say(duoWords(`setting.${value}-hint`)),
      allowed: !isWeaker(value, limit),
    })),
    accepted: acceptedSection(stored?.accepted, typed && typedAccepted(typed), say),
  };
}

function invalid(message: Sentence, errors: SettingRefused['errors']): SettingRefused {
  return { kind: 'refused', status: 422, error: 'invalid_setting', message, errors };
}

function refused(checked: Exclude<CheckedKeys, { kind: 'checked' }>): SettingRefused {
  if (checked.kind === 'malformed') {
    const message = duoWords('wrong.keys');
    const { errors } = checked;
    return { kind: 'refused', status: 422, error: 'invalid_keys', message, errors };
  }
  const { kind, message, suspect } = checked;
  const errors = suspect === null ? {} : { [suspect]: message };
  return kind === 'rejected'
    ? { kind: 'refused', status: 422, error: 'duo_rejected', message, errors }
    : { kind: 'refused', status: 503, error: 'duo_unreachable', message, errors };
}
