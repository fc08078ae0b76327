// What TypeScript does not do of a build: the texts of the views go into a module, and what `require` finds is
// CommonJS: the second set of declarations, and for each entry a file that hands on the ES module.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

const texts = readdirSync('views', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => join(parentPath, name))
  .sort()
  .map((file) => [file.split(sep).slice(1).join('/'), readFileSync(file, 'utf8')]);
writeFileSync(
  'dist/packaged.js',
  `export const packagedFiles = new Map(${JSON.stringify(texts, null, 1)});\n`,
);

writeFileSync('dist/require/package.json', '{ "type": "commonjs" }\n');
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
for (const { require, default: module } of Object.values(exports)) {
  if (!require) continue;
  const path = relative(dirname(require.default), module).split(sep).join('/');
  writeFileSync(require.default, `'use strict';\nmodule.exports = require('${path}');\n`);
}
