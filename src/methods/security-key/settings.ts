import { z } from 'zod';
import type { Change, MethodSettings, PolicyPart, Sentence } from '../../contracts.js';
import { securityKeyWords as words } from './words.js';

/** Which keys an organization takes. */
export interface SecurityKeySetting {
  /** A key tells its person from others each time: by a PIN, a finger, a face. */
  readonly userVerification: boolean;
  /** None that is synced to other devices. */
  readonly deviceBound: boolean;
  /** By AAGUID; null: any. */
  readonly models: readonly string[] | null;
}

export interface SecurityKeyPolicy extends PolicyPart, SecurityKeySetting {}

declare module '../../contracts/policy.js' {
  interface Policy {
    /** Which keys count; null or left out: all of them. */
    readonly 'security-key'?: SecurityKeyPolicy | null | undefined;
  }
}

declare module '../../contracts/settings.js' {
  interface OrganizationSetting {
    readonly 'security-key'?: SecurityKeySetting | null | undefined;
  }
}

export const MOST_MODELS = 50;
export const AAGUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const fields = {
  userVerification: z.boolean(),
  deviceBound: z.boolean(),
  models: z.array(z.string().regex(AAGUID)).min(1).max(MOST_MODELS).readonly().nullable(),
};

/** Of the parameters of a key (`credential.ts`): its model, and its flags in their order. */
function acceptsOf({ userVerification, deviceBound, models }: SecurityKeySetting): string {
  const named = models?.map((one) =>
    Buffer.from(one.replaceAll('-', ''), 'hex').toString('base64url'),
  );
  const model = named ? `(${named.join('|')})` : '[A-Za-z0-9_-]*';
  return `^${model}/${userVerification ? 'v' : 'v?'}${deviceBound ? '' : '(eb?)?'}$`;
}

export const securityKeySettings: MethodSettings<SecurityKeySetting, SecurityKeyPolicy> = {
  stored: z.strictObject(fields),

  policy: z
    .strictObject({
      source: z.string().optional(),
      userVerification: fields.userVerification.default(false),
      deviceBound: fields.deviceBound.default(false),
      models: fields.models.default(null),
      accepts: z.string().optional(),
    })
    .transform((part) => ({ ...part, accepts: acceptsOf(part) })),

  resolve({ organization: { id, kind }, own }) {
    const stored = own?.stored;
    if (!own || !stored) return { part: null, reasons: () => [] };
    const { userVerification, deviceBound, models } = stored;
    const rules = [
      ...(userVerification ? [words('policy.verified', own.set)] : []),
      ...(deviceBound ? [words('policy.device-bound', own.set)] : []),
      ...(models ? [words('policy.models', { count: models.length, ...own.set })] : []),
    ];
    return {
      part: { source: id, ...stored, accepts: acceptsOf(stored) },
      reasons: (offered) => (offered ? rules.map((rule) => ({ level: kind, id, rule })) : []),
    };
  },

  changes(before, after) {
    const found: Change[] = [];
    const change = (field: string, label: Sentence, of: (one: SecurityKeySetting) => Sentence) => {
      const [from, to] = [of(before ?? ANY), of(after ?? ANY)];
      if (String(from) !== String(to)) {
        found.push({ field: `security-key.${field}`, label, from, to });
      }
    };
    const yes = (value: boolean) => words(value ? 'change.yes' : 'change.no');
    change('userVerification', words('change.verification'), (one) => yes(one.userVerification));
    change('deviceBound', words('change.device-bound'), (one) => yes(one.deviceBound));
    change(
      'models',
      words('change.models'),
      ({ models }) => models?.join(', ') ?? words('change.any'),
    );
    return found;
  },
};

export const ANY: SecurityKeySetting = {
  userVerification: false,
  deviceBound: false,
  models: null,
};
