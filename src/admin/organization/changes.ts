import type { MethodName } from '../../contracts.js';
import { weakestAllowed } from '../../policy/fallback.js';
import type { OrganizationSetting } from '../../policy/settings.js';
import { acceptedWords } from './duo-accepted.js';

/** One field of a setting, before and after, in words. */
export interface Change {
  /** As in the stored setting, e.g. `clientsMust.methods`. */
  readonly field: string;
  readonly label: string;
  readonly from: string;
  readonly to: string;
}

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

/** What differs between two settings. Duo's keys are compared by version: there is nothing else to show. */
export function changesBetween(
  before: OrganizationSetting,
  after: OrganizationSetting,
  titleOf: TitleOf,
): Change[] {
  const changes = levelChanges('', '', before, after, titleOf);
  if (before.clientsMust === null || after.clientsMust === null) {
    const from = summary(before.clientsMust, titleOf);
    const to = summary(after.clientsMust, titleOf);
    if (from !== to) changes.push({ field: 'clientsMust', label: 'Clients must', from, to });
  } else {
    changes.push(
      ...levelChanges('clientsMust.', 'Clients: ', before.clientsMust, after.clientsMust, titleOf),
    );
  }
  const weakest = ({ clientsMust }: OrganizationSetting) =>
    clientsMust ? weakestAllowed(clientsMust) : null;
  const [from, to] = [weakest(before), weakest(after)];
  if (from !== null && to !== null && from !== to) {
    const field = 'clientsMust.whenUnavailable';
    changes.push({ field, label: 'Clients: while Duo cannot be reached, at most', from, to });
  }
  const keys = ({ duo }: OrganizationSetting) => (duo ? `keys of ${duo.keys.apiHost}` : 'no keys');
  if (before.duo?.keys.version !== after.duo?.keys.version) {
    changes.push({ field: 'duo', label: 'Duo Security', from: keys(before), to: keys(after) });
  }
  if (before.duo && after.duo) {
    const { duo: from } = before;
    const { duo: to } = after;
    if (from.whenUnavailable !== to.whenUnavailable) {
      changes.push({
        field: 'duo.whenUnavailable',
        label: 'While Duo cannot be reached',
        from: from.whenUnavailable,
        to: to.whenUnavailable,
      });
    }
    const [counted, counts] = [acceptedWords(from.accepted), acceptedWords(to.accepted)];
    if (counted !== counts) {
      const field = 'duo.accepted';
      changes.push({ field, label: 'Answers of Duo that count', from: counted, to: counts });
    }
    if (from.lendToClients !== to.lendToClients) {
      const say = (lends: boolean) => (lends ? 'yes' : 'no');
      changes.push({
        field: 'duo.lendToClients',
        label: 'Duo’s keys lent to clients',
        from: say(from.lendToClients),
        to: say(to.lendToClients),
      });
    }
  }
  return changes;
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
