import type { Request } from 'express';
import { z } from 'zod';
import type {
  BaseSetting,
  LevelSetting,
  OrganizationSetting,
  PolicyMethod,
} from '../../contracts.js';
import { message } from '../../messages/english.js';
import { rulesText } from '../../policy/proof-rules.js';
import type { SettingReader } from '../../policy/settings.js';
import { listOf } from '../../web/form-fields.js';
import { type FieldErrors, fieldErrors, readBody, WITH_INPUT } from '../bodies.js';
import { type FormLevel, floorFields, formLevel, fromLevel, storedText } from './form-level.js';

/** A phrase, so that nobody sends it by accident. */
export const LOCK_ME_OUT = 'lock me out';

/** What an administrator wants to save, and the version it was made from. */
export interface Proposal {
  readonly version: number;
  /** As it was typed, to be shown again. */
  readonly own: FormLevel;
  readonly clients: FormLevel;
  /** null when `errors` says what is wrong with which field. */
  readonly setting: OrganizationSetting | null;
  readonly errors: FieldErrors;
  readonly override: boolean;
}

const TYPED = 200;
const typed = z.string().max(TYPED);
const text = typed.default('');
const level = (prefix: string) => ({
  [`${prefix}mode`]: text,
  [`${prefix}accept`]: z.enum(['any', 'these']).default('any'),
  [`${prefix}methods`]: listOf(z.string().max(40), 50),
  [`${prefix}enrollment`]: text,
  [`${prefix}grace`]: text,
  [`${prefix}maxAge`]: text,
  [`${prefix}remember`]: text,
  // A page of the host's own may not have it.
  [`${prefix}proofs`]: z.string().max(8000).optional(),
  [`${prefix}phishingResistant`]: text,
});

const formShape = {
  version: z.string().regex(/^\d{1,15}$/),
  ...level(''),
  ...level('clients.'),
  override: z.literal(LOCK_ME_OUT).optional(),
};

const jsonShape = {
  version: z.int().nonnegative(),
  setting: z.looseObject({}),
  override: z.literal(LOCK_ME_OUT).optional(),
};

/** What the schema can find wrong with what a person enters, by the last name in the field's path. */
const WORDS: FieldErrors = {
  mode: message('admin.setting.wrong.mode'),
  methods: message('admin.setting.wrong.methods'),
  enrollment: message('admin.setting.wrong.enrollment'),
  graceUntil: message('admin.field.date-example'),
  maxAgeSeconds: message('admin.setting.wrong.maxAgeSeconds'),
  rememberDays: message('admin.setting.wrong.rememberDays'),
  proofs: message('admin.setting.wrong.too-many-proofs'),
  phishingResistant: message('admin.setting.wrong.phishingResistant'),
};

/** A page has a field for a date; a program gives the setting as it is stored. */
const PROGRAMS_WORDS: FieldErrors = { ...WORDS, graceUntil: message('admin.field.moment') };

interface FormContext {
  readonly settings: Pick<SettingReader, 'editable'>;
  readonly methods: readonly PolicyMethod[];
  readonly now: number;
  readonly isPartner: boolean;
}

const FLOOR_FIELDS = Object.keys({
  mode: true,
  methods: true,
  enrollment: true,
  graceUntil: true,
  maxAgeSeconds: true,
  rememberDays: true,
  proofs: true,
  phishingResistant: true,
} satisfies Record<keyof LevelSetting, true>);

/**
 * Reads a proposal from a form or from JSON (`{ version, setting, override? }`, the setting as it is stored). A wrong
 * setting gives `errors`, to be shown beside the fields; a body that is not our form throws. The methods' own
 * settings have no fields here and stay as they are.
 */
export function readProposal(
  req: Request,
  current: OrganizationSetting,
  context: FormContext,
): Proposal {
  const { settings, methods, now } = context;
  const ofProgram = Boolean(req.is('application/json'));
  const form = ofProgram ? fromJson(req, context) : fromForm(req, current, context);
  const parsed = settings.editable.safeParse(form.candidate, WITH_INPUT);
  const errors = parsed.success
    ? pastDates(parsed.data, current, now)
    : byField(
        fieldErrors(parsed.error, {
          ...(ofProgram ? PROGRAMS_WORDS : WORDS),
          ...Object.fromEntries(floorFields(methods).map(([name, { wrong }]) => [name, wrong])),
        }),
      );
  const good = parsed.success && Object.keys(errors).length === 0;
  return {
    version: form.version,
    override: form.override,
    own: form.own,
    clients: form.clients,
    setting: good ? withOthers(parsed.data, current, methods) : null,
    errors,
  };
}

