import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

describe('the package', () => {
  let packed: readonly string[];
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

  before(() => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const [listed] = JSON.parse(execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' }));
    packed = listed.files.map(({ path }: { path: string }) => path);
  });

  it('brings along whatever its pages link to', () => {
    const pages = packed.filter((file) => file.endsWith('.md'));
    assert.ok(pages.includes('README.md') && pages.includes('docs/admin-api.md'));
    const lost = pages.flatMap((page) =>
      [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, link = '']) => link.replace(/#.*$/, ''))
        .filter((link) => link !== '' && !/^[a-z]+:/.test(link))
        .map((link) => posix.join(posix.dirname(page), link))
        .filter((file) => !packed.includes(file))
        .map((file) => `${page} links to ${file}`),
    );
    assert.deepEqual(lost, []);
    assert.ok(packed.includes('docs/openapi.json'));
  });

  it('says where it comes from, in one place of no real address', () => {
    const { homepage, bugs, repository } = manifest;
    for (const url of [homepage, bugs.url, repository.url]) {
      assert.match(url, /^(git\+)?https:\/\/sallyport\.example\.com\//);
    }
  });

  it('holds no test, no source and nothing of a machine', () => {
    assert.deepEqual(
      packed.filter((file) => /^(test|src|bench|node_modules)\//.test(file)),
      [],
    );
  });
});
