import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The files of `views/` with their texts, by names such as `partials/head.ejs`. In the package another module stands
 * in the place of this one, which holds the texts themselves (`tools/finish-build.mjs`): a bundler takes them along.
 */
export const packagedFiles: ReadonlyMap<string, string> = readFiles(
  fileURLToPath(new URL('../views', import.meta.url)),
);

function readFiles(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    files.map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      const path = file
        .slice(folder.length + 1)
        .split(sep)
        .join('/');
      return [path, readFileSync(file, 'utf8')];
    }),
  );
}
