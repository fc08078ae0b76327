import { z } from 'zod';
import type { Audit } from '../../audit/events.js';
import {
  booleanOption,
  checkOptions,
  option,
  optionsObject,
  textOption,
} from '../../check-options.js';
import type { SecondFactorStore, Subject } from '../../contracts.js';
import { SallyportError } from '../../errors.js';
import { type SettingReader, withStored } from '../../policy/settings.js';
import { WHEN_UNAVAILABLE, type WhenUnavailable } from './fallback.js';
import type { DuoMethod } from './method.js';
import type { CheckedKeys } from './save.js';
import { duoWords } from './words.js';

/** Duo's keys as a host's program saves them: at start, or when an organization is made. */
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
   * Checks the keys with Duo's health check and saves them for an organization, whatever it had before. Wrong keys
   * give a value, and nothing is saved.
   */
  save(
    organizationId: string,
    keys: DuoKeysInput,
    by: { readonly actor: string },
  ): Promise<DuoKeysSaved>;
}

declare module '../../door.js' {
  interface Door<S extends Subject = Subject> {
    /** For the host's code: saves an organization's keys for Duo, checked and sealed as by the pages. */
    readonly duo: DuoKeys;
  }
}

const TRIES = 5;

const schema = optionsObject({
  organizationId: textOption(512),
  keys: optionsObject({
    // Wrong keys are a result and no error, since they come from outside.
    clientId: z.unknown().optional(),
    clientSecret: z.unknown().optional(),
    apiHost: z.unknown().optional(),
    whenUnavailable: option<WhenUnavailable>("'deny', 'fall-back-to-totp' or 'let-in'", (value) =>
      WHEN_UNAVAILABLE.includes(value as WhenUnavailable),
    ).default('deny'),
    lendToClients: booleanOption().default(false),
  }),
  by: optionsObject({ actor: textOption(512) }),
});

export function duoProvision({
  store,
  settings,
  duo,
  audit,
}: {
  readonly store: Pick<SecondFactorStore, 'readSetting' | 'writeSetting'>;
  readonly settings: SettingReader;
  /** undefined where the door has no Duo. */
  readonly duo: DuoMethod | undefined;
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
      if (!duo) {
        throw new SallyportError('ERR_OPTION', 'methods must have duo() where its keys are saved');
      }
      const checked = await duo.checkKeys(id, input, null);
      if (checked.kind !== 'checked') return checked;
      // Repeated, since somebody may change the rest of the setting meanwhile, which must not get lost.
      for (let tried = 0; tried < TRIES; tried += 1) {
        const stored = await store.readSetting(organizationId);
        const stamped = settings.organization(stored, organizationId);
        const setting = stamped?.value ?? settings.none;
        // Fields that are left out stay as they were.
        const accepted = setting.duo?.accepted;
        const next = { keys: checked.keys, whenUnavailable, lendToClients };
        const written = await store.writeSetting(organizationId, {
          value: withStored(setting, duo, { ...next, ...(accepted && { accepted }) }),
          changedBy: actor,
          expectedVersion: stamped?.version ?? 0,
        });
        if (written.kind === 'conflict') continue;
        const detail = duoWords('change.saved', { host: checked.keys.apiHost });
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
