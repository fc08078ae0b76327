import { z } from 'zod';
import type { MethodName, StoredSetting } from '../contracts.js';
import { UnavailableError } from '../errors.js';

/*
 * What administrators set, as it is stored. `null` always means "says nothing about it": the level above
 * decides, and at the top the default. Dates are ISO 8601 in UTC.
 */

const mode = z.enum(['off', 'optional', 'required']);
const methods = z.array(z.string().min(1).max(40)).min(1).max(20).nullable();
const date = z.iso.datetime().nullable();
const seconds = z
  .int()
  .min(60)
  .max(30 * 24 * 3600)
  .nullable();
const days = z.int().min(0).max(30).nullable().default(null);

/** Duo's keys as stored: the secret sealed, in base64; `version` changes with every new secret or hostname. */
const duoKeys = z.strictObject({
  clientId: z.string(),
  apiHost: z.string(),
  sealedSecret: z.string(),
  version: z.string(),
});

const resultNames = z
  .array(z.string().regex(/^\w{1,64}$/))
  .min(1)
  .max(40)
  .readonly()
  .nullable();
const resultRule = z.union([
  z.enum(['any', 'actual']),
  z.strictObject({ factors: resultNames, reasons: resultNames }),
]);

export const duoAcceptedSchema = z.strictObject({ login: resultRule, stepUp: resultRule });

const duo = z.strictObject({
  keys: duoKeys,
  /** What happens when Duo cannot be reached (never when it says no). */
  whenUnavailable: z.enum(['deny', 'fall-back-to-totp', 'let-in']),
  /** Clients of this partner that have no keys of their own use these. */
  lendToClients: z.boolean(),
  /** Which of Duo's results count; by default all that Duo lets in at login, actual factors in a step-up. */
  accepted: duoAcceptedSchema.optional(),
});

/** What a partner demands of its clients' users; clients cannot lower it. */
const floor = z.strictObject({
  mode: mode,
  methods,
  enrollment: z.enum(['self', 'activation-key']),
  graceUntil: date,
  maxAgeSeconds: seconds,
  rememberDays: days,
  /** The weakest choice for the time that Duo cannot be reached; nothing: no `let-in` where it requires. */
  whenUnavailable: z.enum(['deny', 'fall-back-to-totp', 'let-in']).nullish(),
});

const organization = z.strictObject({
  mode: mode.nullable(),
  methods,
  enrollment: z.enum(['self', 'activation-key']).nullable(),
  graceUntil: date,
  maxAgeSeconds: seconds,
  /** For how long people may have a device remembered. Nothing means not at all; in a floor, no limit. */
  rememberDays: days,
  /** Partners only. */
  clientsMust: floor.nullable(),
  duo: duo.nullable(),
});

const user = z.strictObject({
  /** An administrator switches a user on; what the organization requires holds for everybody anyway. */
  mode: z.literal('required'),
  graceUntil: date,
});

export type OrganizationSetting = z.infer<typeof organization>;
export type UserSetting = z.infer<typeof user>;
export type Floor = z.infer<typeof floor>;
export type DuoSetting = z.infer<typeof duo>;

export const organizationSettingSchema = organization;

/** An organization nobody has set anything for. */
export const NO_SETTING: OrganizationSetting = Object.freeze({
  mode: null,
  methods: null,
  enrollment: null,
  graceUntil: null,
  maxAgeSeconds: null,
  rememberDays: null,
  clientsMust: null,
  duo: null,
});

export interface Stamped<T> {
  readonly value: T;
  readonly changedBy: string;
  readonly changedAt: Date;
  readonly version: number;
}

const parsed = new WeakMap<StoredSetting, Stamped<unknown>>();

/** What is stored for an organization; a stored value that is none fails closed (ERR_POLICY). */
export function organizationSetting(
  stored: StoredSetting | null,
  id: string,
): Stamped<OrganizationSetting> | null {
  return read(stored, organization, `the setting of organization ${id}`);
}

export function userSetting(stored: StoredSetting | null, id: string): Stamped<UserSetting> | null {
  return read(stored, user, `the setting of user ${id}`);
}

function read<T>(
  stored: StoredSetting | null,
  schema: z.ZodType<T>,
  what: string,
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
 * activated here, Duo only where there are keys for it.
 */
export function contradictions(
  setting: OrganizationSetting,
  { kind, enrollable }: { kind: 'partner' | 'client'; enrollable: readonly MethodName[] },
): { readonly field: string; readonly message: string }[] {
  const found: { field: string; message: string }[] = [];
  const check = (
    prefix: string,
    { methods: accepted, mode: set }: { methods: readonly string[] | null; mode: string | null },
  ) => {
    const missing = accepted?.filter((method) => !enrollable.includes(method)) ?? [];
    const unknown = missing.filter((method) => method !== 'duo');
    if (missing.length > unknown.length) {
      found.push({
        field: `${prefix}methods`,
        message: 'Duo needs keys: enter them first, or leave Duo out.',
      });
    }
    if (unknown.length > 0) {
      found.push({
        field: `${prefix}methods`,
        message: `${unknown.join(', ')} cannot be activated here: choose from ${enrollable.join(', ')}.`,
      });
    }
    if (set === 'required' && accepted?.length === 0) {
      found.push({
        field: `${prefix}methods`,
        message: 'Choose at least one method: two-factor is required.',
      });
    }
  };
  check('', setting);
  if (setting.clientsMust) {
    check('clientsMust.', setting.clientsMust);
    if (kind === 'client') {
      found.push({
        field: 'clientsMust',
        message: 'Only a partner can set what its clients must do.',
      });
    }
  }
  if (kind === 'client' && setting.duo?.lendToClients) {
    found.push({
      field: 'duo.lendToClients',
      message: 'Only a partner can lend its keys to its clients.',
    });
  }
  return found;
}
