import { z } from 'zod';
import type {
  Change,
  MethodSettings,
  ResolvedPart,
  Sentence,
  SettingLevels,
} from '../../contracts.js';
import { inForce, type Lendable } from '../lending.js';
import type { SealedCredentials } from './credentials.js';
import { sealedSecret } from './sealed-secret.js';
import { accountOf, MOST_SERVERS, serversOf } from './servers.js';
import { yubikeyWords } from './words.js';

/** What an organization has stored for YubiKeys. */
export interface YubikeySetting extends Lendable {
  readonly credentials: SealedCredentials;
}

/** The part of a policy about YubiKeys: whose credentials are used, never the credentials. */
export interface YubikeyPolicy {
  readonly source: string;
  readonly credentialVersion: string;
  /** The authority (`authorityId` of the servers) for keys; looked up if it is left out. */
  readonly account?: string | undefined;
}

declare module '../../contracts/policy.js' {
  interface Policy {
    /** Whose credentials are used, and their version. Left out by a door without YubiKeys. */
    readonly 'yubikey-otp'?: YubikeyPolicy | null | undefined;
  }
}

declare module '../../contracts/settings.js' {
  interface OrganizationSetting {
    readonly 'yubikey-otp'?: YubikeySetting | null | undefined;
  }
}

export const yubikeySettings: MethodSettings<YubikeySetting, YubikeyPolicy> = {
  stored: z.strictObject({
    credentials: z.strictObject({
      clientId: z.string(),
      servers: z.array(z.string()).max(MOST_SERVERS),
      sealedSecret: z.string(),
      version: z.string(),
    }),
    lendToClients: z.boolean(),
  }),
  policy: z.strictObject({
    source: z.string(),
    credentialVersion: z.string(),
    account: z.string().optional(),
  }),
  required: yubikeyWords('wrong.needed'),
  resolve,
  accountOf: ({ credentials: { servers } }) => accountOf(servers),

  contradictions: ({ lendToClients }, { kind }) =>
    kind === 'client' && lendToClients
      ? [{ field: 'lendToClients', message: yubikeyWords('wrong.only-partner') }]
      : [],

  changes,
  sealed: sealedSecret,
};

function resolve(levels: SettingLevels<YubikeySetting>): ResolvedPart<YubikeyPolicy> {
  const used = inForce(levels);
  if (!used) {
    const { kind: level, id } = levels.organization;
    return { part: null, reasons: () => [{ level, id, rule: yubikeyWords('policy.none') }] };
  }
  const { stored, level, id } = used;
  const { servers, version } = stored.credentials;
  return {
    part: { source: id, credentialVersion: version, account: accountOf(servers) },
    reasons(offered) {
      const rule = yubikeyWords(offered ? 'policy.offered' : 'policy.not-offered');
      return [{ level, id, rule }];
    },
  };
}

/** Credentials are compared by version, since nothing else of them is shown. */
function changes(before: YubikeySetting | null, after: YubikeySetting | null): readonly Change[] {
  const found: Change[] = [];
  if (before?.credentials.version !== after?.credentials.version) {
    const label = yubikeyWords('change.credentials');
    found.push({ field: 'yubikey-otp', label, from: named(before), to: named(after) });
  }
  if (!before || !after || before.lendToClients === after.lendToClients) return found;
  const lent = ({ lendToClients }: YubikeySetting) =>
    yubikeyWords(lendToClients ? 'change.yes' : 'change.no');
  const label = yubikeyWords('change.lent');
  const field = 'yubikey-otp.lendToClients';
  return [...found, { field, label, from: lent(before), to: lent(after) }];
}

function named(setting: YubikeySetting | null): Sentence {
  if (!setting) return yubikeyWords('change.none');
  const { clientId, servers } = setting.credentials;
  const hosts = serversOf(servers).map((one) => new URL(one).host);
  return yubikeyWords('change.client', { clientId, servers: hosts.join(', ') });
}
