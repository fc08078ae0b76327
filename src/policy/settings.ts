import { z } from 'zod';
import type {
  BaseSetting,
  MethodName,
  OrganizationSetting,
  PolicyMethod,
  Sentence,
  StoredSetting,
  UserSetting,
} from '../contracts.js';
import { UnavailableError } from '../errors.js';
import { message } from '../messages/english.js';
import { proofRule, rulesText } from './proof-rules.js';

const mode = z.enum(['off', 'optional', 'required']);
const enrollment = z.enum(['self', 'activation-key']);
const methods = z.array(z.string().min(1).max(40)).min(1).max(20).nullable();
const date = z.iso.datetime().nullable();
const seconds = z
  .int()
  .min(60)
  .max(30 * 24 * 3600)
  .nullable();
// Bounded, since each change of them is kept in the trail.
const proofs = z
  .array(proofRule)
  .max(20)
  .refine((rules) => rulesText(rules).length <= 4000)
  .nullable()
  .default(null);
const days = z.int().min(0).max(30).nullable().default(null);

const levelShape = {
  methods,
  graceUntil: date,
  maxAgeSeconds: seconds,
  rememberDays: days,
  proofs,
  phishingResistant: z.literal(true).nullable().default(null),
};

/** The setting of a method that is not registered here, kept as it is. */
const kept = z.record(z.string(), z.unknown()).nullable();

const NOTHING: BaseSetting = {
  mode: null,
  methods: null,
  enrollment: null,
  graceUntil: null,
  maxAgeSeconds: null,
  rememberDays: null,
  proofs: null,
  phishingResistant: null,
  clientsMust: null,
};

const user = z.strictObject({
  mode: z.literal('required'),
  graceUntil: date,
});

/** The fields of settings and policies that no method may be named like. */
export const SETTING_FIELDS: readonly string[] = [
  ...Object.keys(NOTHING),
  ...['rememberDeviceSeconds', 'because'],
];

export interface Stamped<T> {
  readonly value: T;
  readonly changedBy: string;
  readonly changedAt: Date;
  readonly version: number;
}

/** Reads settings with the parts of a door's methods. */
export interface SettingReader {
  /** The stored setting of an organization; an invalid one fails closed (ERR_POLICY). */
  organization(stored: StoredSetting | null, id: string): Stamped<OrganizationSetting> | null;
  /** The setting of an organization for which nothing was set. */
  readonly none: OrganizationSetting;
  /** The fields of an administrator's form or JSON, without the methods' own. */
  readonly editable: z.ZodType<BaseSetting>;
}

/** Makes the reader for a door with these methods. */
export function settingReader(methods: readonly PolicyMethod[]): SettingReader {
  const own = methods.flatMap(({ name, settings }) => (settings ? [{ name, ...settings }] : []));
  const floors = own.flatMap(({ floor = {} }) => Object.entries(floor));
  const floorShape = {
    ...Object.fromEntries(floors.map(([name, { schema }]) => [name, schema])),
    ...levelShape,
    mode,
    enrollment,
  };
  const level = { ...levelShape, mode: mode.nullable(), enrollment: enrollment.nullable() };
  // null in settings saved before the method was registered.
  const parts = Object.fromEntries(
    own.map(({ name, stored }) => [name, stored.nullable().default(null)]),
  );
  // Fields saved by a door with other methods are kept and ignored here.
  const floor = z.object(floorShape).catchall(z.unknown());
  const whole = z.object({ ...level, clientsMust: floor.nullable(), ...parts }).catchall(kept);
  const parsed = new WeakMap<StoredSetting, Stamped<unknown>>();

  return {
    organization(stored, id) {
      const stamped = read(stored, whole, `the setting of organization ${id}`, parsed);
      // Each method's own schema has validated its part.
      return stamped as Stamped<OrganizationSetting> | null;
    },
    none: Object.freeze({
      ...NOTHING,
      ...Object.fromEntries(own.map(({ name }) => [name, null])),
    }) as OrganizationSetting,
    editable: z.strictObject({ ...level, clientsMust: z.strictObject(floorShape).nullable() }),
  };
}

