import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Parts of src/ that answer people. */
const PARTS = ['pages', 'web', 'gate', 'session', 'methods', 'admin', 'policy', 'host', 'audit'];
/** Catalogs, and what is no sentence of a page. */
const CATALOGS = /\/words\.ts$|\/activation-key-words\.ts$|\/security-key\/models\.ts$/;
/** Errors, for whoever makes the app or reads its logs. */
const ERRORS = [/^Duo \(\$\{apiHost\}\)/, /^Duo has no form$/, /^Duo keys?$/, /\{wait\}/];
/** What a method is called goes into the catalog as its title, and into records as the name of an enrollment. */
const TITLES = ['Passkey or security key', 'Authenticator app', 'Duo Security', 'Recovery code'];

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);
}

const read = (file: string) => readFileSync(`${ROOT}/${file}`, 'utf8');

/** A sentence or the label of a button: what errors say to whoever makes the app begins with a small letter. */
const isSentence = (text: string): boolean => /^[A-Z][\p{Ll}’]+(?: \S|$)/u.test(text.trim());

/** The texts of a program, without its comments: of two words, or the value of a field that pages show. */
function textsIn(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
  const shown =
    /\b(?:title|label|hint|heading|text|advice|confirm|button|notice|sentence): '([^']*)'/g;
  return [
    ...[...code.matchAll(/'((?:[^'\\\n]|\\.)*)'/g)].filter(([, text = '']) => text.includes(' ')),
    ...[...code.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)].filter(([, text = '']) => text.includes(' ')),
    ...[...code.matchAll(/`((?:[^`\\]|\\.)*)`/g)].filter(([, text = '']) => text.includes(' ')),
    ...code.matchAll(shown),
  ].map(([, text = '']) => text);
}

/** One word or the other: `left === 1 ? 'One' : 'All'`. */
function choicesIn(code: string): string[] {
  return [...code.matchAll(/[?:] '([^'\n]*)'/g)].map(([, text = '']) => text);
}

/** What a view says by itself: between its elements, in attributes that are read, and in its code. */
function wordsIn(view: string): string[] {
  const code = [...view.matchAll(/<%(?!#)([\s\S]*?)%>/g)]
    .flatMap(([, inside = '']) => [...textsIn(inside), ...choicesIn(inside)])
    .filter(isSentence);
  const plain = view.replace(/<%[\s\S]*?%>/g, '').replace(/<!--[\s\S]*?-->/g, '');
  const read = [
    ...plain.matchAll(/\b(?:title|placeholder|alt|aria-label|data-sp-done)="([^"]+)"/g),
  ];
  const between = plain.replace(/<[^>]*>/g, '\n').split('\n');
  return [...code, ...read.map(([, text = '']) => text), ...between].filter((text) =>
    /\p{L}{2,}/u.test(text.replace(/&#?\w+;/g, '')),
  );
}

describe('outside of the catalog', () => {
  it('no program says anything to people', () => {
    const files = PARTS.flatMap((part) => filesIn(`src/${part}`, '.ts'));
    assert.ok(files.length > 100);
    const found = files
      .filter((file) => !CATALOGS.test(file))
      .flatMap((file) =>
        textsIn(read(file))
          .filter(isSentence)
          .filter((text) => !TITLES.includes(text) && !ERRORS.some((one) => one.test(text)))
          .map((text) => `${file}: ${text}`),
      );
    assert.deepEqual(found, []);
  });

  it('no view does', () => {
    const views = filesIn('views', '.ejs');
    assert.ok(views.length > 20);
    const found = views.flatMap((file) =>
      wordsIn(read(file)).map((text) => `${file}: ${text.trim()}`),
    );
    assert.deepEqual(found, []);
  });

  it('a sentence is found wherever it stands', () => {
    for (const source of [
      "throw new RequestError(404, 'not_found', 'There is no such page.');",
      'const text = `You have none left`;',
      'respond.page({ title: "Confirm that it’s you" });',
      "locals: { heading: 'Rename' }",
    ]) {
      assert.equal(textsIn(source).filter(isSentence).length, 1, source);
    }
    assert.deepEqual(textsIn("broken('a request that may pass')").filter(isSentence), []);
    for (const view of [
      '<p>Sign in</p>',
      '<img alt="Our logo">',
      "<%= left === 1 ? 'One' : '' %>",
      "<%- include('field', { label: 'Code' }) %>",
    ]) {
      assert.ok(wordsIn(view).length > 0, view);
    }
    assert.deepEqual(wordsIn('<p class="sp-lead"><%= t(\'profile.title\') %>&nbsp;–</p>'), []);
  });
});
