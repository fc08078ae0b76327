import { z } from 'zod';
import type { Audit } from '../audit/events.js';
import {
  booleanOption,
  checkOptions,
  option,
  optionsObject,
  textOption,
} from '../check-options.js';
import type { SecondFactorStore, WhenUnavailable } from '../contracts.js';
import { SallyportError } from '../errors.js';
import type { CheckedKeys, CheckKeys } from '../methods/duo/save.js';
import {
  type DuoSetting,
  NO_SETTING,
  type OrganizationSetting,
  organizationSetting,
} from '../policy/settings.js';

/** Duo's keys as a host's own program saves them: at start, or when an organization is made. */
export interface DuoKeysInput {
  /** The integration key. */
  readonly clientId: string;
  /** The secret key. */
  readonly clientSecret: string;
  /** `api-XXXXXXXX.duosecurity.com` */
  readonly apiHost: string;
  /** Default `deny`. */
  readonly whenUnavailable?: WhenUnavailable;
  /** For a partner: clients without keys of their own use these. Default false. */
  readonly lendToClients?: boolean;
}

export type DuoKeysSaved =
  | { readonly kind: 'saved'; readonly version: number }
  | Exclude<CheckedKeys, { kind: 'checked' }>;

export interface DuoKeys {
  /**
   * Checks the keys with Duo's health check and saves them for an organization, whatever it had before. What
   * is wrong with them is a value, and nothing is saved then.
   */
  save(
    organizationId: string,
    keys: DuoKeysInput,
    by: { readonly actor: string },
  ): Promise<DuoKeysSaved>;
}

const TRIES = 5;

const schema = optionsObject({
  organizationId: textOption(512),
  keys: optionsObject({
    // What is wrong with these is an answer and no error, since they come from somewhere else.
    clientId: z.unknown().optional(),
    clientSecret: z.unknown().optional(),
    apiHost: z.unknown().optional(),
    whenUnavailable: option<WhenUnavailable>("'deny', 'fall-back-to-totp' or 'let-in'", (value) =>
      ['deny', 'fall-back-to-totp', 'let-in'].includes(value as string),
    ).default('deny'),
    lendToClients: booleanOption().default(false),
  }),
  by: optionsObject({ actor: textOption(512) }),
});

export function duoProvision({
  store,
  checkDuoKeys,
  audit,
}: {
  readonly store: Pick<SecondFactorStore, 'readSetting' | 'writeSetting'>;
  readonly checkDuoKeys: CheckKeys | null;
  readonly audit: Audit;
}): DuoKeys {
  return {
    async save(organizationId, given, by) {
      const {
        organizationId: id,
        keys,
        ...more
      } = checkOptions({ organizationId, keys: given, by }, schema, {
        name: 'duo.save',
        secrets: ['clientId', 'clientSecret'],
      });
      const { whenUnavailable, lendToClients, ...input } = keys;
      const { actor } = more.by;
      if (!checkDuoKeys) {
        throw new SallyportError('ERR_OPTION', 'methods must have duo() where its keys are saved');
      }
      const checked = await checkDuoKeys(id, input, null);
      if (checked.kind !== 'checked') return checked;
      // Somebody may be changing the rest of the setting meanwhile: what they save must not get lost.
      for (let tried = 0; tried < TRIES; tried += 1) {
        const stamped = organizationSetting(
          await store.readSetting(organizationId),
          organizationId,
        );
        const written = await store.writeSetting(organizationId, {
          value: withDuo(stamped?.value ?? NO_SETTING, {
            keys: checked.keys,
            whenUnavailable,
            lendToClients,
          }),
          changedBy: actor,
          expectedVersion: stamped?.version ?? 0,
        });
        if (written.kind === 'conflict') continue;
        const detail = `Duo Security: keys of ${checked.keys.apiHost}`;
        audit.record('setting.changed', { organizationId, actorId: actor, detail });
        return { kind: 'saved', version: written.version };
      }
      throw new SallyportError(
        'ERR_CONFLICT',
        `the setting of ${organizationId} is being changed all the time`,
      );
    },
  };
}

/** Whoever enters keys wants Duo to be offered, also where only some mechanisms are accepted. */
export function withDuo(
  { methods, ...setting }: OrganizationSetting,
  duo: DuoSetting,
): OrganizationSetting {
  const offered = methods === null || methods.includes('duo') ? methods : [...methods, 'duo'];
  // What is not said of it stays as it was.
  const accepted = duo.accepted ?? setting.duo?.accepted;
  return { ...setting, methods: offered, duo: { ...duo, ...(accepted && { accepted }) } };
}
