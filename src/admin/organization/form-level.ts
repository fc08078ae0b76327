import type { FloorField, LevelSetting, PolicyMethod } from '../../contracts.js';
import { rulesFromText, rulesText } from '../../policy/proof-rules.js';

/** One level of an organization's setting (its own, or what its clients must), as a form holds it. */
export interface FormLevel {
  readonly mode: string;
  /** Whether any mechanism will do, or only those ticked. */
  readonly accept: 'any' | 'these';
  readonly methods: readonly string[];
  readonly enrollment: string;
  /** `YYYY-MM-DD` */
  readonly grace: string;
  /** Minutes. */
  readonly maxAge: string;
  /** Days. */
  readonly remember: string;
  /** Rules, one in each line. */
  readonly proofs: string;
  /** `yes`, or empty. */
  readonly phishingResistant: string;
  /** For `clientsMust`: the fields that methods add. */
  readonly more: Readonly<Record<string, string>>;
}

/** The fields that methods add to the demands on clients. */
export function floorFields(methods: readonly PolicyMethod[]): (readonly [string, FloorField])[] {
  return methods.flatMap(({ settings }) => Object.entries(settings?.floor ?? {}));
}

/** The stored value of a field that a method adds, as the form shows it. */
export function storedText(level: LevelSetting | null, field: string): string {
  return String((level && Reflect.get(level, field)) ?? '');
}

/** A level's setting as its form shows it. */
export function formLevel(
  setting: LevelSetting | null,
  methods: readonly PolicyMethod[],
): FormLevel {
  const added = floorFields(methods).map(([name]) => name);
  return {
    mode: setting?.mode ?? '',
    accept: setting?.methods ? 'these' : 'any',
    methods: setting?.methods ?? [],
    enrollment: setting?.enrollment ?? '',
    grace: setting?.graceUntil?.slice(0, 10) ?? '',
    maxAge: setting?.maxAgeSeconds ? String(setting.maxAgeSeconds / 60) : '',
    remember: setting?.rememberDays == null ? '' : String(setting.rememberDays),
    proofs: rulesText(setting?.proofs),
    phishingResistant: setting?.phishingResistant ? 'yes' : '',
    more: Object.fromEntries(added.map((name) => [name, storedText(setting, name)])),
  };
}

/** The same proposal as fields of a form, for the page that asks whether it shall be saved. */
export function hiddenFields(
  version: number,
  own: FormLevel,
  clients: FormLevel | null,
): { readonly name: string; readonly value: string }[] {
  const fields = (prefix: string, form: FormLevel) => [
    { name: `${prefix}mode`, value: form.mode },
    { name: `${prefix}accept`, value: form.accept },
    ...form.methods.map((value) => ({ name: `${prefix}methods`, value })),
    { name: `${prefix}enrollment`, value: form.enrollment },
    { name: `${prefix}grace`, value: form.grace },
    { name: `${prefix}maxAge`, value: form.maxAge },
    { name: `${prefix}remember`, value: form.remember },
    { name: `${prefix}proofs`, value: form.proofs },
    ...(form.phishingResistant === ''
      ? []
      : [{ name: `${prefix}phishingResistant`, value: 'yes' }]),
    ...Object.entries(form.more).map(([name, value]) => ({ name: `${prefix}${name}`, value })),
  ];
  return [
    { name: 'version', value: String(version) },
    ...fields('', own),
    ...(clients ? fields('clients.', clients) : []),
  ];
}

/** The level's setting as it was typed, unchecked; `current` is what is stored. */
export function fromLevel(form: FormLevel, current: { readonly graceUntil: string | null } | null) {
  return {
    mode: form.mode || null,
    methods: form.accept === 'these' ? form.methods : null,
    enrollment: form.enrollment || null,
    graceUntil: graceOf(form.grace, current?.graceUntil ?? null),
    maxAgeSeconds: form.maxAge === '' ? null : Math.round(Number(form.maxAge) * 60),
    rememberDays: form.remember === '' ? null : Number(form.remember),
    proofs: rulesFromText(form.proofs),
    phishingResistant: form.phishingResistant === 'yes' ? true : null,
  };
}

/**
 * A date is the beginning of that day in UTC. A time of day that a program has stored stays as long as the date does.
 */
function graceOf(date: string, current: string | null): string | null {
  if (date === '') return null;
  return current?.slice(0, 10) === date ? current : `${date}T00:00:00.000Z`;
}
