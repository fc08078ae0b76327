export type Level = 'OK' | 'WARN' | 'FAIL';

/** One line of the doctor's. */
export interface Finding {
  readonly level: Level;
  /** What was looked at, in one word. */
  readonly about: string;
  readonly text: string;
}

export type Report = (level: Level, about: string, text: string) => void;

/** `FAIL  eviction     maxmemory-policy is allkeys-lru: …` */
export function line({ level, about, text }: Finding): string {
  return `${level.padEnd(6)}${about.padEnd(13)}${text}`;
}
