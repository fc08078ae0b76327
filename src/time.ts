const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A length of time: a whole number and its unit, e.g. `90s`, `10m`, `12h`, `30d`. */
export type Duration = `${number}${keyof typeof UNITS}`;

/** The same length of time in its largest unit. */
export function durationOf(ms: number): Duration {
  const found = Object.entries(UNITS).findLast(([, unit]) => ms % unit === 0);
  const [name, unit] = found ?? ['ms', 1];
  return `${ms / unit}${name as keyof typeof UNITS}`;
}

/** Milliseconds; null unless it is a positive `Duration`. */
export function parseDuration(value: unknown): number | null {
  const found = typeof value === 'string' ? /^([1-9]\d{0,8})(ms|s|m|h|d)$/.exec(value) : null;
  return found ? Number(found[1]) * UNITS[found[2] as keyof typeof UNITS] : null;
}
