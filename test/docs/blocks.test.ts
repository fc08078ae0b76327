import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Block, blocksOfPages, ROOT } from './blocks.js';

const GLOBALS = join(ROOT, 'test/docs/globals.d.ts.txt');
const OPTIONS = {
  // As JavaScript is written: what our own functions are given has its type by them.
  noImplicitAny: false,
  exactOptionalPropertyTypes: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
  rootDir: ROOT,
};

/** A file of the host's own that a block imports is what it says it is. */
function withoutHostsFiles(text: string): string {
  return text.replace(/^import \{([^}]*)\} from '\.[^']*';$/gm, (_line, names: string) =>
    names
      .split(',')
      .map((name) => `declare const ${name.trim()}: any;`)
      .join(' '),
  );
}

describe('the blocks of README and docs', function () {
  this.timeout(120_000);
  const blocks = blocksOfPages();

  it('are found', () => {
    assert.ok(blocks.length > 35, String(blocks.length));
  });

  it('compile, where they are TypeScript', () => {
    mkdirSync(join(ROOT, 'node_modules/.cache'), { recursive: true });
    const folder = mkdtempSync(join(ROOT, 'node_modules/.cache/blocks-'));
    try {
      const places = new Map<string, Block>();
      for (const block of blocks.filter(
        // Those that are files are compiled where these are.
        ({ language, file }) => language === 'ts' && file === null,
      )) {
        const name = `${block.page.replace(/\W/g, '-')}-${block.line}.ts`;
        places.set(name, block);
        writeFileSync(join(folder, name), `${withoutHostsFiles(block.text)}\nexport {};\n`);
      }
      assert.ok(places.size > 15);
      writeFileSync(join(folder, 'globals.d.ts'), readFileSync(GLOBALS));
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({
          extends: join(ROOT, 'tsconfig.json'),
          compilerOptions: OPTIONS,
          include: [join(folder, '*.ts'), join(ROOT, 'test/support/node-sqlite.d.ts')],
        }),
      );
      const tsc = join(ROOT, 'node_modules/.bin/tsc');
      const { stdout } = spawnSync(tsc, ['-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
      // A line of the page in the place of one of the file.
      const said = stdout.replace(
        /^.*?([\w-]+\.ts)\((\d+),/gm,
        (all, name: string, line: string) => {
          const block = places.get(name);
          return block ? `${block.page}:${block.line + Number(line) - 1} (` : all;
        },
      );
      // Of our own source only what the tests' options let pass is asked for, which is elsewhere.
      const mistakes = said.split('\n').filter((line) => line !== '' && !/^(?: |src\/)/.test(line));
      assert.deepEqual(mistakes, []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are the files that they are said to be', () => {
    const files = blocks.filter(({ file }) => file !== null);
    assert.ok(files.length > 0);
    for (const { page, line, file, text } of files) {
      assert.equal(text, readFileSync(join(ROOT, String(file)), 'utf8'), `${page}:${line}`);
    }
  });

  it('can be read, where they are JSON', () => {
    const whole = blocks.filter(({ language }) => language === 'json');
    assert.ok(whole.length > 0);
    for (const { page, line, text } of whole) {
      assert.doesNotThrow(() => JSON.parse(text), `${page}:${line}`);
    }
  });
});
