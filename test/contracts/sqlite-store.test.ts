import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const NODE_TEST = fileURLToPath(new URL('./sqlite-node-test.ts', import.meta.url));

/** Where node:sqlite is there without a flag. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const HAS_SQLITE = major > 22 || (major === 22 && minor >= 13);

describe('the SQLite store of docs/writing-a-store.md', function () {
  this.timeout(180_000);

  it('passes the contract, every case of it, by two connections to one file', async () => {
    const args = ['--import=tsx', '--test', '--test-reporter=tap', NODE_TEST];
    // mocha's own children would report to it.
    const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
    const [command, given] = HAS_SQLITE
      ? [process.execPath, args]
      : ['npx', ['--yes', '--package=node@22', '--', 'node', ...args]];
    const { stdout } = await promisify(execFile)(command, given, { env, maxBuffer: 1 << 24 }).catch(
      (error: { readonly stdout: string }) => error,
    );
    assert.match(stdout, /^# fail 0$/m, stdout.slice(-4000));
    assert.ok(Number(/^# pass (\d+)$/m.exec(stdout)?.[1]) >= 160, stdout.slice(-400));
  });

  it('is the very file that is tested, in under 150 lines', async () => {
    const [doc = '', store = '', suite = ''] = await Promise.all(
      ['../../docs/writing-a-store.md', '../support/sqlite-store.ts', './sqlite-node-test.ts'].map(
        (path) => readFile(new URL(path, import.meta.url), 'utf8'),
      ),
    );
    assert.ok(doc.endsWith(`\`\`\`ts\n${store}\`\`\`\n`));
    assert.ok(doc.includes(`\`\`\`ts\n${suite}\`\`\`\n`));
    assert.ok(store.split('\n').length - 1 < 150);
  });
});
