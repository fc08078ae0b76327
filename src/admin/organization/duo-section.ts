import type { WhenUnavailable } from '../../contracts.js';
import { DEFAULT_ACCEPTED } from '../../methods/duo/factors.js';
import { isWeaker, weakestAllowed } from '../../policy/fallback.js';
import type { FieldErrors } from '../bodies.js';
import type { AdminContext } from '../context.js';
import type { OrganizationVisit } from '../guard.js';
import type { DuoSectionLocals } from '../locals.js';
import { acceptedSection, type typedAccepted } from './duo-accepted.js';
import { type Current, currentSetting } from './proposals.js';

/** What is shown in place of the stored keys after a refusal; the secret is never shown again. */
export interface DuoRefused {
  readonly status: 409 | 422 | 503;
  readonly error:
    | 'conflict'
    | 'invalid_keys'
    | 'invalid_setting'
    | 'duo_rejected'
    | 'duo_unreachable';
  readonly message: string;
  readonly errors: FieldErrors;
  readonly typed: DuoSectionLocals['values'] | null;
  readonly typedAccepted?: ReturnType<typeof typedAccepted>;
}

/** The part of the Authentication Mechanism page that is about Duo's keys. */
export async function duoSection(
  { store, directory }: Pick<AdminContext, 'store' | 'directory'>,
  { organization, at }: OrganizationVisit,
  { value, version }: Current,
  mayChange: boolean,
  refused: DuoRefused | null,
): Promise<DuoSectionLocals> {
  const { duo } = value;
  const { kind, partnerId } = organization;
  let lentBy: string | null = null;
  let limit = weakestAllowed(null);
  if (kind === 'client' && partnerId !== null) {
    const partner = currentSetting(await store.readSetting(partnerId), partnerId);
    limit = weakestAllowed(partner.value.clientsMust);
    if (!duo && partner.value.duo?.lendToClients) {
      lentBy = (await directory.organization(partnerId))?.name ?? partnerId;
    }
  }
  return {
    action: at.duo,
    version,
    mayChange,
    on: duo !== null,
    lentBy,
    isPartner: kind === 'partner',
    values: refused?.typed ?? {
      clientId: duo?.keys.clientId ?? '',
      apiHost: duo?.keys.apiHost ?? '',
      whenUnavailable: duo?.whenUnavailable ?? 'deny',
      lendToClients: duo?.lendToClients ?? false,
    },
    choices: CHOICES.map((choice) => ({ ...choice, allowed: !isWeaker(choice.value, limit) })),
    accepted: acceptedSection(duo?.accepted, refused?.typedAccepted ?? null),
    wrong: refused?.errors ?? {},
    message: refused?.message ?? null,
    open: refused !== null || duo !== null,
  };
}

/** For programs: whose keys hold, and never more than their name. */
export function duoJson({ duo }: Current['value'], { lentBy }: DuoSectionLocals) {
  return duo
    ? {
        clientId: duo.keys.clientId,
        apiHost: duo.keys.apiHost,
        whenUnavailable: duo.whenUnavailable,
        lendToClients: duo.lendToClients,
        accepted: duo.accepted ?? DEFAULT_ACCEPTED,
      }
    : lentBy === null
      ? null
      : { lentBy };
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
