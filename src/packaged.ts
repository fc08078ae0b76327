import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The files of `views/` with their texts, by names such as `partials/head.ejs`. In the package, this module is
 * replaced by one that contains the texts (`tools/finish-build.mjs`), so that bundlers include them.
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
