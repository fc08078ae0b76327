import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  /** Of its first line. */
  readonly line: number;
  readonly language: string;
  /** The file of the repository whose text it is, as its fence says: `ts file=test/docs/samples/upgrade.ts`. */
  readonly file: string | null;
  readonly text: string;
}

/** All fenced blocks of README, CONTRIBUTING and docs/. */
export function blocksOfPages(): readonly Block[] {
  const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  const pages = ['README.md', 'CONTRIBUTING.md', ...docs.map((name) => `docs/${name}`)];
  return pages.flatMap(blocksOf);
}

function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```(\S*)(?: file=(\S+))?\n(.*?)^```$/gms)].map((found) => ({
    page,
    line: text.slice(0, found.index).split('\n').length + 1,
    language: found[1] ?? '',
    file: found[2] ?? null,
    text: found[3] ?? '',
  }));
}
