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
// Each change of them stands in the trail.
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

/** Of a method that is not registered here: it stays as it is. */
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

/** The names that are no method's in a setting, nor in a policy. */
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

/** Settings as a door reads them: with what its methods keep in them. */
export interface SettingReader {
  /** What is stored for an organization; a stored value that is none fails closed (ERR_POLICY). */
  organization(stored: StoredSetting | null, id: string): Stamped<OrganizationSetting> | null;
  /** An organization nobody has set anything for. */
  readonly none: OrganizationSetting;
  /** What an administrator's form or JSON says: all but what is a method's own. */
  readonly editable: z.ZodType<BaseSetting>;
}

/** Settings with what these methods keep in them. */
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
  // Saved before the method was there: nothing is set for it.
  const parts = Object.fromEntries(
    own.map(({ name, stored }) => [name, stored.nullable().default(null)]),
  );
  // What a door with other methods has saved stays as it is, and says nothing here.
  const floor = z.object(floorShape).catchall(z.unknown());
  const whole = z.object({ ...level, clientsMust: floor.nullable(), ...parts }).catchall(kept);
  const parsed = new WeakMap<StoredSetting, Stamped<unknown>>();

  return {
    organization(stored, id) {
      const stamped = read(stored, whole, `the setting of organization ${id}`, parsed);
      // A method's part is what the method's own schema says.
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
 * Fields that contradict each other, by name; empty when the setting makes sense. `enrollable`: what can be
 * activated here; a method that needs a setting only where there is one.
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

/** What an organization has set for a method; null where it has nothing. */
export function storedOf(setting: OrganizationSetting | null, method: MethodName): unknown {
  return (setting && Reflect.get(setting, method)) ?? null;
}

/**
 * A setting with something else stored for a method (null: nothing). Whoever enters what a method needs wants it to
 * be offered, also where only some methods are accepted; and a list that named it alone becomes any method, since one
 * that is accepted by nobody lets nobody in.
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
