import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['', 'src/', 'src/policy/', 'src/store/', 'src/pages/', 'src/methods/'];

const read = (file: string) => readFileSync(`${ROOT}${file}`, 'utf8');
const document = read('docs/architecture.md');
const exists = (path: string) => FOLDERS.some((folder) => existsSync(`${ROOT}${folder}${path}`));

describe('docs/architecture.md', () => {
  it('names files that are there', () => {
    const named = [...document.matchAll(/`([\w./-]+\.ts)`/g)].map(([, path = '']) => path);
    assert.ok(named.length > 40, `${named.length} found`);
    // What every method may have, and not one file.
    const unknown = named.filter(
      (path) => !/^(words|settings|section|pages|method|views)\.ts$/.test(path),
    );
    assert.deepEqual(
      unknown.filter((path) => !exists(path)),
      [],
    );
  });

  it('has a picture of files that are there', () => {
    const named = [...read('docs/architecture.svg').matchAll(/>([\w./-]+\.ts)\b/g)];
    assert.ok(named.length > 10, `${named.length} found`);
    assert.deepEqual(
      named.map(([, path = '']) => path).filter((path) => !exists(path)),
      [],
    );
  });

  it('says of each part of src what it holds', () => {
    const table = /## Where things are([\s\S]*?)## Who may/.exec(document)?.[1] ?? '';
    const parts = readdirSync(`${ROOT}src`, { withFileTypes: true }).map((one) =>
      one.isDirectory() ? `${one.name}/` : one.name,
    );
    assert.deepEqual(
      parts.filter((part) => !table.includes(`\`${part}\``)),
      [],
    );
  });
});
