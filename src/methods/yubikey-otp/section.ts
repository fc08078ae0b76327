import { z } from 'zod';
import type { SettingRefused, SettingSection } from '../../contracts.js';
import { checkbox } from '../../web/form-fields.js';
import { askingWords } from '../asking-words.js';
import { lender, takesAway } from '../lending.js';
import type { CheckCredentials, CheckedCredentials } from './save.js';
import { accountOf } from './servers.js';
import type { YubikeySetting } from './settings.js';
import { yubikeyWords } from './words.js';

const text = z.string().max(200).default('');

const shape = {
  enabled: z.enum(['yes', 'no']),
  clientId: text,
  clientSecret: text,
  servers: z.union([z.string().max(2000), z.array(z.string().max(300)).max(20)]).default(''),
  lendToClients: checkbox,
};

type Fields = z.output<z.ZodObject<typeof shape>>;

/** Clients → a client → Authentication Mechanism → YubiKey: Yes, and the same for a partner. */
export function yubikeySection({
  ownServers,
  check,
}: {
  /** Whether an organization may name servers of its own. */
  readonly ownServers: boolean;
  readonly check: CheckCredentials;
}): SettingSection<YubikeySetting, Fields> {
  return {
    view: 'yubikey-otp/setting',
    fields: shape,

    locals(place, typed) {
      const { organization, stored } = place;
      const { credentials, lendToClients = false } = stored ?? {};
      const { clientId = '', servers = [] } = typed ?? credentials ?? {};
      return {
        on: stored !== null,
        lentBy: lender(place),
        isPartner: organization.kind === 'partner',
        ownServers,
        // Never the secret.
        values: {
          clientId,
          servers: typeof servers === 'string' ? servers : servers.join('\n'),
          lendToClients: typed?.lendToClients ?? lendToClients,
        },
      };
    },

    /** The name of the partner whose credentials are used, and nothing else of it. */
    json(place) {
      const { stored } = place;
      const lentBy = lender(place);
      if (!stored) return lentBy === null ? null : { lentBy };
      const { clientId, servers } = stored.credentials;
      return { clientId, servers, lendToClients: stored.lendToClients };
    },

    async read({ enabled, lendToClients, ...typed }, { organization, stored }) {
      if (enabled === 'no') return { kind: 'read', stored: null };
      const checked = await check(organization.id, typed, stored?.credentials ?? null);
      if (checked.kind !== 'checked') return refused(checked);
      return {
        kind: 'read',
        stored: {
          credentials: checked.credentials,
          lendToClients: organization.kind === 'partner' && lendToClients,
        },
      };
    },

    asksFirst: (place, next) =>
      takesAway(place, next, ({ credentials }) => accountOf(credentials.servers)),
    concernsClients: ({ lendToClients }) => lendToClients,
    asking: askingWords(yubikeyWords),
  };
}

function refused(checked: Exclude<CheckedCredentials, { kind: 'checked' }>): SettingRefused {
  if (checked.kind === 'malformed') {
    const message = yubikeyWords('wrong.credentials');
    const { errors } = checked;
    return { kind: 'refused', status: 422, error: 'invalid_credentials', message, errors };
  }
  const { kind, message, suspect } = checked;
  const errors = suspect === null ? {} : { [suspect]: message };
  return kind === 'rejected'
    ? { kind: 'refused', status: 422, error: 'credentials_rejected', message, errors }
    : { kind: 'refused', status: 503, error: 'server_unreachable', message, errors };
}
