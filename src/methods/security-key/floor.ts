import { z } from 'zod';
import type { Change, Floor, FloorField, Sentence } from '../../contracts.js';
import { AAGUID, MOST_MODELS, modelsIn, type SecurityKeySetting } from './restriction.js';
import { securityKeyWords as words } from './words.js';

declare module '../../contracts/settings.js' {
  interface Floor {
    /** Keys tell their person from others. */
    readonly keysVerifyUser?: true | null | undefined;
    /** No keys that are synced to other devices. */
    readonly keysDeviceBound?: true | null | undefined;
    /** AAGUIDs. */
    readonly keyModels?: readonly string[] | null | undefined;
  }
}

/** A form says it by a word. */
const demanded = z.preprocess(
  (value) => (value === 'yes' || value === 'true' ? true : value),
  z.literal(true).nullish(),
);

/** With room for as many models as there may be, each on a line of its own. */
const MODELS_LENGTH = MOST_MODELS * 40;

/** What a partner may demand of its clients' keys. */
export const keyFloor = {
  keysVerifyUser: { schema: demanded, wrong: words('wrong.demand') },
  keysDeviceBound: { schema: demanded, wrong: words('wrong.demand') },
  keyModels: {
    schema: z.preprocess(
      (value) => (typeof value === 'string' ? modelsIn(value) : value),
      // Wrong is the field, whichever of its lines it is.
      z
        .array(z.string())
        .min(1)
        .max(MOST_MODELS)
        .refine((all) => all.every((one) => AAGUID.test(one)))
        .readonly()
        .nullish(),
    ),
    wrong: words('wrong.demanded-models', { most: MOST_MODELS }),
    maxLength: MODELS_LENGTH,
  },
} as const satisfies Readonly<Record<string, FloorField>>;

/** The same as a setting; null where nothing is demanded. */
export function demandOf(floor: Floor | null | undefined): SecurityKeySetting | null {
  const { keysVerifyUser, keysDeviceBound, keyModels } = floor ?? {};
  if (!keysVerifyUser && !keysDeviceBound && !keyModels) return null;
  return {
    userVerification: keysVerifyUser === true,
    deviceBound: keysDeviceBound === true,
    models: keyModels ?? null,
  };
}

export function floorChanges(before: Floor, after: Floor): readonly Change[] {
  const found: Change[] = [];
  const change = (
    field: keyof typeof keyFloor,
    label: Sentence,
    said: (floor: Floor) => Sentence,
  ) => {
    const [from, to] = [said(before), said(after)];
    if (String(from) !== String(to)) {
      found.push({ field: `clientsMust.${field}`, label, from, to });
    }
  };
  const yes = (value: boolean) => words(value ? 'change.yes' : 'change.no');
  change('keysVerifyUser', words('change.clients-verification'), ({ keysVerifyUser }) =>
    yes(keysVerifyUser === true),
  );
  change('keysDeviceBound', words('change.clients-device-bound'), ({ keysDeviceBound }) =>
    yes(keysDeviceBound === true),
  );
  change(
    'keyModels',
    words('change.clients-models'),
    ({ keyModels }) => keyModels?.join(', ') ?? words('change.any'),
  );
  return found;
}
