import { z } from 'zod';
import type { SettingPlace, SettingRefused, SettingSection } from '../../contracts.js';
import { checkbox } from '../../web/form-fields.js';
import { acceptedSection, acceptedShape, readAccepted, typedAccepted } from './accepted-form.js';
import { DEFAULT_ACCEPTED } from './factors.js';
import { isWeaker, WHEN_UNAVAILABLE, type WhenUnavailable, weakestAllowed } from './fallback.js';
import type { CheckedKeys, CheckKeys } from './save.js';
import type { DuoSetting } from './settings.js';

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
export function duoSection(checkKeys: CheckKeys): SettingSection<DuoSetting, Fields> {
  return {
    view: 'duo/setting',
    floorView: 'duo/floor',
    fields: shape,
    locals: sectionLocals,

    /** Whose keys hold, and never more than their name. */
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
        return invalid('Say which of Duo’s answers count. Nothing was saved.', errors);
      }
      const { whenUnavailable, clientId, clientSecret, apiHost } = fields;
      if (isWeaker(whenUnavailable, weakestAllowed(partner?.floor))) {
        return invalid('The partner does not allow this choice. Nothing was saved.', {
          whenUnavailable: 'Your partner does not allow this: choose a safer one.',
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

    /** Keys of another account void every activation; keys that are lent no longer leave clients without any. */
    asksFirst({ stored, partner }, next) {
      if (stored?.lendToClients && !next.lendToClients) return true;
      const lent = partner?.stored?.lendToClients ? partner.stored : null;
      const before = stored ?? lent;
      return before !== null && before.keys.apiHost !== next.keys.apiHost;
    },

    concernsClients: ({ lendToClients }) => lendToClients,

    asking: {
      remove: {
        title: 'Remove the keys of Duo',
        heading: 'Remove the keys of Duo?',
        text: 'Duo is no longer offered, from the next request on. The keys are deleted here and stay valid at Duo.',
        left: 'Who has activated Duo alone can no longer prove it, and gets in again only after you have reset them.',
      },
      replace: {
        title: 'Other keys of Duo',
        heading: 'Save these keys of Duo?',
        text: 'Duo has accepted the keys; nothing is saved yet. Whoever has activated Duo at another account, or with keys that are lent no longer, has to activate again.',
        left: 'They are asked to activate at their next login: with an activation key where you demand one, otherwise with their password alone.',
      },
    },
  };
}

function sectionLocals(place: Place, typed: Fields | null) {
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
    choices: CHOICES.map((choice) => ({ ...choice, allowed: !isWeaker(choice.value, limit) })),
    accepted: acceptedSection(stored?.accepted, typed && typedAccepted(typed)),
  };
}

/** The partner whose keys are used; null where that is not so. */
function lender({ stored, partner }: Place): string | null {
  return !stored && partner?.stored?.lendToClients ? partner.name : null;
}

function invalid(message: string, errors: SettingRefused['errors']): SettingRefused {
  return { kind: 'refused', status: 422, error: 'invalid_setting', message, errors };
}

function refused(checked: Exclude<CheckedKeys, { kind: 'checked' }>): SettingRefused {
  if (checked.kind === 'malformed') {
    const message = 'These are not keys of Duo yet. Nothing was saved.';
    const { errors } = checked;
    return { kind: 'refused', status: 422, error: 'invalid_keys', message, errors };
  }
  const { kind, message, suspect } = checked;
  const errors = suspect === null ? {} : { [suspect]: message };
  return kind === 'rejected'
    ? { kind: 'refused', status: 422, error: 'duo_rejected', message, errors }
    : { kind: 'refused', status: 503, error: 'duo_unreachable', message, errors };
}

/** Shown as what they are. */
const CHOICES: readonly {
  readonly value: WhenUnavailable;
  readonly label: string;
  readonly hint: string;
}[] = [
  {
    value: 'deny',
    label: 'Nobody gets in with Duo (safest)',
    hint: 'Users wait until Duo is back, or use another mechanism that is accepted.',
  },
  {
    value: 'fall-back-to-totp',
    label: 'Users with an authenticator app use a code of it instead',
    hint: 'Also where the app is not accepted otherwise; then for an hour at most.',
  },
  {
    value: 'let-in',
    label: 'Users get in with their password alone (least safe)',
    hint: 'Whoever has activated Duo gets in without a second factor, for an hour at most. Each time is recorded.',
  },
];
