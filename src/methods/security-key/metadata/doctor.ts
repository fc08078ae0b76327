import { metadataFrom } from './option.js';

/** What `npx sallyport doctor` says of a file with FIDO's metadata. Throws for one that a door would refuse. */
export function examineMetadata(
  file: string,
  now: number,
  roots: readonly string[] | null = null,
): { readonly level: 'OK' | 'WARN'; readonly text: string } {
  const { number, goodUntil, models } = metadataFrom(file, roots);
  const day = new Date(goodUntil).toISOString().slice(0, 10);
  const what = `no. ${number}, of ${models.size} models`;
  return now > goodUntil
    ? { level: 'WARN', text: `${what}, is old: a newer one was due on ${day}` }
    : { level: 'OK', text: `${what}, is good until ${day}` };
}
