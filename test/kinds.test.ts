import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const SRC = join(dirname(fileURLToPath(import.meta.url)), '..', 'src');

/** Each line of src, without comments, as `gate/gate.ts:12: …`. */
const lines = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((name) => name.split(sep).join('/'))
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) =>
    readFileSync(join(SRC, name), 'utf8')
      .split('\n')
      .map((line, at) => ({ line: line.trim(), where: `${name}:${at + 1}` }))
      .filter(({ line }) => !/^(\/\/|\/?\*)/.test(line))
      .map(({ line, where }) => `${where}: ${line}`),
  );

const found = (pattern: RegExp, but: RegExp = /(?!)/) =>
  lines.filter((line) => pattern.test(line) && !but.test(line));

describe('src has nothing of the kinds that have bitten', () => {
  it('and is read', () => {
    assert.ok(lines.length > 10_000, `${lines.length} lines`);
    assert.ok(found(/^awaitable\.ts:\d+: return Promise\.all\(/).length === 1);
  });

  it('casts that hide a missing field: by way of unknown, to never or any, or of an object half built', () => {
    assert.deepEqual(found(/\bas unknown as\b|\bas (?:never|any)\b/), []);
    assert.deepEqual(found(/\} as (?!const\b)[A-Z]/), []);
  });

  it('reads that throw beside others that are under way: several at once go by together()', () => {
    assert.deepEqual(found(/\bPromise\.(?:all|race|any)\(\[/), []);
  });

  it('promises that are thrown away: void hides them from the linter', () => {
    assert.deepEqual(found(/^\S+: (?:.* )?(?<!=> )void [\w.#]+\(/), []);
  });

  it('functions that give a promise to somebody who wants none', () => {
    assert.deepEqual(
      found(/\b(?:on|once|setTimeout|setInterval|queueMicrotask|forEach)\([^)]*\basync\b/),
      [],
    );
  });
});

describe('the tests', () => {
  it('run in a process that an unheard rejection fails, as do the programs that they start', () => {
    assert.ok(process.execArgv.includes('--unhandled-rejections=strict'), `${process.execArgv}`);
  });
});
