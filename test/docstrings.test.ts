import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as main from 'sallyport';
import * as postgres from 'sallyport/postgres';
import * as redis from 'sallyport/redis';
import * as testing from 'sallyport/testing';

const SRC = fileURLToPath(new URL('../src', import.meta.url));
/** Parts of a suite have names of their own. */
const PARTS = /^testing\/store-contract\/(?!store-contract\.ts)/;
const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !PARTS.test(name.replaceAll('\\', '/')))
  .map((name) => readFileSync(`${SRC}/${name}`, 'utf8'));

/** The docstring of an exported function or class; empty without one. */
function docstringOf(name: string): string {
  const declared = new RegExp(`^export (?:async )?(?:function|class) ${name}\\b`, 'm');
  const [source, another] = sources.filter((one) => declared.test(one));
  assert.ok(source !== undefined && another === undefined, `${name} is declared once`);
  const before = source.slice(0, source.search(declared)).trimEnd();
  return before.endsWith('*/') ? before.slice(before.lastIndexOf('/**')) : '';
}

describe('what hosts import', () => {
  for (const [entry, exported] of Object.entries({
    sallyport: main,
    'sallyport/redis': redis,
    'sallyport/postgres': postgres,
    'sallyport/testing': testing,
  })) {
    it(`from ${entry} says what it does, with an example`, () => {
      const functions = Object.entries(exported).filter(([, one]) => typeof one === 'function');
      assert.ok(functions.length > 0);
      const without = functions
        .map(([name]) => name)
        .filter((name) => !/\n \* @example\b|^\/\*\* @example\b/.test(docstringOf(name)));
      assert.deepEqual(without, []);
    });
  }
});
