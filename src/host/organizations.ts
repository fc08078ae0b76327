import { z } from 'zod';
import type { Audit } from '../audit/events.js';
import { checkOptions, optionsObject, textOption } from '../check-options.js';
import type {
  Method,
  MethodName,
  Organization,
  SecondFactorStore,
  Sentence,
  SettingPlace,
  SettingRefused,
  SettingSection,
} from '../contracts.js';
import { SallyportError, UnavailableError } from '../errors.js';
import { changesInOne } from '../policy/change-words.js';
import { type SettingReader, storedOf, withStored } from '../policy/settings.js';

/** The result: saved, or what is wrong, also by field. */
export type MethodSettingSaved =
  | { readonly kind: 'saved'; readonly version: number }
  | {
      readonly kind: 'refused';
      /** Stable, e.g. `invalid_setting`. */
      readonly error: string;
      readonly message: string;
      readonly fields: Readonly<Record<string, string>>;
    };

/** For the host's code: what organizations set for a method. */
export interface Organizations {
  /**
   * Saves what an organization sets for a method, as the method's section on the administrators' pages does: checked
   * (also with the outside service), sealed and audited, but without a confirmation of whom it concerns. A wrong
   * setting gives a value, and nothing is saved. Rejects with ERR_OPTION for an unknown method or field, and with
   * `UnavailableError` when the store fails.
   * @param fields those of the section's form
   * @example await door.organizations.save('acme', 'email-code', { domain: 'acme.example' }, { actor: 'provisioning' });
   */
  save(
    organizationId: string,
    method: MethodName,
    fields: Readonly<Record<string, unknown>>,
    by: { readonly actor: string },
  ): Promise<MethodSettingSaved>;
}

const TRIES = 5;

const where = optionsObject({
  organizationId: textOption(512),
  method: textOption(64),
  by: optionsObject({ actor: textOption(512) }),
});

type MethodWithSection = Method & { readonly section: SettingSection };

export function organizations({
  store,
  settings,
  methods,
  organizationOf,
  audit,
  say,
}: {
  readonly store: Pick<SecondFactorStore, 'readSetting' | 'writeSetting'>;
  readonly settings: SettingReader;
  readonly methods: readonly Method[];
  readonly organizationOf: (id: string) => Promise<Organization>;
  readonly audit: Audit;
  readonly say: (sentence: Sentence) => string;
}): Organizations {
  function methodOf(name: string): MethodWithSection {
    const withSection = methods.filter(
      (one): one is MethodWithSection => one.section !== undefined,
    );
    const found = withSection.find((one) => one.name === name);
    if (found) return found;
    const right = withSection.map((one) => `'${one.name}'`).join(', ') || 'none of this door';
    throw new SallyportError(
      'ERR_OPTION',
      `organizations.save.method must be one that organizations set something for (${right}), got '${name}'`,
    );
  }

  async function settingOf(id: string) {
    const stamped = settings.organization(await store.readSetting(id), id);
    return { value: stamped?.value ?? settings.none, version: stamped?.version ?? 0 };
  }

  async function placeOf(
    { id, kind, partnerId }: Organization,
    stored: unknown,
    method: MethodName,
  ): Promise<SettingPlace> {
    const organization = { id, kind, partnerId, name: id };
    if (kind !== 'client' || partnerId === null) return { organization, stored, partner: null };
    const { value } = await settingOf(partnerId);
    const partner = { name: partnerId, stored: storedOf(value, method), floor: value.clientsMust };
    return { organization, stored, partner };
  }

  return {
    async save(organizationId, name, given, by) {
      const { actor } = checkOptions({ organizationId, method: name, by }, where, {
        ...{ name: 'organizations.save', path: 'organizations.save' },
      }).by;
      const own = methodOf(name);
      const { section, settings: ofMethod } = own;
      const fields = checkOptions(given, optionsObject(section.fields), {
        ...{ name: 'organizations.save.fields', secrets: Object.keys(section.fields) },
      });
      const organization = await organizationOf(organizationId);
      // Repeated, since somebody may change the rest of the setting meanwhile, which must not get lost.
      for (let tried = 0; tried < TRIES; tried += 1) {
        const { value, version } = await settingOf(organizationId);
        const before = storedOf(value, name);
        const read = await section.read(fields, await placeOf(organization, before, name));
        if (read.kind === 'refused') return refused(read);
        const stored = z.nullable(ofMethod?.stored ?? z.null()).safeParse(read.stored);
        if (!stored.success) {
          const message = `what section.read of ${name} gives is not what its settings.stored takes`;
          throw new UnavailableError('ERR_METHOD', message);
        }
        const written = await store.writeSetting(organizationId, {
          value: withStored(value, own, stored.data),
          changedBy: actor,
          expectedVersion: version,
        });
        if (written.kind === 'conflict') continue;
        const detail = changesInOne(ofMethod?.changes(before, stored.data) ?? []);
        audit.record('setting.changed', { organizationId, actorId: actor, detail });
        return { kind: 'saved', version: written.version };
      }
      throw new SallyportError(
        'ERR_CONFLICT',
        `the setting of ${organizationId} is being changed all the time`,
      );
    },
  };

  function refused({ error, message, errors }: SettingRefused): MethodSettingSaved {
    const fields = Object.entries(errors).flatMap(([field, wrong]) =>
      wrong === undefined ? [] : [[field, say(wrong)] as const],
    );
    return { kind: 'refused', error, message: say(message), fields: Object.fromEntries(fields) };
  }
}
