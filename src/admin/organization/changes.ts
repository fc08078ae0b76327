import type { Change, MethodName, OrganizationSetting, PolicyMethod } from '../../contracts.js';
import { storedOf } from '../../policy/settings.js';

type Level = Pick<
  OrganizationSetting,
  'mode' | 'methods' | 'enrollment' | 'graceUntil' | 'maxAgeSeconds' | 'rememberDays'
>;

const LABELS: Readonly<Record<keyof Level, string>> = {
  mode: 'Two-factor',
  methods: 'Mechanisms',
  enrollment: 'First activation',
  graceUntil: 'May be postponed until',
  maxAgeSeconds: 'A proof counts for',
  rememberDays: 'A device may be remembered for',
};

export type TitleOf = (method: MethodName) => string;

export type ChangesBetween = (
  before: OrganizationSetting,
  after: OrganizationSetting,
) => readonly Change[];

/** What differs between two settings, with what these methods keep in them. */
export function changesOf(methods: readonly PolicyMethod[], titleOf: TitleOf): ChangesBetween {
  return function changesBetween(before, after) {
    const changes = levelChanges('', '', before, after, titleOf);
    const [floor, nextFloor] = [before.clientsMust, after.clientsMust];
    if (floor === null || nextFloor === null) {
      const [from, to] = [summary(floor, titleOf), summary(nextFloor, titleOf)];
      if (from !== to) changes.push({ field: 'clientsMust', label: 'Clients must', from, to });
    } else {
      changes.push(...levelChanges('clientsMust.', 'Clients: ', floor, nextFloor, titleOf));
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

/** The lines of a level that say something. */
export function levelLines(level: Level, titleOf: TitleOf): string[] {
  return (Object.keys(LABELS) as (keyof Level)[])
    .filter((field) => level[field] !== null)
    .map((field) => `${LABELS[field]}: ${words(level, field, titleOf)}`);
}

function levelChanges(
  fieldPrefix: string,
  labelPrefix: string,
  before: Level,
  after: Level,
  titleOf: TitleOf,
): Change[] {
  return (Object.keys(LABELS) as (keyof Level)[])
    .map((field) => ({
      field: `${fieldPrefix}${field}`,
      label: `${labelPrefix}${LABELS[field]}`,
      from: words(before, field, titleOf),
      to: words(after, field, titleOf),
    }))
    .filter(({ from, to }) => from !== to);
}

function summary(level: Level | null, titleOf: TitleOf): string {
  return level ? levelLines(level, titleOf).join('; ') : 'nothing';
}

function words(level: Level, field: keyof Level, titleOf: TitleOf): string {
  switch (field) {
    case 'mode':
      return level.mode ?? 'not set';
    case 'methods':
      return level.methods ? level.methods.map(titleOf).join(', ') || 'none' : 'any';
    case 'enrollment':
      return { self: 'by everybody', 'activation-key': 'with an activation key', none: 'not set' }[
        level.enrollment ?? 'none'
      ];
    case 'graceUntil':
      return level.graceUntil
        ? level.graceUntil.replace(/T00:00:00(\.0+)?Z$/, '')
        : 'not postponable';
    case 'maxAgeSeconds':
      return level.maxAgeSeconds ? `${level.maxAgeSeconds / 60} minutes` : 'the usual time';
    case 'rememberDays':
      return level.rememberDays === null ? 'not set' : `${level.rememberDays} days`;
    default:
      return field satisfies never;
  }
}
