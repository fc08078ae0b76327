import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compiled } from '../../src/messages/compiled.js';
import { CATALOG } from '../support/sentences.js';

const VIEWS = fileURLToPath(new URL('../../views', import.meta.url));
const TAGS = ['bdi', 'muted', 'name', 'number', 'strong', 'tick'];

interface Use {
  readonly where: string;
  readonly how: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** Each sentence that a view says: `t('key', { value })`, `rich(…)`, also one of two by a condition. */
function usesIn(file: string): Use[] {
  const source = readFileSync(`${VIEWS}/${file}`, 'utf8');
  return [...source.matchAll(/\b(t|rich)\(((?:[^()]|\([^()]*\))*)\)/g)].flatMap(
    ([whole, how = '', given = '']) => {
      const values = /\{(.*)\}\s*$/s.exec(given)?.[1] ?? '';
      const names = [...values.matchAll(/(?:^|,)\s*(\w+)/g)].map(([, name = '']) => name);
      const keys = [...given.matchAll(/'([\w-]+(?:\.[\w-]+)+)'/g)].map(([, key = '']) => key);
      assert.ok(keys.length > 0, `${file}: ${whole} names no sentence`);
      return keys.map((key) => ({ where: `${file}: ${key}`, how, key, values: names.sort() }));
    },
  );
}

const views = readdirSync(VIEWS, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ejs'),
);
const uses = views.flatMap(usesIn);

describe('the catalog', () => {
  it('holds ICU messages', () => {
    for (const [key, text] of Object.entries(CATALOG)) {
      assert.doesNotThrow(() => compiled(text, 'en'), key);
    }
  });

  it('has no branch of one bare word, which the compiler would take for a placeholder', () => {
    for (const [key, text] of Object.entries(CATALOG)) {
      const read = [...text.matchAll(/\{([\w-]+)[},]/g)].map(([, name = '']) => name);
      const there = [...compiled(text, 'en').placeholders.keys()];
      assert.deepEqual(
        read.filter((name) => !there.includes(name)),
        [],
        key,
      );
    }
  });

  it('has every sentence that a view says, with the values that it is given', () => {
    assert.ok(uses.length > 100, `${uses.length} uses found`);
    for (const { where, how, key, values } of uses) {
      const text = CATALOG[key];
      assert.ok(text !== undefined, `${where} is not in the catalog`);
      const { placeholders } = compiled(text, 'en');
      const names = [...placeholders].filter(([, kind]) => kind !== 'tag').map(([name]) => name);
      assert.deepEqual(values, names.sort(), where);
      const tags = [...placeholders].filter(([, kind]) => kind === 'tag').map(([name]) => name);
      assert.deepEqual(
        tags.filter((tag) => !TAGS.includes(tag)),
        [],
        where,
      );
      assert.ok(how === 'rich' || tags.length === 0, `${where} has elements: say it with rich()`);
    }
  });
});