/** Reports a wrong rule of proofs at the field that holds all rules. */
function byField(errors: FieldErrors): FieldErrors {
  const found = Object.entries(errors).map(([name, wrong]) => {
    const [, field, at] = /^(.*\bproofs)\.(\d+)(?:\.|$)/.exec(name) ?? [];
    return field === undefined
      ? [name, wrong]
      : [field, message('admin.setting.wrong.proofs', { line: Number(at) + 1 })];
  });
  return Object.fromEntries(found);
}

/**
 * Keeps what this form does not show: the methods' own settings, and demands on clients by methods that this door
 * does not have.
 */
function withOthers(
  said: BaseSetting,
  current: OrganizationSetting,
  methods: readonly PolicyMethod[],
): OrganizationSetting {
  if (!said.clientsMust || !current.clientsMust) return { ...current, ...said };
  const known = [...FLOOR_FIELDS, ...floorFields(methods).map(([name]) => name)];
  const others = Object.entries(current.clientsMust).filter(([name]) => !known.includes(name));
  const clientsMust = { ...Object.fromEntries(others), ...said.clientsMust };
  return { ...current, ...said, clientsMust };
}

interface Read {
  readonly version: number;
  readonly override: boolean;
  readonly own: FormLevel;
  readonly clients: FormLevel;
  readonly candidate: unknown;
}

function fromJson(req: Request, { settings: { editable }, methods }: FormContext): Read {
  const { version, setting, override } = readBody(req, jsonShape);
  const parsed = editable.safeParse(setting);
  const shown = parsed.success ? parsed.data : null;
  return {
    version,
    override: override !== undefined,
    candidate: setting,
    own: formLevel(shown, []),
    clients: formLevel(shown?.clientsMust ?? null, methods),
  };
}

function fromForm(
  req: Request,
  current: OrganizationSetting,
  { methods, isPartner }: FormContext,
): Read {
  const added = floorFields(methods).map(([name]) => name);
  const fields = readBody(req, {
    ...formShape,
    ...Object.fromEntries(
      floorFields(methods).map(([name, { maxLength = TYPED }]) => [
        `clients.${name}`,
        z.string().max(maxLength).optional(),
      ]),
    ),
  }) as Record<string, unknown>;
  const read = (prefix: string, stored: LevelSetting | null): FormLevel => ({
    more: {},
    mode: String(fields[`${prefix}mode`]),
    accept: fields[`${prefix}accept`] === 'these' ? 'these' : 'any',
    methods: fields[`${prefix}methods`] as string[],
    enrollment: String(fields[`${prefix}enrollment`]),
    grace: String(fields[`${prefix}grace`]).trim(),
    maxAge: String(fields[`${prefix}maxAge`]).trim(),
    remember: String(fields[`${prefix}remember`]).trim(),
    proofs: String(fields[`${prefix}proofs`] ?? rulesText(stored?.proofs)).trim(),
    phishingResistant: fields[`${prefix}phishingResistant`] === 'yes' ? 'yes' : '',
  });
  const own = read('', current);
  const clients = {
    ...read('clients.', current.clientsMust),
    // A field that the page does not have stays as it is.
    more: Object.fromEntries(
      added.map((name) => [
        name,
        fields[`clients.${name}`] ?? storedText(current.clientsMust, name),
      ]),
    ) as Record<string, string>,
  };
  // A client's form has no such part: what somebody adds to it is refused by `contradictions`.
  const demands = clients.mode !== '';
  return {
    version: Number(fields.version),
    override: fields.override !== undefined,
    own,
    clients,
    candidate: {
      ...fromLevel(own, current),
      clientsMust: demands
        ? {
            ...fromLevel(clients, current.clientsMust),
            enrollment: clients.enrollment || 'self',
            ...Object.fromEntries(added.map((name) => [name, clients.more[name] || null])),
          }
        : isPartner
          ? null
          : current.clientsMust,
    },
  };
}

function pastDates(setting: BaseSetting, current: OrganizationSetting, now: number): FieldErrors {
  const past = (next: string | null | undefined, before: string | null | undefined) =>
    typeof next === 'string' && next !== before && Date.parse(next) <= now;
  const wrong = message('admin.setting.wrong.past');
  return {
    ...(past(setting.graceUntil, current.graceUntil) ? { graceUntil: wrong } : {}),
    ...(past(setting.clientsMust?.graceUntil, current.clientsMust?.graceUntil)
      ? { 'clientsMust.graceUntil': wrong }
      : {}),
  };
}
