/** One line of the table that `npm run bench` prints. */
export interface Line {
  readonly what: string;
  readonly measured: string;
  /** What the project promises; null where it promises nothing. */
  readonly promised: string | null;
  readonly kept: boolean | null;
}

/** `quick`: fewer rounds, for a first look. */
export type Size = 'full' | 'quick';

export function line(what: string, measured: string, promised?: [string, boolean]): Line {
  return { what, measured, promised: promised?.[0] ?? null, kept: promised?.[1] ?? null };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}

export function table(lines: readonly Line[]): string {
  const rows = [
    ['', 'measured', 'promised', ''],
    ...lines.map(({ what, measured, promised, kept }) => [
      what,
      measured,
      promised ?? '',
      kept === null ? '' : kept ? 'kept' : 'NOT KEPT',
    ]),
  ];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
