import type {
  Change,
  LevelSetting,
  Message,
  MethodName,
  OrganizationSetting,
  PolicyMethod,
  Sentence,
} from '../../contracts.js';
import { message } from '../../messages/english.js';
import type { Sentences } from '../../messages/sentences.js';
import { inOne } from '../../policy/change-words.js';
import { ruleText } from '../../policy/proof-rules.js';
import { storedOf } from '../../policy/settings.js';

const FIELDS = [
  'mode',
  'methods',
  'enrollment',
  'graceUntil',
  'maxAgeSeconds',
  'rememberDays',
  'proofs',
  'phishingResistant',
] as const satisfies readonly (keyof LevelSetting)[];

export type TitleOf = (method: MethodName) => string;

export type ChangesBetween = (
  before: OrganizationSetting,
  after: OrganizationSetting,
) => readonly Change[];

/** The differences between two settings, those of the methods' own settings included. */
export function changesOf(methods: readonly PolicyMethod[], titleOf: TitleOf): ChangesBetween {
  return function changesBetween(before, after) {
    const changes = levelChanges('', before, after, titleOf);
    const [floor, nextFloor] = [before.clientsMust, after.clientsMust];
    if (floor === null || nextFloor === null) {
      const [from, to] = [summary(floor, titleOf), summary(nextFloor, titleOf)];
      if (String(from) !== String(to)) {
        const label = message('admin.setting.clientsMust');
        changes.push({ field: 'clientsMust', label, from, to });
      }
    } else {
      changes.push(...levelChanges('clientsMust.', floor, nextFloor, titleOf));
      for (const { settings } of methods) {
        changes.push(...(settings?.floorChanges?.(floor, nextFloor) ?? []));
      }
    }
    for (const { name, settings } of methods) {
      changes.push(...(settings?.changes(storedOf(before, name), storedOf(after, name)) ?? []));
    }
    return changes;
  };
}

/** The same, as people read them. */
export interface ChangeWords {
  readonly field: string;
  readonly label: string;
  readonly from: string;
  readonly to: string;
}

export function changeWords(
  changes: readonly Change[],
  say: Sentences['say'],
): readonly ChangeWords[] {
  return changes.map(({ field, label, from, to }) => ({
    ...{ field, label: say(label), from: say(from), to: say(to) },
  }));
}

/** The lines of a level's fields that are set. */
export function levelLines(level: LevelSetting, titleOf: TitleOf): Message[] {
  return FIELDS.filter((field) => (level[field] ?? null) !== null).map((field) =>
    message('admin.setting.line', {
      label: message(`admin.setting.${field}`),
      value: valueWords(level, field, titleOf),
    }),
  );
}

function levelChanges(
  prefix: '' | 'clientsMust.',
  before: LevelSetting,
  after: LevelSetting,
  titleOf: TitleOf,
): Change[] {
  return FIELDS.map((field) => {
    const label = message(`admin.setting.${field}`);
    return {
      field: `${prefix}${field}`,
      label: prefix === '' ? label : message('admin.setting.of-clients', { label }),
      from: valueWords(before, field, titleOf),
      to: valueWords(after, field, titleOf),
    };
  }).filter(({ from, to }) => String(from) !== String(to));
}

function summary(level: LevelSetting | null, titleOf: TitleOf): Sentence {
  if (!level) return message('admin.setting.value.nothing');
  return inOne(levelLines(level, titleOf)) ?? '';
}

function valueWords(
  level: LevelSetting,
  field: (typeof FIELDS)[number],
  titleOf: TitleOf,
): Sentence {
  switch (field) {
    case 'mode':
      return level.mode
        ? message(`admin.setting.value.${level.mode}`)
        : message('admin.setting.value.not-set');
    case 'methods': {
      if (!level.methods) return message('admin.setting.value.any');
      return level.methods.map(titleOf).join(', ') || message('admin.setting.value.none');
    }
    case 'enrollment':
      return level.enrollment
        ? message(`admin.setting.value.${level.enrollment}`)
        : message('admin.setting.value.not-set');
    case 'graceUntil':
      return level.graceUntil
        ? level.graceUntil.replace(/T00:00:00(\.0+)?Z$/, '')
        : message('admin.setting.value.not-postponable');
    case 'maxAgeSeconds':
      return level.maxAgeSeconds
        ? message('admin.setting.value.minutes', { minutes: level.maxAgeSeconds / 60 })
        : message('admin.setting.value.usual-time');
    case 'phishingResistant':
      return message(
        level.phishingResistant ? 'admin.setting.value.yes' : 'admin.setting.value.not-set',
      );
    case 'rememberDays':
      return level.rememberDays === null
        ? message('admin.setting.value.not-set')
        : message('admin.setting.value.days', { days: level.rememberDays });
    case 'proofs':
      if (!level.proofs) return message('admin.setting.value.not-set');
      return level.proofs.map(ruleText).join('; ') || message('admin.setting.value.none');
    default:
      return field satisfies never;
  }
}