const users = new WeakMap<StoredSetting, Stamped<unknown>>();

export function userSetting(stored: StoredSetting | null, id: string): Stamped<UserSetting> | null {
  return read(stored, user, `the setting of user ${id}`, users);
}

function read<T>(
  stored: StoredSetting | null,
  schema: z.ZodType<T>,
  what: string,
  parsed: WeakMap<StoredSetting, Stamped<unknown>>,
): Stamped<T> | null {
  if (!stored) return null;
  const known = parsed.get(stored);
  if (known) return known as Stamped<T>;
  const result = schema.safeParse(stored.value);
  if (!result.success) {
    throw new UnavailableError(
      'ERR_POLICY',
      `${what} is not readable: ${z.prettifyError(result.error)}`,
    );
  }
  const { changedBy, changedAt, version } = stored;
  const stamped = { value: result.data, changedBy, changedAt: new Date(changedAt), version };
  parsed.set(stored, stamped);
  return stamped;
}

/**
 * Fields that contradict each other, by name; empty when the setting is consistent. `enrollable`: the methods that
 * can be activated here, without those whose needed setting is missing.
 */
export function contradictions(
  setting: OrganizationSetting,
  {
    kind,
    enrollable,
    methods: registered,
  }: {
    kind: 'partner' | 'client';
    enrollable: readonly MethodName[];
    methods: readonly PolicyMethod[];
  },
): { readonly field: string; readonly message: Sentence }[] {
  const found: { field: string; message: Sentence }[] = [];
  const needs = new Map(registered.map(({ name, settings }) => [name, settings?.required]));
  const check = (
    prefix: string,
    { methods: accepted, mode: set }: { methods: readonly string[] | null; mode: string | null },
  ) => {
    const field = `${prefix}methods`;
    const missing = accepted?.filter((method) => !enrollable.includes(method)) ?? [];
    for (const method of missing) {
      const message = needs.get(method);
      if (message !== undefined) found.push({ field, message });
    }
    const unknown = missing.filter((method) => needs.get(method) === undefined);
    if (unknown.length > 0) {
      found.push({
        field,
        message: message('admin.setting.wrong.not-here', {
          names: unknown.join(', '),
          enrollable: enrollable.join(', '),
        }),
      });
    }
    if (set === 'required' && accepted?.length === 0) {
      found.push({ field, message: message('admin.setting.wrong.one-method') });
    }
  };
  check('', setting);
  if (setting.clientsMust) {
    check('clientsMust.', setting.clientsMust);
    if (kind === 'client') {
      found.push({
        field: 'clientsMust',
        message: message('admin.setting.wrong.partner-only'),
      });
    }
  }
  for (const { name, settings } of registered) {
    const stored = storedOf(setting, name);
    if (!settings?.contradictions || stored === null) continue;
    for (const { field, message } of settings.contradictions(stored, { kind })) {
      found.push({ field: `${name}.${field}`, message });
    }
  }
  return found;
}

/** What an organization has set for a method; null for nothing. */
export function storedOf(setting: OrganizationSetting | null, method: MethodName): unknown {
  return (setting && Reflect.get(setting, method)) ?? null;
}

/**
 * A setting with another value stored for a method (null removes it). A method that gets what it needs is also added
 * to a list of accepted methods; when it is removed and was the only one in the list, any method is accepted, since
 * an empty list would lock everybody out.
 */
export function withStored(
  setting: OrganizationSetting,
  { name, settings }: PolicyMethod,
  stored: unknown,
): OrganizationSetting {
  const next = { ...setting, [name]: stored };
  if (settings?.required === undefined || setting.methods === null) return next;
  const others = setting.methods.filter((method) => method !== name);
  if (stored === null) return { ...next, methods: others.length > 0 ? others : null };
  return setting.methods.includes(name) ? next : { ...next, methods: [...others, name] };
}
